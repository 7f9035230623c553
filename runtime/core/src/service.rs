//! Calls, answers and services, between protocols, middleware and generated code: a described method,
//! a [`Call`] and an [`Answer`], whose bodies are messages in the encoding of the method's IDL.

use std::future::Future;
use std::pin::Pin;

use crate::body::Body;
use crate::context::{Context, ReplyMetadata};
use crate::error::Error;
use crate::http_route::{HttpParts, HttpRoute};
use crate::limits::DecodeLimits;
use crate::metadata::Metadata;

/// The language that a service was described in; it decides how bodies are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Idl {
    /// Bodies are Thrift structs in the Binary protocol, whatever protocol is on the wire.
    Thrift,
    /// Bodies are proto messages.
    Proto,
}

impl Idl {
    /// The scheme of endpoints that serve it, as registries write it: `thrift` or `grpc`.
    pub const fn scheme(self) -> &'static str {
        match self {
            Self::Thrift => "thrift",
            Self::Proto => "grpc",
        }
    }
}

/// How many messages go in each direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// One request, one answer.
    Unary,
    /// One request, no answer (Thrift's `oneway`).
    Oneway,
    /// A stream of requests, one answer.
    ClientStream,
    /// One request, a stream of answers.
    ServerStream,
    /// A stream of requests, a stream of answers; neither waits for the other.
    BidiStream,
}

impl Kind {
    /// Whether requests are a stream.
    pub const fn streams_requests(self) -> bool {
        matches!(self, Self::ClientStream | Self::BidiStream)
    }

    /// Whether answers are a stream.
    pub const fn streams_answers(self) -> bool {
        matches!(self, Self::ServerStream | Self::BidiStream)
    }
}

/// How the messages of a call are encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Form {
    /// As the method's [`Idl`] says: the Binary protocol of Thrift, or proto's encoding.
    #[default]
    Binary,
    /// JSON, by the rules of the IDL's language.
    Json,
}

/// One method, as generated code describes it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Method {
    /// The service's name in its IDL.
    pub service: &'static str,
    /// The method's name in its IDL, and on a Thrift wire.
    pub name: &'static str,
    /// The gRPC path, `/package.Service/Method`; `/Service/Method` for Thrift.
    pub path: &'static str,
    /// The place in [`ServiceInfo::methods`]; generated code dispatches on it.
    pub index: usize,
    /// The language of its messages.
    pub idl: Idl,
    /// How many messages go in each direction.
    pub kind: Kind,
    /// Whether a call may be sent twice (an annotation of the IDL says so).
    pub idempotent: bool,
    /// Whether a call changes nothing: it may be asked with HTTP's `GET`, and sent twice.
    pub safe: bool,
    /// The verbs and paths of HTTP that reach it, beside its [`path`](Self::path).
    pub routes: &'static [HttpRoute],
}

impl Method {
    /// The unary method of a path; `index` is its place in the service.
    pub const fn new(idl: Idl, path: &'static str, index: usize) -> Self {
        let (owner, name) = after_last(path, b'/');
        let (_, service) = after_last(owner, b'/');
        let (_, service) = after_last(service, b'.');
        Self { service, name, path, index, idl, kind: Kind::Unary, idempotent: false, safe: false, routes: &[] }
    }

    /// Makes it a method without an answer.
    pub const fn oneway(self) -> Self {
        Self { kind: Kind::Oneway, ..self }
    }

    /// Makes it a method with a stream of requests, of answers, or of both.
    pub const fn streaming(self, requests: bool, answers: bool) -> Self {
        let kind = match (requests, answers) {
            (false, false) => self.kind,
            (true, false) => Kind::ClientStream,
            (false, true) => Kind::ServerStream,
            (true, true) => Kind::BidiStream,
        };
        Self { kind, ..self }
    }

    /// Makes it a method that may be called twice.
    pub const fn idempotent(self) -> Self {
        Self { idempotent: true, ..self }
    }

    /// Gives it routes of HTTP.
    pub const fn routes(self, routes: &'static [HttpRoute]) -> Self {
        Self { routes, ..self }
    }

    /// Makes it a method that changes nothing (proto's `NO_SIDE_EFFECTS`).
    pub const fn safe(self) -> Self {
        Self { idempotent: true, safe: true, ..self }
    }
}

/// What is before and behind the last of a byte; all of it behind when there is none.
const fn after_last(text: &'static str, byte: u8) -> (&'static str, &'static str) {
    let mut index = text.len();
    while index > 0 {
        index -= 1;
        if text.as_bytes()[index] == byte {
            let (before, rest) = text.split_at(index);
            return (before, rest.split_at(1).1);
        }
    }
    ("", text)
}

/// One service, as generated code describes it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ServiceInfo {
    /// The name in its IDL, such as `AddService`.
    pub name: &'static str,
    /// The proto package; empty for Thrift.
    pub package: &'static str,
    /// The name in the registry unless configuration says otherwise, such as `add`.
    pub registry_name: &'static str,
    /// The language of its messages.
    pub idl: Idl,
    /// Every method, inherited ones included.
    pub methods: &'static [Method],
}

impl ServiceInfo {
    /// Whether a method is reached by a route of HTTP.
    pub fn has_routes(&self) -> bool {
        self.methods.iter().any(|method| !method.routes.is_empty())
    }
}

/// A call on its way to a handler, or to a server. Middleware sees and may change it.
#[derive(Debug)]
pub struct Call {
    /// The method.
    pub method: &'static Method,
    /// Deadline, peer, metadata.
    pub cx: Context,
    /// The request in the call's [`Form`]. In binary it is for Thrift the argument list as a struct
    /// (fields, then STOP), for proto the message.
    pub body: Body,
    /// How request and answer are encoded.
    pub form: Form,
    /// What else of an HTTP request belongs to the message; for calls by a route of HTTP alone.
    pub http: Option<Box<HttpParts>>,
    /// The limits of decoding one message.
    pub limits: DecodeLimits,
}

impl Call {
    /// A call whose messages are in the encoding of the method's IDL.
    pub fn new(method: &'static Method, cx: Context, body: impl Into<Body>, limits: DecodeLimits) -> Self {
        Self { method, cx, body: body.into(), form: Form::Binary, http: None, limits }
    }

    /// A copy of the call, to send it once more; `None` for a stream, which can be sent once.
    pub fn again(&self) -> Option<Self> {
        let body = self.body.as_whole()?.clone().into();
        let (form, http) = (self.form, self.http.clone());
        Some(Self { method: self.method, cx: self.cx.clone(), body, form, http, limits: self.limits })
    }
}

/// The answer of a call.
#[derive(Debug, Default)]
pub struct Answer {
    /// Metadata in front of the body.
    pub head: Metadata,
    /// The answer in the form of the call. In binary it is for Thrift the result struct (field 0 or
    /// a declared exception, then STOP), for proto the message. Empty for `oneway`.
    pub body: Body,
    /// Metadata behind the body, where it is whole; a stream brings its own.
    pub trailers: Metadata,
}

impl Answer {
    /// An answer with the metadata that the handler left in its context.
    pub fn new(cx: &Context, body: impl Into<Body>) -> Self {
        let ReplyMetadata { head, trailers } = cx.take_reply_metadata();
        Self { head, body: body.into(), trailers }
    }
}

/// An answer without metadata.
impl<B: Into<Body>> From<B> for Answer {
    fn from(body: B) -> Self {
        Self { body: body.into(), ..Self::default() }
    }
}

/// A future behind a pointer, for any thread.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send + 'static>>;

/// The future of a handler's answer.
pub type Handling = BoxFuture<Result<Answer, Error>>;

/// A service that can be mounted on a server: what each generated `…Server` implements.
pub trait Service: Send + Sync + 'static {
    /// What the service is.
    fn info(&self) -> &'static ServiceInfo;

    /// Starts the call: decodes the body, runs the handler, encodes its result. `call.method`
    /// is an entry of `self.info().methods`.
    fn call(&self, call: Call) -> Handling;

    /// The encoded `FileDescriptorSet` of a proto service: its file and what that imports, without
    /// `google/protobuf/`. Reflection shows them.
    fn descriptors(&self) -> &'static [u8] {
        &[]
    }

    /// Whether it takes calls of [`Form::Json`].
    fn json(&self) -> bool {
        false
    }

    /// The OpenAPI document of the IDL, which one of its services holds for all of them; empty without one. Servers show it at
    /// `/openapi.json`.
    fn openapi(&self) -> &'static str {
        ""
    }
}

/// The answer to a call of a method that a service does not have. Routers hand on known methods
/// only, so this is for a service that is called in other ways.
pub fn unknown_method(call: &Call) -> Handling {
    let error = Error::unimplemented(call.method.path).with_origin(crate::error::Origin::UnknownMethod);
    Box::pin(std::future::ready(Err(error)))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn streams_have_their_kinds() {
        let kind = |requests, answers| Method::new(Idl::Proto, "/S/M", 0).streaming(requests, answers).kind;
        assert_eq!([kind(false, false), kind(true, false)], [Kind::Unary, Kind::ClientStream]);
        assert_eq!([kind(false, true), kind(true, true)], [Kind::ServerStream, Kind::BidiStream]);
        assert!(kind(true, true).streams_requests() && !kind(false, true).streams_requests());
        assert!(kind(false, true).streams_answers() && !kind(true, false).streams_answers());
    }

    #[test]
    fn a_path_names_service_and_method() {
        let of = |path| {
            let Method { service, name, .. } = Method::new(Idl::Proto, path, 0);
            (service, name)
        };
        assert_eq!(of("/api.v1.Greeter/SayHello"), ("Greeter", "SayHello"));
        assert_eq!(of("/AddService/Add"), ("AddService", "Add"));
        assert_eq!(of(""), ("", ""));
        assert_eq!(of("/é.ü/ß"), ("ü", "ß"));
    }

    #[test]
    fn a_whole_call_can_be_made_again_and_a_stream_not() {
        static METHOD: Method = Method::new(Idl::Proto, "/S/M", 0);
        let call = |body: Body| Call::new(&METHOD, Context::new(), body, DecodeLimits::default());
        let again = call(Bytes::from_static(b"x").into()).again().unwrap();
        assert_eq!((again.method.path, again.body.as_whole().unwrap().as_ref()), ("/S/M", &b"x"[..]));
        assert!(call(crate::Messages::once(Bytes::new()).into()).again().is_none());
    }
}
