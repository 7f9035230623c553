//! Findings about `--derive`: macros that are not there or cannot be had, and words that do nothing (TH014x).

use crate::diag::Diagnostic;
use crate::ir::draft::Name;
use crate::ir::model::Head;
use crate::source::Span;

/// A field's type lacks what its struct is to derive.
pub fn derive_cannot_hold(owner: &Head, name: &str, field: &Head, why: &str) -> Diagnostic {
    Diagnostic::error("TH0140", format!("`{}` cannot derive `{name}`", owner.name))
        .at(field.span, why)
        .also(owner.span, "derives it here")
        .help("derive it for the types that can: `(rust.derive = \"\")` behind this one takes it away, and `rust.maps = \"btree\"` makes maps and sets that have an order")
}

/// A derive asks for others.
pub fn derive_needs(owner: &Head, name: &str, lacking: &[&str]) -> Diagnostic {
    let lacking = lacking.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(" and ");
    Diagnostic::error("TH0141", format!("`{}` cannot derive `{name}` without {lacking}", owner.name))
        .at(owner.span, "derives it here")
        .help(format!("derive {lacking} too"))
}

/// `optional` on an argument.
pub fn optional_argument(argument: &Name, at: Span) -> Diagnostic {
    Diagnostic::warning("TH0142", format!("`optional` does nothing for the argument `{}`", argument.text))
        .at(at, "arguments are always sent")
        .help("take it out, or put the arguments in a struct whose fields are optional")
}
