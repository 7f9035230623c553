//! `google.protobuf.Duration`: seconds with up to nine digits behind the point, and an `s`.

use prost_types::Duration;

use super::{fraction, nanos};
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
