//! Calls over go-micro's default transport: `POST /` whose headers name the method.

use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method as Verb, Response};

use super::asked::{Asked, Refusal, check_form};
use super::outgoing::Outgoing;
use crate::shared::Shared;
use kiteline_core::error::{Code, Error, Origin};
use kiteline_core::router::{Route, unknown_method};
use kiteline_core::service::Kind;
use kiteline_grpc::{Caller, micro};

/// `Service.Method` that a request of this kind is for.
pub(super) fn endpoint(head: &Parts) -> Option<&str> {
    let is_one = head.uri.path() == "/" && head.method == Verb::POST;
    if is_one { micro::endpoint(&head.headers) } else { None }
}

/// The number that an answer repeats.
pub(super) fn id(head: &Parts) -> Option<HeaderValue> {
    endpoint(head).and_then(|_| head.headers.get(&micro::ID).cloned())
}

/// Reads the head of a request.
pub(super) fn read(head: &Parts, endpoint: &str, shared: &Shared) -> Result<Asked, Refusal> {
    let asked = asked(head, endpoint, shared);
    asked.map_err(|error| {
        shared.note(&error);
        let service = endpoint.rsplit_once('.').map_or(endpoint, |(service, _)| service);
        Box::new(failed(HeaderMap::new(), &error, service))
    })
}

fn asked(head: &Parts, endpoint: &str, shared: &Shared) -> Result<Asked, Error> {
    let route = shared.router.by_endpoint(endpoint).ok_or_else(|| unknown_method(endpoint))?;
    let mut caller = Caller::of_micro(&head.headers).ok_or_else(|| {
        let label = head.headers.get(CONTENT_TYPE).and_then(|label| label.to_str().ok()).unwrap_or_default();
        unserved(&format!("bodies of {label} are not served here, but application/protobuf and application/json"))
    })?;
    if streams(head, route) {
        return Err(unserved("streams are served over gRPC, not over this transport"));
    }
    caller.read_encoding(&head.headers)?;
    check_form(&caller, route)?;
    Ok(Asked { route: route.clone(), caller, message: None, rest: None })
}

fn streams(head: &Parts, route: &Route) -> bool {
    !matches!(route.method.kind, Kind::Unary | Kind::Oneway) || head.headers.contains_key(&micro::STREAM)
}

fn unserved(text: &str) -> Error {
    Error::new(Code::Unimplemented, text).with_origin(Origin::Decode)
}

/// The answer of a call of `service` that failed: its clients read errors in answers that are 200 alone.
pub(super) fn failed(mut headers: HeaderMap, error: &Error, service: &str) -> Response<Outgoing> {
    headers.insert(&micro::ERROR, micro::write_error(error, service));
    let mut response = Response::new(Outgoing::empty());
    *response.headers_mut() = headers;
    response
}
