//! Compatibility with go-micro over gRPC (v2 to v6): how its clients say how long they wait, the errors that they read,
//! and those that its servers send.
//!
//! Such a client sends the headers `timeout` (nanoseconds in decimal) and `x-content-type`. An error is
//! the JSON of go-micro's `errors.Error` in `grpc-message`; any detail of the status is taken for an
//! `errors.Error` too, so there is none. A server of go-micro sends both.

use std::time::Duration;

use http::{HeaderMap, HeaderName, StatusCode};
use serde::Serialize;

use super::status::Status;
use kiteline_core::error::{Code, Error};

/// The header that go-micro's clients send with every call.
pub(super) static MARK: HeaderName = HeaderName::from_static("x-content-type");
/// The header of the nanoseconds that a caller waits.
pub(super) static TIMEOUT: HeaderName = HeaderName::from_static("timeout");

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
#[derive(Clone, PartialEq, prost::Message)]
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
    fn timeouts_are_nanoseconds() {
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
