//! `google.protobuf.Duration`: seconds with up to nine digits behind the point, and an `s`. In a path or a query it may be
//! written as in Go, too (`1m30s`), as Kratos' clients do.

use prost_types::Duration;

use super::{fraction, nanos};
use crate::reader::Source;
use crate::{Read, Reader, Value, Writer};

/// Some 10,000 years.
const MOST: i64 = 315_576_000_000;

impl Value for Duration {
    fn write(&self, out: &mut Writer) {
        match written(self) {
            Some(text) => out.text(&text),
            None => out.refuse("a duration over 315,576,000,000 s, or of two signs, has no form in JSON"),
        }
    }

    fn read(input: &mut Reader<'_>) -> Read<Self> {
        let token = input.token("a duration")?;
        let duration = Some(&token.text).filter(|_| token.quoted).and_then(|text| parse(text));
        let outside = matches!(input.source, Source::Text(_));
        let duration = duration.or_else(|| Some(&token.text).filter(|_| outside).and_then(|text| parse_go(text)));
        duration.ok_or_else(|| input.wrong(&token, "a duration such as \"1.5s\""))
    }
}

fn written(duration: &Duration) -> Option<String> {
    let Duration { seconds, nanos } = *duration;
    let mixed = seconds > 0 && nanos < 0 || seconds < 0 && nanos > 0;
    if mixed || seconds.unsigned_abs() > MOST.unsigned_abs() || nanos.unsigned_abs() > 999_999_999 {
        return None;
    }
    let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
    Some(format!("{sign}{}{}s", seconds.unsigned_abs(), fraction(nanos.unsigned_abs())))
}

fn parse(text: &str) -> Option<Duration> {
    let text = text.strip_suffix('s')?;
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let (whole, behind) = text.split_once('.').map_or((text, None), |(whole, behind)| (whole, Some(behind)));
    let digits = !whole.is_empty() && whole.bytes().all(|it| it.is_ascii_digit());
    let seconds = Some(whole).filter(|_| digits)?.parse::<i64>().ok().filter(|it| *it <= MOST)?;
    let nanos = behind.map_or(Some(0), nanos)?;
    Some(Duration { seconds: sign * seconds, nanos: sign as i32 * nanos })
}

/// What Go's `time.ParseDuration` reads: numbers with units, one behind the other, of 2^63 ns at most.
fn parse_go(text: &str) -> Option<Duration> {
    let (sign, mut rest) = match text.as_bytes().first()? {
        b'-' => (-1, text.get(1..)?),
        b'+' => (1, text.get(1..)?),
        _ => (1, text),
    };
    if rest == "0" {
        return Some(Duration::default());
    }
    let mut sum = if rest.is_empty() { None } else { Some(0_i64) };
    while !rest.is_empty() {
        let number = rest.find(|it: char| !it.is_ascii_digit() && it != '.')?;
        let unit = rest.get(number..)?;
        let unit = unit.get(..unit.find(|it: char| it.is_ascii_digit() || it == '.').unwrap_or(unit.len()))?;
        sum = sum?.checked_add(scaled(rest.get(..number)?, nanos_of(unit)?)?);
        rest = rest.get(number + unit.len()..)?;
    }
    let sum = sign * sum?;
    Some(Duration { seconds: sum / 1_000_000_000, nanos: i32::try_from(sum % 1_000_000_000).ok()? })
}

fn nanos_of(unit: &str) -> Option<i64> {
    Some(match unit {
        "ns" => 1,
        // The micro sign, and the letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60 * 1_000_000_000,
        "h" => 3600 * 1_000_000_000,
        _ => return None,
    })
}

/// A number such as `1.5`, times the nanoseconds of its unit; what is below one of them is dropped.
fn scaled(number: &str, unit: i64) -> Option<i64> {
    let (whole, behind) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && behind.is_empty() || behind.contains('.') {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse::<i64>().ok()?.checked_mul(unit)? };
    let behind = behind.get(..behind.len().min(15))?;
    let part = i128::from(unit) * if behind.is_empty() { 0 } else { behind.parse::<i128>().ok()? };
    whole.checked_add(i64::try_from(part / 10_i128.pow(u32::try_from(behind.len()).ok()?)).ok()?)
}
