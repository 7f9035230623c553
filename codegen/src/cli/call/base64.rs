//! Base64 (RFC 4648), as JSON has bytes: read in either alphabet, with padding or without, written in the first with it.

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes of a text; `None` for what is none.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let (mut out, mut held, mut bits) = (Vec::with_capacity(text.len() * 3 / 4), 0_u32, 0);
    for letter in text.bytes() {
        let letter = match letter {
            b'-' => b'+',
            b'_' => b'/',
            letter => letter,
        };
        held = (held << 6) | u32::try_from(LETTERS.iter().position(|it| *it == letter)?).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from((held >> bits) & 0xff).ok()?);
        }
        held &= (1 << bits) - 1;
    }
    // One letter alone is no byte, and bits that are left over are none.
    (bits < 6 && held == 0).then_some(out)
}

/// The text of bytes.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let held = three.iter().fold(0_u32, |held, byte| (held << 8) | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = usize::try_from((held >> (18 - 6 * place)) & 63).map_or(b'=', |it| LETTERS[it]);
            out.push(char::from(if place <= three.len() { letter } else { b'=' }));
        }
    }
    out
}
