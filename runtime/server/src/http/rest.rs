//! Calls by the routes of HTTP that an IDL describes.

use bytes::Bytes;
use http::header::{ACCEPT, ALLOW, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::Surface;
use super::asked::{Asked, Refusal, check_form};
use super::outgoing::Outgoing;
use kiteline_core::error::{Code, Error, Origin};
use kiteline_core::http_route::{HttpRoute, ReplyBody, RequestBody};
use kiteline_core::metadata::Metadata;
use kiteline_core::service::{Call, Form, Kind};
use kiteline_grpc::{Caller, Content, Protocol, Unserved};
use kiteline_rest::{Found, Framing, Path, Request, Shape, Variables, framing, read_parts};

const CONTENT: Content = Content { protocol: Protocol::Rest, form: Form::Json };

static JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What a route says of a request.
pub(super) struct Rest {
    route: &'static HttpRoute,
    variables: Variables,
    /// How a stream of answers is set apart.
    pub(super) framing: Framing,
    label: &'static HeaderValue,
}

/// The call that a request's verb and path mean, or a refusal; `content` is what its content type means elsewhere.
pub(super) fn find(head: &Parts, content: Result<Content, Unserved>, surface: &Surface) -> Result<Asked, Refusal> {
    let (routes, shape) = (&surface.routes, surface.shape);
    let refusal = |status, text: &str| refusal(shape, status, text);
    let path = Path::read(head.uri.path()).map_err(|why| refusal(StatusCode::BAD_REQUEST, &why.to_string()))?;
    let found = match routes.find(head.method.as_str(), &path) {
        Found::Route(found) => found,
        Found::OtherVerbs(verbs) => return Err(verb(shape, &verbs)),
        Found::Nothing => return Err(refusal(StatusCode::NOT_FOUND, "there is nothing at this path")),
    };
    let is_json = content.is_ok_and(|content| content.form == Form::Json);
    if !is_json && !takes(found.route.body, &head.headers) {
        return Err(refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is neither JSON nor a form"));
    }
    let mut caller = Caller::of(CONTENT, &head.headers);
    caller
        .read_encoding(&head.headers)
        .map_err(|error| refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, error.message()))?;
    check_form(&caller, found.target).map_err(|error| Box::new(failed(shape, &error)))?;
    let streams = found.target.method.kind.streams_answers();
    let framing = if streams { framing(&head.headers) } else { Framing::default() };
    let rest = Rest { route: found.route, variables: found.variables, framing, label: label(&head.headers, is_json) };
    Ok(Asked { route: found.target.clone(), caller, message: None, rest: Some(rest) })
}

/// Whether a body of this content type can be read.
fn takes(body: RequestBody, headers: &HeaderMap) -> bool {
    let Some(label) = headers.get(CONTENT_TYPE) else { return true };
    let kind = label.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let is = |name: &str| kind.eq_ignore_ascii_case(name);
    let ends = |end: &str| {
        let start = kind.len().saturating_sub(end.len());
        kind.get(start..).is_some_and(|behind| behind.eq_ignore_ascii_case(end))
    };
    match body {
        RequestBody::None | RequestBody::Raw(_) => true,
        _ if kind.is_empty() || ends("/json") || ends("+json") || is(PROTOJSON) => true,
        _ => is("application/x-www-form-urlencoded") || is("multipart/form-data"),
    }
}

/// Protobuf's JSON, under the name that it has for Kratos since its third version.
const PROTOJSON: &str = "application/protojson";

/// The content type of an answer in JSON: the caller's own name for it.
fn label(headers: &HeaderMap, is_json: bool) -> &'static HeaderValue {
    static PROTO: HeaderValue = HeaderValue::from_static(PROTOJSON);
    let names = |name: HeaderName| {
        let kinds = headers.get(name).filter(|value| value.len() >= PROTOJSON.len());
        kinds.and_then(|kinds| kinds.to_str().ok()).is_some_and(|kinds| kinds.contains(PROTOJSON))
    };
    if names(ACCEPT) || !is_json && names(CONTENT_TYPE) { &PROTO } else { &JSON }
}

impl Rest {
    /// Gives a call the parts of its message.
    ///
    /// # Errors
    ///
    /// [`Code::InvalidArgument`] for a query or a form that cannot be read.
    pub(super) fn fill(&self, call: &mut Call, head: &Parts) -> Result<(), Error> {
        let body = std::mem::take(&mut call.body).into_whole()?;
        let request = Request { query: head.uri.query().unwrap_or_default(), headers: &head.headers, body };
        let (body, parts) = read_parts(self.route, &self.variables, request)
            .map_err(|why| Error::invalid(why.to_string()).with_origin(Origin::Decode))?;
        (call.body, call.http) = (body.into(), parts.map(Box::new));
        Ok(())
    }

    /// The body of an answer that is one message.
    pub(super) fn message(&self, shape: Shape, message: Bytes) -> Bytes {
        // The bytes of an `HttpBody` are no JSON.
        if matches!(self.route.reply, ReplyBody::Raw(_)) { message } else { shape.message(message) }
    }

    /// The content type of an answer.
    pub(super) fn content_type(&self, answers: Kind, head: &Metadata) -> HeaderValue {
        if answers.streams_answers() {
            return HeaderValue::from_static(self.framing.content_type());
        }
        let own = head.get("content-type").filter(|_| matches!(self.route.reply, ReplyBody::Raw(_)));
        let own = own.and_then(|label| HeaderValue::from_str(label).ok());
        own.unwrap_or_else(|| self.label.clone())
    }
}

/// The answer of a call that failed.
pub(super) fn failed(shape: Shape, error: &Error) -> Response<Outgoing> {
    let too_large = error.origin() == Origin::Decode && error.code() == Code::ResourceExhausted;
    if too_large { told(shape, StatusCode::PAYLOAD_TOO_LARGE, error) } else { written(shape.failure(error)) }
}

fn told(shape: Shape, status: StatusCode, error: &Error) -> Response<Outgoing> {
    written((status, shape.failure_as(status, error)))
}

fn written((status, body): (StatusCode, Bytes)) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::whole(body, None));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON.clone());
    response
}

/// What is said before there is a call.
fn refusal(shape: Shape, status: StatusCode, text: &str) -> Refusal {
    Box::new(told(shape, status, &Error::new(Code::of_http_status(status.as_u16()), text)))
}

fn verb(shape: Shape, verbs: &[&str]) -> Refusal {
    let mut refusal = refusal(shape, StatusCode::METHOD_NOT_ALLOWED, "the path is there for other verbs");
    if let Ok(allowed) = HeaderValue::from_str(&verbs.join(", ")) {
        refusal.headers_mut().insert(ALLOW, allowed);
    }
    refusal
}
