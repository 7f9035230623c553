//! How the bodies of answers and errors are shaped: as they are, or in an envelope `{"code": 0, "message": "ok", "data": …}`.

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

use kiteline_core::error::{Error, Origin};

use crate::failure::{write_failure, write_failure_as};

/// The shape of every answer by a route that is one message of JSON, and of every error.
#[derive(Clone, Copy, Debug, Default)]
pub enum Shape {
    /// A message as it is, an error as Kratos writes it.
    #[default]
    Plain,
    /// `{"code": 0, "message": "ok", "data": <the message>}`, and of an error its code, its message and no data.
    Envelope,
    /// A message as it is, an error as the program writes it in JSON, with the status that it has anyhow.
    Own(fn(&Error) -> String),
}

/// An error in an envelope.
#[derive(Serialize)]
struct Enveloped<'a> {
    code: i32,
    message: &'a str,
    data: (),
}

impl Shape {
    /// The body of an answer, of its message in JSON.
    pub fn message(self, json: Bytes) -> Bytes {
        if !matches!(self, Self::Envelope) {
            return json;
        }
        let (before, json): (_, &[u8]) =
            (br#"{"code":0,"message":"ok","data":"#, if json.is_empty() { b"null" } else { &json });
        let mut out = BytesMut::with_capacity(before.len() + json.len() + 1);
        out.extend_from_slice(before);
        out.extend_from_slice(json);
        out.extend_from_slice(b"}");
        out.freeze()
    }

    /// The status and the body of an error. In an envelope a business error has the status 200: who reads envelopes
    /// looks at their code.
    pub fn failure(self, error: &Error) -> (StatusCode, Bytes) {
        let (status, body) = write_failure(error);
        match (self, own_code(error)) {
            (Self::Plain, _) => (status, body),
            (Self::Own(write), _) => (status, write(error).into()),
            (Self::Envelope, Some(code)) => (StatusCode::OK, enveloped(code, error)),
            (Self::Envelope, None) => (status, enveloped(status.as_u16().into(), error)),
        }
    }

    /// The body of an error that has another status than its code says.
    pub fn failure_as(self, status: StatusCode, error: &Error) -> Bytes {
        match self {
            Self::Plain => write_failure_as(status, error),
            Self::Own(write) => write(error).into(),
            Self::Envelope => enveloped(own_code(error).unwrap_or_else(|| status.as_u16().into()), error),
        }
    }
}

/// The code of a business error. One of 0 would read as success.
fn own_code(error: &Error) -> Option<i32> {
    error.business_code().filter(|code| *code != 0)
}

fn enveloped(code: i32, error: &Error) -> Bytes {
    serde_json::to_vec(&Enveloped { code, message: error.message(), data: () }).unwrap_or_default().into()
}

/// What stands in an envelope: the answer's message in JSON, or the business error that its code is; `None` where a body has
/// another shape.
pub fn open_envelope(body: &[u8]) -> Option<Result<Bytes, Error>> {
    let Ok(Value::Object(mut all)) = serde_json::from_slice(body) else { return None };
    let data = all.remove("data").unwrap_or_default();
    let code = i32::try_from(all.remove("code")?.as_i64()?).ok()?;
    let message = all.remove("message").or_else(|| all.remove("msg"))?;
    let message = message.as_str().filter(|_| all.is_empty())?;
    Some(match code {
        0 => Ok(data.to_string().into()),
        code => Err(Error::business(code, message, []).with_origin(Origin::Remote)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_stand_in_the_envelope_as_they_are() {
        for (json, plain, enveloped) in [
            (r#"{"sum":3}"#, r#"{"sum":3}"#, r#"{"code":0,"message":"ok","data":{"sum":3}}"#),
            ("[1]", "[1]", r#"{"code":0,"message":"ok","data":[1]}"#),
            ("", "", r#"{"code":0,"message":"ok","data":null}"#),
        ] {
            let json = Bytes::from_static(json.as_bytes());
            assert_eq!(Shape::Plain.message(json.clone()), plain);
            assert_eq!(Shape::Envelope.message(json), enveloped);
        }
    }

    #[test]
    fn business_errors_have_the_status_of_success_in_envelopes_alone() {
        for (error, plain, enveloped, body) in [
            (
                Error::business(10_001, "no \"tea\"", []),
                500,
                200,
                r#"{"code":10001,"message":"no \"tea\"","data":null}"#,
            ),
            (Error::business(404, "no", []), 404, 200, r#"{"code":404,"message":"no","data":null}"#),
            (Error::business(0, "none", []), 500, 500, r#"{"code":500,"message":"none","data":null}"#),
            (Error::invalid("id: bad"), 400, 400, r#"{"code":400,"message":"id: bad","data":null}"#),
            (Error::unavailable("away"), 503, 503, r#"{"code":503,"message":"away","data":null}"#),
        ] {
            assert_eq!(Shape::Plain.failure(&error).0, plain);
            let (status, found) = Shape::Envelope.failure(&error);
            assert_eq!((status.as_u16(), &found[..]), (enveloped, body.as_bytes()));
        }
        let large = Shape::Envelope.failure_as(StatusCode::PAYLOAD_TOO_LARGE, &Error::invalid("large"));
        assert_eq!(large, r#"{"code":413,"message":"large","data":null}"#);
    }

    #[test]
    fn envelopes_are_opened() {
        let opened = |body: &str| match open_envelope(body.as_bytes()) {
            None => "none".to_owned(),
            Some(Ok(data)) => String::from_utf8(data.to_vec()).unwrap(),
            Some(Err(error)) => error.to_string(),
        };
        let message = Shape::Envelope.message(Bytes::from_static(br#"{"sum":3}"#));
        assert_eq!(opened(std::str::from_utf8(&message).unwrap()), r#"{"sum":3}"#);
        let (_, body) = Shape::Envelope.failure(&Error::business(10_001, "no tea", []));
        assert_eq!(opened(std::str::from_utf8(&body).unwrap()), "business error 10001: no tea");
        assert_eq!(opened(r#"{"code":0,"msg":"ok"}"#), "null");
        assert_eq!(opened(r#"{"code":0,"message":"ok","data":[18446744073709551615]}"#), "[18446744073709551615]");
        for body in
            [r#"{"code":0,"data":1}"#, r#"{"code":0,"message":"","x":1}"#, "[0]", "x", r#"{"code":"0","message":""}"#]
        {
            assert_eq!(opened(body), "none", "{body}");
        }
    }
}
