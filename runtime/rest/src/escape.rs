//! The escapes of URLs (RFC 3986, section 2.1): `%` and two hexadecimal digits.

use std::borrow::Cow;

/// How a text is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One segment of a path.
    Segment,
    /// Several segments, where an escaped slash stays what it is (`google/api/http.proto`, "path template syntax").
    Segments,
    /// A name or a value of a query or a form, where `+` is a space.
    Query,
}

/// The text behind the escapes; `None` for an escape that is none, or for bytes that are not UTF-8.
pub(crate) fn decode(text: &str, kind: Kind) -> Option<Cow<'_, str>> {
    if !text.bytes().any(|byte| byte == b'%' || byte == b'+' && kind == Kind::Query) {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match first {
            b'%' => {
                let (digits, behind) = rest.split_first_chunk::<2>()?;
                rest = behind;
                match hex(digits[0])? << 4 | hex(digits[1])? {
                    b'/' if kind == Kind::Segments => bytes.extend_from_slice(b"%2F"),
                    byte => bytes.push(byte),
                }
            }
            b'+' if kind == Kind::Query => bytes.push(b' '),
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read() {
        assert_eq!(decode("a%20b%2fc+", Kind::Segment).unwrap(), "a b/c+");
        assert_eq!(decode("a%20b%2fc+", Kind::Segments).unwrap(), "a b%2Fc+");
        assert_eq!(decode("a%20b%2fc+", Kind::Query).unwrap(), "a b/c ");
        assert_eq!(decode("%C3%A9é", Kind::Segment).unwrap(), "éé");
        for bad in ["%", "%4", "%zz", "%FF", "a%C3"] {
            assert_eq!(decode(bad, Kind::Query), None, "{bad}");
        }
    }
}
