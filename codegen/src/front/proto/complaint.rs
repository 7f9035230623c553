//! protox's errors as findings: its words, our places.

use std::cell::LazyCell;

use miette::{Diagnostic as Foreign, LabeledSpan};
use protox::file::File as Compiled;

use super::{
    entries::{self, Entry},
    place::Places,
};
use crate::{
    diag::{Diagnostic, Label, catalogue::proto as say},
    source::{FileId, SourceMap, Span},
};

/// Everything that one error says about a file.
pub(super) fn about(error: &protox::Error, sources: &SourceMap, file: FileId) -> Vec<Diagnostic> {
    let finding = if error.is_parse() { say::syntax } else { say::meaning };
    let related = error.related().into_iter().flatten();
    // Parsed again where a place is looked for, and once: the compiler keeps the first parse.
    let parsed = LazyCell::new(|| Compiled::from_source(sources.path(file), sources.text(file)).ok());
    let all = std::iter::once(error as &dyn Foreign).chain(related);
    all.filter_map(|it| one(it, finding, &parsed, sources, file)).collect()
}

fn one(
    error: &dyn Foreign,
    finding: fn(&str, Span, &str) -> Diagnostic,
    parsed: &LazyCell<Option<Compiled>, impl FnOnce() -> Option<Compiled>>,
    sources: &SourceMap,
    file: FileId,
) -> Option<Diagnostic> {
    let message = error.to_string();
    let mut labels: Vec<_> = error.labels().into_iter().flatten().map(|it| label(&it, file)).collect();
    // Where two places are named, the last is the one that is wrong ("and again here").
    let Some(last) = labels.pop() else {
        return match parsed.as_ref().and_then(|it| entry(&message, it, sources, file)) {
            Some(Entry::Part) => None,
            Some(Entry::Clash(field)) => Some(finding(&message, field, "the entry type of this map has that name")),
            None => Some(finding(&message, nowhere(&message, sources, file), "")),
        };
    };
    if sources.slice(last.span) == "edition" {
        return Some(say::edition(last.span));
    }
    let mut diagnostic = finding(&message, last.span, &last.text);
    diagnostic.secondary = labels;
    diagnostic.help = error.help().map(|it| it.to_string());
    Some(diagnostic)
}

/// What a message says of a map's entry type.
fn entry(message: &str, parsed: &Compiled, sources: &SourceMap, file: FileId) -> Option<Entry> {
    let descriptor = parsed.file_descriptor_proto();
    entries::quoted(message, descriptor, &Places::new(sources, file, descriptor))
}

fn label(label: &LabeledSpan, file: FileId) -> Label {
    // Files are at most 16 MiB.
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let (start, end) = (place(label.offset()), place(label.offset() + label.len()));
    Label { span: Span { file, start, end }, text: label.label().unwrap_or_default().to_owned() }
}

/// The place of an error that names none: the end of the file if it says so, else its start.
fn nowhere(message: &str, sources: &SourceMap, file: FileId) -> Span {
    let whole = sources.whole(file);
    if message.contains("end of file") { Span { start: whole.end, ..whole } } else { Span { end: 0, ..whole } }
}
