//! Validation rules of either IDL (VR).

use crate::diag::Diagnostic;
use crate::source::Span;

/// A rule that there is not.
pub fn unknown(key: &str, at: Span, nearest: Option<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::error("VR0001", format!("there is no validation rule `{key}`")).at(at, "not known");
    match nearest {
        Some(nearest) => diagnostic.help(format!("did you mean `{nearest}`?")),
        None => diagnostic.help("`docs/validation.md` has all of them"),
    }
}

/// A rule on a value of another type.
pub fn wrong_type(rule: &str, ty: &str, at: Span) -> Diagnostic {
    Diagnostic::error("VR0002", format!("`{rule}` is not a rule for {ty}"))
        .at(at, "does not fit the type")
        .help("use a rule of the value's own type")
}

/// A value that a rule does not take.
pub fn value(rule: &str, wanted: &str, at: Span) -> Diagnostic {
    Diagnostic::error("VR0003", format!("`{rule}` does not take this value")).at(at, format!("it takes {wanted}"))
}

/// A rule that no value can fulfil.
pub fn never(rule: &str, why: &str, at: Span) -> Diagnostic {
    Diagnostic::error("VR0004", format!("no value fulfils `{rule}`"))
        .at(at, why)
        .help("every request would be refused; change one of the bounds")
}

/// A pattern that is not one.
pub fn pattern(why: &str, at: Span) -> Diagnostic {
    Diagnostic::error("VR0005", "the pattern is not a regular expression")
        .at(at, why)
        .help("patterns have RE2's syntax: no back references, no look-around")
}

/// A rule that is understood and not had here.
pub fn not_checked(rule: &str, why: &str, at: Span) -> Diagnostic {
    Diagnostic::warning("VR0006", format!("`{rule}` is not checked"))
        .at(at, why)
        .help("check it in the handler, or say it by other rules: `docs/validation.md` has those that are checked")
}

/// An expression that does not follow its grammar.
pub fn expression(why: &str, at: Span) -> Diagnostic {
    Diagnostic::error("VR0007", "the expression of `api.vd` cannot be read")
        .at(at, why)
        .help("such as `api.vd = \"len($) > 0 && $ != 'admin'; msg:'choose another name'\"`")
}
