//! What answers at an address: one connection, and one small question in each protocol that may be there.
//!
//! A server of Thrift gets a call of a method that nobody has: every implementation answers that with an exception and
//! runs nothing. A server of gRPC is asked `grpc.health.v1.Health/Check`. Others are greeted, to see what they speak.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use bytes::Bytes;
use runtime::client::{Http, Transport};
use runtime::error::Origin;
use runtime::registry::{Endpoint, Listing, Registry};
use runtime::{Body, Call, Channel, Context, Error, Form, Idl, Method};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::cli::net::{self, Settings, Speech};

static UNKNOWN: Method = Method::new(Idl::Thrift, "/Kiteline/kiteline_who_answers", 0);
static HEALTH: Method = Method::new(Idl::Proto, "/grpc.health.v1.Health/Check", 0);
/// A struct of Thrift without fields.
const NO_ARGUMENTS: &[u8] = &[0];

/// What answers at each endpoint.
pub(super) type Answers = BTreeMap<Endpoint, Vec<String>>;

/// Asks all endpoints of a listing at once, until a time.
pub(super) async fn all(listing: &Listing, settings: &Settings, until: Instant) -> Answers {
    let instances = listing.entries.iter().filter_map(|it| it.found.as_ref().ok()).flatten();
    let mut asked = JoinSet::new();
    let mut answers = Answers::new();
    for endpoint in instances.flat_map(|it| &it.endpoints) {
        if answers.insert(endpoint.clone(), vec!["no answer".to_owned()]).is_none() {
            let client = settings.config.client.clone();
            let endpoint = endpoint.clone();
            asked.spawn(async move {
                let answer = ask(&endpoint, &client, until).await;
                (endpoint, answer)
            });
        }
    }
    while let Some(answer) = asked.join_next().await {
        if let Ok((endpoint, found)) = answer {
            answers.insert(endpoint, found);
        }
    }
    answers
}

async fn ask(endpoint: &Endpoint, client: &runtime::client::ClientConfig, until: Instant) -> Vec<String> {
    match timeout_at(until, TcpStream::connect(endpoint.address())).await {
        Ok(Ok(_connected)) => {}
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => return vec!["refused".to_owned()],
        Ok(Err(error)) => return vec![error.to_string()],
        Err(_) => return vec!["no answer".to_owned()],
    }
    let mut protocols = Vec::new();
    if endpoint.fits("thrift") && is_thrift(endpoint, client, until).await {
        protocols.push("thrift".to_owned());
    }
    if endpoint.fits("grpc") {
        let health = health(endpoint, client, until).await;
        // Kitex answers gRPC on every port, that of a service of Thrift too.
        protocols.extend(health.filter(|it| protocols.is_empty() || it != "grpc"));
    }
    if protocols.is_empty() {
        let spoken = match net::speech(&endpoint.address(), until).await {
            Some(Speech::Tls) => "tls",
            Some(Speech::Http2) if endpoint.scheme != "http" => "http/2",
            Some(Speech::Http2 | Speech::Http1) => "http",
            None => "connects",
        };
        protocols.push(spoken.to_owned());
    }
    protocols
}

async fn is_thrift(endpoint: &Endpoint, client: &runtime::client::ClientConfig, until: Instant) -> bool {
    match call(endpoint, client, &UNKNOWN, NO_ARGUMENTS, until).await {
        Ok(_) => true,
        Err(error) => matches!(error.origin(), Origin::Remote | Origin::Decode),
    }
}

/// How a server of gRPC says it is, or one of go-micro's default transport.
async fn health(endpoint: &Endpoint, client: &runtime::client::ClientConfig, until: Instant) -> Option<String> {
    let status = match call(endpoint, client, &HEALTH, &[], until).await {
        // `HealthCheckResponse.ServingStatus`, field 1.
        Ok(body) => match body.as_ref() {
            [0x08, 1] | br#"{"status":"SERVING"}"# => " serving",
            [0x08, 2] | br#"{"status":"NOT_SERVING"}"# => " not serving",
            _ => " in an unknown state",
        },
        Err(error) if error.origin() != Origin::Remote => return None,
        // It has no such service, and says so in its own way.
        Err(_) => "",
    };
    let protocol = if endpoint.scheme == Endpoint::MUCP { Endpoint::MUCP } else { "grpc" };
    Some(format!("{protocol}{status}"))
}

/// One call to one endpoint.
async fn call(
    endpoint: &Endpoint,
    client: &runtime::client::ClientConfig,
    method: &'static Method,
    body: &'static [u8],
    until: Instant,
) -> Result<Bytes, Error> {
    let registry = Registry::open(&format!("static:probe={endpoint}"))?;
    let mut builder = Channel::builder("probe").config(client).registry(&registry);
    let mut call = Call::new(method, Context::new(), Body::Whole(Bytes::from_static(body)), Default::default());
    if method.idl == Idl::Thrift {
        builder = builder.transport(Transport::Framed);
    } else if endpoint.scheme == Endpoint::MUCP {
        // Servers of go-micro answer errors where bodies are JSON.
        builder = builder.http(Http::grpc().with_json());
        (call.form, call.body) = (Form::Json, Body::Whole(Bytes::from_static(b"{}")));
    }
    let left = until.saturating_duration_since(Instant::now());
    builder.build()?.call(call, Some(left)).await?.body.into_whole()
}
