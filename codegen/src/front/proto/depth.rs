//! How deep the brackets of a proto file are nested, without following them.

use super::MAX_DEPTH;
use crate::source::{FileId, Span};

/// The first bracket that is too deep.
pub(super) fn too_deep(file: FileId, text: &str) -> Option<Span> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'/', Some(b'/')) => at = find(text, at, "\n"),
            (b'/', Some(b'*')) => at = find(text, at + 2, "*/"),
            (b'"' | b'\'', _) => at = quoted(bytes, at),
            (b'{' | b'[' | b'(' | b'<', _) => depth += 1,
            (b'}' | b']' | b')' | b'>', _) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            let start = u32::try_from(at).unwrap_or(u32::MAX);
            return Some(Span { file, start, end: start + 1 });
        }
        at += 1;
    }
    None
}

fn find(text: &str, from: usize, what: &str) -> usize {
    let rest = text.get(from..).and_then(|rest| rest.find(what));
    rest.map_or(text.len(), |len| from + len)
}

/// The closing quote; texts end with their line at the latest.
fn quoted(bytes: &[u8], open: usize) -> usize {
    let quote = bytes.get(open);
    let mut offset = open + 1;
    while let Some(byte) = bytes.get(offset) {
        match byte {
            b'\\' => offset += 1,
            b'\n' => return offset,
            _ if Some(byte) == quote => return offset,
            _ => {}
        }
        offset += 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_texts_and_comments_do_not_count() {
        let bomb = "{".repeat(MAX_DEPTH + 1);
        let offset = |text: &str| too_deep(FileId(0), text).map(|it| it.start);
        assert_eq!(offset(&bomb), Some(100));
        for harmless in [format!("// {bomb}\n"), format!("/* {bomb} */"), format!("'\\'{bomb}'"), "{}".repeat(200)] {
            assert_eq!(offset(&harmless), None, "{harmless}");
        }
    }
}
