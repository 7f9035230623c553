//! `google.protobuf.Timestamp`: RFC 3339 from year 1 to 9999, written in UTC.

use prost_types::Timestamp;

use super::{civil, fraction, nanos};
use crate::{Read, Reader, Value, Writer};

const DAY: i64 = 86_400;
/// The first second of the year 1, and of the year 10000.
const RANGE: std::ops::Range<i64> = -62_135_596_800..253_402_300_800;

impl Value for Timestamp {
    fn write(&self, out: &mut Writer) {
        match written(self) {
            Some(text) => out.text(&text),
            None => out.refuse("a time outside of the years 1 to 9999 has no form in JSON"),
        }
    }

    fn read(input: &mut Reader<'_>) -> Read<Self> {
        let token = input.token("a time")?;
        let time = Some(&token.text).filter(|_| token.quoted).and_then(|text| parse(text));
        time.ok_or_else(|| input.wrong(&token, "a time such as \"2024-05-06T07:08:09.5Z\""))
    }
}

fn written(time: &Timestamp) -> Option<String> {
    let nanos = u32::try_from(time.nanos).ok().filter(|it| *it < 1_000_000_000)?;
    if !RANGE.contains(&time.seconds) {
        return None;
    }
    let (year, month, day) = civil::date(time.seconds.div_euclid(DAY));
    let second = time.seconds.rem_euclid(DAY);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{}Z", fraction(nanos)))
}

fn parse(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let (clock, rest) = rest.strip_prefix('T')?.split_at_checked(8)?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (nanos, zone) = match rest.strip_prefix('.') {
        Some(rest) => {
            let end = rest.find(|it: char| !it.is_ascii_digit())?;
            let (digits, zone) = rest.split_at_checked(end)?;
            (nanos(digits)?, zone)
        }
        None => (0, rest),
    };
    let seconds = civil::day(year, month, day)? * DAY + hour * 3600 + minute * 60 + second - offset(zone)?;
    RANGE.contains(&seconds).then_some(Timestamp { seconds, nanos })
}

/// The seconds by which a zone is before UTC.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let [hour, minute] = numbers(zone.strip_prefix(['+', '-'])?, ':', [2, 2])?;
    (hour < 24 && minute < 60).then_some(sign * (hour * 3600 + minute * 60))
}

/// Numbers of so many digits each.
fn numbers<const N: usize>(text: &str, between: char, lengths: [usize; N]) -> Option<[i64; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split(between);
    for (number, length) in numbers.iter_mut().zip(lengths) {
        let part = parts.next().filter(|it| it.len() == length && it.bytes().all(|it| it.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}
