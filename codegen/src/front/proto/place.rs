//! Places and comments from a descriptor's source info.

use std::collections::BTreeMap;

use prost_types::{FileDescriptorProto, source_code_info::Location};

use crate::{
    front::thrift::dedent,
    ir::draft::Name,
    source::{FileId, SourceMap, Span},
};

/// The source info of one file, by descriptor path.
pub(super) struct Places<'a> {
    sources: &'a SourceMap,
    file: FileId,
    locations: BTreeMap<&'a [i32], &'a Location>,
}

impl<'a> Places<'a> {
    pub(super) fn new(sources: &'a SourceMap, file: FileId, descriptor: &'a FileDescriptorProto) -> Self {
        let all = descriptor.source_code_info.iter().flat_map(|it| &it.location);
        let mut locations = BTreeMap::new();
        for location in all {
            locations.entry(location.path.as_slice()).or_insert(location);
        }
        Self { sources, file, locations }
    }

    /// The place of an element; the start of the file when it is not known.
    pub(super) fn span(&self, path: &[i32]) -> Span {
        self.find(path).unwrap_or(Span { file: self.file, start: 0, end: 0 })
    }

    /// The place of an element if it is known.
    pub(super) fn find(&self, path: &[i32]) -> Option<Span> {
        let location = self.locations.get(path)?;
        let (start, end) = match *location.span.as_slice() {
            [line, from, to] => ((line, from), (line, to)),
            [line, from, last, to] => ((line, from), (last, to)),
            _ => return None,
        };
        Some(Span { file: self.file, start: self.offset(start)?, end: self.offset(end)? })
    }

    /// The place of all statements that set something at a path or inside of it, from the first to the last.
    pub(super) fn covering(&self, path: &[i32]) -> Option<Span> {
        let inside = self.locations.range(path..).map(|(it, _)| *it).take_while(|it| it.starts_with(path));
        let inside = inside.filter_map(|it| self.find(it));
        inside.reduce(|all, it| Span { start: all.start.min(it.start), end: all.end.max(it.end), ..all })
    }

    /// Lines and columns count from 0; protox counts columns in bytes.
    fn offset(&self, (line, column): (i32, i32)) -> Option<u32> {
        let start = self.sources.line_start(self.file, usize::try_from(line).ok()?);
        start.checked_add(u32::try_from(column).ok()?)
    }

    /// The name of an element: field 1 of every descriptor.
    pub(super) fn name(&self, path: &[i32], text: &str) -> Name {
        let own = [path, &[1]].concat();
        let span = self.find(&own).or_else(|| self.find(path));
        Name { text: text.to_owned(), span: span.unwrap_or_else(|| self.span(path)) }
    }

    /// The comment above an element, or else the one behind it.
    pub(super) fn docs(&self, path: &[i32]) -> String {
        let Some(location) = self.locations.get(path) else {
            return String::new();
        };
        let comment = location.leading_comments.as_ref().or(location.trailing_comments.as_ref());
        let lines: Vec<_> = comment.map(|it| it.lines().map(str::trim_end).collect()).unwrap_or_default();
        dedent(&lines)
    }
}
