//! Connect (connectrpc.com/docs/protocol): errors and the ends of streams in JSON, and what HTTP's statuses mean.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::compression::Encoding;
use crate::percent;
use crate::status::{Any, Status};
use kiteline_core::base64;
use kiteline_core::error::{Code, Error, Origin};
use kiteline_core::service::Form;

/// The header of the protocol's version.
pub static VERSION: HeaderName = HeaderName::from_static("connect-protocol-version");

/// The codes by their names on this wire.
const NAMES: [(&str, Code); 16] = [
    ("canceled", Code::Cancelled),
    ("unknown", Code::Unknown),
    ("invalid_argument", Code::InvalidArgument),
    ("deadline_exceeded", Code::DeadlineExceeded),
    ("not_found", Code::NotFound),
    ("already_exists", Code::AlreadyExists),
    ("permission_denied", Code::PermissionDenied),
    ("resource_exhausted", Code::ResourceExhausted),
    ("failed_precondition", Code::FailedPrecondition),
    ("aborted", Code::Aborted),
    ("out_of_range", Code::OutOfRange),
    ("unimplemented", Code::Unimplemented),
    ("internal", Code::Internal),
    ("unavailable", Code::Unavailable),
    ("data_loss", Code::DataLoss),
    ("unauthenticated", Code::Unauthenticated),
];

fn name(code: Code) -> &'static str {
    NAMES.iter().find(|(_, known)| *known == code).map_or("unknown", |(name, _)| name)
}

/// The HTTP status of an error.
pub fn http_status(code: Code) -> StatusCode {
    StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The code of an HTTP status without one of its own: gRPC's `http-grpc-status-mapping.md`, and Connect's.
pub fn code_of_http(status: StatusCode) -> Code {
    match status.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502 | 503 | 504 => Code::Unavailable,
        _ => Code::Unknown,
    }
}

#[derive(Serialize, Deserialize)]
struct Failure {
    code: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    details: Vec<Explained>,
}

#[derive(Serialize, Deserialize)]
struct Explained {
    r#type: String,
    value: String,
}

#[derive(Serialize)]
struct End {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, Vec<String>>,
}

fn failure(status: &Status) -> Option<Failure> {
    let details = status
        .details
        .iter()
        .map(|detail| Explained { r#type: detail.type_name().to_owned(), value: base64::encode(&detail.value) });
    let (code, message) = (name(status.code?).to_owned(), status.message.clone());
    Some(Failure { code, message, details: details.collect() })
}

/// The body of an error.
pub fn write_error(status: &Status) -> Bytes {
    serde_json::to_vec(&failure(status)).unwrap_or_default().into()
}

/// The error in a body; `None` when it holds none. Without a code that is known it is `otherwise`'s.
pub fn read_error(body: &[u8], otherwise: Code) -> Option<Status> {
    status(&serde_json::from_slice(body).ok()?, otherwise)
}

/// Field by field: a field of another kind is as good as none.
fn status(json: &Value, otherwise: Code) -> Option<Status> {
    let fields = json.as_object()?;
    let named = fields.get("code").and_then(Value::as_str);
    let known = named.and_then(|named| NAMES.iter().find(|(name, _)| *name == named));
    let message = fields.get("message").and_then(Value::as_str).unwrap_or_default();
    let mut status = Status::new(known.map_or(otherwise, |(_, code)| *code), message);
    for detail in fields.get("details").and_then(Value::as_array).into_iter().flatten() {
        let text = |field| detail.get(field).and_then(Value::as_str);
        if let (Some(name), Some(value)) = (text("type"), text("value").and_then(base64::decode)) {
            status.details.push(Any::new(name, value));
        }
    }
    Some(status)
}

/// The last message of a stream: how it ended, and the metadata behind it.
pub fn write_end(status: &Status, trailers: &HeaderMap) -> Bytes {
    let mut metadata = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in trailers.iter().chain(&status.headers) {
        if let Ok(value) = value.to_str() {
            metadata.entry(name.as_str().to_owned()).or_default().push(value.to_owned());
        }
    }
    serde_json::to_vec(&End { error: failure(status), metadata }).unwrap_or_default().into()
}

/// The status and the metadata of a stream's last message; `None` when it is none.
pub fn read_end(body: &[u8]) -> Option<(Status, HeaderMap)> {
    let json: Value = serde_json::from_slice(body).ok()?;
    let mut trailers = HeaderMap::new();
    for (name, values) in json.get("metadata").and_then(Value::as_object).into_iter().flatten() {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else { continue };
        for value in values.as_array().into_iter().flatten().filter_map(Value::as_str) {
            if let Ok(value) = HeaderValue::from_str(value) {
                trailers.append(name.clone(), value);
            }
        }
    }
    let error = json.as_object()?.get("error").filter(|error| !error.is_null());
    let mut ended = match error {
        Some(error) => status(error, Code::Unknown)?,
        None => Status::default(),
    };
    let own = trailers.iter().filter(|(name, _)| Status::is_own(name.as_str()));
    ended.headers = own.map(|(name, value)| (name.clone(), value.clone())).collect();
    Some((ended, trailers))
}

/// What stands before the names of trailing metadata of a call with one message each way.
const TRAILER: &str = "trailer-";

/// Adds trailing metadata to the headers of an answer.
pub fn write_trailers(trailers: &HeaderMap, headers: &mut HeaderMap) {
    for (name, value) in trailers {
        if let Ok(name) = HeaderName::from_bytes(format!("{TRAILER}{name}").as_bytes()) {
            headers.append(name, value.clone());
        }
    }
}

/// Takes trailing metadata out of the headers of an answer.
pub fn split_trailers(headers: &HeaderMap) -> (HeaderMap, HeaderMap) {
    let (mut leading, mut trailing) = (HeaderMap::new(), HeaderMap::new());
    for (name, value) in headers {
        match name.as_str().strip_prefix(TRAILER).map(|name| HeaderName::from_bytes(name.as_bytes())) {
            Some(Ok(name)) => trailing.append(name, value.clone()),
            _ => leading.append(name, value.clone()),
        };
    }
    (leading, trailing)
}

/// The query of a call that is asked with `GET`.
#[derive(Debug, Default)]
pub struct Query(Vec<(Vec<u8>, Vec<u8>)>);

impl Query {
    /// Reads names and values; escapes that are none stay as they are.
    pub fn read(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent::decode_query(name), percent::decode_query(value))
        });
        Self(pairs.collect())
    }

    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(known, _)| known == name.as_bytes()).map(|(_, value)| &value[..])
    }

    /// The message, still compressed.
    ///
    /// # Errors
    ///
    /// [`Code::InvalidArgument`] without one, and for what is not base64 where it should be.
    pub fn message(&self) -> Result<Bytes, Error> {
        let bad = |text| Error::invalid(text).with_origin(Origin::Decode);
        let message = self.get("message").ok_or_else(|| bad("the query has no message"))?;
        if self.get("base64") != Some(b"1") {
            return Ok(Bytes::copy_from_slice(message));
        }
        let standard = message.iter().map(|byte| match byte {
            b'-' => '+',
            b'_' => '/',
            other => char::from(*other),
        });
        base64::decode(&standard.collect::<String>()).ok_or_else(|| bad("the message in the query is no base64"))
    }

    /// Writes a query with a message.
    pub fn write(form: Form, encoding: Encoding, message: &[u8]) -> String {
        let message = base64::encode(message).replace('+', "-").replace('/', "_");
        let form = if form == Form::Json { "json" } else { "proto" };
        let compression = if encoding.is_some() { format!("&compression={}", encoding.name()) } else { String::new() };
        // In the order that Connect's page recommends: caches compare queries as texts.
        format!("connect=v1&base64=1{compression}&encoding={form}&message={message}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{error_of, status_of};
    use kiteline_core::error::Detail;

    #[test]
    fn queries_come_back() {
        let message = [0xfb, 0xff, 0x00];
        let query = Query::write(Form::Binary, Encoding::Gzip, &message);
        assert_eq!(query, "connect=v1&base64=1&compression=gzip&encoding=proto&message=-_8A");
        assert_eq!(Query::read(&query).message().unwrap(), message.to_vec());
        let json = Query::read("encoding=json&message=%7b%22a%22:+1%7D&x&=");
        assert_eq!((json.get("encoding"), json.message().unwrap()), (Some(&b"json"[..]), "{\"a\": 1}".into()));
        for bad in ["", "message", "base64=1&message=!"] {
            assert!(bad == "message" || Query::read(bad).message().is_err(), "{bad}");
        }
    }

    #[test]
    fn errors_come_back() {
        let detail = Detail { type_name: "a.B".to_owned(), value: Bytes::from_static(&[8, 1]) };
        let error = Error::not_found("gone ✗").with_reason("R").with_pair("k", "v").with_encoded_detail(detail);
        let body = write_error(&status_of(&error));
        let json: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((&json["code"], &json["message"]), (&"not_found".into(), &"gone ✗".into()));
        assert_eq!(json["details"][1], serde_json::json!({"type": "a.B", "value": "CAE"}));
        let back = error_of(&read_error(&body, Code::Unknown).unwrap());
        assert_eq!((back.code(), back.reason(), back.details()), (Code::NotFound, "R", error.details()));
        assert_eq!(write_error(&Status::new(Code::Cancelled, "")), r#"{"code":"canceled"}"#);
    }

    #[test]
    fn odd_errors_are_read_as_far_as_they_go() {
        let read = |body: &str| read_error(body.as_bytes(), Code::Unavailable);
        for none in ["", "x", "[]", "null", "7"] {
            assert_eq!(read(none), None, "{none}");
        }
        for unnamed in ["{}", r#"{"code":"odd"}"#, r#"{"code":7,"details":[{},7,{"type":"x","value":"!"}]}"#] {
            assert_eq!(read(unnamed), Some(Status::new(Code::Unavailable, "")), "{unnamed}");
        }
    }

    #[test]
    fn ends_come_back() {
        let trailers = HeaderMap::from_iter([(HeaderName::from_static("x"), HeaderValue::from_static("1"))]);
        let end = write_end(&Status::default(), &trailers);
        assert_eq!(end, r#"{"metadata":{"x":["1"]}}"#);
        assert_eq!(read_end(&end), Some((Status::default(), trailers.clone())));
        assert_eq!(write_end(&Status::default(), &HeaderMap::new()), "{}");
        let business = Error::business(7, "no", []);
        let (status, _) = read_end(&write_end(&status_of(&business), &trailers)).unwrap();
        assert_eq!(error_of(&status).business_code(), Some(7));
        assert_eq!(read_end(b"[]"), None);
        assert_eq!(read_end(br#"{"error":7}"#), None);
    }

    #[test]
    fn trailers_stand_among_headers_under_names_of_their_own() {
        let trailers = HeaderMap::from_iter([(HeaderName::from_static("x"), HeaderValue::from_static("1"))]);
        let mut headers = HeaderMap::from_iter([(HeaderName::from_static("y"), HeaderValue::from_static("2"))]);
        let leading = headers.clone();
        write_trailers(&trailers, &mut headers);
        assert_eq!(split_trailers(&headers), (leading, trailers));
    }
}
