//! Findings about a user's IDL: what is wrong, where, and what helps.

pub mod catalogue;

use crate::source::Span;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing is generated.
    Error,
    /// Generated all the same; an error under `--deny warnings`.
    Warning,
    /// Good to know.
    Note,
}

/// A place and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What stands beside the marker; may be empty.
    pub text: String,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The code, such as `TH0104`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The sentence of the first line.
    pub message: String,
    /// Where it is; `None` only when no file can be pointed at (a file that does not exist).
    pub primary: Option<Label>,
    /// Other places that belong to it.
    pub secondary: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
}
