//! Errors as statuses, both ways: what gRPC's trailers, gRPC-Web's last envelope and Connect's JSON say.
//!
//! Reason and pairs travel as `google.rpc.ErrorInfo` in the status's details (`error_details.proto`),
//! as Kratos and Google's APIs send them, those of business errors too; these have beside code 13 what Kitex
//! reads, `biz-status` and `biz-extra`. go-micro's own are in [`micro`]. What headers cannot hold is cut.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use prost::Message;

use super::{business, micro, percent};
use kiteline_core::base64;
use kiteline_core::error::{Code, Detail, Error, Origin};

/// What stands before the name of a type in an `Any`.
const TYPES: &str = "type.googleapis.com/";
const ERROR_INFO: &str = "type.googleapis.com/google.rpc.ErrorInfo";
/// The header of the code.
pub const STATUS: &str = "grpc-status";
const MESSAGE: &str = "grpc-message";
const DETAILS: &str = "grpc-status-details-bin";

/// Bytes of a text in a header, once it is escaped, and of details before they are base64: gRPC's C core
/// takes 8 KiB of all headers together.
const MOST_TEXT: usize = 2 << 10;
const MOST_DETAILS: usize = 3 << 10;
/// The same of reason and pairs in the details.
const MOST_INFO: usize = 2 << 10;

/// How a call ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// `None` is success.
    pub code: Option<Code>,
    /// The text for people.
    pub message: String,
    pub(crate) details: Vec<Any>,
    /// Headers of its own.
    pub(crate) headers: HeaderMap,
}

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
pub(crate) struct Any {
    #[prost(string, tag = "1")]
    pub(crate) type_url: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) value: Bytes,
}

impl Any {
    /// The detail of a type.
    pub(crate) fn new(type_name: &str, value: Bytes) -> Self {
        Self { type_url: format!("{TYPES}{type_name}"), value }
    }

    /// The full name of its type.
    pub(crate) fn type_name(&self) -> &str {
        self.type_url.rsplit('/').next().unwrap_or_default()
    }
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

impl Status {
    /// One without details.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code: Some(code), message: message.into(), ..Self::default() }
    }

    /// The status in trailers, or in headers without a body behind them; `None` when they say nothing. A number that
    /// nobody knows is [`Code::Unknown`]; details that do not decode are none.
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let number = headers.get(STATUS)?.to_str().ok().and_then(|number| number.parse::<i32>().ok());
        let code = match number {
            Some(0) => None,
            Some(number) => Some(Code::from_number(number).unwrap_or(Code::Unknown)),
            None => Some(Code::Unknown),
        };
        let message = headers.get(MESSAGE).map(|text| percent::decode(text.as_bytes())).unwrap_or_default();
        let details = headers.get(DETAILS).and_then(|text| base64::decode(text.to_str().ok()?));
        let details = details.and_then(|bytes| RpcStatus::decode(bytes).ok()).unwrap_or_default().details;
        Some(Self { code, message, details, headers: HeaderMap::new() }.with_own_headers(headers))
    }

    /// Writes it into headers.
    pub fn write(&self, headers: &mut HeaderMap) {
        headers.insert(HeaderName::from_static(STATUS), HeaderValue::from(self.code.map_or(0, |code| code as u16)));
        if !self.message.is_empty() {
            insert(headers, MESSAGE, &percent::encode(&self.message, MOST_TEXT));
        }
        if !self.details.is_empty() {
            insert(headers, DETAILS, &base64::encode(&self.encoded()));
        }
        headers.extend(self.headers.clone());
    }

    /// `google.rpc.Status` with the first details that fit.
    fn encoded(&self) -> Vec<u8> {
        let code = self.code.map_or(0, |code| i32::from(code as u8));
        let message = percent::cut(&self.message, MOST_DETAILS / 4).into_owned();
        let mut status = RpcStatus { code, message, details: Vec::new() };
        let mut size = status.encoded_len();
        for detail in &self.details {
            size += detail.encoded_len() + 4;
            if size > MOST_DETAILS {
                break;
            }
            status.details.push(detail.clone());
        }
        status.encode_to_vec()
    }

    /// Headers that are part of it beside its own fields: those of a business error.
    pub fn own_headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The same with those out of the headers of an answer.
    #[must_use]
    pub fn with_own_headers(mut self, headers: &HeaderMap) -> Self {
        let own = business::NAMES.map(HeaderName::from_static);
        let own = own.into_iter().filter_map(|name| Some((name.clone(), headers.get(name)?.clone())));
        self.headers = own.collect();
        self
    }

    /// The names of headers that are part of it beside its own fields.
    pub(crate) fn is_own(name: &str) -> bool {
        business::NAMES.contains(&name)
    }
}

pub(crate) fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// The status that an error travels as.
pub fn status_of(error: &Error) -> Status {
    if let Some(code) = error.business_code() {
        let status = Status::new(Code::Internal, error.message());
        return Status { details: details(error), headers: business::headers(error, code), ..status };
    }
    Status { details: details(error), ..Status::new(error.code(), error.message()) }
}

/// Reason and pairs, and the details behind them.
fn details(error: &Error) -> Vec<Any> {
    let others = error.details().iter().map(|detail| Any::new(&detail.type_name, detail.value.clone()));
    info(error).into_iter().chain(others).collect()
}

/// Reason and pairs, as many as fit.
fn info(error: &Error) -> Option<Any> {
    if error.reason().is_empty() && error.pairs().is_empty() {
        return None;
    }
    let reason = percent::cut(error.reason(), MOST_INFO / 2).into_owned();
    let mut info = ErrorInfo { reason, domain: String::new(), metadata: BTreeMap::new() };
    let mut size = info.reason.len();
    for (name, value) in error.pairs() {
        // Tags and lengths beside the texts.
        size += name.len() + value.len() + 12;
        if size > MOST_INFO {
            break;
        }
        info.metadata.insert(name.clone(), value.clone());
    }
    Some(Any { type_url: ERROR_INFO.to_owned(), value: Bytes::from(info.encode_to_vec()) })
}

/// The error that a peer's status means; its origin is [`Origin::Remote`].
pub fn error_of(status: &Status) -> Error {
    let business = business::read(status);
    let code = status.code.unwrap_or(Code::Unknown);
    let micro = status.details.iter().find(|detail| detail.type_url == micro::DETAIL);
    if let Some(micro) =
        micro.filter(|_| business.is_none()).and_then(|detail| micro::Detail::decode(detail.value.clone()).ok())
    {
        return micro::error_of(code, micro).with_origin(Origin::Remote);
    }
    let error = business.unwrap_or_else(|| Error::new(code, status.message.as_str()));
    status.details.iter().fold(error, with_detail).with_origin(Origin::Remote)
}

/// The same with what a detail says.
fn with_detail(error: Error, detail: &Any) -> Error {
    // One that does not decode is a detail like any other.
    match ErrorInfo::decode(detail.value.clone()).ok().filter(|_| detail.type_url == ERROR_INFO) {
        Some(ErrorInfo { reason, metadata, .. }) => {
            let with_reason = error.with_reason(reason);
            metadata.into_iter().fold(with_reason, |error, (key, value)| error.with_pair(key, value))
        }
        None => {
            let (type_name, value) = (detail.type_name().to_owned(), detail.value.clone());
            error.with_encoded_detail(Detail { type_name, value })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_error_is_its_code_and_message() {
        let status = status_of(&Error::not_found("gone ✗"));
        assert_eq!((status.code, status.message.as_str()), (Some(Code::NotFound), "gone ✗"));
        assert!(status.details.is_empty());
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
        let mut headers = HeaderMap::new();
        status_of(&error).write(&mut headers);
        let wanted = [
            ("grpc-status", "5"),
            ("grpc-message", "user%20x%20not%20found"),
            (
                "grpc-status-details-bin",
                "CAUSEHVzZXIgeCBub3QgZm91bmQaUgoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLkVycm9ySW5mbxImCg5VU0VSX05PVF9GT1VORBoJCgR1c2VyEgF4GgkKBHpvbmUSAWE",
            ),
        ];
        let sent: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
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

    /// Kratos reads the details alone, Kitex the headers.
    #[test]
    fn business_errors_say_their_reason_and_pairs_to_kratos_too() {
        let pairs = [("size".to_owned(), "7".to_owned())];
        let error = Error::business(418, "teapot", pairs).with_reason("TEAPOT");
        let (headers, back) = through(&error);
        assert_eq!(
            (&headers["biz-status"], &headers["biz-extra"]),
            (&"418".parse().unwrap(), &r#"{"size":"7"}"#.parse().unwrap())
        );
        let details = base64::decode(headers["grpc-status-details-bin"].to_str().unwrap()).unwrap();
        let details = RpcStatus::decode(details).unwrap();
        let info = ErrorInfo::decode(details.details[0].value.clone()).unwrap();
        assert_eq!((details.code, info.reason.as_str(), &info.metadata["size"][..]), (13, "TEAPOT", "7"));
        assert_eq!((back.business_code(), back.reason(), &back.pairs()["size"][..]), (Some(418), "TEAPOT", "7"));
    }

    #[test]
    fn pairs_that_headers_cannot_hold_cost_neither_the_reason_nor_the_others() {
        let pairs = (0..300).map(|number| (format!("key-{number:03}"), "é".repeat(40)));
        for error in [
            Error::business(418, "é".repeat(10_000), pairs.clone()).with_reason("R"),
            pairs.fold(Error::invalid("é".repeat(10_000)).with_reason("R"), |error, (key, value)| {
                error.with_pair(key, value)
            }),
        ] {
            let (headers, back) = through(&error);
            let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
            assert!(size < 7 << 10, "{size}");
            assert_eq!((back.code(), back.business_code(), back.reason()), (error.code(), error.business_code(), "R"));
            assert_eq!(back.pairs().get("key-000"), error.pairs().get("key-000"));
            assert!(back.pairs().len() > 5 && back.pairs().len() < 300, "{}", back.pairs().len());
        }
    }

    fn through(error: &Error) -> (HeaderMap, Error) {
        let mut headers = HeaderMap::new();
        status_of(error).write(&mut headers);
        let back = error_of(&Status::read(&headers).unwrap());
        (headers, back)
    }

    #[test]
    fn what_headers_cannot_hold_is_cut_and_the_rest_arrives() {
        let detail = |size: usize| Detail { type_name: "a.B".into(), value: vec![7; size].into() };
        let error = Error::invalid("é".repeat(10_000)).with_reason("R");
        let error = error.with_encoded_detail(detail(100)).with_encoded_detail(detail(100_000));
        let (headers, back) = through(&error);
        let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        assert!(size < 7 << 10, "{size}");
        assert!(back.message().starts_with("éé") && back.message().ends_with('…'), "{}", back.message());
        assert_eq!((back.code(), back.reason(), back.details()), (Code::InvalidArgument, "R", &[detail(100)][..]));
    }

    #[test]
    fn details_that_do_not_decode_cost_the_details_alone() {
        for details in ["!!!", "C", "CAU==", "CA U", "CAV", "-_-_", "=", "AAAA"] {
            let mut headers = HeaderMap::new();
            Status::new(Code::NotFound, "gone").write(&mut headers);
            headers.insert(DETAILS, HeaderValue::from_static(details));
            let status = Status::read(&headers).unwrap();
            assert_eq!(status, Status::new(Code::NotFound, "gone"), "{details}");
        }
        assert_eq!(Status::read(&HeaderMap::new()), None);
    }

    #[test]
    fn numbers_that_nobody_knows_are_unknown() {
        for number in ["20", "-1", "x", "", "99999999999999"] {
            let headers = HeaderMap::from_iter([(HeaderName::from_static(STATUS), number.parse().unwrap())]);
            assert_eq!(Status::read(&headers).unwrap().code, Some(Code::Unknown), "{number}");
        }
    }
}
