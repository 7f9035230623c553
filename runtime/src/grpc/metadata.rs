//! A call's metadata and deadline as HTTP/2 headers.
//!
//! Kitex's metainfo over gRPC (`metainfo.FromHTTPHeader`): `rpc-transit-x-y` and `rpc-persist-x-y`,
//! which a handler sees as `X_Y`. Other text headers are transient under their own names.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::context::{Metadata, Pairs};

/// The header of the time that a caller waits (gRPC's `PROTOCOL-HTTP2.md`).
pub const TIMEOUT: &str = "grpc-timeout";

const TRANSIENT: &str = "rpc-transit-";
const PERSISTENT: &str = "rpc-persist-";

/// Headers of HTTP/2 and gRPC themselves, which are nobody's metadata.
fn is_own(name: &str) -> bool {
    matches!(name, "content-type" | "te" | "user-agent" | "host" | "content-length" | "date")
        || name.starts_with("grpc-")
        || name.starts_with(':')
        || name.ends_with("-bin")
}

/// Reads a call's metadata; values that are not visible ASCII are left out. `None` without any.
pub fn read_metadata(headers: &HeaderMap) -> Option<Metadata> {
    let mut metadata = Metadata::default();
    for (name, value) in headers {
        let (name, Ok(value)) = (name.as_str(), value.to_str()) else { continue };
        if let Some(key) = name.strip_prefix(TRANSIENT) {
            metadata.transient.insert(variable(key), value.to_owned());
        } else if let Some(key) = name.strip_prefix(PERSISTENT) {
            metadata.persistent.insert(variable(key), value.to_owned());
        } else if !is_own(name) {
            metadata.transient.insert(name.to_owned(), value.to_owned());
        }
    }
    (metadata != Metadata::default()).then_some(metadata)
}

/// `trace-id` as Kitex's handlers see it: `TRACE_ID`.
fn variable(key: &str) -> String {
    key.to_ascii_uppercase().replace('-', "_")
}

/// Writes metadata as a Kitex caller does. Pairs that no header can carry are left out.
pub fn write_metadata(metadata: &Metadata, headers: &mut HeaderMap) {
    for (prefix, pairs) in [(TRANSIENT, &metadata.transient), (PERSISTENT, &metadata.persistent)] {
        for (key, value) in pairs {
            let name = format!("{prefix}{}", key.to_ascii_lowercase().replace('_', "-"));
            insert(headers, &name, value);
        }
    }
}

/// Writes the pairs that go back to the caller, under their bare names.
pub fn write_backward(pairs: &Pairs, headers: &mut HeaderMap) {
    for (key, value) in pairs {
        let name = key.to_ascii_lowercase();
        if !is_own(&name) {
            insert(headers, &name, value);
        }
    }
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) {
    let name = HeaderName::from_bytes(name.as_bytes());
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

/// Reads the time that a caller waits: at most 8 digits and a unit. `None` when there is none,
/// or none that can be read.
pub fn read_timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs =
            pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
        pairs.collect()
    }

    #[test]
    fn reads_what_kitex_sends() {
        let metadata = read_metadata(&headers(&[
            ("content-type", "application/grpc"),
            ("te", "trailers"),
            ("custom-key", "custom value"),
            ("rpc-transit-token", "t1"),
            ("rpc-persist-trace-id", "abc"),
        ]))
        .unwrap();
        assert_eq!(metadata.persistent["TRACE_ID"], "abc");
        assert_eq!(metadata.transient["TOKEN"], "t1");
        assert_eq!(metadata.transient["custom-key"], "custom value");
        assert_eq!(metadata.transient.len(), 2);
        let mut out = HeaderMap::new();
        write_metadata(&metadata, &mut out);
        assert_eq!(out["rpc-persist-trace-id"], "abc");
        assert!(read_metadata(&headers(&[("te", "trailers")])).is_none());
    }

    #[test]
    fn reads_timeouts_of_every_unit() {
        let read = |text| read_timeout(&headers(&[(TIMEOUT, text)]));
        assert_eq!(read("2H"), Some(Duration::from_secs(7200)));
        assert_eq!(read("50m"), Some(Duration::from_millis(50)));
        assert_eq!(read("99999999n"), Some(Duration::from_nanos(99_999_999)));
        for bad in ["", "5", "S", "123456789S", "-1S", "+1S", "1x", "1é"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
