//! Findings as text, with rustc's look.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str};

use super::{Diagnostic, Diagnostics, Label, Severity};
use crate::source::{FileId, SourceMap};

/// Longer marks are cut, and marks farther apart on their lines are left out.
const MOST_BYTES: u32 = 1000;
/// Larger parts of a text are not shown.
const MOST_WINDOW: usize = 256 << 10;

/// All findings in order, an empty line after each; with ANSI colours if asked.
pub fn render(found: &Diagnostics, sources: &SourceMap, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for one in found.sorted() {
        out.push_str(&renderer.render(&[group(one, sources)]));
        out.push_str("\n\n");
    }
    out
}

fn group<'a>(found: &'a Diagnostic, sources: &'a SourceMap) -> Group<'a> {
    let level = match found.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(normalize_untrusted_str(&found.message)).id(found.code);
    let mut group = Group::with_title(title);
    for file in files(found) {
        group = group.element(element(found, file, sources));
    }
    match &found.help {
        Some(help) => group.element(Level::HELP.message(normalize_untrusted_str(help))),
        None => group,
    }
}

/// The files of a finding, that of the primary place first.
fn files(found: &Diagnostic) -> Vec<FileId> {
    let mut files = Vec::new();
    for label in found.primary.iter().chain(&found.secondary) {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    files
}

/// Where a label is drawn, from byte to byte.
struct Mark<'a> {
    kind: AnnotationKind,
    range: Range<usize>,
    text: &'a str,
}

/// The part of a finding that is about one file.
fn element<'a>(found: &'a Diagnostic, file: FileId, sources: &'a SourceMap) -> Element<'a> {
    let marks = marks(found, file, sources);
    let (first, window) = window(&marks, file, sources);
    if window.len() > MOST_WINDOW {
        return origin(found, file, sources).into();
    }
    let text = sources.text(file).get(window.clone()).unwrap_or_default();
    let marks = marks.into_iter().map(|mark| {
        let range = mark.range.start - window.start..mark.range.end - window.start;
        let drawn = mark.kind.span(range);
        match mark.text {
            "" => drawn,
            text => drawn.label(normalize_untrusted_str(text)),
        }
    });
    Snippet::source(text).line_start(first + 1).path(sources.path(file)).annotations(marks).into()
}

/// The place alone, where showing the text would take too long.
fn origin<'a>(found: &Diagnostic, file: FileId, sources: &'a SourceMap) -> Origin<'a> {
    let labels = found.primary.iter().chain(&found.secondary);
    let place = labels.map(|it| it.span).find(|it| it.file == file);
    let origin = Origin::path(sources.path(file));
    match place.map(|span| sources.position(span)) {
        Some(place) => origin.line(place.line).char_column(place.column),
        None => origin,
    }
}

fn marks<'a>(found: &'a Diagnostic, file: FileId, sources: &SourceMap) -> Vec<Mark<'a>> {
    let primary = found.primary.iter().map(|label| (AnnotationKind::Primary, label));
    let others = found.secondary.iter().map(|label| (AnnotationKind::Context, label));
    let mut column = None;
    let mut out = Vec::new();
    for (kind, label) in primary.chain(others).filter(|(_, it)| it.span.file == file) {
        let line = sources.line_of(file, label.span.start);
        let here = label.span.start - sources.line_start(file, line);
        // One long line with two places far apart would be printed in full.
        if here.abs_diff(*column.get_or_insert(here)) < MOST_BYTES {
            out.push(Mark { kind, range: clamped(label, sources.text(file)), text: &label.text });
        }
    }
    out
}

/// The bytes of a label inside of the text, cut when there are too many to draw.
fn clamped(label: &Label, text: &str) -> Range<usize> {
    let most = label.span.start.saturating_add(MOST_BYTES).min(label.span.end);
    let start = boundary(text, label.span.start);
    start..boundary(text, most).max(start)
}

/// The nearest offset at or before one at which a character begins.
fn boundary(text: &str, offset: u32) -> usize {
    let offset = text.len().min(offset as usize);
    (0..=offset).rev().find(|it| text.is_char_boundary(*it)).unwrap_or(0)
}

/// Only the lines that are pointed at are handed over: a file may have 16 MiB.
fn window(marks: &[Mark<'_>], file: FileId, sources: &SourceMap) -> (usize, Range<usize>) {
    let line = |at: usize| sources.line_of(file, u32::try_from(at).unwrap_or(u32::MAX));
    let first = marks.iter().map(|it| line(it.range.start)).min().unwrap_or(0);
    let last = marks.iter().map(|it| line(it.range.end)).max().unwrap_or(0);
    let start = sources.line_start(file, first) as usize;
    let end = sources.line_start(file, last + 1) as usize;
    (first, start..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn sample() -> (Diagnostics, SourceMap) {
        let mut sources = SourceMap::new();
        let file = sources.add("a.thrift", "struct S {\n  1: i32 a\n}\nstruct S {}\n".to_owned());
        let diagnostic = Diagnostic::error("TH0000", "two `S`")
            .at(Span { file, start: 31, end: 32 }, "again here")
            .also(Span { file, start: 7, end: 8 }, "first here")
            .help("rename one");
        (diagnostic.into(), sources)
    }

    #[test]
    fn looks_like_rustc() {
        let (found, sources) = sample();
        let text = render(&found, &sources, false);
        let expected = "error[TH0000]: two `S`
 --> a.thrift:4:8
  |
1 | struct S {
  |        - first here
...
4 | struct S {}
  |        ^ again here
  |
  = help: rename one

";
        assert_eq!(text, expected);
    }

    #[test]
    fn colours_only_when_asked() {
        let (found, sources) = sample();
        assert!(render(&found, &sources, true).contains("\u{1b}["));
        assert!(!render(&found, &sources, false).contains('\u{1b}'));
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let mut sources = SourceMap::new();
        let file = sources.add("a", "\u{202e}\u{1b}[31m x\n".to_owned());
        let diagnostic = Diagnostic::error("X", "\u{202e}\u{1b}[31m").at(Span { file, start: 9, end: 10 }, "");
        let text = render(&diagnostic.into(), &sources, false);
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text:?}");
    }
}
