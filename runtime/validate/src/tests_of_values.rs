//! Tests of single values: comparisons, lengths, lists of values, forms of text without a grammar.

use std::collections::HashSet;
use std::hash::Hash;
use std::time::{SystemTime, UNIX_EPOCH};

/// Equal.
#[inline]
pub fn eq<T: PartialEq + ?Sized>(value: &T, wanted: &T) -> bool {
    value == wanted
}

/// Less than a bound.
#[inline]
pub fn lt<T: PartialOrd>(value: T, bound: T) -> bool {
    value < bound
}

/// Less than or equal to a bound.
#[inline]
pub fn lte<T: PartialOrd>(value: T, bound: T) -> bool {
    value <= bound
}

/// Greater than a bound.
#[inline]
pub fn gt<T: PartialOrd>(value: T, bound: T) -> bool {
    value > bound
}

/// Greater than or equal to a bound.
#[inline]
pub fn gte<T: PartialOrd>(value: T, bound: T) -> bool {
    value >= bound
}

/// One of a list.
#[inline]
pub fn any_of<T: PartialEq + ?Sized>(value: &T, list: &[&T]) -> bool {
    list.contains(&value)
}

/// The zero value of a type: 0, `false`, an empty text, list or map, a message without fields.
#[inline]
pub fn zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Not the zero value, as fields without presence count as set.
#[inline]
pub fn is_set<T: Default + PartialEq>(value: &T) -> bool {
    !zero(value)
}

/// Characters of a text.
#[inline]
pub fn chars(text: &str) -> usize {
    text.chars().count()
}

/// Neither infinite nor NaN.
#[inline]
pub fn finite(value: f64) -> bool {
    value.is_finite()
}

/// The same of a single-precision number.
#[inline]
pub fn finite_single(value: f32) -> bool {
    value.is_finite()
}

/// Whether no element occurs twice. What has no hash compares by its `key`.
pub fn unique<'a, T: 'a, K: Eq + Hash>(items: impl IntoIterator<Item = &'a T>, key: impl Fn(&'a T) -> K) -> bool {
    let mut seen = HashSet::new();
    items.into_iter().all(|item| seen.insert(key(item)))
}

/// Whether bytes hold other bytes.
pub fn bytes_contain(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
}

/// Nanoseconds of a duration, or of a timestamp since 1970.
#[inline]
pub fn nanos(seconds: i64, nanos: i32) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(nanos)
}

/// Nanoseconds since 1970.
pub fn now() -> i128 {
    let nanos = |duration: std::time::Duration| i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX);
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => nanos(since),
        Err(before) => -nanos(before.duration()),
    }
}

/// A UUID with dashes: 8-4-4-4-12 hexadecimal digits.
pub fn uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// A UUID without dashes: 32 hexadecimal digits.
pub fn tuuid(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A ULID: 26 digits of Crockford's base 32, the first of them up to 7.
pub fn ulid(text: &str) -> bool {
    let digit =
        |byte: u8| byte.is_ascii_alphanumeric() && !matches!(byte.to_ascii_uppercase(), b'I' | b'L' | b'O' | b'U');
    text.len() == 26 && matches!(text.as_bytes().first(), Some(b'0'..=b'7')) && text.bytes().all(digit)
}

/// Identifiers with dots between them: the full name of something in proto.
pub fn dotted_name(text: &str) -> bool {
    text.split('.').all(|part| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// The name of a header of HTTP, or a pseudo-header's. The range `+-.` of protovalidate's pattern holds the comma.
pub fn header_name(text: &str) -> bool {
    let name = text.strip_prefix(':').unwrap_or(text);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+,-.^_|~`".contains(&byte);
    !name.is_empty() && name.bytes().all(fits)
}

/// The same by a looser rule: anything but NUL and line ends.
pub fn header_name_loose(text: &str) -> bool {
    !text.is_empty() && header_value_loose(text)
}

/// The value of a header of HTTP: no control characters but tabs.
pub fn header_value(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}

/// The same by a looser rule: anything but NUL and line ends.
pub fn header_value_loose(text: &str) -> bool {
    !text.bytes().any(|byte| matches!(byte, 0 | b'\n' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_have_their_dashes() {
        assert!(uuid("123e4567-E89B-12d3-a456-426614174000"));
        assert!(!uuid("123e4567e89b12d3a456426614174000") && tuuid("123e4567e89b12d3a456426614174000"));
        assert!(!uuid("123e4567-e89b-12d3-a456-42661417400g") && !uuid(""));
    }

    #[test]
    fn nan_is_within_no_bounds() {
        assert!(!lt(f64::NAN, 1.0) && !gte(f64::NAN, 1.0));
        assert!(!finite(f64::NAN) && finite(1.0) && !finite_single(f32::INFINITY));
    }

    #[test]
    fn headers_are_those_of_http() {
        for name in ["x-a", ":path", "a,b", "`"] {
            assert!(header_name(name), "{name}");
        }
        for name in ["", ":", "a b", "a\n", "é", "a:b", "a/b"] {
            assert!(!header_name(name), "{name}");
        }
        assert!(header_value("a\tb é") && header_value("") && !header_value("a\r") && !header_value("\x7f"));
        assert!(header_name_loose("a b") && !header_name_loose("") && !header_value_loose("a\0"));
    }

    #[test]
    fn containers_are_looked_into() {
        assert!(unique(&[1, 2, 3], |n| *n) && !unique(&[1, 2, 1], |n| *n));
        assert!(bytes_contain(b"abc", b"bc") && bytes_contain(b"", b"") && !bytes_contain(b"a", b"ab"));
        assert!(dotted_name("a.b_1.C") && !dotted_name("a..b") && !dotted_name("1a") && !dotted_name(""));
        assert!(ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV") && !ulid("81ARZ3NDEKTSV4RRFFQ69G5FAV"));
    }
}
