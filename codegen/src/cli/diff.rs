//! A patch between two texts, in the unified format. Pure.

/// Lines around a change.
const CONTEXT: usize = 3;
/// Beyond so many pairs of lines a change is shown as a whole.
const PAIRS: usize = 16_000_000;

/// One line of the patch: whether it is in the old text, in the new one, or in both.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line<'a> {
    Old(&'a str),
    New(&'a str),
    Both(&'a str),
}

/// The patch of a file: its header and its hunks; empty where nothing differs.
pub(super) fn patch(path: &str, old: &str, new: &str, fresh: bool) -> String {
    if old == new {
        return String::new();
    }
    let lines = lines(&old.split_inclusive('\n').collect::<Vec<_>>(), &new.split_inclusive('\n').collect::<Vec<_>>());
    let from = if fresh { "/dev/null" } else { path };
    let mut out = format!("--- {from}\n+++ {path}\n");
    let changed: Vec<usize> = (0..lines.len()).filter(|&at| !matches!(lines[at], Line::Both(_))).collect();
    for group in changed.chunk_by(|one, other| other - one <= 2 * CONTEXT + 1) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let start = first.saturating_sub(CONTEXT);
        out.push_str(&hunk(&lines[..start], &lines[start..(last + 1 + CONTEXT).min(lines.len())]));
    }
    out
}

/// A hunk behind the lines `before`.
fn hunk(before: &[Line<'_>], lines: &[Line<'_>]) -> String {
    let old = |lines: &[Line<'_>]| lines.iter().filter(|it| !matches!(it, Line::New(_))).count();
    let new = |lines: &[Line<'_>]| lines.iter().filter(|it| !matches!(it, Line::Old(_))).count();
    let mut out = format!("@@ -{} +{} @@\n", range(old(before), old(lines)), range(new(before), new(lines)));
    for line in lines {
        let (sign, text) = match line {
            Line::Old(text) => ('-', text),
            Line::New(text) => ('+', text),
            Line::Both(text) => (' ', text),
        };
        out.push(sign);
        out.push_str(text);
        if !text.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
    out
}

/// `first,count` of the lines behind `before` ones; a range without lines begins at the line before.
fn range(before: usize, count: usize) -> String {
    match count {
        0 => format!("{before},0"),
        1 => format!("{}", before + 1),
        _ => format!("{},{count}", before + 1),
    }
}

/// Both texts in one, by the longest sequence of lines that both have.
fn lines<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let start = old.iter().zip(new).take_while(|(one, other)| one == other).count();
    let end = old[start..].iter().rev().zip(new[start..].iter().rev()).take_while(|(one, other)| one == other).count();
    let (old_end, new_end) = (old.len() - end, new.len() - end);
    let mut out: Vec<Line<'a>> = old[..start].iter().map(|it| Line::Both(it)).collect();
    out.extend(changed(&old[start..old_end], &new[start..new_end]));
    out.extend(old[old_end..].iter().map(|it| Line::Both(it)));
    out
}

fn changed<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let (rows, columns) = (old.len(), new.len());
    let width = columns + 1;
    if (rows + 1).saturating_mul(width) > PAIRS {
        return old.iter().map(|it| Line::Old(it)).chain(new.iter().map(|it| Line::New(it))).collect();
    }
    // How many lines the ends from here on share.
    let mut shared = vec![0_u32; (rows + 1) * width];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            shared[row * width + column] = if old[row] == new[column] {
                shared[(row + 1) * width + column + 1] + 1
            } else {
                shared[(row + 1) * width + column].max(shared[row * width + column + 1])
            };
        }
    }
    let (mut row, mut column, mut out) = (0, 0, Vec::new());
    while row < rows || column < columns {
        let same = row < rows && column < columns && old[row] == new[column];
        let drop =
            row < rows && (column == columns || shared[(row + 1) * width + column] >= shared[row * width + column + 1]);
        out.push(match (same, drop) {
            (true, _) => Line::Both(old[row]),
            (false, true) => Line::Old(old[row]),
            (false, false) => Line::New(new[column]),
        });
        row += usize::from(same || drop);
        column += usize::from(same || !drop);
    }
    out
}
