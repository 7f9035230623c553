//! Errors as gRPC statuses, both ways.
//!
//! Reason and pairs travel as `google.rpc.ErrorInfo` in the status's details (`error_details.proto`),
//! as Kratos and Google's APIs send them; business errors as Kitex does, in `biz-status` and
//! `biz-extra` beside code 13. go-micro's own are in [`micro`].

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code as Number, Status};

use super::micro;
use kiteline_core::error::{Code, Detail, Error, Origin};

/// What stands before the name of a type in an `Any`.
const TYPES: &str = "type.googleapis.com/";
const ERROR_INFO: &str = "type.googleapis.com/google.rpc.ErrorInfo";
const BUSINESS_CODE: &str = "biz-status";
const BUSINESS_EXTRA: &str = "biz-extra";

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "bytes", tag = "2")]
    value: Bytes,
}

/// `google.rpc.ErrorInfo`.
#[derive(Clone, PartialEq, Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(btree_map = "string, string", tag = "3")]
    metadata: BTreeMap<String, String>,
}

/// The status that an error travels as.
pub fn status_of(error: &Error) -> Status {
    if let Some(code) = error.business_code() {
        return business(error, code);
    }
    let code = Number::from(i32::from(error.code() as u8));
    let has_info = !error.reason().is_empty() || !error.pairs().is_empty();
    if !has_info && error.details().is_empty() {
        return Status::new(code, error.message());
    }
    let info = ErrorInfo { reason: error.reason().to_owned(), domain: String::new(), metadata: error.pairs().clone() };
    let info = has_info.then(|| Any { type_url: ERROR_INFO.to_owned(), value: Bytes::from(info.encode_to_vec()) });
    let others = error
        .details()
        .iter()
        .map(|detail| Any { type_url: format!("{TYPES}{}", detail.type_name), value: detail.value.clone() });
    let details = RpcStatus {
        code: i32::from(error.code() as u8),
        message: error.message().to_owned(),
        details: info.into_iter().chain(others).collect(),
    };
    Status::with_details(code, error.message(), Bytes::from(details.encode_to_vec()))
}

fn business(error: &Error, code: i32) -> Status {
    let mut metadata = MetadataMap::new();
    metadata.insert(BUSINESS_CODE, MetadataValue::from(code));
    let extra = serde_json::to_string(error.pairs()).ok();
    let extra = extra.filter(|_| !error.pairs().is_empty());
    if let Some(extra) = extra.and_then(|extra| ascii(&extra).parse().ok()) {
        metadata.insert(BUSINESS_EXTRA, extra);
    }
    Status::with_metadata(Number::Internal, error.message(), metadata)
}

/// JSON with every character that a header cannot carry escaped.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if matches!(character, ' '..='~') {
            out.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            out.push_str(&format!("\\u{unit:04x}"));
        }
    }
    out
}

/// The error that a peer's status means; its origin is [`Origin::Remote`].
pub fn error_of(status: &Status) -> Error {
    if let Some(error) = business_of(status) {
        return error.with_origin(Origin::Remote);
    }
    let code = Code::from_number(i32::from(status.code())).unwrap_or(Code::Unknown);
    if let Some(micro) = details::<micro::Detail>(status.details(), micro::DETAIL).next() {
        return micro::error_of(code, micro).with_origin(Origin::Remote);
    }
    let mut error = Error::new(code, status.message());
    for Any { type_url, value } in RpcStatus::decode(status.details()).unwrap_or_default().details {
        // One that does not decode is a detail like any other.
        match ErrorInfo::decode(value.clone()).ok().filter(|_| type_url == ERROR_INFO) {
            Some(ErrorInfo { reason, metadata, .. }) => {
                let with_reason = error.with_reason(reason);
                error = metadata.into_iter().fold(with_reason, |error, (key, value)| error.with_pair(key, value));
            }
            None => {
                let type_name = type_url.rsplit('/').next().unwrap_or_default().to_owned();
                error = error.with_encoded_detail(Detail { type_name, value });
            }
        }
    }
    error.with_origin(Origin::Remote)
}

fn business_of(status: &Status) -> Option<Error> {
    let metadata = status.metadata();
    let code = metadata.get(BUSINESS_CODE)?.to_str().ok()?.parse().ok()?;
    let extra = metadata.get(BUSINESS_EXTRA).and_then(|extra| extra.to_str().ok());
    let extra: Option<BTreeMap<String, String>> = extra.and_then(|extra| serde_json::from_str(extra).ok());
    Some(Error::business(code, status.message(), extra.unwrap_or_default()))
}

/// The details of one type. Those that do not decode are as good as none.
fn details<M: Message + Default>(details: &[u8], url: &'static str) -> impl Iterator<Item = M> {
    let status = RpcStatus::decode(details).unwrap_or_default();
    let found = status.details.into_iter().filter(move |any| any.type_url == url);
    found.filter_map(|any| M::decode(any.value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_error_is_its_code_and_message() {
        let status = status_of(&Error::not_found("gone ✗"));
        assert_eq!((status.code(), status.message()), (Number::NotFound, "gone ✗"));
        assert!(status.details().is_empty());
        let back = error_of(&status);
        assert_eq!((back.code(), back.origin()), (Code::NotFound, Origin::Remote));
    }

    #[test]
    fn reason_and_pairs_come_back() {
        let error = Error::invalid("no").with_reason("TOO_LONG").with_pair("max", "7");
        let back = error_of(&status_of(&error));
        assert_eq!(back.reason(), "TOO_LONG");
        assert_eq!(back.pairs(), error.pairs());
    }

    /// What Kratos 3.0 sent for `errors.New(404, "USER_NOT_FOUND", "user x not found")` with two pairs.
    #[test]
    fn reason_and_pairs_are_the_bytes_that_kratos_sends() {
        let error = Error::not_found("user x not found").with_reason("USER_NOT_FOUND");
        let error = error.with_pair("user", "x").with_pair("zone", "a");
        let response: http::Response<()> = status_of(&error).into_http();
        let wanted = [
            ("content-type", "application/grpc"),
            ("grpc-status", "5"),
            ("grpc-message", "user%20x%20not%20found"),
            (
                "grpc-status-details-bin",
                "CAUSEHVzZXIgeCBub3QgZm91bmQaUgoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLkVycm9ySW5mbxImCg5VU0VSX05PVF9GT1VORBoJCgR1c2VyEgF4GgkKBHpvbmUSAWE",
            ),
        ];
        let sent: Vec<_> =
            response.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(sent, wanted);
    }

    #[test]
    fn details_come_back_in_their_order() {
        let detail = |name: &str, value: &'static [u8]| Detail { type_name: name.into(), value: value.into() };
        let details = [detail("a.B", &[8, 1]), detail("c.D", &[]), detail("a.B", &[8, 2])];
        let error = details.iter().cloned().fold(Error::invalid("no").with_reason("R"), Error::with_encoded_detail);
        let back = error_of(&status_of(&error));
        assert_eq!((back.details(), back.reason()), (&details[..], "R"));
    }

    #[test]
    fn business_errors_come_back() {
        let error = Error::business(-7, "no 错", [("k".to_owned(), "é\n🙂".to_owned())]);
        let status = status_of(&error);
        assert_eq!(status.code(), Number::Internal);
        let back = error_of(&status);
        assert_eq!(back.business_code(), Some(-7));
        assert_eq!(back.pairs(), error.pairs());
        assert_eq!(back.message(), error.message());
    }
}
