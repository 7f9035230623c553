//! How long a caller waits, as headers say it.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

/// gRPC's header (`PROTOCOL-HTTP2.md`).
pub static TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
/// Connect's.
pub static CONNECT_TIMEOUT: HeaderName = HeaderName::from_static("connect-timeout-ms");

/// What a header of so many digits may say.
const GRPC_DIGITS: usize = 8;
const CONNECT_DIGITS: usize = 10;

fn digits(text: &str, most: usize) -> Option<u64> {
    let fits = text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

/// Reads gRPC's: at most 8 digits and a unit. `None` when there is none, or none that can be read.
pub fn read_timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(&TIMEOUT)?.to_str().ok()?;
    let (amount, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let amount = digits(amount, GRPC_DIGITS)?;
    Some(match unit {
        "H" => Duration::from_secs(amount * 3600),
        "M" => Duration::from_secs(amount * 60),
        "S" => Duration::from_secs(amount),
        "m" => Duration::from_millis(amount),
        "u" => Duration::from_micros(amount),
        "n" => Duration::from_nanos(amount),
        _ => return None,
    })
}

/// Reads Connect's: at most 10 digits of milliseconds. `None` when there is none, or none that can be read.
pub fn read_connect_timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(&CONNECT_TIMEOUT)?.to_str().ok()?;
    digits(text, CONNECT_DIGITS).map(Duration::from_millis)
}

/// Writes gRPC's, in the finest unit that has room for it.
pub fn write_timeout(left: Duration) -> HeaderValue {
    let (nanos, most) = (left.as_nanos(), 10_u128.pow(8) - 1);
    let units = [(1, 'n'), (1_000, 'u'), (1_000_000, 'm'), (1_000_000_000, 'S'), (60_000_000_000, 'M')];
    let fitting = units.into_iter().find(|(unit, _)| nanos / unit <= most);
    let (unit, letter) = fitting.unwrap_or((3_600_000_000_000, 'H'));
    text(&format!("{}{letter}", (nanos / unit).min(most)))
}

/// Writes Connect's; what is left of a millisecond counts as one.
pub fn write_connect_timeout(left: Duration) -> HeaderValue {
    text(&left.as_nanos().div_ceil(1_000_000).min(10_u128.pow(10) - 1).to_string())
}

fn text(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name.clone(), HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn reads_timeouts_of_every_unit() {
        let read = |text| read_timeout(&headers(&TIMEOUT, text));
        assert_eq!(read("2H"), Some(Duration::from_secs(7200)));
        assert_eq!(read("50m"), Some(Duration::from_millis(50)));
        assert_eq!(read("99999999n"), Some(Duration::from_nanos(99_999_999)));
        for bad in ["", "5", "S", "123456789S", "-1S", "+1S", "1x", "1é"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn reads_milliseconds() {
        let read = |text| read_connect_timeout(&headers(&CONNECT_TIMEOUT, text));
        assert_eq!(read("0"), Some(Duration::ZERO));
        assert_eq!(read("9999999999"), Some(Duration::from_millis(9_999_999_999)));
        for bad in ["", "-1", "+1", "1.5", "12345678901", "1s"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (left, grpc, connect) in [
            (Duration::ZERO, "0n", "0"),
            (Duration::from_nanos(7), "7n", "1"),
            (Duration::from_millis(1500), "1500000u", "1500"),
            (Duration::from_secs(86_400), "86400000m", "86400000"),
            (Duration::from_secs(10_000_000), "10000000S", "9999999999"),
            (Duration::MAX, "99999999H", "9999999999"),
        ] {
            assert_eq!((write_timeout(left), write_connect_timeout(left)), (text(grpc), text(connect)));
            assert!(read_timeout(&headers(&TIMEOUT, grpc)).unwrap() <= left);
        }
    }
}
