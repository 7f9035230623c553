//! The body of an error over HTTP: `{"code": 404, "reason": "USER_NOT_FOUND", "message": "…", "metadata": {…}}`, as Kratos writes
//! and reads it (`errors/errors.proto` there), with the details beside, as Connect writes them.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use kiteline_core::base64;
use kiteline_core::error::{Code, Detail, Error, Origin};

/// The letters of plain text that an error has at most.
const TEXT: usize = 200;

/// An error as the body of a response.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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

/// The error of a response that is not a success, whatever its body is: Kratos', a `google.rpc.Status` in JSON as grpc-gateway
/// writes it, an object with a text for people, or a line of plain text.
pub fn read_failure(status: StatusCode, body: &[u8]) -> Error {
    let code = Code::of_http_status(status.as_u16());
    let Some(Told { failure, of_grpc }) = told(body) else {
        let text = plain_text(body).map(|text| format!(": {text}")).unwrap_or_default();
        return Error::new(code, format!("HTTP {status}{text}")).with_origin(Origin::Remote);
    };
    let Failure { code: own, reason, message, metadata, details } = failure;
    // A status without a code of its own, such as 418, is the application's.
    let own = if own == 0 { status.as_u16().into() } else { own };
    let of_grpc = of_grpc.then(|| Code::from_number(own)).flatten().filter(|it| it.http_status() == status.as_u16());
    let of_http = Some(code).filter(|code| own == i32::from(status.as_u16()) && *code != Code::Unknown);
    let mut error = match of_grpc.or(of_http) {
        Some(code) => {
            metadata.into_iter().fold(Error::new(code, message), |error, (name, value)| error.with_pair(name, value))
        }
        None => Error::business(own, message, metadata),
    };
    error = error.with_reason(reason).with_origin(Origin::Remote);
    for Explained { type_name, value } in details {
        if let Some(value) = base64::decode(&value) {
            error = error.with_encoded_detail(Detail { type_name, value });
        }
    }
    error
}

/// An object that says why a request failed.
struct Told {
    failure: Failure,
    /// Whether its code may be one of gRPC: it has none of the fields that are Kratos' alone.
    of_grpc: bool,
}

/// What an object of JSON says; `None` where it says nothing to people, or is none. Fields of other types are left out.
fn told(body: &[u8]) -> Option<Told> {
    let Ok(Value::Object(mut all)) = serde_json::from_slice(body) else { return None };
    // The APIs of Google have their status inside of another object.
    if let Some(Value::Object(inner)) = all.get_mut("error") {
        all = std::mem::take(inner);
    }
    let mut failure = Failure {
        code: all.get("code").and_then(Value::as_i64).and_then(|code| code.try_into().ok()).unwrap_or_default(),
        reason: text(&all, "reason").unwrap_or_default(),
        message: ["message", "msg", "error"].iter().find_map(|name| text(&all, name))?,
        metadata: pairs(&all),
        details: Vec::new(),
    };
    for detail in all.get("details").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
        match (text(detail, "@type"), text(detail, "type")) {
            (Some(url), _) if url.ends_with("/google.rpc.ErrorInfo") => {
                failure.reason = text(detail, "reason").unwrap_or_default();
                failure.metadata.extend(pairs(detail));
            }
            (None, Some(type_name)) => {
                failure.details.push(Explained { type_name, value: text(detail, "value").unwrap_or_default() });
            }
            _ => {}
        }
    }
    let of_grpc = !all.contains_key("reason") && !all.contains_key("metadata");
    Some(Told { failure, of_grpc })
}

fn text(all: &Map<String, Value>, name: &str) -> Option<String> {
    all.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn pairs(all: &Map<String, Value>) -> BTreeMap<String, String> {
    let pairs = all.get("metadata").and_then(Value::as_object).into_iter().flatten();
    pairs.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

/// The beginning of a body that is text for people, and no page.
fn plain_text(body: &[u8]) -> Option<String> {
    let line = std::str::from_utf8(body).ok()?.trim().lines().next()?;
    let line: String = line.chars().take(TEXT).collect();
    (!line.starts_with(['<', '{', '[', '"']) && !line.contains(char::is_control)).then_some(line)
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
            // What other servers write: plain text, and JSON with other types or under other names.
            (StatusCode::NOT_FOUND, b"404 page not found\n", "NotFound: HTTP 404 Not Found: 404 page not found"),
            (StatusCode::BAD_REQUEST, b"a\nb", "InvalidArgument: HTTP 400 Bad Request: a"),
            (StatusCode::BAD_REQUEST, b"\xff", "InvalidArgument: HTTP 400 Bad Request"),
            (StatusCode::FOUND, b"", "Unknown: HTTP 302 Found"),
            (StatusCode::NOT_FOUND, br#"{"path":"/x"}"#, "NotFound: HTTP 404 Not Found"),
            (StatusCode::NOT_FOUND, br#"{"message":"no","metadata":null}"#, "NotFound: no"),
            (StatusCode::NOT_FOUND, br#"{"message":"no","code":"not_found"}"#, "NotFound: no"),
            (StatusCode::NOT_FOUND, br#"{"code":404,"msg":"no","data":null}"#, "NotFound: no"),
            (StatusCode::BAD_REQUEST, br#"{"error":"bind failed"}"#, "InvalidArgument: bind failed"),
        ] {
            assert_eq!(read_failure(status, body).to_string(), wanted);
        }
        let long = "x".repeat(5000);
        assert_eq!(
            read_failure(StatusCode::NOT_FOUND, long.as_bytes()).message().len(),
            "HTTP 404 Not Found: ".len() + 200
        );
    }

    #[test]
    fn a_status_of_grpc_in_json_is_its_code() {
        let read = |status: u16, body: &str| {
            let error = read_failure(StatusCode::from_u16(status).unwrap(), body.as_bytes());
            let pairs: Vec<_> = error.pairs().iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{error} {:?} {} {}", error.business_code(), error.reason(), pairs.join(","))
        };
        // As grpc-gateway writes it.
        assert_eq!(read(404, r#"{"code":5,"message":"no","details":[]}"#), "NotFound: no None  ");
        assert_eq!(read(409, r#"{"code":6,"message":"no"}"#), "AlreadyExists: no None  ");
        let info = r#"{"code":3,"message":"no","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"BAD","domain":"d","metadata":{"field":"id"}},{"@type":"x/other","a":1}]}"#;
        assert_eq!(read(400, info), "InvalidArgument: no None BAD field=id");
        // As the APIs of Google do.
        let google = r#"{"error":{"code":403,"message":"no","status":"PERMISSION_DENIED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"OFF","metadata":{"a":"b"}}]}}"#;
        assert_eq!(read(403, google), "PermissionDenied: no None OFF a=b");
        // A business error has Kratos' fields, or a status that is not the code's.
        let own = r#"{"code":5,"reason":"R","message":"no","metadata":{}}"#;
        assert_eq!(read(404, own), "business error 5: no Some(5) R ");
        assert_eq!(read(500, r#"{"code":5,"message":"no"}"#), "business error 5: no Some(5)  ");
    }
}
