//! `vt.*`, the rules of cloudwego's `thrift-gen-validator` (its README, "Feature Matrix").

use crate::diag::{Diagnostics, catalogue::validation as text};
use crate::ir::bounds::{less, show};
use crate::ir::draft::{Annotation, Base};
use crate::ir::model::{DefKind, Member, Model, Ty};
use crate::ir::patterns;
use crate::ir::rules::{Cond, FieldRules, Kind, List, Measure, Node, Number, Op, Part, Test};
use crate::resolve::scope::nearest_of;
use crate::source::Span;

/// The rules, without `vt.` and the words for parts of containers.
const KNOWN: &[&str] = &[
    "const",
    "lt",
    "le",
    "gt",
    "ge",
    "in",
    "not_in",
    "pattern",
    "prefix",
    "suffix",
    "contains",
    "not_contains",
    "min_size",
    "max_size",
    "min_rune_size",
    "max_rune_size",
    "defined_only",
    "not_nil",
    "no_sparse",
    "skip",
];

/// One rule at the value that it is about.
struct Rule<'a> {
    /// As written.
    key: &'a str,
    /// Its last word.
    word: &'a str,
    value: &'a str,
    span: Span,
    /// The place of the key.
    at: Span,
}

/// Reads one annotation of a field of a type.
pub(super) fn read(annotation: &Annotation, ty: (&Model, &Ty), field: &mut FieldRules, found: &mut Diagnostics) {
    let (key, at) = (annotation.key.text.as_str(), annotation.key.span);
    let Some(value) = &annotation.value else { return found.push(text::value(key, "a text in quotes", at)) };
    let mut words: Vec<&str> = key.split('.').skip(1).collect();
    let word = words.pop().unwrap_or_default();
    let known = KNOWN.contains(&word) || word == "assert";
    if !known || words.iter().any(|it| !["elem", "key", "value"].contains(it)) {
        let near = nearest_of(word, KNOWN.iter().map(|it| (*it).to_owned()));
        let front: String = words.iter().map(|it| format!("{it}.")).collect();
        return found.push(text::unknown(key, at, near.map(|it| format!("vt.{front}{it}")).as_deref()));
    }
    if word == "assert" || value.text.starts_with('@') {
        return found.push(text::not_checked(key, "functions are not had", value.span));
    }
    if value.text.starts_with('$') {
        return found.push(text::not_checked(key, "other fields cannot be referred to", value.span));
    }
    let rule = Rule { key, word, value: &value.text, span: value.span, at };
    if word == "not_nil" && words.is_empty() {
        field.required |= rule.flag(found) && field.presence;
        return;
    }
    let (mut node, mut ty) = (&mut field.node, (ty.0, ty.1));
    for part in words {
        (node, ty.1) = match (part, &mut node.kind, ty.0.real(ty.1)) {
            ("elem", Kind::List(item) | Kind::Set(item), Ty::List(of) | Ty::Set(_, of)) => (&mut **item, &**of),
            ("key", Kind::Map(key, _), Ty::Map(_, of, _)) => (&mut **key, &**of),
            ("value", Kind::Map(_, value), Ty::Map(_, _, of)) => (&mut **value, &**of),
            _ => return found.push(text::wrong_type(rule.key, describe(ty.0, ty.1), at)),
        };
    }
    rule.add(node, ty, found);
}

/// A type in words.
fn describe(model: &Model, ty: &Ty) -> &'static str {
    match model.real(ty) {
        Ty::Base(Base::Bool) => "a bool",
        Ty::Base(Base::Double) => "a double",
        Ty::Base(Base::String) => "a string",
        Ty::Base(Base::Binary) => "binary",
        Ty::Base(Base::Uuid) => "a uuid",
        Ty::Base(_) => "a whole number",
        Ty::List(_) => "a list",
        Ty::Set(..) => "a set",
        Ty::Map(..) => "a map",
        Ty::Def(id) if matches!(model.def(*id).kind, DefKind::Enum(_)) => "an enum",
        Ty::Def(_) | Ty::WellKnown(_) => "a struct",
    }
}

impl Rule<'_> {
    fn add(&self, node: &mut Node, (model, ty): (&Model, &Ty), found: &mut Diagnostics) {
        let cond = match (&node.kind, self.word) {
            (Kind::Message(_) | Kind::Opaque, "skip") => {
                node.skip = self.flag(found);
                return;
            }
            // Nothing of this kind is absent inside of a container or without `optional`.
            (_, "not_nil") | (Kind::Map(..), "no_sparse") => {
                self.flag(found);
                return;
            }
            (Kind::Bool, "const") => self.boolean(found),
            (Kind::Int, word) => self.number(word, integer, Some(range(model, ty)), found),
            (Kind::Double | Kind::Ordered, word) => self.number(word, double, None, found),
            (Kind::OpenEnum, word) => self.member(word, (model, ty), found),
            (Kind::Text, word) => self.text(word, false, found),
            (Kind::Bytes, word) => self.text(word, true, found),
            (Kind::List(_) | Kind::Set(_) | Kind::Map(..), "min_size" | "max_size") => self.size(Measure::Len, found),
            _ => Some(None),
        };
        match cond {
            Some(Some((holds, words))) => self.push(node, holds, words),
            Some(None) => found.push(text::wrong_type(self.key, describe(model, ty), self.at)),
            None => {}
        }
    }

    /// Adds a test; several of one list are one list.
    fn push(&self, node: &mut Node, holds: Cond, words: String) {
        let list = matches!(self.word, "in" | "not_in");
        let before = node.tests.iter_mut().find(|it| list && it.id == self.key);
        let Some(before) = before else {
            node.tests.push(Test { id: self.key.to_owned(), text: words, holds });
            return;
        };
        match (&mut before.holds, holds) {
            (Cond::Any(all), one) => all.push(one),
            (Cond::All(all), one) => all.push(one),
            (first, one) => {
                let first = std::mem::replace(first, Cond::Constant(true));
                let all = vec![first, one];
                before.holds = if self.word == "in" { Cond::Any(all) } else { Cond::All(all) };
            }
        }
        let more = words.rsplit(' ').next().unwrap_or_default();
        before.text = format!("{}, {more}", before.text);
    }

    fn flag(&self, found: &mut Diagnostics) -> bool {
        if !matches!(self.value, "true" | "false" | "1" | "0" | "t" | "f") {
            found.push(text::value(self.key, "`true` or `false`", self.span));
        }
        matches!(self.value, "true" | "1" | "t")
    }

    fn boolean(&self, found: &mut Diagnostics) -> Checked {
        Some(Some(if self.flag(found) {
            (Cond::IsTrue, "must be true".to_owned())
        } else {
            (Cond::Not(Box::new(Cond::IsTrue)), "must be false".to_owned())
        }))
    }

    fn number(
        &self,
        word: &str,
        read: fn(&str) -> Option<Number>,
        range: Option<(i128, i128)>,
        found: &mut Diagnostics,
    ) -> Checked {
        let op = match word {
            "const" | "in" => Op::Eq,
            "not_in" => Op::Ne,
            "lt" => Op::Lt,
            "le" => Op::Lte,
            "gt" => Op::Gt,
            "ge" => Op::Gte,
            _ => return Some(None),
        };
        let fits = |number: &Number| match (number, range) {
            (Number::Int(number), Some((least, most))) => (least..=most).contains(number),
            _ => true,
        };
        let Some(number) = read(self.value).filter(fits) else {
            found.push(text::value(self.key, "a number of the field's type", self.span));
            return None;
        };
        let words = match op {
            Op::Eq | Op::Ne => self.equal(&show(number)),
            Op::Lt => format!("must be less than {}", show(number)),
            Op::Lte => format!("must be less than or equal to {}", show(number)),
            Op::Gt => format!("must be greater than {}", show(number)),
            Op::Gte => format!("must be greater than or equal to {}", show(number)),
        };
        Some(Some((Cond::Compare(Measure::Value, op, number), words)))
    }

    fn equal(&self, value: &str) -> String {
        match self.word {
            "const" => format!("must equal {value}"),
            "in" => format!("must be one of {value}"),
            _ => format!("must not be {value}"),
        }
    }

    fn member(&self, word: &str, (model, ty): (&Model, &Ty), found: &mut Diagnostics) -> Checked {
        let Ty::Def(id) = model.real(ty) else { return Some(None) };
        let DefKind::Enum(members) = &model.def(*id).kind else { return Some(None) };
        if word == "defined_only" {
            let numbers = members.iter().map(|it| Number::Int(it.number.into())).collect();
            let holds = Cond::In(List::Numbers(Measure::Value, numbers));
            return self.flag(found).then(|| Some((holds, "must be a member of the enum".to_owned())));
        }
        let op = match word {
            "const" | "in" => Op::Eq,
            "not_in" => Op::Ne,
            _ => return Some(None),
        };
        let short = self.value.rsplit('.').next().unwrap_or_default();
        let named = |it: &&Member| it.head.name == short;
        let number = members.iter().find(named).map(|it| it.number).or_else(|| self.value.parse().ok());
        let Some(number) = number else {
            let near = nearest_of(short, members.iter().map(|it| it.head.name.clone()));
            let wanted =
                near.map_or_else(|| "a member of the enum".to_owned(), |it| format!("a member, such as `{it}`"));
            found.push(text::value(self.key, &wanted, self.span));
            return None;
        };
        Some(Some((Cond::Compare(Measure::Value, op, Number::Int(number.into())), self.equal(short))))
    }

    fn text(&self, word: &str, bytes: bool, found: &mut Diagnostics) -> Checked {
        let value = self.value;
        let part = |part| match bytes {
            true => Cond::Bytes(part, value.as_bytes().to_vec()),
            false => Cond::Text(part, value.to_owned()),
        };
        Some(Some(match word {
            "const" | "in" => (part(Part::Whole), self.equal(&format!("`{value}`"))),
            "not_in" => (Cond::Not(Box::new(part(Part::Whole))), self.equal(&format!("`{value}`"))),
            "prefix" => (part(Part::Prefix), format!("must begin with `{value}`")),
            "suffix" => (part(Part::Suffix), format!("must end with `{value}`")),
            "contains" => (part(Part::Contains), format!("must contain `{value}`")),
            "not_contains" => (Cond::Not(Box::new(part(Part::Contains))), format!("must not contain `{value}`")),
            "pattern" => match patterns::translate(value) {
                Ok(pattern) => (Cond::Pattern(pattern), format!("must match the pattern `{value}`")),
                Err(why) => {
                    found.push(text::pattern(&why, self.span));
                    return None;
                }
            },
            "min_size" | "max_size" => return self.size(Measure::Len, found),
            "min_rune_size" | "max_rune_size" if !bytes => return self.size(Measure::Chars, found),
            _ => return Some(None),
        }))
    }

    fn size(&self, what: Measure, found: &mut Diagnostics) -> Checked {
        let Some(number) = integer(self.value).filter(|it| !less(*it, Number::Int(0))) else {
            found.push(text::value(self.key, "a number that is not negative", self.span));
            return None;
        };
        let unit = match (what, number) {
            (Measure::Chars, Number::Int(1)) => " character",
            (Measure::Chars, _) => " characters",
            _ => "",
        };
        let (op, words) = if self.word.starts_with("min") { (Op::Gte, "at least") } else { (Op::Lte, "at most") };
        Some(Some((Cond::Compare(what, op, number), format!("must have a length of {words} {}{unit}", show(number)))))
    }
}

/// The numbers of a type of whole numbers.
pub(super) fn range(model: &Model, ty: &Ty) -> (i128, i128) {
    match model.real(ty) {
        Ty::Base(Base::I8) => (i8::MIN.into(), i8::MAX.into()),
        Ty::Base(Base::I16) => (i16::MIN.into(), i16::MAX.into()),
        Ty::Base(Base::I32) | Ty::Def(_) => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN.into(), i64::MAX.into()),
    }
}

/// `None` after a finding; `Some(None)` for a rule that does not fit the type; else the condition in words.
type Checked = Option<Option<(Cond, String)>>;

/// A whole number as Go's `ParseInt` with base 0 reads it.
fn integer(text: &str) -> Option<Number> {
    let (minus, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let lower = digits.to_ascii_lowercase();
    let radix = [("0x", 16), ("0b", 2), ("0o", 8)].into_iter().find(|(it, _)| lower.starts_with(it));
    let (digits, radix) = radix.map_or((digits, 10), |(_, radix)| (&digits[2..], radix));
    if digits.starts_with(['+', '-']) {
        return None;
    }
    i128::from_str_radix(digits, radix).ok().map(|it| Number::Int(minus * it))
}

fn double(text: &str) -> Option<Number> {
    text.parse::<f64>().ok().filter(|it| it.is_finite()).map(Number::Double)
}

/// Bounds between which there is nothing.
pub(super) fn check(node: &Node, at: Span, found: &mut Diagnostics) {
    let bounds = |low: Op, low_in: Op, measure: Measure| {
        node.tests.iter().find_map(move |test| match test.holds {
            Cond::Compare(what, op, number)
                if what == measure && (op == low || op == low_in) && test.id.starts_with("vt.") =>
            {
                Some((test, op, number))
            }
            _ => None,
        })
    };
    for measure in [Measure::Value, Measure::Len, Measure::Chars] {
        let (Some(lower), Some(upper)) = (bounds(Op::Gt, Op::Gte, measure), bounds(Op::Lt, Op::Lte, measure)) else {
            continue;
        };
        let both = lower.1 == Op::Gte && upper.1 == Op::Lte;
        if less(upper.2, lower.2) || (!both && !less(lower.2, upper.2)) {
            let why = format!("it contradicts `{}`", lower.0.id);
            found.push(text::never(&upper.0.id, &why, at));
        }
    }
    match &node.kind {
        Kind::List(item) | Kind::Set(item) => check(item, at, found),
        Kind::Map(key, value) => {
            check(key, at, found);
            check(value, at, found);
        }
        _ => {}
    }
}
