//! `api.vd`, the expressions of Hertz (go-tagexpr's README, "Syntax"): `$`, `len`, `mblen`, `in`, `regexp`, comparisons,
//! `&&`, `||`, `!`, `nil`, brackets, `msg`. An absent field is `nil`, with which no order holds.

mod meaning;
mod parse;
mod words;

use crate::diag::{Diagnostics, catalogue::validation as text};
use crate::ir::bounds::less;
use crate::ir::draft::Annotation;
use crate::ir::rules::{Cond, FieldRules, Op, Test};
use parse::{Fail, Message, Parser, Wrong};
use words::{place, words};

const KEY: &str = "api.vd";

/// Reads one annotation; `range` has the numbers of a whole number's type.
pub(super) fn read(annotation: &Annotation, range: (i128, i128), field: &mut FieldRules, found: &mut Diagnostics) {
    let Some(value) = &annotation.value else {
        return found.push(text::value(KEY, "an expression in quotes", annotation.key.span));
    };
    let span_of = |start: usize, end: usize| place(value.span, &value.text, start, end);
    let tokens = match words(&value.text) {
        Ok(tokens) => tokens,
        Err((why, start, end)) => return found.push(text::expression(&why, span_of(start, end))),
    };
    let mut parser = Parser::new(&tokens, value.text.len(), &field.node.kind, range);
    let (truth, written, message) = match parser.whole() {
        Ok(read) => read,
        Err(Fail { why, start, end, kind }) => {
            let span = span_of(start, end);
            return found.push(match kind {
                Wrong::Syntax => text::expression(&why, span),
                Wrong::NotHad => text::not_checked(KEY, &why, span),
                Wrong::Type => text::wrong_type(KEY, &why, span),
                Wrong::Pattern => text::pattern(&why, span),
            });
        }
    };
    if let Message::NotHad(start, end) = message {
        found.push(text::not_checked(
            "msg",
            "a message is a text in quotes; the rule itself is checked",
            span_of(start, end),
        ));
    }
    let words = match message {
        Message::Text(text) => text,
        _ => format!("must fulfil `{}`", value.text[..written].trim()),
    };
    if never(&truth.holds) && !(field.presence && truth.absent) {
        return found.push(text::never(KEY, "no value makes it true", span_of(0, written)));
    }
    let test = |holds| Test { id: KEY.to_owned(), text: words.clone(), holds };
    if field.presence && !truth.absent {
        field.absent.push(test(Cond::Constant(false)));
    }
    if truth.holds != Cond::Constant(true) {
        let test = test(truth.holds);
        field.node.tests.push(test);
    }
}

/// Whether a condition is seen to hold for no value.
fn never(cond: &Cond) -> bool {
    match cond {
        Cond::Constant(value) => !value,
        Cond::Any(parts) => parts.iter().all(never),
        Cond::All(parts) => {
            parts.iter().any(never) || parts.iter().any(|one| parts.iter().any(|other| apart(one, other)))
        }
        _ => false,
    }
}

/// Whether two bounds have nothing between them.
fn apart(lower: &Cond, upper: &Cond) -> bool {
    match (lower, upper) {
        (
            Cond::Compare(what, low @ (Op::Gt | Op::Gte | Op::Eq), from),
            Cond::Compare(other, high @ (Op::Lt | Op::Lte | Op::Eq), to),
        ) if what == other => {
            let open = *low == Op::Gt || *high == Op::Lt;
            less(*to, *from) || (open && !less(*from, *to))
        }
        _ => false,
    }
}
