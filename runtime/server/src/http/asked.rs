//! What a request asks for: the method, its caller, and what is said when that cannot be served.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method as Verb, Response, StatusCode, Version};

use super::Connection;
use super::micro;
use super::outgoing::{Outgoing, failed};
use super::rest::{self, Rest};
use super::target::service_of;
use crate::counters::Counter;
use crate::http1;
use crate::shared::Shared;
use kiteline_core::context::ReplyMetadata;
use kiteline_core::error::{Code, Error, Origin};
use kiteline_core::router::{Route, unknown_method};
use kiteline_core::service::{Idl, Kind};
use kiteline_grpc::{Caller, Content, Form, Protocol, SERVED, Unserved, connect, is_micro};
use kiteline_rest::Shape;

/// A request that can be served.
pub(super) struct Asked {
    pub(super) route: Route,
    pub(super) caller: Caller,
    /// The message, where it stands in the path of the request (`GET`).
    pub(super) message: Option<Bytes>,
    /// For a call by a route of HTTP.
    pub(super) rest: Option<Rest>,
}

pub(super) type Refusal = Box<Response<Outgoing>>;

/// Reads the head of a request.
pub(super) fn read(head: &Parts, connection: &Connection) -> Result<Asked, Refusal> {
    let shared = &*connection.shared;
    if connection.two_lengths.load(Ordering::Relaxed) {
        return Err(two_lengths());
    }
    if !connection.surface.one && head.version < Version::HTTP_2 {
        return Err(nothing(shared));
    }
    if let Some(endpoint) = micro::endpoint(head) {
        return micro::read(head, endpoint, shared);
    }
    let path = head.uri.path();
    let content = Content::of(&head.headers);
    let is_called = content.is_ok_and(|content| content.protocol.has_envelopes());
    // For go-micro's clients alone: to others another package is another version.
    let other = || {
        let micro = is_called && is_micro(&head.headers);
        if micro { shared.router.by_last_part(path) } else { None }
    };
    let route = shared.router.by_path(path).or_else(other).filter(|route| is_called_over_http(route));
    if route.is_none() && !connection.surface.routes.is_empty() && !is_called {
        return rest::find(head, content, &connection.surface);
    }
    if head.method != Verb::POST {
        let route = route.ok_or_else(|| nothing(shared))?;
        return if head.method == Verb::GET && route.method.safe { get(head, route) } else { Err(verb(route)) };
    }
    let mut caller = match content {
        Ok(content) => Caller::labelled(content, &head.headers),
        Err(Unserved::Form) => return Err(unread(head)),
        Err(Unserved::Unknown) if route.is_none() => return Err(nothing(shared)),
        Err(Unserved::Unknown) => return Err(content_type()),
    };
    let protocol = caller.content().protocol;
    if protocol == Protocol::Grpc && head.version < Version::HTTP_2 {
        return Err(plain(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "gRPC needs HTTP/2\n"));
    }
    let Some(route) = route else {
        let error = unknown_method(path);
        shared.note(&error);
        return Err(unknown(&caller, &error, path));
    };
    let one_each_way = matches!(route.method.kind, Kind::Unary | Kind::Oneway);
    if protocol.is_connect() && (protocol == Protocol::Connect) != one_each_way {
        return Err(content_type());
    }
    let understood = caller.read_encoding(&head.headers).and_then(|_| check_form(&caller, route));
    understood.map_err(|error| refuse(&caller, &error, path))?;
    Ok(Asked { route: route.clone(), caller, message: None, rest: None })
}

/// A call of Connect's whose message stands in the query.
fn get(head: &Parts, route: &Route) -> Result<Asked, Refusal> {
    let query = connect::Query::read(head.uri.query().unwrap_or_default());
    let form = match query.get("encoding") {
        Some(b"proto") => Form::Binary,
        Some(b"json") => Form::Json,
        _ => return Err(content_type()),
    };
    let content = Content { protocol: Protocol::Connect, form };
    let mut caller = Caller::of(content, &head.headers);
    let compression = query.get("compression").map(String::from_utf8_lossy).unwrap_or_default();
    let understood = caller.set_encoding(&compression).and_then(|()| check_form(&caller, route));
    let message = understood.and_then(|()| query.message());
    let message = message.map_err(|error| refuse(&caller, &error, head.uri.path()))?;
    Ok(Asked { route: route.clone(), caller, message: Some(message), rest: None })
}

/// Whether a method is called over HTTP by its path: of Thrift in JSON alone.
fn is_called_over_http(route: &Route) -> bool {
    route.method.idl == Idl::Proto || route.service.json()
}

/// Whether the service takes messages in the form of the call.
pub(super) fn check_form(caller: &Caller, route: &Route) -> Result<(), Error> {
    if caller.content().form == Form::Binary && route.method.idl == Idl::Thrift {
        let text = format!("{} is a method of Thrift, called over HTTP in JSON alone", route.method.path);
        return Err(Error::new(Code::Unimplemented, text).with_origin(Origin::Decode));
    }
    if caller.content().form == Form::Json && !route.service.json() {
        let service = service_of(route.method.path);
        let text = format!("{service} is not served in JSON: its code was generated without (the option `json`)");
        return Err(Error::new(Code::Unimplemented, text).with_origin(Origin::Decode));
    }
    Ok(())
}

fn refuse(caller: &Caller, error: &Error, path: &str) -> Refusal {
    Box::new(failed(caller, error, ReplyMetadata::default(), service_of(path), Shape::Plain))
}

/// Connect's callers know a method that is not there by HTTP's 404.
fn unknown(caller: &Caller, error: &Error, path: &str) -> Refusal {
    let mut refusal = refuse(caller, error, path);
    if caller.content().protocol.is_connect() {
        *refusal.status_mut() = StatusCode::NOT_FOUND;
    }
    refusal
}

/// A form of gRPC's that nobody here reads: an answer of gRPC's.
fn unread(head: &Parts) -> Refusal {
    let label = head.headers.get(CONTENT_TYPE);
    let name = label.and_then(|label| label.to_str().ok()).unwrap_or_default();
    let error = Error::new(Code::Unimplemented, format!("bodies of {name} are not served here"));
    let mut response = Response::new(Outgoing::empty());
    kiteline_grpc::status_of(&error).write(response.headers_mut());
    response.headers_mut().extend(label.map(|label| (CONTENT_TYPE, label.clone())));
    Box::new(response)
}

/// Nothing behind such a request is to be read as another one.
fn two_lengths() -> Refusal {
    let mut refusal = plain(StatusCode::BAD_REQUEST, "The request has two lengths.\n");
    refusal.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    refusal
}

fn verb(route: &Route) -> Refusal {
    let allowed = if route.method.safe { "GET, POST" } else { "POST" };
    let mut refusal = plain(StatusCode::METHOD_NOT_ALLOWED, "Calls are requests with POST.\n");
    refusal.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    refusal
}

fn content_type() -> Refusal {
    let mut refusal = plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The content type is not served for this method.\n");
    refusal.headers_mut().insert(HeaderName::from_static("accept-post"), HeaderValue::from_static(SERVED));
    refusal
}

/// For people who open the port with a browser or curl.
fn nothing(shared: &Shared) -> Refusal {
    let mut text = "There is nothing at this path.\n".to_owned();
    if !shared.router.services().is_empty() {
        text.insert_str(0, &format!("This port serves {}.\n", shared.router));
    }
    plain(StatusCode::NOT_FOUND, text)
}

/// For those of them who open the port of a server that answers no calls of HTTP/1.
pub(super) fn not_http_1(shared: &Shared) -> Response<Outgoing> {
    shared.count(Counter::UnknownProtocol);
    let mut refusal = *plain(StatusCode::BAD_REQUEST, http1::served(&shared.router));
    refusal.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    refusal
}

pub(super) fn plain(status: StatusCode, text: impl Into<Bytes>) -> Refusal {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    let mut response = Response::new(Outgoing::whole(text.into(), None));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Box::new(response)
}
