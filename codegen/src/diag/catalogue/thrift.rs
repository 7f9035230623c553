//! The syntax of Thrift (TH00xx).

use crate::{diag::Diagnostic, source::Span};

/// Something else was expected.
pub fn expected(what: &str, found: &str, at: Span) -> Diagnostic {
    Diagnostic::error("TH0001", format!("expected {what}, found {found}"))
        .at(at, format!("expected {what}"))
}
