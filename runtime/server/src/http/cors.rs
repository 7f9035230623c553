//! What a browser is told of pages of other origins: see [`kiteline_core::cors`].

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderName, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method as Verb, Response, StatusCode};

use super::outgoing::Outgoing;
use kiteline_core::cors::Cors;

/// What Connect's and gRPC-Web's clients send.
const SENT: &str = "content-type, connect-protocol-version, connect-timeout-ms, connect-accept-encoding, \
     connect-content-encoding, accept-encoding, content-encoding, grpc-timeout, grpc-encoding, grpc-accept-encoding, \
     x-grpc-web, x-user-agent";
/// What they read.
const READ: &str = "grpc-status, grpc-message, grpc-status-details-bin, grpc-encoding, connect-content-encoding, \
     content-encoding, biz-status, biz-extra";

/// The answer to a browser that asks before a call.
pub(super) fn preflight(cors: &Cors, head: &Parts) -> Option<Response<Outgoing>> {
    let asks = head.method == Verb::OPTIONS && head.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let origin = head.headers.get(ORIGIN).filter(|_| asks)?;
    let mut response = Response::new(Outgoing::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    if !allow(cors, Some(origin), headers) {
        *response.status_mut() = StatusCode::FORBIDDEN;
        return Some(response);
    }
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    let all = cors.headers.iter().any(|name| name == "*");
    let asked = head.headers.get(ACCESS_CONTROL_REQUEST_HEADERS).filter(|_| all).cloned();
    put(headers, ACCESS_CONTROL_ALLOW_HEADERS, asked.or_else(|| listed(SENT, &cors.headers)));
    headers.append(VARY, HeaderValue::from_name(ACCESS_CONTROL_REQUEST_HEADERS));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(cors.max_age.as_secs()));
    Some(response)
}

/// Marks the answer of a call for the page of an origin.
pub(super) fn mark(cors: &Cors, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
    if !allow(cors, origin, headers) {
        return;
    }
    // `*` is the name of a header to browsers that send credentials.
    let all = !cors.credentials && (cors.expose.is_empty() || cors.expose.iter().any(|name| name == "*"));
    let exposed = if all { Some(HeaderValue::from_static("*")) } else { listed(READ, &cors.expose) };
    put(headers, ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
}

/// Whether pages of the origin may call, and if so, what says that.
fn allow(cors: &Cors, origin: Option<&HeaderValue>, headers: &mut HeaderMap) -> bool {
    if !cors.is_open() {
        headers.append(VARY, HeaderValue::from_name(ORIGIN));
    }
    let Some(origin) = origin.filter(|origin| origin.to_str().is_ok_and(|origin| cors.allows(origin))) else {
        return false;
    };
    let allowed = if cors.is_open() { HeaderValue::from_static("*") } else { origin.clone() };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    if cors.credentials {
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    true
}

fn listed(first: &str, more: &[String]) -> Option<HeaderValue> {
    let names = std::iter::once(first).chain(more.iter().map(String::as_str));
    HeaderValue::from_str(&names.collect::<Vec<_>>().join(", ")).ok()
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: Option<HeaderValue>) {
    if let Some(value) = value {
        headers.insert(name, value);
    }
}
