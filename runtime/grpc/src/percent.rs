//! The escapes of `grpc-message` (gRPC's `PROTOCOL-HTTP2.md`): `%` and two hexadecimal digits.

use std::borrow::Cow;

/// What stands where a text was cut.
const CUT: &str = "…";

/// Characters of ASCII that are escaped although a header could hold them: what URLs escape, too.
const ESCAPED: &[u8] = b" \"#%<>`?{}";

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && !ESCAPED.contains(&byte)
}

/// A text in at most so many bytes.
pub(crate) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let mut end = most.saturating_sub(CUT.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Cow::Owned(format!("{}{CUT}", text.get(..end).unwrap_or_default()))
}

/// Escapes a text into at most so many bytes.
pub(crate) fn encode(text: &str, most: usize) -> String {
    let size = |character: char| -> usize {
        let mut bytes = [0; 4];
        character.encode_utf8(&mut bytes).bytes().map(|byte| if is_plain(byte) { 1 } else { 3 }).sum()
    };
    let whole: usize = text.chars().map(size).sum();
    let room = if whole <= most { most } else { most.saturating_sub(3 * CUT.len()) };
    let mut out = String::with_capacity(whole.min(most));
    for character in text.chars() {
        if out.len() + size(character) > room {
            CUT.bytes().for_each(|byte| escape(byte, &mut out));
            break;
        }
        let mut bytes = [0; 4];
        for byte in character.encode_utf8(&mut bytes).bytes() {
            if is_plain(byte) { out.push(char::from(byte)) } else { escape(byte, &mut out) }
        }
    }
    out
}

fn escape(byte: u8, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |at: u8| char::from(DIGITS[usize::from(at & 0xf)]);
    out.push('%');
    out.push(digit(byte >> 4));
    out.push(digit(byte));
}

/// The bytes of a name or a value in a query, where `+` is a space.
pub(crate) fn decode_query(text: &str) -> Vec<u8> {
    decode_bytes(text.replace('+', " ").as_bytes())
}

/// The text of a header. Escapes that are none stay as they are; what is not UTF-8 is replaced.
pub(crate) fn decode(header: &[u8]) -> String {
    let bytes = decode_bytes(header);
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn decode_bytes(header: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(header.len());
    let mut rest = header;
    while let Some((first, behind)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| Some(hex(*behind.first()?)? << 4 | hex(*behind.get(1)?)?)).flatten();
        bytes.push(escaped.unwrap_or(*first));
        rest = behind.get(if escaped.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    bytes
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        for text in ["", "plain", "50 % é\n\u{0}🙂", "{\"a\": \"#<>`?\"}", "…"] {
            let encoded = encode(text, 1000);
            assert!(encoded.bytes().all(|byte| byte.is_ascii_graphic()), "{encoded}");
            assert_eq!(decode(encoded.as_bytes()), text);
        }
        assert_eq!(encode("nobody ✗", 100), "nobody%20%E2%9C%97");
    }

    #[test]
    fn escapes_that_are_none_stay() {
        for (header, text) in [("%", "%"), ("%4", "%4"), ("%zz", "%zz"), ("%41%", "A%"), ("a b", "a b")] {
            assert_eq!(decode(header.as_bytes()), text);
        }
        assert_eq!(decode(b"%FF\xff"), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        for most in 9..40 {
            for text in ["é".repeat(50), "a".repeat(50)] {
                let encoded = encode(&text, most);
                assert!(encoded.len() <= most && decode(encoded.as_bytes()).ends_with('…'), "{encoded}");
            }
        }
        assert_eq!(encode("aaaaaaaaaa", 10), "aaaaaaaaaa");
        assert_eq!(cut("éééé", 7), "éé…");
        assert_eq!(cut("éééé", 8), "éééé");
    }
}
