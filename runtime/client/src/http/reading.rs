//! What an answer's head, its messages and its end mean.

use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode, header};

use kiteline_core::error::{Code, Error, Origin};
use kiteline_core::http_route::HttpRoute;
use kiteline_core::metadata::Metadata;
use kiteline_grpc::{Content, Encoding, Form, Protocol, STATUS, Status, connect, error_of, micro, read_metadata, web};
use kiteline_rest::read_failure;

/// What a call expects of its answer.
pub(super) struct Expected {
    /// The route of HTTP that the call took, if it took one.
    pub(super) route: Option<&'static HttpRoute>,
    pub(super) content: Content,
    pub(super) most: usize,
    /// When the call ends in any case.
    pub(super) deadline: Option<Instant>,
}

/// How an answer ended.
pub(super) struct Ended {
    pub(super) error: Option<Error>,
    pub(super) trailers: Metadata,
}

impl Ended {
    /// With this status, and these trailers around it.
    pub(super) fn with(status: &Status, trailers: &HeaderMap) -> Self {
        let error = status.code.map(|_| error_of(status));
        Self { error, trailers: read_metadata(trailers) }
    }

    /// By an error without anything around it.
    pub(super) fn by(error: Error) -> Self {
        Self { error: Some(error), trailers: Metadata::new() }
    }

    fn failed(code: Code, text: impl Into<String>) -> Self {
        Self::by(remote(code, text))
    }
}

/// An error that the peer's answer is.
pub(super) fn remote(code: Code, text: impl Into<String>) -> Error {
    Error::new(code, text).with_origin(Origin::Remote)
}

impl Expected {
    /// Whether a head may have messages behind it; `alone` where no body comes.
    ///
    /// # Errors
    ///
    /// The end of the call, where the head is all that there is.
    pub(super) fn head(&self, code: StatusCode, headers: &HeaderMap, alone: bool) -> Result<Encoding, Ended> {
        let protocol = self.content.protocol;
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !self.is_success(code) {
            let of_grpc = Some(headers).filter(|_| !protocol.is_connect()).and_then(Status::read);
            return Err(of_grpc.map_or_else(|| bad_status(code), |status| Ended::with(&status, headers)));
        }
        if self.route.is_none() {
            self.check(text(&header::CONTENT_TYPE))?;
        }
        if alone && !protocol.is_connect() && headers.contains_key(STATUS) {
            let ended = self.silence(headers);
            if ended.error.is_some() {
                return Err(ended);
            }
        }
        let name = text(protocol.encoding());
        Encoding::read(name).ok_or_else(|| {
            Ended::failed(Code::Internal, format!("the answer has the compression {name}, which was not offered"))
        })
    }

    /// Whether an answer with this status may be a message.
    pub(super) fn is_success(&self, code: StatusCode) -> bool {
        code == StatusCode::OK || self.route.is_some() && code.is_success()
    }

    /// The error that a server of go-micro says in the head of an answer.
    pub(super) fn stated(&self, headers: &HeaderMap) -> Option<Error> {
        headers.get(&micro::ERROR).filter(|_| self.content.protocol == Protocol::Micro).map(micro::read_error)
    }

    /// Whether a content type is the one of the request.
    fn check(&self, name: &str) -> Result<(), Ended> {
        if self.content.protocol == Protocol::Micro && name == self.content.name() {
            return Ok(());
        }
        let found = Content::read(name).ok();
        let same_protocol = found.is_some_and(|found| found.protocol == self.content.protocol);
        if same_protocol && found.is_some_and(|found| found.form == self.content.form) {
            return Ok(());
        }
        let prefix = match self.content.protocol {
            Protocol::Grpc => "application/grpc",
            Protocol::GrpcWeb | Protocol::GrpcWebText => "application/grpc-web",
            _ => "application/",
        };
        let behind = name.strip_prefix(prefix);
        let of_protocol = same_protocol || behind.is_some_and(|rest| prefix.ends_with('/') || rest.starts_with('+'));
        let code = if of_protocol { Code::Internal } else { Code::Unknown };
        Err(Ended::failed(code, format!("an answer of the content type `{name}`, not `{}`", self.content.name())))
    }

    /// The end that an envelope says.
    pub(super) fn end(&self, end: &Bytes) -> Ended {
        if self.content.protocol == Protocol::ConnectStream {
            return match connect::read_end(end) {
                Some((status, trailers)) => Ended::with(&status, &trailers),
                None => Ended::failed(Code::Internal, "the end of the stream is not readable"),
            };
        }
        Self::trailers(&web::read_trailers(end))
    }

    /// The end that trailers say.
    pub(super) fn trailers(trailers: &HeaderMap) -> Ended {
        match Status::read(trailers) {
            Some(status) => Ended::with(&status, trailers),
            None => Ended::failed(Code::Internal, "the trailers say nothing of a status"),
        }
    }

    /// An error of the connection, or of what came there: at the deadline it is that, whoever noticed it first.
    pub(super) fn broken(&self, error: Error) -> Error {
        if self.deadline.is_some_and(|at| at <= Instant::now()) {
            return Error::deadline("no answer in time").with_origin(Origin::Transport);
        }
        let ours = error.origin() == Origin::Decode && error.code() == Code::InvalidArgument;
        if ours { Error::internal(error.message()).with_origin(Origin::Decode) } else { error }
    }

    /// The end of a call whose answer had no body.
    pub(super) fn silence(&self, head: &HeaderMap) -> Ended {
        match Status::read(head).filter(|_| !self.content.protocol.is_connect()) {
            Some(status) => Ended::with(&status, head),
            None => Ended::failed(Code::Internal, "the answer ended without a status"),
        }
    }

    /// The body of an answer without envelopes.
    pub(super) fn body(&self, encoding: Encoding, body: Bytes) -> Result<Bytes, Error> {
        encoding.unpack(body, self.most).map_err(|error| self.broken(error))
    }

    /// The error in the body of an answer that is not 200.
    pub(super) fn error(&self, code: StatusCode, headers: &HeaderMap, body: &Bytes) -> Error {
        let encoding = headers.get(header::CONTENT_ENCODING).and_then(|name| Encoding::read(name.to_str().ok()?));
        let body = encoding.unwrap_or_default().unpack(body.clone(), self.most).unwrap_or_default();
        if self.route.is_some() {
            return read_failure(code, &body);
        }
        let otherwise = connect::code_of_http(code);
        let json = headers.get(header::CONTENT_TYPE).and_then(|name| Content::read(name.to_str().ok()?).ok());
        let is_json = json.is_some_and(|name| name.form == Form::Json && name.protocol == Protocol::Connect);
        let status = Some(&body).filter(|_| is_json).and_then(|body| connect::read_error(body, otherwise));
        match status {
            Some(status) => error_of(&status.with_own_headers(headers)),
            None => bad_status(code).error.unwrap_or_else(|| remote(otherwise, "")),
        }
    }
}

fn bad_status(code: StatusCode) -> Ended {
    Ended::failed(connect::code_of_http(code), format!("an answer with HTTP's status {code}"))
}
