//! Numbers of JSON: their grammar, and whole ones however they are written.

/// How many bytes the number is long that a text begins with (RFC 8259, section 6); `None` where it begins with none.
pub(crate) fn length(bytes: &[u8]) -> Option<usize> {
    let digits =
        |from: usize| bytes.get(from..).unwrap_or_default().iter().take_while(|it| it.is_ascii_digit()).count();
    let mut end = usize::from(bytes.first() == Some(&b'-'));
    end += match (bytes.get(end), digits(end)) {
        (_, 0) => return None,
        (Some(b'0'), _) => 1,
        (_, count) => count,
    };
    if bytes.get(end) == Some(&b'.') {
        let count = digits(end + 1);
        if count == 0 {
            return None;
        }
        end += 1 + count;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
        let count = digits(end + 1 + sign);
        if count == 0 {
            return None;
        }
        end += 1 + sign + count;
    }
    Some(end)
}

/// Whether a text is a number of JSON, and nothing else.
pub(crate) fn is(text: &str) -> bool {
    length(text.as_bytes()) == Some(text.len())
}

/// Why a number is not a whole one of a type.
pub(crate) enum Unfit {
    Not,
    Fraction,
    Large,
}

/// The whole number that a number of JSON is, `1.0` and `1e2` too.
pub(crate) fn whole(text: &str) -> Result<i128, Unfit> {
    if !is(text) {
        return Err(Unfit::Not);
    }
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (before, behind) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{before}{behind}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Ok(0);
    }
    let short = digits.trim_end_matches('0');
    // An exponent that is no `i64` leads out of every range of digits that there may be.
    let exponent =
        exponent.parse::<i64>().map_err(|_| if exponent.starts_with('-') { Unfit::Fraction } else { Unfit::Large })?;
    let point = i64::try_from(behind.len()).unwrap_or(i64::MAX);
    let zeros = i64::try_from(digits.len() - short.len()).unwrap_or(i64::MAX);
    let power = exponent.saturating_sub(point).saturating_add(zeros);
    if power < 0 {
        return Err(Unfit::Fraction);
    }
    let power = u32::try_from(power).ok().and_then(|power| 10_i128.checked_pow(power)).ok_or(Unfit::Large)?;
    let number = short.parse::<i128>().ok().and_then(|short| short.checked_mul(power)).ok_or(Unfit::Large)?;
    Ok(if negative { -number } else { number })
}

/// The text of a number that is none.
pub(crate) fn word(number: f64) -> &'static str {
    match number {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}

/// The number that a word means.
pub(crate) fn of_word(word: &str) -> Option<f64> {
    Some(match word {
        "NaN" => f64::NAN,
        "Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_json_s() {
        for number in ["0", "-0", "1", "10", "1.5", "1e5", "1E+5", "-1.25e-10", "0.0", "0e0"] {
            assert!(is(number), "{number}");
        }
        for other in ["", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x1", "1_0", "NaN", " 1", "1 ", "--1", "1.5.5"] {
            assert!(!is(other), "{other}");
        }
    }

    #[test]
    fn whole_numbers_are_exact() {
        for (text, number) in [
            ("0", 0),
            ("-0", 0),
            ("-0.0", 0),
            ("1.0", 1),
            ("1e2", 100),
            ("1.5e1", 15),
            ("100e-2", 1),
            ("0e999999999999999999999", 0),
            ("1.8446744073709551615e19", u64::MAX.into()),
            ("-9223372036854775808.000", i64::MIN.into()),
        ] {
            assert_eq!(whole(text).ok(), Some(number), "{text}");
        }
        for text in ["1.5", "1e-1", "10.01e1", "1e-99999999999999999999"] {
            assert!(matches!(whole(text), Err(Unfit::Fraction)), "{text}");
        }
        for text in ["1e39", "1e400", "1e99999999999999999999", "9e999999999"] {
            assert!(matches!(whole(text), Err(Unfit::Large)), "{text}");
        }
    }
}
