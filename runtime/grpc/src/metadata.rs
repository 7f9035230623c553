//! A call's metadata as HTTP headers.
//!
//! Plain entries have their own names, those in `-bin` as base64 (gRPC's `PROTOCOL-HTTP2.md`). Kitex's pairs
//! (`metainfo.FromHTTPHeader`) are `rpc-transit-x-y` and `rpc-persist-x-y`, which a handler sees as `X_Y`; those of
//! Kratos (its middleware `metadata`) `x-md-local-x` and `x-md-global-x`, which it sees as `x`. go-micro has neither: all
//! that its callers say is for the next hop.

use http::{HeaderMap, HeaderName, HeaderValue};

use kiteline_core::base64;
use kiteline_core::metadata::{Metadata, Reach, Value};
use kiteline_core::pushback::RETRY_PUSHBACK;

const TRANSIENT: &str = "rpc-transit-";
const PERSISTENT: &str = "rpc-persist-";
const LOCAL: &str = "x-md-local-";
const GLOBAL: &str = "x-md-global-";
/// How the names of entries end that hold bytes.
const BYTES: &str = "-bin";

/// Headers of HTTP, gRPC and Connect themselves, which are nobody's metadata. A pushback is: handlers send it.
fn is_own(name: &str) -> bool {
    matches!(
        name,
        "accept-encoding"
            | "accept-post"
            | "connection"
            | "content-encoding"
            | "content-length"
            | "content-type"
            | "date"
            | "host"
            | "keep-alive"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "user-agent"
    ) || ["grpc-", "connect-", ":"].iter().any(|prefix| name.starts_with(prefix)) && name != RETRY_PUSHBACK
}

/// Whether there is any header that may be metadata.
pub(crate) fn has_metadata(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| !is_own(name.as_str()))
}

/// Reads metadata; text that is not visible ASCII and bytes that are not base64 are left out.
pub fn read_metadata(headers: &HeaderMap) -> Metadata {
    let mut metadata = Metadata::new();
    for (name, value) in headers {
        let (name, Ok(text)) = (name.as_str(), value.to_str()) else { continue };
        if let Some(key) = name.strip_prefix(TRANSIENT) {
            metadata.append_to(Reach::Transient, variable(key), text);
        } else if let Some(key) = name.strip_prefix(PERSISTENT) {
            metadata.append_to(Reach::Persistent, variable(key), text);
        } else if let Some(key) = name.strip_prefix(LOCAL) {
            metadata.append_to(Reach::Transient, key, text);
        } else if let Some(key) = name.strip_prefix(GLOBAL) {
            metadata.append_to(Reach::Persistent, key, text);
        } else if is_own(name) {
            continue;
        } else if name.ends_with(BYTES) {
            // Several values of one name may have been joined on their way.
            let values = text.split(',').filter_map(|text| base64::decode(text.trim()));
            values.for_each(|bytes| metadata.append(name, bytes));
        } else {
            metadata.append(name, text);
        }
    }
    metadata
}

/// `trace-id` as Kitex's handlers see it: `TRACE_ID`.
fn variable(key: &str) -> String {
    key.to_ascii_uppercase().replace('-', "_")
}

/// How a system spells pairs for the next hop, and for every hop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Spelling {
    /// `rpc-transit-x` and `rpc-persist-x`.
    #[default]
    Kitex,
    /// `x-md-local-x` and `x-md-global-x`.
    Kratos,
    /// As all other entries: `x`.
    Plain,
}

impl Spelling {
    fn prefix(self, reach: Reach) -> &'static str {
        match (self, reach) {
            (Self::Kitex, Reach::Transient) => TRANSIENT,
            (Self::Kitex, Reach::Persistent) => PERSISTENT,
            (Self::Kratos, Reach::Transient) => LOCAL,
            (Self::Kratos, Reach::Persistent) => GLOBAL,
            (_, Reach::Plain) | (Self::Plain, _) => "",
        }
    }
}

/// Writes the metadata of a request. Entries that no header can carry are left out.
pub fn write_metadata(metadata: &Metadata, spelling: Spelling, headers: &mut HeaderMap) {
    for entry in metadata {
        let prefix = spelling.prefix(entry.reach());
        if prefix.is_empty() {
            write_plain(entry.name(), entry.value(), headers);
            continue;
        }
        let name = format!("{prefix}{}", entry.name().to_ascii_lowercase().replace('_', "-"));
        append(headers, &name, entry.value());
    }
}

/// Writes metadata that goes back to the caller, under its bare names.
pub fn write_reply_metadata(metadata: &Metadata, headers: &mut HeaderMap) {
    metadata.iter().for_each(|entry| write_plain(entry.name(), entry.value(), headers));
}

fn write_plain(name: &str, value: &Value, headers: &mut HeaderMap) {
    let name = name.to_ascii_lowercase();
    let fits = name.ends_with(BYTES) == matches!(value, Value::Bytes(_));
    if fits && !is_own(&name) {
        append(headers, &name, value);
    }
}

fn append(headers: &mut HeaderMap, name: &str, value: &Value) {
    let value = match value {
        Value::Text(text) => HeaderValue::from_str(text),
        Value::Bytes(bytes) => HeaderValue::from_str(&base64::encode(bytes)),
    };
    if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), value) {
        headers.append(name, value);
    }
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
        ]));
        assert_eq!(metadata.persistent().get("TRACE_ID"), Some("abc"));
        assert_eq!(metadata.transient().get("TOKEN"), Some("t1"));
        assert_eq!(metadata.plain().get("custom-key"), Some("custom value"));
        assert_eq!(metadata.len(), 3);
        let mut out = HeaderMap::new();
        write_metadata(&metadata, Spelling::Kitex, &mut out);
        assert_eq!(
            (&out["rpc-persist-trace-id"], &out["custom-key"]),
            (&"abc".parse().unwrap(), &"custom value".parse().unwrap())
        );
        assert!(read_metadata(&headers(&[("te", "trailers")])).is_empty());
    }

    #[test]
    fn pairs_of_kratos_are_read_and_written_for_kratos_alone() {
        let metadata = read_metadata(&headers(&[
            ("x-md-local-token", "t1"),
            ("x-md-global-trace-id", "abc"),
            ("x-md-other", "o"),
        ]));
        assert_eq!(
            (metadata.transient().get("token"), metadata.persistent().get("trace-id")),
            (Some("t1"), Some("abc"))
        );
        assert_eq!(metadata.plain().get("x-md-other"), Some("o"));
        let sent = |spelling| {
            let mut out = HeaderMap::new();
            write_metadata(&metadata, spelling, &mut out);
            let mut names: Vec<_> = out.keys().map(|name| name.as_str().to_owned()).collect();
            names.sort_unstable();
            names
        };
        assert_eq!(sent(Spelling::Kitex), ["rpc-persist-trace-id", "rpc-transit-token", "x-md-other"]);
        assert_eq!(sent(Spelling::Kratos), ["x-md-global-trace-id", "x-md-local-token", "x-md-other"]);
        assert_eq!(sent(Spelling::Plain), ["token", "trace-id", "x-md-other"]);
    }

    #[test]
    fn bytes_travel_as_base64() {
        let read =
            read_metadata(&headers(&[("a-bin", "AP8"), ("b-bin", "AQ==,Ag"), ("c-bin", "?"), ("a-bin", "Zm8=")]));
        let all = |name| read.get_all(name).map(|value| value.as_bytes().unwrap()).collect::<Vec<_>>();
        assert_eq!((all("a-bin"), all("b-bin")), (vec![&[0, 255][..], b"fo"], vec![&[1][..], &[2]]));
        assert_eq!(read.len(), 4);
        let mut metadata = Metadata::new();
        metadata.append("X-Bin", vec![0, 255]);
        metadata.append("text", vec![1]);
        metadata.append("y-bin", "text");
        metadata.append("grpc-status", "0");
        metadata.append("é", "x");
        metadata.append("twice", "1");
        metadata.append("twice", "2");
        let mut out = HeaderMap::new();
        write_metadata(&metadata, Spelling::Kitex, &mut out);
        let sent: Vec<_> = out.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(sent, [("x-bin", "AP8"), ("twice", "1"), ("twice", "2")]);
    }
}
