//! Comments as Markdown that runs nothing: what is code by its indentation or a fence becomes a block
//! of plain text, everything else is a paragraph, a heading, a list or a table.
//!
//! No line but those in fences is indented by more than three columns, nor follows the mark of a list
//! by more than one: whatever lists a reader of Markdown sees, no line is code by its indentation.

use super::inline;

/// The most columns that do not make code.
const MOST: usize = 3;

/// The lines of a comment, as Markdown.
pub(super) fn markdown(text: &str) -> Vec<String> {
    let lines = unindented(text);
    let tables = lines.iter().any(|line| line.contains('-') && line.trim_matches(['|', ':', '-', ' ']).is_empty());
    let mut writer = Writer { lines: &lines, at: 0, out: Vec::new(), lists: Vec::new(), apart: true, tables };
    while let Some(line) = lines.get(writer.at) {
        writer.line(line);
    }
    writer.out
}

/// The lines of a text: tabs expanded, nothing in them that cannot be seen, the indentation that all
/// have and empty lines at both ends removed.
pub(super) fn unindented(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<String> = text.lines().map(|line| visible(line).trim_end().to_owned()).collect();
    let common = lines.iter().filter(|it| !it.is_empty()).map(|it| indent(it)).min().unwrap_or_default();
    for line in &mut lines {
        line.drain(..common.min(line.len()));
    }
    let end = lines.iter().rposition(|it| !it.is_empty()).map_or(0, |at| at + 1);
    lines.truncate(end);
    lines.drain(..lines.iter().position(|it| !it.is_empty()).unwrap_or_default());
    lines
}

/// A line with blanks for tabs, and with the numbers of characters that change the direction of text.
fn visible(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '\t' => out.extend(std::iter::repeat_n(' ', 4 - out.chars().count() % 4)),
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}' => {
                out.push_str(&format!("U+{:04X}", u32::from(c)));
            }
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

struct Writer<'a> {
    lines: &'a [String],
    at: usize,
    out: Vec<String>,
    /// The columns at which the items of the open lists begin.
    lists: Vec<usize>,
    /// Whether the line before is none that a paragraph could go on from.
    apart: bool,
    /// Whether a line may be the ruler of a table, whose bars cut through code.
    tables: bool,
}

impl Writer<'_> {
    fn line(&mut self, line: &str) {
        let (indent, text) = (indent(line), line.trim_start_matches(' '));
        if text.is_empty() {
            self.out.push(String::new());
            self.apart = true;
            self.at += 1;
            return;
        }
        if self.apart || marker(text).is_some() {
            self.lists.retain(|column| *column <= indent);
        }
        let code = self.lists.last().copied().unwrap_or_default() + MOST + 1;
        if let Some(fence) = Fence::open(text) {
            self.at += 1;
            self.fenced(fence, indent);
        } else if self.apart && indent >= code {
            self.indented(code);
        } else {
            self.at += 1;
            self.text(indent, text);
        }
    }

    /// Lines up to the end of a fence, or of the comment.
    fn fenced(&mut self, fence: Fence, column: usize) {
        let rest = &self.lines[self.at..];
        let end = rest.iter().position(|line| fence.closes(line.trim())).unwrap_or(rest.len());
        self.plain(&rest[..end], column, column);
        self.at += (end + 1).min(rest.len());
    }

    /// Lines up to one that is indented less.
    fn indented(&mut self, code: usize) {
        let rest = &self.lines[self.at..];
        let inside = rest.iter().take_while(|line| line.is_empty() || indent(line) >= code);
        let end = inside.enumerate().filter(|(_, line)| !line.is_empty()).last().map_or(0, |(at, _)| at + 1);
        self.plain(&rest[..end], code - MOST - 1, code);
        self.at += end;
    }

    /// A block of plain text at a column, of lines that are indented by `cut` more.
    fn plain(&mut self, lines: &[String], column: usize, cut: usize) {
        let run = |line: &String| line.trim_start().chars().take_while(|c| *c == '`').count();
        let fence = "`".repeat(lines.iter().map(run).max().unwrap_or_default().max(2) + 1);
        let before = " ".repeat(column.min(MOST));
        self.out.push(format!("{before}{fence}text"));
        for line in lines {
            let line = &line[cut.min(indent(line))..];
            self.out.push(if line.is_empty() { String::new() } else { format!("{before}{line}") });
        }
        self.out.push(format!("{before}{fence}"));
        self.apart = true;
    }

    fn text(&mut self, indent: usize, text: &str) {
        let mut out = " ".repeat(indent.min(MOST));
        let (mut column, mut rest) = (indent, text);
        while let Some(mark) = marker(rest) {
            let behind = rest[mark.len()..].trim_start_matches(' ');
            let blanks = rest.len() - mark.len() - behind.len();
            column += mark.len() + if blanks > MOST + 1 { 1 } else { blanks.max(1) };
            if let Some(fence) = Fence::open(behind) {
                // Whether this is a list or the text of a paragraph, the fence is one.
                let (number, last) = mark.split_at(mark.len() - 1);
                self.out.push(format!("{out}{number}\\{last}"));
                return self.fenced(fence, indent);
            }
            self.lists.push(column);
            out.push_str(mark);
            out.push_str(if behind.is_empty() { "" } else { " " });
            rest = behind;
        }
        inline::write(rest, self.tables, &mut out);
        self.out.push(out);
        self.apart = false;
    }
}

/// The mark of a list's item at the start of a text.
fn marker(text: &str) -> Option<&str> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let end = match text.as_bytes().get(digits)? {
        b'-' | b'*' | b'+' if digits == 0 => 1,
        b'.' | b')' if (1..10).contains(&digits) => digits + 1,
        _ => return None,
    };
    let (mark, behind) = text.split_at(end);
    (behind.is_empty() || behind.starts_with(' ')).then_some(mark)
}

/// The line that opens a fence.
struct Fence {
    mark: char,
    length: usize,
}

impl Fence {
    fn open(text: &str) -> Option<Self> {
        let mark = text.chars().next().filter(|it| matches!(it, '`' | '~'))?;
        let length = text.chars().take_while(|it| *it == mark).count();
        let info = &text[length..];
        (length > 2 && !(mark == '`' && info.contains('`'))).then_some(Self { mark, length })
    }

    fn closes(&self, line: &str) -> bool {
        line.len() >= self.length && line.chars().all(|it| it == self.mark)
    }
}

#[cfg(test)]
mod tests;
