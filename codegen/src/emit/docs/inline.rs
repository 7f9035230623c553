//! A line of a comment as Markdown: `code` and links to the web stay, addresses become links, and what
//! would be a link to an item, or HTML, is shown as it is written.

/// Writes a line's text behind what `out` holds of it. With `tables`, a bar ends what it is in.
pub(super) fn write(text: &str, tables: bool, out: &mut String) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let written = match c {
            '`' => code(rest, tables, out),
            '\\' => backslash(rest, out),
            '<' => angle(rest, out),
            '[' => bracket(rest, out),
            'h' => address(rest, out),
            '>' if out.chars().all(|c| c.is_ascii_digit() || " .)-*+>\\".contains(c)) => escape('>', out),
            _ => 0,
        };
        if written == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            rest = &rest[written..];
        }
    }
}

fn escape(c: char, out: &mut String) -> usize {
    out.extend(['\\', c]);
    c.len_utf8()
}

/// Code that ends on its line. Backticks that nothing ends are none: they might end code of a line before.
fn code(rest: &str, tables: bool, out: &mut String) -> usize {
    let run = |text: &str| text.bytes().take_while(|it| *it == b'`').count();
    let length = run(rest);
    let mut end = length;
    while let Some(next) = rest[end..].find('`') {
        let (from, found) = (end + next, run(&rest[end + next..]));
        end = from + found;
        if found == length {
            if tables && rest[..end].contains('|') {
                break;
            }
            out.push_str(&rest[..end]);
            return end;
        }
    }
    out.push_str(&"\\`".repeat(length));
    length
}

/// What is escaped already stays so.
fn backslash(rest: &str, out: &mut String) -> usize {
    let next = rest[1..].chars().next();
    match next.filter(char::is_ascii_punctuation) {
        Some(next) => escape(next, out) + 1,
        // Not an escape of what is written for an address.
        None if next == Some('h') => escape('\\', out),
        None => 0,
    }
}

/// The start of HTML; an address may be in angles already.
fn angle(rest: &str, out: &mut String) -> usize {
    let length = length(&rest[1..]);
    if length > 0 && rest[1 + length..].starts_with('>') {
        out.push_str(&rest[..length + 2]);
        return length + 2;
    }
    let html = rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c));
    if html { escape('<', out) } else { 0 }
}

/// `[words](https://…)` stays; any other bracket is one.
fn bracket(rest: &str, out: &mut String) -> usize {
    let link = || {
        let (words, behind) = rest[1..].split_once("](")?;
        let length = length(behind);
        let plain = !words.trim().is_empty() && !words.contains(['[', ']', '<', '>', '`', '\\', '|']);
        let whole = length > 0 && behind[length..].starts_with(')') && !behind[..length].contains(['(', ')']);
        (plain && whole && !words.contains("http")).then_some(1 + words.len() + 2 + length + 1)
    };
    match link().filter(|_| !out.ends_with('!')) {
        Some(length) => {
            out.push_str(&rest[..length]);
            length
        }
        None => escape('[', out),
    }
}

/// An address without angles: it gets them.
fn address(rest: &str, out: &mut String) -> usize {
    let length = length(rest);
    if length > 0 {
        out.push('<');
        out.push_str(&rest[..length]);
        out.push('>');
    }
    length
}

/// How much of a text is an address of the web; what ends a sentence is not part of it.
fn length(text: &str) -> usize {
    let Some(behind) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return 0 };
    let ends = |c: char| !c.is_ascii_graphic() || "<>`\"\\|^{}[]".contains(c);
    let whole = &behind[..behind.find(ends).unwrap_or(behind.len())];
    let mut end = whole.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_']);
    while let Some(shorter) = end.strip_suffix(')').filter(|it| !it.contains('(')) {
        end = shorter.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_']);
    }
    if end.is_empty() { 0 } else { text.len() - behind.len() + end.len() }
}
