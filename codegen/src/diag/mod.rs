//! Findings about a user's IDL: what is wrong, where, and what helps. It decides no rule and prints
//! nothing: stages make findings with the texts of [`catalogue`], [`render()`] turns them to text.

pub mod catalogue;
mod collection;
mod distance;
mod explain;
mod render;

pub use collection::Diagnostics;
pub use distance::closest;
pub(crate) use distance::distance;
pub use explain::{explain, nearest};
pub use render::render;

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
    /// The place.
    pub span: Span,
    /// The text beside the marker; may be empty.
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
    /// The place of it; `None` only when no file can be pointed at (a file that does not exist).
    pub primary: Option<Label>,
    /// Other places that belong to it.
    pub secondary: Vec<Label>,
    /// A way to mend it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A finding of any severity, not yet placed.
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        let (primary, secondary, help) = (None, Vec::new(), None);
        Self { code, severity, message: message.into(), primary, secondary, help }
    }

    /// An error, not yet placed.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A warning, not yet placed.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// A note, not yet placed.
    pub fn note(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, message)
    }

    /// Places it; the text stands beside the marker and may be empty.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.primary = Some(Label { span, text: text.into() });
        self
    }

    /// Places it if there is a place.
    #[must_use]
    pub fn at_maybe(self, span: Option<Span>, text: impl Into<String>) -> Self {
        match span {
            Some(span) => self.at(span, text),
            None => self,
        }
    }

    /// Adds another place that belongs to it.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }
}
