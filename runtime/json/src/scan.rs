//! Scanning of texts: where plain text ends, and what escapes mean.

use crate::{Failure, Read};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// How many bytes come in front of the first that is not plain in a text of JSON: a quote, a backslash or a control
/// character.
#[inline]
pub(crate) fn plain(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        // The lowest byte that each of the three finds is one; those above it may be wrong.
        let below = |word: u64, most: u64| word.wrapping_sub(ONES * most) & !word & HIGH;
        let hits = below(word, 0x20) | below(word ^ (ONES * 0x22), 1) | below(word ^ (ONES * 0x5c), 1);
        if hits != 0 {
            return bytes.len() - rest.len() + (hits.trailing_zeros() / 8) as usize;
        }
        rest = behind;
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    bytes.len() - rest.len() + rest.iter().position(special).unwrap_or(rest.len())
}

/// The text of which `text` is the rest behind the opening quote, with an escape in it; and the length of the rest up to
/// and with the closing quote. `start` is where the rest begins.
pub(crate) fn escaped(text: &str, start: usize) -> Read<(String, usize)> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut offset = 0;
    loop {
        let end = offset + plain(bytes.get(offset..).unwrap_or_default());
        out.push_str(text.get(offset..end).unwrap_or_default());
        match bytes.get(end) {
            Some(b'"') => return Ok((out, end + 1)),
            Some(b'\\') => {
                let (character, length) = escape(bytes.get(end + 1..).unwrap_or_default())
                    .ok_or_else(|| Failure::new("this escape has no meaning", Some(start + end)))?;
                out.push(character);
                offset = end + 1 + length;
            }
            other => return Err(unended(other.copied(), start + end)),
        }
    }
}

/// The error for a text that goes on with this byte, or ends.
#[cold]
pub(crate) fn unended(byte: Option<u8>, at: usize) -> Failure {
    match byte {
        Some(byte) => Failure::new(format!("the control character {byte} has to be escaped"), Some(at)),
        None => Failure::new("the JSON ends in the middle of a text", Some(at)),
    }
}

/// What an escape means, and how long it is, without its backslash.
fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    let character = match bytes.first()? {
        quoted @ (b'"' | b'\\' | b'/') => char::from(*quoted),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(bytes.get(1..)?).map(|(character, length)| (character, length + 1)),
        _ => return None,
    };
    Some((character, 1))
}

/// A character of four digits, or of eight where it is outside of the first plane.
fn unicode(bytes: &[u8]) -> Option<(char, usize)> {
    let high = hex(bytes)?;
    if !(0xd800..0xdc00).contains(&high) {
        // The second half alone is not a character either.
        return Some((char::from_u32(high)?, 4));
    }
    let low = hex(bytes.get(4..)?.strip_prefix(b"\\u")?)?;
    let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
    Some((char::from_u32(0x10000 + ((high - 0xd800) << 10) + low)?, 10))
}

fn hex(bytes: &[u8]) -> Option<u32> {
    bytes.get(..4)?.iter().try_fold(0, |word, digit| Some(word << 4 | char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_ends_at_the_first_byte_that_is_not() {
        for lead in 0..20 {
            for end in ['"', '\\', '\n', '\0', '\u{1f}'] {
                for inside in ["x", "é", "!", "#", "[", "]", "\u{7f}", "\u{80}", "🦀"] {
                    let text = inside.repeat(lead);
                    assert_eq!(plain(format!("{text}{end}\"\\ behind it").as_bytes()), text.len(), "{text}{end:?}");
                    assert_eq!(plain(text.as_bytes()), text.len());
                }
            }
        }
    }
}
