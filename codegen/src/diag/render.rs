//! Findings as text, with rustc's look.

use std::ops::Range;

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str,
};

use super::{Diagnostic, Diagnostics, Label, Severity};
use crate::source::{FileId, SourceMap};

/// All findings in order, an empty line after each; with ANSI colours if asked.
pub fn render(found: &Diagnostics, sources: &SourceMap, color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
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
    let title = level
        .primary_title(normalize_untrusted_str(&found.message))
        .id(found.code);
    let mut group = Group::with_title(title);
    for file in files(found) {
        group = group.element(snippet(found, file, sources));
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

fn snippet<'a>(
    found: &'a Diagnostic,
    file: FileId,
    sources: &'a SourceMap,
) -> Snippet<'a, Annotation<'a>> {
    let kinds = found
        .primary
        .iter()
        .map(|label| (AnnotationKind::Primary, label));
    let others = found
        .secondary
        .iter()
        .map(|label| (AnnotationKind::Context, label));
    let here: Vec<_> = kinds
        .chain(others)
        .filter(|(_, label)| label.span.file == file)
        .collect();
    let (first, window) = window(here.iter().map(|(_, label)| *label), file, sources);
    let text = sources.text(file).get(window.clone()).unwrap_or_default();
    let marks = here.into_iter().map(|(kind, label)| {
        let mark = kind.span(within(label, &window));
        if label.text.is_empty() {
            mark
        } else {
            mark.label(normalize_untrusted_str(&label.text))
        }
    });
    Snippet::source(text)
        .line_start(first + 1)
        .path(sources.path(file))
        .annotations(marks)
}

/// Only the lines that are pointed at are handed over: a file may have 16 MiB.
fn window<'a>(
    labels: impl Iterator<Item = &'a Label>,
    file: FileId,
    sources: &SourceMap,
) -> (usize, Range<usize>) {
    let (mut first, mut last) = (usize::MAX, 0);
    for label in labels {
        first = first.min(sources.line_of(file, label.span.start));
        last = last.max(sources.line_of(file, label.span.end));
    }
    let start = sources.line_start(file, first) as usize;
    let end = sources.line_start(file, last + 1) as usize;
    (first, start..end)
}

fn within(label: &Label, window: &Range<usize>) -> Range<usize> {
    let place = |at: u32| (at as usize).clamp(window.start, window.end) - window.start;
    place(label.span.start)..place(label.span.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn sample() -> (Diagnostics, SourceMap) {
        let mut sources = SourceMap::new();
        let file = sources.add(
            "a.thrift",
            "struct S {\n  1: i32 a\n}\nstruct S {}\n".to_owned(),
        );
        let found = Diagnostic::error("TH0000", "two `S`")
            .at(
                Span {
                    file,
                    start: 31,
                    end: 32,
                },
                "again here",
            )
            .also(
                Span {
                    file,
                    start: 7,
                    end: 8,
                },
                "first here",
            )
            .help("rename one");
        (found.into(), sources)
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
        let found = Diagnostic::error("X", "\u{202e}\u{1b}[31m").at(
            Span {
                file,
                start: 9,
                end: 10,
            },
            "",
        );
        let text = render(&found.into(), &sources, false);
        assert!(
            !text.contains('\u{1b}') && !text.contains('\u{202e}'),
            "{text:?}"
        );
    }
}
