//! Calls over go-micro's default transport, which its instances ask for by their protocol, `mucp`.

use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderValue, header};

use kiteline_core::error::{Code, Error, Origin};
use kiteline_core::service::{Call, Kind};
use kiteline_grpc::{Content, Protocol, micro};
use kiteline_registry::Endpoint;

/// The numbers of calls: two that follow each other on one connection never have the same.
static IDS: AtomicU64 = AtomicU64::new(0);

/// What a call there is like; `None` at other endpoints.
///
/// # Errors
///
/// [`Code::Unimplemented`] for a method that streams.
pub(super) fn content(at: &Endpoint, call: &Call) -> Result<Option<Content>, Error> {
    if at.scheme != Endpoint::MUCP {
        return Ok(None);
    }
    if !matches!(call.method.kind, Kind::Unary | Kind::Oneway) {
        let text = format!("{} streams, and {at} is called by one message each way", call.method.path);
        return Err(Error::new(Code::Unimplemented, text).with_origin(Origin::NotSent));
    }
    Ok(Some(Content { protocol: Protocol::Micro, form: call.form }))
}

/// The headers of a request to a service of this name.
pub(super) fn add_headers(headers: &mut HeaderMap, content: Content, service: &str, call: &Call) {
    headers.insert(header::ACCEPT, HeaderValue::from_static(content.name()));
    headers.insert(&micro::ID, HeaderValue::from(IDS.fetch_add(1, Ordering::Relaxed)));
    if let Ok(service) = HeaderValue::from_str(service) {
        headers.insert(&micro::SERVICE, service);
    }
    if let Ok(endpoint) = HeaderValue::from_str(&endpoint(call.method.path)) {
        headers.insert(&micro::METHOD, endpoint.clone());
        headers.insert(&micro::ENDPOINT, endpoint);
    }
}

/// `Greeter.Hello` of `/hello.Greeter/Hello`.
fn endpoint(path: &str) -> String {
    let named = path.rsplit_once('/').unwrap_or_default();
    format!("{}.{}", named.0.rsplit(['/', '.']).next().unwrap_or_default(), named.1)
}

#[cfg(test)]
mod tests {
    use super::endpoint;

    #[test]
    fn endpoints_have_no_package() {
        for (path, wanted) in [("/hello.Greeter/Hello", "Greeter.Hello"), ("/Greeter/Hello", "Greeter.Hello")] {
            assert_eq!(endpoint(path), wanted);
        }
    }
}
