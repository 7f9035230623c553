//! Texts as JSON has them.

use crate::scan;

/// Writes a text between quotes.
pub(crate) fn text(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let plain = scan::plain(rest);
        let (before, behind) = rest.split_at_checked(plain).unwrap_or((rest, &[]));
        out.extend_from_slice(before);
        let Some((special, behind)) = behind.split_first() else { break };
        escape(*special, out);
        rest = behind;
    }
    out.push(b'"');
}

#[cold]
fn escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x8 => b'b',
        0xc => b'f',
        _ => {
            let digit = |four: u8| if four < 10 { b'0' + four } else { b'a' + four - 10 };
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 0xf)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}
