//! protox's errors as findings: its words, our places.

use miette::{Diagnostic as Foreign, LabeledSpan};

use crate::{
    diag::{Diagnostic, Label, catalogue::proto as say},
    source::{FileId, SourceMap, Span},
};

/// Everything that one error says about a file.
pub(super) fn about(error: &protox::Error, sources: &SourceMap, file: FileId) -> Vec<Diagnostic> {
    let finding = if error.is_parse() { say::syntax } else { say::meaning };
    let related = error.related().into_iter().flatten();
    std::iter::once(error as &dyn Foreign).chain(related).map(|it| one(it, finding, sources, file)).collect()
}

fn one(
    error: &dyn Foreign,
    finding: fn(&str, Span, &str) -> Diagnostic,
    sources: &SourceMap,
    file: FileId,
) -> Diagnostic {
    let message = error.to_string();
    let mut labels: Vec<_> = error.labels().into_iter().flatten().map(|it| label(&it, file)).collect();
    // Where two places are named, the last is the one that is wrong ("and again here").
    let Some(last) = labels.pop() else {
        return finding(&message, nowhere(&message, sources, file), "");
    };
    if sources.slice(last.span) == "edition" {
        return say::edition(last.span);
    }
    let mut found = finding(&message, last.span, &last.text);
    found.secondary = labels;
    found.help = error.help().map(|it| it.to_string());
    found
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
