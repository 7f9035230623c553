//! How long a service wants its caller to wait before the next attempt: `google.rpc.RetryInfo`
//! (`google/rpc/error_details.proto`) in an error's details, and `grpc-retry-pushback-ms` in its metadata (gRPC's proposal A6).

use std::time::Duration;

use crate::error::{Detail, Error};
use crate::metadata::Value;

/// The full name of the message.
const RETRY_INFO: &str = "google.rpc.RetryInfo";
/// Milliseconds in decimal digits. What is no such number, and a negative one, asks for no further attempt.
pub const RETRY_PUSHBACK: &str = "grpc-retry-pushback-ms";

/// Field 1 of `RetryInfo` is a `google.protobuf.Duration`, whose fields 1 and 2 are its seconds and nanoseconds.
const RETRY_DELAY: u8 = 1 << 3 | LENGTH;
const SECONDS: u8 = 1 << 3;
const NANOS: u8 = 2 << 3;

/// Types on the wire of protobuf.
const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const LENGTH: u8 = 2;
const FIXED32: u8 = 5;

/// What a service says about the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushback {
    /// Nothing.
    None,
    /// It may come after this time.
    After(Duration),
    /// None should come.
    Never,
}

impl Pushback {
    /// What an error says; the longer wait, where it says it in both ways.
    pub fn of(error: &Error) -> Self {
        let values = [error.trailers(), error.metadata()].map(|metadata| metadata.get_all(RETRY_PUSHBACK).collect());
        // A status without a body has its trailers in front of it: they are given as both.
        let [trailing, leading]: [Vec<&Value>; 2] = values;
        let said = if trailing.is_empty() { leading } else { trailing };
        let wait = match said[..] {
            [] => None,
            [value] => match value.as_text().and_then(|text| text.trim().parse().ok()) {
                Some(millis) => Some(Duration::from_millis(millis)),
                None => return Self::Never,
            },
            _ => return Self::Never,
        };
        let detail = error.details().iter().find(|detail| detail.type_name == RETRY_INFO);
        let delay = detail.and_then(|detail| read(&detail.value));
        wait.max(delay).map_or(Self::None, Self::After)
    }
}

/// `google.rpc.RetryInfo` with this wait, for an error. Written by hand: crates that speak Thrift alone have no prost.
pub fn retry_info(wait: Duration) -> Detail {
    let mut delay = Vec::new();
    put(&mut delay, SECONDS, wait.as_secs());
    put(&mut delay, NANOS, wait.subsec_nanos().into());
    // Two numbers take 17 bytes at most.
    let mut value = vec![RETRY_DELAY, delay.len() as u8];
    value.extend_from_slice(&delay);
    Detail { type_name: RETRY_INFO.to_owned(), value: value.into() }
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

/// The wait of a message; `None` where it has none, or is damaged.
fn read(mut message: &[u8]) -> Option<Duration> {
    let mut wait = None;
    while !message.is_empty() {
        if let (tag, Field::Bytes(delay)) = field(&mut message)?
            && tag == u64::from(RETRY_DELAY)
        {
            wait = Some(duration(delay)?);
        }
    }
    wait
}

/// A duration; nothing for a negative one.
fn duration(mut message: &[u8]) -> Option<Duration> {
    let (mut seconds, mut nanos) = (0, 0);
    while !message.is_empty() {
        match field(&mut message)? {
            (tag, Field::Number(number)) if tag == u64::from(SECONDS) => seconds = number,
            (tag, Field::Number(number)) if tag == u64::from(NANOS) => nanos = number,
            _ => {}
        }
    }
    // Both are signed, and negative numbers are the largest ones here.
    let is_negative = |number: u64| number > i64::MAX as u64;
    match nanos {
        _ if is_negative(seconds) || is_negative(nanos) => Some(Duration::ZERO),
        0..1_000_000_000 => Some(Duration::new(seconds, nanos as u32)),
        _ => None,
    }
}

enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The next field with its tag, taken off; `None` for what is no field.
fn field<'a>(message: &mut &'a [u8]) -> Option<(u64, Field<'a>)> {
    let tag = varint(message)?;
    let size = match (tag & 7) as u8 {
        VARINT => return Some((tag, Field::Number(varint(message)?))),
        FIXED64 => 8,
        FIXED32 => 4,
        LENGTH => usize::try_from(varint(message)?).ok()?,
        _ => return None,
    };
    let (bytes, rest) = message.split_at_checked(size)?;
    *message = rest;
    Some((tag, Field::Bytes(bytes)))
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..10 {
        let (byte, rest) = message.split_first()?;
        *message = rest;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Metadata;

    #[test]
    fn a_delay_is_written_as_protobuf_says() {
        let bytes = |wait| retry_info(wait).value.to_vec();
        assert_eq!(bytes(Duration::ZERO), [0x0a, 0]);
        assert_eq!(bytes(Duration::from_millis(1)), [0x0a, 4, 0x10, 0xc0, 0x84, 0x3d]);
        assert_eq!(bytes(Duration::from_secs(300)), [0x0a, 3, 0x08, 0xac, 0x02]);
        let longest = bytes(Duration::MAX);
        assert_eq!((longest.len(), usize::from(longest[1])), (19, 17));
    }

    #[test]
    fn a_delay_is_read_from_any_message() {
        for millis in [0, 1, 999, 1000, 300_000, 86_400_000_001] {
            let wait = Duration::from_millis(millis);
            assert_eq!(read(&retry_info(wait).value), Some(wait));
        }
        let minus_one = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        let negative = [&[0x0a, 11, 0x08][..], &minus_one].concat();
        let unknown = [0x12, 1, 7, 0x18, 5, 0x25, 0, 0, 0, 0, 0x29, 0, 0, 0, 0, 0, 0, 0, 0, 0x0a, 4, 0x18, 9, 0x08, 2];
        let wants: [(&[u8], Option<u64>); 9] = [
            (&[], None),
            (&negative, Some(0)),
            (&unknown, Some(2)),
            (&[0x0a, 6, 0x10, 0x80, 0x94, 0xeb, 0xdc, 0x03], None),
            (&[0x0a, 2, 0x08], None),
            (&[0x0a], None),
            (&[0x0b], None),
            (&[0x0a, 2, 0x08, 0x80], None),
            (&[0xff; 12], None),
        ];
        for (bytes, seconds) in wants {
            assert_eq!(read(bytes), seconds.map(Duration::from_secs), "{bytes:x?}");
        }
    }

    #[test]
    fn a_wait_is_said_in_two_ways() {
        let error = || Error::unavailable("x");
        let said = |values: &[&str]| values.iter().map(|value| (RETRY_PUSHBACK, *value)).collect::<Metadata>();
        let after = |millis| Pushback::After(Duration::from_millis(millis));
        assert_eq!(Pushback::of(&error()), Pushback::None);
        assert_eq!(Pushback::of(&error().with_metadata(said(&["7"]), Metadata::new())), after(7));
        assert_eq!(Pushback::of(&error().with_metadata(said(&["7"]), said(&["7"]))), after(7));
        let both = |millis| {
            let error = error().with_metadata(Metadata::new(), said(&["7"]));
            Pushback::of(&error.with_encoded_detail(retry_info(Duration::from_millis(millis))))
        };
        assert_eq!((both(3), both(9)), (after(7), after(9)));
        let broken = Detail { type_name: RETRY_INFO.to_owned(), value: vec![0xff].into() };
        assert_eq!(Pushback::of(&error().with_encoded_detail(broken)), Pushback::None);
        for never in [&["-1"][..], &[""], &["1.5"], &["x"], &["99999999999999999999"], &["1", "1"]] {
            assert_eq!(
                Pushback::of(&error().with_metadata(Metadata::new(), said(never))),
                Pushback::Never,
                "{never:?}"
            );
        }
    }
}
