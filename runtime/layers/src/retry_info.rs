//! `google.rpc.RetryInfo` (`google/rpc/error_details.proto`): how long a caller should wait, as a detail of an error.

use std::time::Duration;

use kiteline_core::error::{Code, Detail, Error};
use kiteline_core::metadata::Metadata;

/// Its full name.
const NAME: &str = "google.rpc.RetryInfo";

/// Tags of the fields: `retry_delay` is a message, which has two numbers.
const RETRY_DELAY: u8 = 1 << 3 | 2;
const SECONDS: u8 = 1 << 3;
const NANOS: u8 = 2 << 3;

/// The message, encoded by hand: crates that speak Thrift alone have no prost.
fn detail(wait: Duration) -> Detail {
    let mut delay = Vec::new();
    put(&mut delay, SECONDS, wait.as_secs());
    put(&mut delay, NANOS, wait.subsec_nanos().into());
    // Two numbers take 17 bytes at most.
    let mut value = vec![RETRY_DELAY, delay.len() as u8];
    value.extend_from_slice(&delay);
    Detail { type_name: NAME.to_owned(), value: value.into() }
}

fn put(out: &mut Vec<u8>, tag: u8, mut number: u64) {
    if number == 0 {
        return;
    }
    out.push(tag);
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// [`Code::ResourceExhausted`] for a caller that may come again after `wait`; over HTTP with `retry-after`, in whole seconds.
pub(crate) fn exhausted(text: String, reason: &str, wait: Duration) -> Error {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let headers = Metadata::from_iter([("retry-after", seconds.max(1).to_string())]);
    let error = Error::new(Code::ResourceExhausted, text).with_reason(reason).with_metadata(headers, Metadata::new());
    error.with_encoded_detail(detail(wait))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_written_as_protobuf_says() {
        let bytes = |wait| detail(wait).value.to_vec();
        assert_eq!(bytes(Duration::ZERO), [0x0a, 0]);
        assert_eq!(bytes(Duration::from_millis(1)), [0x0a, 4, 0x10, 0xc0, 0x84, 0x3d]);
        assert_eq!(bytes(Duration::from_secs(300)), [0x0a, 3, 0x08, 0xac, 0x02]);
        let longest = bytes(Duration::MAX);
        assert_eq!((longest.len(), usize::from(longest[1])), (19, 17));
    }

    #[test]
    fn the_header_is_in_whole_seconds() {
        let header = |millis| {
            exhausted(String::new(), "", Duration::from_millis(millis)).metadata().get("retry-after").map(str::to_owned)
        };
        assert_eq!([0, 1, 1000, 1001].map(|millis| header(millis).unwrap()), ["1", "1", "1", "2"]);
    }
}
