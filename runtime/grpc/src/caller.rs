//! What a request's headers say of its caller: which form its bodies have, how long it waits, and
//! which errors it reads.

use std::time::{Duration, Instant};

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use tonic::Status;

use super::{metadata, micro, status};
use kiteline_core::error::{Code, Error};
use kiteline_core::metadata::Metadata;

/// How the bodies of a call are encoded: the subtype of `application/grpc` (gRPC's `PROTOCOL-HTTP2.md`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// `application/grpc`, `+proto`; `+bytes` of go-micro, which is the same.
    #[default]
    Proto,
    /// `+json`: the JSON of proto messages.
    Json,
}

/// A caller, as far as its headers tell.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    form: Form,
    micro: bool,
    content: Option<HeaderValue>,
}

impl Caller {
    /// Reads the headers.
    ///
    /// # Errors
    ///
    /// [`Code::Unimplemented`] for bodies in a form that is not served.
    pub fn new(headers: &HeaderMap) -> Result<Self, Error> {
        let content = headers.get(CONTENT_TYPE);
        let text = content.and_then(|content| content.to_str().ok()).unwrap_or_default();
        let form = form(text)?;
        Ok(Self { form, micro: headers.contains_key(micro::MARK), content: content.cloned() })
    }

    /// How the bodies are encoded.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Whether it is a client of go-micro.
    pub fn is_micro(&self) -> bool {
        self.micro
    }

    /// The status that an error of `service` (`package.Service`) travels as.
    pub fn status_of(&self, error: &Error, service: &str) -> Status {
        if self.micro { micro::status_of(error, service) } else { status::status_of(error) }
    }

    /// The headers of a call that are its metadata.
    pub fn metadata(&self, headers: &HeaderMap) -> Metadata {
        let mut metadata = metadata::read_metadata(headers);
        if self.micro {
            metadata.remove(micro::MARK);
            metadata.remove(micro::TIMEOUT);
        }
        metadata
    }

    /// Says of an answer that it has the form of the request.
    pub fn label(&self, headers: &mut HeaderMap) {
        if let Some(content) = &self.content {
            headers.insert(CONTENT_TYPE, content.clone());
        }
    }
}

/// When a call that is read now must be answered: after the time that its caller waits, at most
/// `limit`. go-micro's header counts where gRPC's own is absent and the caller is one of its clients:
/// to others `timeout` is a pair like any other.
pub fn deadline(headers: &HeaderMap, limit: Duration) -> Instant {
    let micro = headers.contains_key(micro::MARK) && !headers.contains_key(metadata::TIMEOUT);
    let wait = if micro { micro::read_timeout(headers) } else { metadata::read_timeout(headers) };
    Instant::now() + wait.map_or(limit, |wait| wait.min(limit))
}

/// The form that a content type names. One that does not say that it is gRPC's is taken for it.
fn form(content: &str) -> Result<Form, Error> {
    let essence = content.split(';').next().unwrap_or_default().trim();
    let subtype = essence.get(..GRPC.len()).filter(|start| start.eq_ignore_ascii_case(GRPC));
    let subtype = subtype.and_then(|_| essence.get(GRPC.len()..)).and_then(|rest| rest.strip_prefix('+'));
    match subtype.unwrap_or_default().to_ascii_lowercase().as_str() {
        "" | "proto" | "bytes" => Ok(Form::Proto),
        "json" if cfg!(feature = "json") => Ok(Form::Json),
        "json" => {
            let text = format!("bodies of {essence} are read with the feature `json` of the crate `runtime`");
            Err(Error::new(Code::Unimplemented, text))
        }
        _ => Err(Error::new(Code::Unimplemented, format!("bodies of {essence} are not served here"))),
    }
}

const GRPC: &str = "application/grpc";

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_subtype_is_the_form() {
        for proto in
            ["", "application/grpc", "application/grpc+proto", "Application/gRPC+bytes", "application/grpc;a=b"]
        {
            assert_eq!(form(proto).unwrap(), Form::Proto, "{proto}");
        }
        assert_eq!(form("application/grpc+json; charset=utf-8").is_ok(), cfg!(feature = "json"));
        for other in ["application/grpc+xml", "application/grpc+thrift"] {
            assert_eq!(form(other).unwrap_err().code(), Code::Unimplemented, "{other}");
        }
    }

    #[test]
    fn what_go_micro_sends_for_itself_is_no_metadata() {
        let sent = headers(&[("timeout", "5"), ("x-content-type", "application/json"), ("x-user", "u1")]);
        let seen = Caller::new(&sent).unwrap().metadata(&sent);
        assert_eq!(seen, [("x-user", "u1")].into_iter().collect());
        let sent = headers(&[("timeout", "5")]);
        assert_eq!(Caller::new(&sent).unwrap().metadata(&sent).get("timeout"), Some("5"));
    }

    #[test]
    fn the_header_of_grpc_goes_before_that_of_go_micro() {
        let limit = Duration::from_secs(60);
        let left = |pairs: &[(&'static str, &str)]| {
            let left = deadline(&headers(pairs), limit).saturating_duration_since(Instant::now());
            left.as_secs_f64().round()
        };
        let mark = (micro::MARK, "application/protobuf");
        assert_eq!(left(&[mark, ("timeout", "7000000000")]), 7.0);
        assert_eq!(left(&[mark, ("timeout", "7000000000"), ("grpc-timeout", "9S")]), 9.0);
        assert_eq!(left(&[mark, ("timeout", "soon")]), 60.0);
        assert_eq!(left(&[("timeout", "30")]), 60.0);
    }
}
