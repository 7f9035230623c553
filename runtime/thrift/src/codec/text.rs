//! UTF-8 validation: bytes become text, checked once and copied once.

/// Two words: in aligned blocks of so many bytes the standard library looks for ASCII, elsewhere at
/// one byte at a time.
const BLOCK: usize = 16;

/// The bytes that a text of this length takes at most.
#[inline]
pub(super) fn memory(length: usize) -> usize {
    if length == 0 { 0 } else { length.max(BLOCK) }
}

/// The text that the first `length` bytes are; `None` when they are none, or fewer.
#[inline]
pub(super) fn copy(bytes: &[u8], length: usize) -> Option<String> {
    match bytes.first_chunk() {
        Some(block) if length <= BLOCK => short(*block, length),
        _ => simdutf8::basic::from_utf8(bytes.get(..length)?).ok().map(str::to_owned),
    }
}

/// Copies the whole block with zeros behind the text: it is aligned then, and the copy is of a length
/// that the compiler knows. The smallest piece of memory of glibc's is larger than a block.
fn short(block: [u8; BLOCK], length: usize) -> Option<String> {
    if length == 0 {
        return Some(String::new());
    }
    let behind = u32::try_from(8 * (BLOCK - length)).ok()?;
    let block = u128::from_le_bytes(block) & u128::MAX.checked_shr(behind)?;
    let mut text = Vec::with_capacity(BLOCK);
    text.extend_from_slice(&block.to_le_bytes());
    let mut text = String::from_utf8(text).ok()?;
    text.truncate(length);
    Some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    /// Texts of each length around the blocks, of characters of one byte to four, and cut anywhere.
    fn candidates() -> Vec<Vec<u8>> {
        let mut candidates = vec![b"\0\0".to_vec(), vec![0xff; 40], vec![0xc0, 0x80], vec![0xed, 0xa0, 0x80]];
        for character in ["a", "é", "服", "🦀"] {
            for lead in 0..=20 {
                let text = "-".repeat(lead) + &character.repeat(30);
                candidates.extend((0..=text.len()).map(|end| text.as_bytes()[..end].to_vec()));
            }
        }
        candidates
    }

    #[test]
    fn they_are_text_where_the_standard_library_says_so() {
        for bytes in candidates() {
            let expected = std::str::from_utf8(&bytes).ok();
            // What stands behind is never looked at, be it nothing, text, or half a character.
            for behind in [&b""[..], b"text", &[0x80; 20], &"é".as_bytes()[..1]] {
                let all = [&bytes, behind].concat();
                assert_eq!(copy(&all, bytes.len()).as_deref(), expected, "{bytes:?} before {behind:?}");
            }
            assert_eq!(copy(&bytes, bytes.len() + 1), None, "fewer than asked for");
        }
    }

    #[test]
    fn a_damaged_byte_anywhere_is_found() {
        let text = "0123456789abcdefé".repeat(8);
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = 0xff;
            for end in at + 1..=bytes.len() {
                assert_eq!(copy(&bytes, end), None, "byte {at} of {end}");
            }
        }
    }

    #[test]
    fn short_texts_take_no_more_than_a_block() {
        assert_eq!(copy(b"", 0).unwrap().capacity(), 0);
        assert_eq!(copy(&[b'a'; 16], 1).unwrap().capacity(), BLOCK);
        assert_eq!(copy(&[b'a'; 17], 17).unwrap().capacity(), 17);
        for length in 0..40 {
            assert!(copy(&[b'a'; 40], length).unwrap().capacity() <= memory(length), "{length}");
        }
    }
}
