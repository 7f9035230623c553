//! Compatibility with go-micro (v2 to v6), over gRPC and over its default transport: how its clients name a method and say how
//! long they wait, the errors that they read, and those that its servers send.
//!
//! Over gRPC such a client sends the headers `timeout` (nanoseconds in decimal) and `x-content-type`. An error is
//! the JSON of go-micro's `errors.Error` in `grpc-message`; any detail of the status is taken for an
//! `errors.Error` too, so there is none. A server of go-micro sends both.
//!
//! The default transport ([`Protocol::Micro`]) is `POST /` over HTTP/1.1: `Micro-Endpoint: Greeter.Hello` names the method,
//! `Timeout` has nanoseconds, bodies are messages, and an error is the same JSON in `Micro-Error` of an answer that is 200.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

#[cfg(doc)]
use super::content::Protocol;
use super::percent;
use super::status::Status;
use kiteline_core::error::{Code, Error, Origin};

/// The header that go-micro's clients send with every call.
pub(super) static MARK: HeaderName = HeaderName::from_static("x-content-type");
/// The header of the nanoseconds that a caller waits.
pub static TIMEOUT: HeaderName = HeaderName::from_static("timeout");
/// The header of a number that tells the calls of one connection apart; answers have it, too.
pub static ID: HeaderName = HeaderName::from_static("micro-id");
/// The header of the service's name in the registry.
pub static SERVICE: HeaderName = HeaderName::from_static("micro-service");
/// The header of `Service.Method`.
pub static ENDPOINT: HeaderName = HeaderName::from_static("micro-endpoint");
/// The same in clients before the second version; later ones send both.
pub static METHOD: HeaderName = HeaderName::from_static("micro-method");
/// The header of calls that stream.
pub static STREAM: HeaderName = HeaderName::from_static("micro-stream");
/// The header of an error.
pub static ERROR: HeaderName = HeaderName::from_static("micro-error");

/// What its clients and servers send for themselves, no metadata. Its servers repeat the request's headers, and their own with `x-` in front.
pub(super) const OWN: [&str; 14] = [
    "accept",
    "micro-endpoint",
    "micro-error",
    "micro-id",
    "micro-method",
    "micro-service",
    "timeout",
    "x-content-type",
    "x-micro-endpoint",
    "x-micro-error",
    "x-micro-id",
    "x-micro-method",
    "x-micro-service",
    "x-micro-stream",
];

/// Bytes of an error's text, and of its id, in a header.
const MOST_TEXT: usize = 2 << 10;

/// `errors.Error`, fields in go-micro's order.
#[derive(Serialize)]
struct MicroError<'a> {
    id: &'a str,
    code: i32,
    detail: &'a str,
    status: &'static str,
}

/// The type of the detail that go-micro's servers add to a status.
pub(super) const DETAIL: &str = "type.googleapis.com/errors.Error";

/// That detail: the same fields as in the JSON.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub(super) struct Detail {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(int32, tag = "2")]
    code: i32,
    #[prost(string, tag = "3")]
    detail: String,
    #[prost(string, tag = "4")]
    status: String,
}

/// The error of a go-micro server whose status has this code: its id is the reason. A code that
/// gRPC has no name for is the application's own.
pub(super) fn error_of(code: Code, micro: Detail) -> Error {
    let named = code != Code::Unknown || matches!(micro.code, 0 | 500);
    let error = match named {
        true => Error::new(code, micro.detail),
        false => Error::business(micro.code, micro.detail, []),
    };
    error.with_reason(micro.id)
}

/// `Service.Method` that a request over the default transport is for; `None` where it is no such request.
pub fn endpoint(headers: &HeaderMap) -> Option<&str> {
    let text = |name| headers.get(name)?.to_str().ok().filter(|text: &&str| !text.is_empty());
    text(&ENDPOINT).or_else(|| text(&METHOD))
}

/// The value of `Micro-Error` for an error of `service`; long texts are cut.
pub fn write_error(error: &Error, service: &str) -> HeaderValue {
    let cut = |text| percent::cut(text, MOST_TEXT).into_owned();
    let short = match error.business_code() {
        Some(code) => Error::business(code, cut(error.message()), []),
        None => Error::new(error.code(), cut(error.message())),
    };
    // The one byte that JSON holds as it is and a header does not.
    let json = status_of(&short.with_reason(cut(error.reason())), service).message.replace('\x7f', "\\u007f");
    HeaderValue::try_from(json).unwrap_or_else(|_| HeaderValue::from_static("{\"code\":500}"))
}

/// The error that the value of `Micro-Error` says: that JSON, or any text.
pub fn read_error(value: &HeaderValue) -> Error {
    let error = match serde_json::from_slice::<Detail>(value.as_bytes()) {
        Ok(micro) => error_of(u16::try_from(micro.code).map_or(Code::Unknown, Code::of_http_status), micro),
        Err(_) => Error::new(Code::Unknown, String::from_utf8_lossy(value.as_bytes())),
    };
    error.with_origin(Origin::Remote)
}

/// How long a caller waits, as its header has it.
pub fn write_timeout(left: Duration) -> HeaderValue {
    HeaderValue::from(u64::try_from(left.as_nanos()).unwrap_or(u64::MAX))
}

/// Takes what a server of go-micro adds to its answers out of them.
pub fn strip(headers: &mut HeaderMap) {
    for name in OWN {
        headers.remove(name);
    }
}

/// The time that a caller waits; `None` when there is none, or none that can be read.
pub(super) fn read_timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(&TIMEOUT)?.to_str().ok()?;
    text.parse().ok().map(Duration::from_nanos)
}

/// The status that an error of `service` travels as. Its id is the reason, and the service's name
/// where there is none; its code is the application's own, and an HTTP status where there is none.
pub(super) fn status_of(error: &Error, service: &str) -> Status {
    let number = error.business_code().map_or(error.code(), |_| Code::Internal);
    let code = error.business_code().unwrap_or_else(|| i32::from(http_status(error.code())));
    let known = u16::try_from(code).ok().and_then(|code| StatusCode::from_u16(code).ok());
    let status = known.and_then(|known| known.canonical_reason()).unwrap_or_default();
    let id = if error.reason().is_empty() { service } else { error.reason() };
    let json = serde_json::to_string(&MicroError { id, code, detail: error.message(), status });
    Status::new(number, json.unwrap_or_else(|_| error.message().to_owned()))
}

/// The HTTP status of a code, as go-micro maps between them: 408 and 412 where others have 504 and 400.
fn http_status(code: Code) -> u16 {
    match code {
        Code::Cancelled => 499,
        Code::InvalidArgument | Code::OutOfRange => 400,
        Code::Unauthenticated => 401,
        Code::PermissionDenied => 403,
        Code::NotFound => 404,
        Code::DeadlineExceeded => 408,
        Code::AlreadyExists | Code::Aborted => 409,
        Code::FailedPrecondition => 412,
        Code::ResourceExhausted => 429,
        Code::Unknown | Code::Internal | Code::DataLoss => 500,
        Code::Unimplemented => 501,
        Code::Unavailable => 503,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_the_json_that_go_micro_writes() {
        let status = status_of(&Error::not_found("user x not found").with_reason("hello.srv.say"), "greeter.Greeter");
        assert_eq!(status.code, Some(Code::NotFound));
        assert_eq!(
            status.message,
            r#"{"id":"hello.srv.say","code":404,"detail":"user x not found","status":"Not Found"}"#
        );
        assert!(status.details.is_empty());
    }

    #[test]
    fn an_application_s_own_code_is_kept() {
        let error = Error::business(40_404, "no \"user\"", [("k".to_owned(), "v".to_owned())]);
        let status = status_of(&error, "greeter.Greeter");
        assert_eq!(status.message, r#"{"id":"greeter.Greeter","code":40404,"detail":"no \"user\"","status":""}"#);
        assert!(status.headers.is_empty());
        let late = status_of(&Error::deadline("late"), "Greeter");
        assert_eq!(late.message, r#"{"id":"Greeter","code":408,"detail":"late","status":"Request Timeout"}"#);
    }

    /// What go-micro 6.10 sent for `errors.NotFound("hello.srv.say", "user x not found")`, and for a code of 418.
    #[test]
    fn errors_of_go_micro_s_servers_are_read() {
        let read = |code: &str, details: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-status", code.parse().unwrap());
            headers.insert("grpc-message", "{}".parse().unwrap());
            headers.insert("grpc-status-details-bin", details.parse().unwrap());
            super::super::error_of(&Status::read(&headers).unwrap())
        };
        let error = read(
            "5",
            "CAUSUnsiaWQiOiJoZWxsby5zcnYuc2F5IiwiY29kZSI6NDA0LCJkZXRhaWwiOiJ1c2VyIHggbm90IGZvdW5kIiwic3RhdHVzIjoiTm90IEZvdW5kIn0aUwogdHlwZS5nb29nbGVhcGlzLmNvbS9lcnJvcnMuRXJyb3ISLwoNaGVsbG8uc3J2LnNheRCUAxoQdXNlciB4IG5vdCBmb3VuZCIJTm90IEZvdW5k",
        );
        assert_eq!(
            (error.code(), error.message(), error.reason()),
            (Code::NotFound, "user x not found", "hello.srv.say")
        );
        assert_eq!(error.business_code(), None);
        let error = read(
            "2",
            "CAISS3siaWQiOiJoZWxsby5zcnYuc2F5IiwiY29kZSI6NDE4LCJkZXRhaWwiOiJ0ZWFwb3QiLCJzdGF0dXMiOiJJJ20gYSB0ZWFwb3QifRpMCiB0eXBlLmdvb2dsZWFwaXMuY29tL2Vycm9ycy5FcnJvchIoCg1oZWxsby5zcnYuc2F5EKIDGgZ0ZWFwb3QiDEknbSBhIHRlYXBvdA",
        );
        assert_eq!((error.business_code(), error.message(), error.reason()), (Some(418), "teapot", "hello.srv.say"));
    }

    #[test]
    fn errors_in_a_header_are_that_json() {
        let text = |error: &Error| write_error(error, "Greeter").to_str().unwrap().to_owned();
        let gone = Error::not_found("user x\nnot found\x7f").with_reason("hello.srv.say");
        assert_eq!(
            text(&gone),
            r#"{"id":"hello.srv.say","code":404,"detail":"user x\nnot found\u007f","status":"Not Found"}"#
        );
        let long = write_error(&Error::internal("x".repeat(1 << 20)).with_reason("y".repeat(1 << 20)), "Greeter");
        assert!(long.len() < 5_000, "{}", long.len());
        for error in [gone, Error::business(40_404, "no ✗", []).with_reason("R"), Error::deadline("late")] {
            let read = read_error(&write_error(&error, "Greeter"));
            assert_eq!((read.code(), read.business_code()), (error.code(), error.business_code()));
            assert_eq!((read.message(), read.origin()), (error.message(), Origin::Remote));
        }
        for (value, code, business, message) in [
            ("unknown service", Code::Unknown, None, "unknown service"),
            ("{}", Code::Unknown, None, ""),
            (r#"{"code":418,"detail":"teapot"}"#, Code::Unknown, Some(418), "teapot"),
            (r#"{"code":-1,"detail":"x"}"#, Code::Unknown, Some(-1), "x"),
            (r#"{"code":412,"detail":"x","more":[]}"#, Code::FailedPrecondition, None, "x"),
            ("[1]", Code::Unknown, None, "[1]"),
        ] {
            let read = read_error(&value.parse().unwrap());
            assert_eq!((read.code(), read.business_code(), read.message()), (code, business, message), "{value}");
        }
    }

    #[test]
    fn timeouts_are_nanoseconds() {
        assert_eq!(write_timeout(Duration::from_millis(1_500)), "1500000000");
        assert_eq!(write_timeout(Duration::MAX), u64::MAX.to_string());
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(&TIMEOUT, text.parse().unwrap());
            read_timeout(&headers)
        };
        assert_eq!(read("2000000000"), Some(Duration::from_secs(2)));
        for bad in ["", "2s", "-1", "1.5", "99999999999999999999"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
