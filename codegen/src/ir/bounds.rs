//! Bounds of numbers: two that are crossed mean what is outside of them.

use super::rules::{Cond, Measure, Number, Op};

/// A bound and whether it is in the range.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// The number.
    pub number: Number,
    /// Whether the number itself is allowed.
    pub inclusive: bool,
}

/// Bounds as a condition, the end of its id (`gte_lt_exclusive`), and whether any number fulfils it.
#[derive(Debug)]
pub struct Range {
    /// The condition.
    pub holds: Cond,
    /// The end of its id.
    pub id: String,
    /// In words, around what `show` makes of each number.
    pub text: String,
    /// Whether no number fulfils it.
    pub never: bool,
}

/// The range of a lower and an upper bound, of which one may be missing.
pub fn range(
    what: Measure,
    lower: Option<Bound>,
    upper: Option<Bound>,
    show: impl Fn(Number) -> String,
) -> Option<Range> {
    let above = lower.map(|Bound { number, inclusive }| {
        let (op, id, words) =
            if inclusive { (Op::Gte, "gte", "greater than or equal to") } else { (Op::Gt, "gt", "greater than") };
        (number, inclusive, Cond::Compare(what, op, number), id, format!("{words} {}", show(number)))
    });
    let below = upper.map(|Bound { number, inclusive }| {
        let (op, id, words) =
            if inclusive { (Op::Lte, "lte", "less than or equal to") } else { (Op::Lt, "lt", "less than") };
        (number, inclusive, Cond::Compare(what, op, number), id, format!("{words} {}", show(number)))
    });
    let single = |holds, id: &str, words: String| Range {
        holds,
        id: id.to_owned(),
        text: format!("must be {words}"),
        never: false,
    };
    Some(match (above, below) {
        (None, None) => return None,
        (Some((_, _, holds, id, words)), None) | (None, Some((_, _, holds, id, words))) => single(holds, id, words),
        (Some((low, low_in, above, above_id, above_words)), Some((high, high_in, below, below_id, below_words))) => {
            let crossed = less(high, low);
            let some = less(low, high) || (low_in && high_in);
            let never = !some && !crossed;
            let (word, end) = if crossed { ("or", "_exclusive") } else { ("and", "") };
            let parts = vec![above, below];
            let holds = if crossed { Cond::Any(parts) } else { Cond::All(parts) };
            let text = format!("must be {above_words} {word} {below_words}");
            Range { holds, id: format!("{above_id}_{below_id}{end}"), text, never }
        }
    })
}

/// Whether one number is less than another of its kind.
pub fn less(one: Number, other: Number) -> bool {
    match (one, other) {
        (Number::Int(one), Number::Int(other)) => one < other,
        _ => double(one) < double(other),
    }
}

fn double(number: Number) -> f64 {
    match number {
        Number::Int(number) => number as f64,
        Number::Double(number) => number,
        Number::Float(number) => f64::from(number),
    }
}

/// A number in words.
pub fn show(number: Number) -> String {
    match number {
        Number::Int(number) => number.to_string(),
        Number::Double(number) => number.to_string(),
        Number::Float(number) => number.to_string(),
    }
}
