//! The meaning of the parts of an expression: conditions about the field's value.

use super::parse::{Operand, Parsed, Parser, Truth, Wrong};
use crate::ir::patterns;
use crate::ir::rules::{Cond, Kind, List, Measure, Number, Op, Part};

impl Parser<'_> {
    pub(super) fn measure(&self, name: &str) -> Parsed<Operand> {
        match self.kind {
            Kind::Text if name == "mblen" => Ok(Operand::Measure(Measure::Chars)),
            Kind::Text | Kind::Bytes | Kind::List(_) | Kind::Set(_) | Kind::Map(..) => {
                Ok(Operand::Measure(Measure::Len))
            }
            _ => Err(self.fail(Wrong::Type, &format!("{}: it has no length", self.described()))),
        }
    }

    pub(super) fn pattern(&self, pattern: &str) -> Parsed<Operand> {
        if !matches!(self.kind, Kind::Text | Kind::Bytes) {
            return Err(self.fail(Wrong::Type, &format!("{}: patterns are for texts", self.described())));
        }
        let pattern = patterns::translate(pattern).map_err(|why| self.fail(Wrong::Pattern, &why))?;
        Ok(Operand::Truth(Truth { holds: Cond::Pattern(pattern), absent: false }))
    }

    pub(super) fn one_of(&self, value: &Operand, list: &[Operand]) -> Parsed<Truth> {
        let absent = matches!(value, Operand::Value) && list.iter().any(|it| matches!(it, Operand::Nil));
        let mut parts = Vec::new();
        for operand in list.iter().filter(|it| !matches!(it, Operand::Nil)) {
            let value = match value {
                Operand::Value => Operand::Value,
                Operand::Measure(measure) => Operand::Measure(*measure),
                _ => return Err(self.fail(Wrong::NotHad, "`in` is had for `$` and its length")),
            };
            let operand = match operand {
                Operand::Number(number) => Operand::Number(*number),
                Operand::Text(text) => Operand::Text(text.clone()),
                _ => return Err(self.fail(Wrong::NotHad, "`in` is had for numbers and texts")),
            };
            parts.push(self.compare(Op::Eq, value, operand)?.holds);
        }
        Ok(Truth { holds: listed(parts), absent })
    }

    /// Whether an operand counts as true.
    pub(super) fn truth(&self, operand: Operand) -> Parsed<Truth> {
        match operand {
            Operand::Truth(truth) => Ok(truth),
            Operand::Nil => Ok(Truth::constant(false)),
            Operand::Number(number) => Ok(Truth::constant(number != 0.0)),
            Operand::Text(text) => Ok(Truth::constant(!text.is_empty())),
            Operand::Measure(what) => Ok(Truth { holds: Cond::Compare(what, Op::Ne, Number::Int(0)), absent: false }),
            Operand::Value => match self.kind {
                Kind::Bool => Ok(Truth { holds: Cond::IsTrue, absent: false }),
                Kind::Text | Kind::Bytes => {
                    Ok(Truth { holds: Cond::Compare(Measure::Len, Op::Ne, Number::Int(0)), absent: false })
                }
                _ if self.numeric() => self
                    .compare(Op::Ne, Operand::Value, Operand::Number(0.0))
                    .map(|truth| Truth { absent: false, ..truth }),
                _ => Err(self.before(Wrong::Type, &format!("{}: it is not a condition", self.described()))),
            },
        }
    }

    pub(super) fn compare(&self, op: Op, left: Operand, right: Operand) -> Parsed<Truth> {
        // Nothing has an order with `nil`, and nothing is equal to it.
        let absent = op == Op::Ne;
        let truth = |holds| Ok(Truth { holds, absent });
        match (left, right) {
            (Operand::Number(left), Operand::Number(right)) => Ok(Truth::constant(holds(op, left, right))),
            (
                left @ (Operand::Number(_) | Operand::Text(_) | Operand::Nil),
                right @ (Operand::Value | Operand::Measure(_)),
            ) => self.compare(turned(op), right, left),
            (Operand::Value, Operand::Nil) if matches!(op, Op::Eq | Op::Ne) => {
                Ok(Truth { holds: Cond::Constant(op == Op::Ne), absent: op == Op::Eq })
            }
            (Operand::Value, Operand::Number(number)) if self.numeric() => truth(self.number(op, number)),
            (Operand::Measure(what), Operand::Number(number)) => {
                if number.fract() != 0.0 || number.abs() > 1e15 {
                    return Err(self.fail(Wrong::NotHad, "a length is compared with whole numbers"));
                }
                let constant = number < 0.0;
                truth(if constant {
                    Cond::Constant(holds(op, 0.0, number))
                } else {
                    Cond::Compare(what, op, Number::Int(number as i128))
                })
            }
            (Operand::Value, Operand::Text(text))
                if matches!((self.kind, op), (Kind::Text | Kind::Bytes, Op::Eq | Op::Ne)) =>
            {
                let whole = match self.kind {
                    Kind::Bytes => Cond::Bytes(Part::Whole, text.into_bytes()),
                    _ => Cond::Text(Part::Whole, text),
                };
                truth(if op == Op::Eq { whole } else { Cond::Not(Box::new(whole)) })
            }
            (Operand::Value, Operand::Truth(Truth { holds: Cond::Constant(wanted), .. }))
                if matches!((self.kind, op), (Kind::Bool, Op::Eq | Op::Ne)) =>
            {
                let wanted = wanted == (op == Op::Eq);
                truth(if wanted { Cond::IsTrue } else { Cond::Not(Box::new(Cond::IsTrue)) })
            }
            (Operand::Value, Operand::Text(_)) if matches!(self.kind, Kind::Text) => {
                Err(self.fail(Wrong::NotHad, "texts have no order here"))
            }
            (Operand::Value, Operand::Number(_) | Operand::Text(_)) => Err(self.fail(Wrong::Type, self.described())),
            _ => Err(self.fail(Wrong::NotHad, "this comparison is not had")),
        }
    }

    /// The value compared with a number: exactly where both are whole, else as doubles, as Go does.
    fn number(&self, op: Op, number: f64) -> Cond {
        let whole = number as i128;
        let fits = number.fract() == 0.0 && (self.range.0..=self.range.1).contains(&whole);
        match self.kind {
            Kind::Double | Kind::Ordered => Cond::Compare(Measure::Value, op, Number::Double(number)),
            _ if fits => Cond::Compare(Measure::Value, op, Number::Int(whole)),
            _ => Cond::Compare(Measure::AsDouble, op, Number::Double(number)),
        }
    }

    fn numeric(&self) -> bool {
        matches!(self.kind, Kind::Int | Kind::OpenEnum | Kind::Double | Kind::Ordered)
    }

    fn described(&self) -> &'static str {
        match self.kind {
            Kind::Bool => "a bool",
            Kind::Text => "a string",
            Kind::Bytes => "binary",
            Kind::List(_) | Kind::Set(_) => "a list",
            Kind::Map(..) => "a map",
            _ if self.numeric() => "a number",
            _ => "a struct",
        }
    }
}

/// Equalities as one list, where they are of one kind.
fn listed(parts: Vec<Cond>) -> Cond {
    let numbers: Vec<(Measure, Number)> = parts
        .iter()
        .filter_map(|part| match part {
            Cond::Compare(what, Op::Eq, number) => Some((*what, *number)),
            _ => None,
        })
        .collect();
    let texts: Vec<String> = parts
        .iter()
        .filter_map(|part| match part {
            Cond::Text(Part::Whole, text) => Some(text.clone()),
            _ => None,
        })
        .collect();
    match numbers.first() {
        _ if parts.is_empty() => Cond::Constant(false),
        Some((what, _)) if numbers.len() == parts.len() && numbers.iter().all(|it| it.0 == *what) => {
            Cond::In(List::Numbers(*what, numbers.iter().map(|it| it.1).collect()))
        }
        None if texts.len() == parts.len() => Cond::In(List::Texts(texts)),
        _ => Cond::Any(parts),
    }
}

fn turned(op: Op) -> Op {
    match op {
        Op::Lt => Op::Gt,
        Op::Lte => Op::Gte,
        Op::Gt => Op::Lt,
        Op::Gte => Op::Lte,
        Op::Eq | Op::Ne => op,
    }
}

fn holds(op: Op, left: f64, right: f64) -> bool {
    match op {
        Op::Eq => left == right,
        Op::Ne => left != right,
        Op::Lt => left < right,
        Op::Lte => left <= right,
        Op::Gt => left > right,
        Op::Gte => left >= right,
    }
}
