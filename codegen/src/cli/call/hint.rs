//! What to type after a call that failed: by its error, and by what speaks at the address.

use std::time::Duration;

use runtime::error::Origin;
use runtime::registry::{Endpoint, Instance};
use runtime::{Code, Error, Idl};
use tokio::time::Instant;

use super::target::Target;
use crate::cli::net::{Speech, speech};

/// The longest time for finding out what speaks there.
const TIME: Duration = Duration::from_secs(2);
/// What our errors of certificates say of settings: flags are said in its place.
const SETTINGS: &str = "; `[client.tls]` or `.tls(…)` says who is trusted, and by which name";

/// What to type where a method has a route.
const ROUTED: &str = "the method has a route, so add --protocol rest";

/// What certificates fail with, and what to type.
const CERTIFICATES: &[(&str, &str)] = &[
    ("UnknownIssuer", "--ca FILE names the authority that signed its certificate"),
    ("certificate not valid for name", "--server-name NAME says the name that is in its certificate"),
    ("CertificateRequired", "it asks who calls: --cert FILE --key FILE"),
    ("UnknownCA", "it does not trust the authority of the certificate of --cert"),
];

/// The text of a call's error, and the line that says what to type, if there is one. `routed`: the method has a route of HTTP.
pub(super) async fn explained(error: &Error, target: &Target, routed: bool) -> (String, Option<String>) {
    let text = error.to_string();
    let text = text.split(SETTINGS).next().unwrap_or(&text).to_owned();
    if let Some((_, help)) = CERTIFICATES.iter().find(|(sign, _)| error.message().contains(sign)) {
        return (text, Some((*help).to_owned()));
    }
    let Some(instance) = target.choices.last() else {
        let http = || target.route.entries.iter().flat_map(|it| it.found.iter().flatten()).any(has_http);
        let help = routed && !target.route.is_rest() && error.origin() == Origin::NotSent && http();
        return (text, help.then(|| format!("it serves http: {ROUTED}")));
    };
    let Some(endpoint) = target.route.endpoint(&instance) else { return (text, None) };
    if error.code() == Code::DeadlineExceeded && endpoint.scheme == Endpoint::MUCP {
        // Its server answers them where bodies are JSON.
        let help = "go-micro's default transport may answer the errors of a handler by nothing";
        return (text, Some(help.to_owned()));
    }
    let address = endpoint.address();
    // Servers of HTTP say so, when a port with TLS is spoken to in plain text.
    let is_refused = ["an answer with HTTP's status 400 Bad Request", "HTTP 400 Bad Request"]
        .iter()
        .any(|it| error.message().starts_with(it));
    if !is_refused && target.route.is_rest() && error.origin() == Origin::Remote && error.message().starts_with("HTTP ")
    {
        return (text, by_route(error, &address));
    }
    let of_http = error.message().starts_with("an answer with HTTP's status ");
    if of_http && routed && error.code() == Code::Unimplemented {
        return (text, Some(ROUTED.to_owned()));
    }
    if error.code() == Code::Unimplemented && error.origin() == Origin::Remote && !of_http {
        let see = match target.route.idl {
            Idl::Thrift => "`kiteline services` shows who is where".to_owned(),
            Idl::Proto => format!("`kiteline call --addr {address} --reflect --list` shows what is there"),
        };
        return (text, Some(format!("{address} says so: {see}")));
    }
    let is_lost = matches!(error.origin(), Origin::NotConnected | Origin::Transport | Origin::Decode) || is_refused;
    if !is_lost || error.code() == Code::DeadlineExceeded {
        return (text, None);
    }
    let spoken = speech(&address, Instant::now() + TIME).await;
    let secure = target.route.is_secure(endpoint);
    match (secure, spoken) {
        (false, Some(Speech::Tls)) => (
            format!(
                "{address} speaks TLS, and was called in plain text: add --tls, or --ca FILE to trust an authority of your own"
            ),
            None,
        ),
        (true, Some(Speech::Http1 | Speech::Http2)) | (true, None) if text.contains("speak TLS") => {
            (format!("{address} does not speak TLS: {}", plainly(target, &address, !endpoint.scheme.is_empty())), None)
        }
        (false, Some(spoken)) => (text, other(spoken, target, &address, routed)),
        _ => (text, None),
    }
}

fn has_http(instance: &Instance) -> bool {
    instance.endpoints.iter().any(|it| matches!(it.scheme.as_str(), "http" | "https"))
}

/// What to do about an answer of HTTP that is no error of a service.
fn by_route(error: &Error, address: &str) -> Option<String> {
    let to = error.metadata().get("location");
    match error.message().get(5..8) {
        Some("301" | "302" | "303" | "307" | "308") => {
            let to = to.map(|to| format!(" to {to}")).unwrap_or_default();
            Some(format!("{address} redirects{to}, which is not followed: --addr says where to call"))
        }
        Some("404" | "405") => Some(format!("{address} may not have the route: -v shows what is sent")),
        _ => None,
    }
}

/// How to call in plain text what was called over TLS; the endpoint `says` TLS, or the settings do.
fn plainly(target: &Target, address: &str, says: bool) -> String {
    let route = &target.route;
    if route.asked {
        return "leave out --tls and its files".to_owned();
    }
    let asks = if says { "" } else { "`[client.tls]` of service.toml asks for it: " };
    // An address without a scheme is one with TLS, where there are settings of it.
    let scheme = if route.tls { format!("{}://", route.scheme()) } else { String::new() };
    format!("{asks}write --addr {scheme}{address}")
}

/// What speaks there in place of what was called.
fn other(spoken: Speech, target: &Target, address: &str, routed: bool) -> Option<String> {
    let protocol = target.route.protocol.as_str();
    match (target.route.idl, spoken) {
        (_, Speech::Http2) if target.route.is_rest() => {
            Some(format!("{address} speaks HTTP/2 alone, and --protocol rest needs HTTP/1.1: leave it out"))
        }
        _ if target.route.is_rest() => None,
        (Idl::Thrift, Speech::Http1) if routed => Some(format!("{address} speaks HTTP/1.1, not Thrift: {ROUTED}")),
        (Idl::Thrift, Speech::Http1) => Some(format!("{address} speaks HTTP/1.1, not Thrift")),
        (Idl::Thrift, Speech::Http2) => {
            Some(format!("{address} speaks HTTP/2, not Thrift: for gRPC name its proto, or --reflect"))
        }
        (Idl::Proto, Speech::Http1) if protocol == "grpc" => {
            let how = if routed { ROUTED } else { "try --protocol connect, or --protocol rest by an IDL with routes" };
            Some(format!("{address} speaks HTTP/1.1, and gRPC needs HTTP/2: {how}"))
        }
        _ => None,
    }
}
