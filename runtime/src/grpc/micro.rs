//! What is particular to go-micro's gRPC clients (v2 to v6): how they say how long they wait, and the
//! errors that they read.
//!
//! Such a client sends the headers `timeout` (nanoseconds in decimal) and `x-content-type`. An error is
//! the JSON of go-micro's `errors.Error` in `grpc-message`; any detail of the status is taken for an
//! `errors.Error` too, so there is none.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde::Serialize;
use tonic::{Code as Number, Status};

use crate::error::{Code, Error};

/// The header that go-micro's clients send with every call.
pub(super) const MARK: &str = "x-content-type";
/// The header of the nanoseconds that a caller waits.
pub(super) const TIMEOUT: &str = "timeout";

/// `errors.Error`, fields in go-micro's order.
#[derive(Serialize)]
struct MicroError<'a> {
    id: &'a str,
    code: i32,
    detail: &'a str,
    status: &'static str,
}

/// The time that a caller waits; `None` when there is none, or none that can be read.
pub(super) fn read_timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(TIMEOUT)?.to_str().ok()?;
    text.parse().ok().map(Duration::from_nanos)
}

/// The status that an error of `service` travels as. Its id is the reason, and the service's name
/// where there is none; its code is the application's own, and an HTTP status where there is none.
pub(super) fn status_of(error: &Error, service: &str) -> Status {
    let number =
        error.business_code().map_or_else(|| Number::from(i32::from(error.code() as u8)), |_| Number::Internal);
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
        assert_eq!(status.code(), Number::NotFound);
        assert_eq!(
            status.message(),
            r#"{"id":"hello.srv.say","code":404,"detail":"user x not found","status":"Not Found"}"#
        );
        assert!(status.details().is_empty());
    }

    #[test]
    fn an_application_s_own_code_is_kept() {
        let error = Error::business(40_404, "no \"user\"", [("k".to_owned(), "v".to_owned())]);
        let status = status_of(&error, "greeter.Greeter");
        assert_eq!(status.message(), r#"{"id":"greeter.Greeter","code":40404,"detail":"no \"user\"","status":""}"#);
        assert!(status.metadata().is_empty());
        let late = status_of(&Error::deadline("late"), "Greeter");
        assert_eq!(late.message(), r#"{"id":"Greeter","code":408,"detail":"late","status":"Request Timeout"}"#);
    }

    #[test]
    fn timeouts_are_nanoseconds() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(TIMEOUT, text.parse().unwrap());
            read_timeout(&headers)
        };
        assert_eq!(read("2000000000"), Some(Duration::from_secs(2)));
        for bad in ["", "2s", "-1", "1.5", "99999999999999999999"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
