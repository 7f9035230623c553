//! Base64 as JSON of bytes has it: written in the standard alphabet with padding, read in that one and the URL-safe one,
//! with padding and without (RFC 4648, sections 4 and 5).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes bytes as text.
pub(crate) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len().div_ceil(3) * 4);
    let digit =
        |word: u32, place: u32| ALPHABET.get((word >> (18 - 6 * place) & 0x3f) as usize).copied().unwrap_or(b'=');
    let (whole, rest) = bytes.as_chunks::<3>();
    for [a, b, c] in whole {
        let word = u32::from_be_bytes([0, *a, *b, *c]);
        out.extend_from_slice(&[digit(word, 0), digit(word, 1), digit(word, 2), digit(word, 3)]);
    }
    match rest {
        [a] => {
            let word = u32::from_be_bytes([0, *a, 0, 0]);
            out.extend_from_slice(&[digit(word, 0), digit(word, 1), b'=', b'=']);
        }
        [a, b] => {
            let word = u32::from_be_bytes([0, *a, *b, 0]);
            out.extend_from_slice(&[digit(word, 0), digit(word, 1), digit(word, 2), b'=']);
        }
        _ => {}
    }
}

/// Reads text; `None` for anything else. Bits behind the last byte are dropped, as other readers of protobuf's JSON do.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let padding = text.len() - text.trim_end_matches('=').len();
    if padding > 2 || padding > 0 && !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.as_bytes().get(..text.len() - padding)?;
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    let (whole, rest) = digits.as_chunks::<4>();
    for [a, b, c, d] in whole {
        let [a, b, c, d] = [value(*a), value(*b), value(*c), value(*d)];
        if (a | b | c | d) > 63 {
            return None;
        }
        let word = u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d);
        let [_, a, b, c] = word.to_be_bytes();
        bytes.extend_from_slice(&[a, b, c]);
    }
    let mut word = 0_u32;
    for digit in rest {
        word = word << 6 | Some(u32::from(value(*digit))).filter(|it| *it < 64)?;
    }
    word <<= 6 * (4 - rest.len()) % 24;
    let [_, a, b, _] = word.to_be_bytes();
    match rest.len() {
        0 => {}
        2 => bytes.push(a),
        3 => bytes.extend_from_slice(&[a, b]),
        _ => return None,
    }
    Some(bytes)
}

/// The six bits of a digit; 255 for what is none.
fn value(digit: u8) -> u8 {
    const VALUES: [u8; 256] = {
        let mut values = [255; 256];
        let mut six = 0;
        while six < 64 {
            values[ALPHABET[six] as usize] = six as u8;
            six += 1;
        }
        values[b'-' as usize] = 62;
        values[b'_' as usize] = 63;
        values
    };
    VALUES.get(usize::from(digit)).copied().unwrap_or(255)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_are_read_and_one_is_written() {
        // The vectors of RFC 4648, section 10, and digits that the alphabets do not share.
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg=="),
            (b"\xfb\xff\xbf", "+/+/"),
        ] {
            let mut out = Vec::new();
            encode(bytes, &mut out);
            assert_eq!(out, text.as_bytes());
            for text in [text.to_owned(), text.replace('=', ""), text.replace('+', "-").replace('/', "_")] {
                assert_eq!(decode(&text).as_deref(), Some(bytes), "{text}");
            }
        }
        for text in ["A", "AAAAA", "Zg=", "Zg===", "=", "====", "Z g=", "é", "Zm9v===="] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
