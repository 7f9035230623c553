//! The body of an error over HTTP: `{"code": 404, "reason": "USER_NOT_FOUND", "message": "…", "metadata": {…}}`, as Kratos writes
//! and reads it (`errors/errors.proto` there), with the details beside, as Connect writes them.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use kiteline_core::base64;
use kiteline_core::error::{Code, Detail, Error, Origin};

/// An error as the body of a response.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Failure {
    /// The status of HTTP, or the application's own code of a business error.
    pub code: i32,
    /// A constant for programs.
    pub reason: String,
    /// A text for people.
    pub message: String,
    /// Pairs for programs.
    pub metadata: BTreeMap<String, String>,
    /// Messages that say more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Explained>,
}

/// A message that says more about an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Explained {
    /// Its full name in its IDL.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Its bytes in base64.
    pub value: String,
}

/// The status and the body of an error.
///
/// A business error whose code is an HTTP status of an error has that one, another one 500, as on gRPC, where it is `INTERNAL`.
pub fn write_failure(error: &Error) -> (StatusCode, Bytes) {
    let status = match error.business_code() {
        Some(code) => u16::try_from(code).ok().filter(|code| (400..600).contains(code)).unwrap_or(500),
        None => error.code().http_status(),
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, write_failure_as(status, error))
}

/// The body of an error that has another status than its code says.
pub(crate) fn write_failure_as(status: StatusCode, error: &Error) -> Bytes {
    let details = error.details().iter();
    let failure = Failure {
        code: error.business_code().unwrap_or_else(|| status.as_u16().into()),
        reason: error.reason().to_owned(),
        message: error.message().to_owned(),
        metadata: error.pairs().clone(),
        details: details
            .map(|Detail { type_name, value }| Explained { type_name: type_name.clone(), value: base64::encode(value) })
            .collect(),
    };
    serde_json::to_vec(&failure).unwrap_or_default().into()
}

/// The error of a response that is not a success, whatever its body is.
pub fn read_failure(status: StatusCode, body: &[u8]) -> Error {
    let code = Code::of_http_status(status.as_u16());
    // Of an array, serde would make a struct too.
    let failure = Some(body).filter(|body| body.trim_ascii_start().starts_with(b"{"));
    let Some(failure) = failure.and_then(|body| serde_json::from_slice::<Failure>(body).ok()) else {
        return Error::new(code, format!("HTTP {status}")).with_origin(Origin::Remote);
    };
    let Failure { code: own, reason, message, metadata, details } = failure;
    // A status without a code of its own, such as 418, is the application's.
    let own = if own == 0 { status.as_u16().into() } else { own };
    let mut error = if own == i32::from(status.as_u16()) && code != Code::Unknown {
        let mut error = Error::new(code, message);
        for (name, value) in metadata {
            error = error.with_pair(name, value);
        }
        error
    } else {
        Error::business(own, message, metadata)
    };
    error = error.with_reason(reason).with_origin(Origin::Remote);
    for Explained { type_name, value } in details {
        if let Some(value) = base64::decode(&value) {
            error = error.with_encoded_detail(Detail { type_name, value });
        }
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(error: &Error) -> (u16, String) {
        let (status, body) = write_failure(error);
        (status.as_u16(), String::from_utf8(body.to_vec()).unwrap())
    }

    #[test]
    fn errors_have_the_body_of_kratos() {
        let error = Error::not_found("no \"7\"").with_reason("USER_NOT_FOUND").with_pair("id", "7");
        let body = r#"{"code":404,"reason":"USER_NOT_FOUND","message":"no \"7\"","metadata":{"id":"7"}}"#;
        assert_eq!(text(&error), (404, body.to_owned()));
        let business = Error::business(418, "tea", [("k".to_owned(), "v".to_owned())]);
        assert_eq!(
            text(&business),
            (418, r#"{"code":418,"reason":"","message":"tea","metadata":{"k":"v"}}"#.to_owned())
        );
        assert_eq!(text(&Error::business(10_001, "no", [])).0, 500);
    }

    #[test]
    fn errors_come_back() {
        let detail = Detail { type_name: "a.B".to_owned(), value: Bytes::from_static(b"\x08\x01") };
        for error in [
            Error::not_found("no").with_reason("R").with_pair("a", "b").with_encoded_detail(detail),
            Error::business(10_001, "no", [("a".to_owned(), "b".to_owned())]),
        ] {
            let (status, body) = write_failure(&error);
            let back = read_failure(status, &body);
            assert_eq!(format!("{back:?}"), format!("{error:?}"));
            assert_eq!(back.origin(), Origin::Remote);
        }
    }

    #[test]
    fn a_status_that_is_no_codes_own_is_a_business_error() {
        let read = |status: u16, code: i32| {
            let body = format!(r#"{{"code":{code},"reason":"R","message":"m","metadata":{{"k":"v"}}}}"#);
            let error = read_failure(StatusCode::from_u16(status).unwrap(), body.as_bytes());
            assert_eq!((error.reason(), error.message(), &error.pairs()["k"][..]), ("R", "m", "v"));
            (error.code(), error.business_code())
        };
        assert_eq!(read(418, 418), (Code::Unknown, Some(418)));
        assert_eq!(read(520, 0), (Code::Unknown, Some(520)));
        assert_eq!(read(404, 404), (Code::NotFound, None));
        // Servers say these themselves.
        assert_eq!(read(413, 413), (Code::InvalidArgument, None));
        assert_eq!(read(412, 412), (Code::FailedPrecondition, None));
        assert_eq!(read(500, 10_001), (Code::Unknown, Some(10_001)));
    }

    #[test]
    fn any_body_is_an_error() {
        for (status, body, wanted) in [
            (StatusCode::NOT_FOUND, &b"<html>"[..], "NotFound: HTTP 404 Not Found"),
            (StatusCode::BAD_GATEWAY, b"", "Unavailable: HTTP 502 Bad Gateway"),
            (StatusCode::IM_A_TEAPOT, b"[1]", "Unknown: HTTP 418 I'm a teapot"),
            (StatusCode::BAD_REQUEST, br#"{"message":"no","code":400}"#, "InvalidArgument: no"),
        ] {
            assert_eq!(read_failure(status, body).to_string(), wanted);
        }
    }
}
