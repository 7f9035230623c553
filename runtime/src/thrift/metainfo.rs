//! What a TTHeader's pairs mean: metadata, deadline, business errors, values that come back
//! (`metainfo.go` of bytedance/gopkg; `transmeta` and `bizstatus.go` of Kitex).

use std::time::Duration;

use super::ttheader::{TtHeader, int_keys};
use crate::context::{Metadata, Pairs};
use crate::error::{Error, Origin};

/// The service's name in the IDL.
pub const SERVICE: &str = "isn";
/// `1` on an answer: the peer closes this connection, no other call should go there.
pub const CLOSING: &str = "crrst";

const TRANSIENT: &str = "RPC_TRANSIT_";
const PERSISTENT: &str = "RPC_PERSIST_";
/// Kitex sends the pair of this name as the header's access token.
const TOKEN: &str = "gdpr-token";
const STATUS: &str = "biz-status";
const MESSAGE: &str = "biz-message";
const EXTRA: &str = "biz-extra";

/// Names that mean something on an answer: no handler's pair may take them.
fn is_reserved(key: &str) -> bool {
    matches!(key, STATUS | MESSAGE | EXTRA | CLOSING | SERVICE | "crc32c")
}

/// The pairs of a request that a handler sees; `None` without any.
pub fn metadata(header: &TtHeader<'_>) -> Option<Metadata> {
    let mut metadata = Metadata::default();
    for (key, value) in &header.strings {
        if let Some(key) = key.strip_prefix(TRANSIENT) {
            metadata.transient.insert(key.to_owned(), value.to_string());
        } else if let Some(key) = key.strip_prefix(PERSISTENT) {
            metadata.persistent.insert(key.to_owned(), value.to_string());
        }
    }
    if let Some(token) = &header.acl {
        metadata.transient.insert(TOKEN.to_owned(), token.to_string());
    }
    let any = !metadata.transient.is_empty() || !metadata.persistent.is_empty();
    any.then_some(metadata)
}

/// Adds the pairs of a call to its request.
pub fn set_metadata<'a>(metadata: &'a Metadata, header: &mut TtHeader<'a>) {
    for (key, value) in &metadata.transient {
        if key == TOKEN {
            header.acl = Some(value.into());
        } else {
            header.set_string(format!("{TRANSIENT}{key}"), value);
        }
    }
    for (key, value) in &metadata.persistent {
        header.set_string(format!("{PERSISTENT}{key}"), value);
    }
}

/// What the caller waits for the answer. What is no number counts as nothing, as in Kitex.
pub fn timeout(header: &TtHeader<'_>) -> Option<Duration> {
    let milliseconds: u64 = header.int(int_keys::RPC_TIMEOUT)?.parse().ok()?;
    (milliseconds > 0).then(|| Duration::from_millis(milliseconds))
}

/// Adds what the caller waits, in whole milliseconds and never less: a peer that gives up at its
/// deadline does so after the caller has, whose error then says what happened.
pub fn set_timeout(left: Duration, header: &mut TtHeader<'_>) {
    let rest = u64::from(left.subsec_nanos().div_ceil(1_000_000));
    let milliseconds = left.as_secs().saturating_mul(1_000).saturating_add(rest);
    header.set_int(int_keys::RPC_TIMEOUT, milliseconds.max(1).to_string());
}

/// The business error of an answer. Kitex ignores it when its extra pairs cannot be read; here
/// they alone are lost, since success is the worse report.
pub fn business(header: &TtHeader<'_>) -> Option<Error> {
    let code: i32 = header.string(STATUS)?.parse().ok()?;
    if code == 0 {
        return None;
    }
    let extra = header.string(EXTRA).and_then(|text| serde_json::from_str::<Pairs>(text).ok());
    let message = header.string(MESSAGE).unwrap_or_default();
    Some(Error::business(code, message, extra.unwrap_or_default()).with_origin(Origin::Remote))
}

/// Adds a business error to an answer.
pub fn set_business<'a>(code: i32, error: &'a Error, header: &mut TtHeader<'a>) {
    header.set_string(STATUS, code.to_string());
    header.set_string(MESSAGE, error.message());
    if !error.metadata().is_empty() {
        // A map of strings cannot fail to be written.
        header.set_string(EXTRA, serde_json::to_string(error.metadata()).unwrap_or_default());
    }
}

/// The pairs that a handler sent back: all that mean nothing else.
pub fn backward(header: &TtHeader<'_>) -> Pairs {
    let pairs = header.strings.iter().filter(|(key, _)| !is_reserved(key));
    pairs.map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

/// Adds the pairs that a handler sends back.
pub fn set_backward<'a>(pairs: &'a Pairs, header: &mut TtHeader<'a>) {
    for (key, value) in pairs.iter().filter(|(key, _)| !is_reserved(key)) {
        header.set_string(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_rounded_up() {
        let mut longest = TtHeader::default();
        set_timeout(Duration::MAX, &mut longest);
        assert_eq!(timeout(&longest), Some(Duration::from_millis(u64::MAX)));
        for (micros, stated) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (199_999, 200), (200_000, 200)] {
            let mut header = TtHeader::default();
            set_timeout(Duration::from_micros(micros), &mut header);
            assert_eq!(timeout(&header), Some(Duration::from_millis(stated)), "{micros}");
        }
    }
}
