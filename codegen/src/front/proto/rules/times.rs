//! Rules of durations and timestamps.

use protox::prost_reflect::DynamicMessage;

use super::{get, is_true, numbers, site::Site};
use crate::ir::rules::{Cond, Measure, Node, Number, Op};

const SECOND: i128 = 1_000_000_000;

pub(super) fn read(name: &str, rules: &DynamicMessage, node: &mut Node, site: &mut Site<'_, '_>) {
    let show = if name == "duration" { duration } else { timestamp };
    numbers::comparisons(name, rules, node, Measure::Nanos, &show, site);
    let from_now = |op, nanos| Cond::Compare(Measure::NanosFromNow, op, Number::Int(nanos));
    if is_true(rules, "lt_now") {
        site.test(node, "timestamp.lt_now", "must be in the past".to_owned(), from_now(Op::Lte, 0));
    }
    if is_true(rules, "gt_now") {
        site.test(node, "timestamp.gt_now", "must be in the future".to_owned(), from_now(Op::Gte, 0));
    }
    if let Some(Number::Int(within)) = get(rules, "within").and_then(|it| numbers::number(&it)) {
        let text = format!("must be within {} of now", duration(Number::Int(within)));
        let holds = Cond::All(vec![from_now(Op::Gte, -within), from_now(Op::Lte, within)]);
        site.test(node, "timestamp.within", text, holds);
    }
}

/// A duration as protobuf's JSON has it: `1.5s`.
fn duration(number: Number) -> String {
    let Number::Int(nanos) = number else { return String::new() };
    let (sign, nanos) = if nanos < 0 { ("-", -nanos) } else { ("", nanos) };
    format!("{sign}{}{}s", nanos / SECOND, fraction(nanos % SECOND))
}

/// A timestamp as RFC 3339 has it.
fn timestamp(number: Number) -> String {
    let Number::Int(nanos) = number else { return String::new() };
    let (seconds, nanos) = (nanos.div_euclid(SECOND), nanos.rem_euclid(SECOND));
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Years from March on, in eras of 400 of them: the leap day is the last one.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = (year + 400 * era + i128::from(month > 9), if month < 10 { month + 3 } else { month - 9 });
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{}Z", fraction(nanos))
}

fn fraction(nanos: i128) -> String {
    let digits = format!("{nanos:09}");
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() { String::new() } else { format!(".{digits}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_as_people_write_them() {
        let nanos = |seconds: i128, nanos: i128| Number::Int(seconds * SECOND + nanos);
        assert_eq!(duration(nanos(-1, -500_000_000)), "-1.5s");
        assert_eq!(duration(nanos(0, 1)), "0.000000001s");
        assert_eq!(timestamp(nanos(0, 0)), "1970-01-01T00:00:00Z");
        assert_eq!(timestamp(nanos(951_782_400, 5_000_000)), "2000-02-29T00:00:00.005Z");
        assert_eq!(timestamp(nanos(-62_135_596_800, 0)), "0001-01-01T00:00:00Z");
        assert_eq!(timestamp(nanos(1_798_761_599, 0)), "2026-12-31T23:59:59Z");
    }
}
