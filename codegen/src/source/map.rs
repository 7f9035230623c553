//! The map itself: every text once, with the starts of its lines.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
};

use super::{FileId, Span};

/// A place as people count: both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

/// One text.
#[derive(Debug)]
struct Source {
    path: String,
    /// Where it was opened, for the includes next to it; none for a text that was never a file.
    opened: Option<PathBuf>,
    text: String,
    lines: Vec<u32>,
}

/// Every text that was read, each once.
///
/// ```
/// use codegen::source::SourceMap;
/// let mut sources = SourceMap::new();
/// let id = sources.add("a.thrift", "struct S {}\n".to_owned());
/// assert_eq!((sources.path(id), sources.line_count(id)), ("a.thrift", 2));
/// ```
#[derive(Debug, Default)]
pub struct SourceMap {
    files: Vec<Source>,
    /// The canonical paths of the files that were read.
    pub(super) known: HashMap<PathBuf, FileId>,
    /// The canonical directories outside which nothing is read.
    pub(super) fences: Vec<PathBuf>,
    /// The directories in which includes are looked for, as typed.
    pub(super) include_dirs: Vec<PathBuf>,
    /// The bytes read so far.
    pub(super) total: u64,
    /// Texts that stand in for what is, or is not yet, on disk, by their real paths.
    pub(super) stand_ins: HashMap<PathBuf, StandIn>,
    /// The directories below which a file was found, or by which it has its name.
    pub(super) used: BTreeSet<PathBuf>,
}

/// A text that is read in the place of a file.
#[derive(Debug)]
pub(super) struct StandIn {
    pub(super) shown: String,
    pub(super) text: String,
}

impl SourceMap {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text that is not a file. A byte order mark at its start is dropped.
    pub fn add(&mut self, path: &str, text: String) -> FileId {
        self.insert(path.to_owned(), None, text)
    }

    pub(super) fn insert(&mut self, path: String, opened: Option<PathBuf>, text: String) -> FileId {
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        let lines = line_starts(&text);
        self.files.push(Source { path, opened, text, lines });
        FileId(offset(self.files.len() - 1))
    }

    /// The number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    fn get(&self, id: FileId) -> Option<&Source> {
        self.files.get(id.0 as usize)
    }

    /// The path as the user typed it, that of an include joined to its includer's; slashes forward.
    pub fn path(&self, id: FileId) -> &str {
        self.get(id).map_or("", |it| &it.path)
    }

    pub(super) fn opened(&self, id: FileId) -> Option<&Path> {
        self.get(id)?.opened.as_deref()
    }

    /// The whole text, without a byte order mark.
    pub fn text(&self, id: FileId) -> &str {
        self.get(id).map_or("", |it| &it.text)
    }

    /// The text of a span; empty when the span is not of this map.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file).get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// How many lines a file has; an empty one has one.
    pub fn line_count(&self, id: FileId) -> usize {
        self.get(id).map_or(0, |it| it.lines.len())
    }

    /// The offset at which a line (from 0) begins; the end of the text past the last line.
    pub fn line_start(&self, id: FileId, line: usize) -> u32 {
        let Some(source) = self.get(id) else { return 0 };
        source.lines.get(line).copied().unwrap_or(offset(source.text.len()))
    }

    /// The line (from 0) in which an offset lies.
    pub fn line_of(&self, id: FileId, at: u32) -> usize {
        let Some(source) = self.get(id) else { return 0 };
        source.lines.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// The position at which a span begins, as people count.
    pub fn position(&self, span: Span) -> Position {
        let line = self.line_of(span.file, span.start);
        let start = self.line_start(span.file, line);
        let before = self.slice(Span { start, end: span.start, ..span });
        Position { line: line + 1, column: before.chars().count() + 1 }
    }

    /// The span of a whole file.
    pub fn whole(&self, id: FileId) -> Span {
        Span { file: id, start: 0, end: offset(self.text(id).len()) }
    }
}

/// Texts are far smaller than 4 GiB, so that nothing is ever cut here.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn line_starts(text: &str) -> Vec<u32> {
    let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    std::iter::once(0).chain(ends.map(|(at, _)| offset(at + 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_skip_the_mark() {
        let mut sources = SourceMap::new();
        let file = sources.add("a", "\u{feff}äb\r\nc".to_owned());
        assert_eq!(sources.text(file), "äb\r\nc");
        let position = |start| sources.position(Span { file, start, end: start });
        assert_eq!(position(2), Position { line: 1, column: 2 });
        assert_eq!(position(5), Position { line: 2, column: 1 });
        assert_eq!(position(6), Position { line: 2, column: 2 });
        assert_eq!(sources.line_count(file), 2);
        assert_eq!(sources.whole(file).end, 6);
    }

    #[test]
    fn strangers_are_empty() {
        let sources = SourceMap::new();
        let span = Span { file: FileId(7), start: 1, end: 2 };
        assert_eq!((sources.slice(span), sources.path(span.file)), ("", ""));
        assert_eq!(sources.position(span), Position { line: 1, column: 1 });
        assert!(sources.is_empty());
    }
}
