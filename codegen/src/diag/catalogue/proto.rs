//! Protocol Buffers (PB).

use crate::{diag::Diagnostic, source::Span};

/// The file does not follow the grammar; the words are the compiler's.
pub fn syntax(message: &str, at: Span, label: &str) -> Diagnostic {
    Diagnostic::error("PB0001", message).at(at, label)
}

/// The file follows the grammar and means nothing; the words are the compiler's.
pub fn meaning(message: &str, at: Span, label: &str) -> Diagnostic {
    Diagnostic::error("PB0002", message).at(at, label)
}

/// The file uses an edition.
pub fn edition(at: Span) -> Diagnostic {
    Diagnostic::error("PB0003", "editions are not supported")
        .at(at, "instead of `syntax`")
        .help("write `syntax = \"proto3\";` or `syntax = \"proto2\";`")
}

/// One file is imported under two names.
pub fn two_names(path: &str, first: &str, second: &str, at: Span) -> Diagnostic {
    Diagnostic::error("PB0004", format!("`{path}` is imported under two names, `{first}` and `{second}`"))
        .at(at, "the second name")
        .help("import it by the same path everywhere, counted from one directory of `-I`")
}

/// Brackets are nested too deep.
pub fn too_deep(limit: usize, at: Span) -> Diagnostic {
    Diagnostic::error("PB0005", format!("brackets are nested deeper than {limit}"))
        .at(at, "too deep")
        .help("move inner messages to the top of the file")
}

/// A proto file is too big for its compiler.
pub fn too_big(limit: usize, at: Span) -> Diagnostic {
    Diagnostic::error("PB0006", format!("the file is larger than {} MiB", limit >> 20))
        .at(at, "more than the compiler of proto files is given")
        .help("split the file")
}

/// A reason of an error stands for no status of HTTP.
pub fn no_status(code: i32, at: Span) -> Diagnostic {
    Diagnostic::error("PB0008", format!("{code} is not a status of HTTP"))
        .at(at, "the status of this reason")
        .help("write one from 100 to 599 in `(errors.code)` or `(errors.default_code)`")
}
