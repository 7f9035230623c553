//! Whom a call goes to, and how: an address or a service of a registry, and the protocol.

use std::time::Duration;

use clap::ArgMatches;
use runtime::client::{Builder, Http, Protocol, Transport};
use runtime::registry::{Endpoint, Instance, Listed, Registry};
use runtime::{Channel, Idl};

use super::rest::REST;
use super::stop::Stop;
use super::watched::{Choices, Watched};
use crate::cli::net::{self, Settings};

/// The name of the service behind `--addr`.
const SERVER: &str = "server";

/// The longest time for a look at where a service is registered.
const LOOKING: Duration = Duration::from_secs(5);

/// A service and the way to it.
pub(super) struct Target {
    pub(super) channel: Channel,
    /// The service, in words.
    pub(super) place: String,
    pub(super) choices: Choices,
    pub(super) route: Route,
}

/// The way to a service, for people.
#[derive(Clone)]
pub(super) struct Route {
    pub(super) idl: Idl,
    /// The word of `--protocol`, said or meant.
    pub(super) protocol: String,
    /// Whether addresses that do not say are called over TLS.
    pub(super) tls: bool,
    /// Whether flags ask for TLS.
    pub(super) asked: bool,
    /// What stands in the registry; nothing of `--addr`.
    pub(super) entries: Vec<Listed>,
}

impl Route {
    /// Whether calls are made by the routes of the IDL.
    pub(super) fn is_rest(&self) -> bool {
        self.protocol == REST
    }

    /// The scheme of the endpoints that are called.
    pub(super) fn scheme(&self) -> &'static str {
        if self.is_rest() { "http" } else { self.idl.scheme() }
    }

    /// The endpoint of an instance that is called.
    pub(super) fn endpoint<'a>(&self, instance: &'a Instance) -> Option<&'a Endpoint> {
        instance.endpoint(self.scheme())
    }

    /// Whether an endpoint is called over TLS.
    pub(super) fn is_secure(&self, endpoint: &Endpoint) -> bool {
        endpoint.is_secure() || endpoint.scheme.is_empty() && self.tls
    }

    /// Where an instance stands in the registry.
    pub(super) fn entry(&self, instance: &Instance) -> Option<&Listed> {
        let is = |it: &&Listed| it.found.iter().flatten().any(|found| found.id == instance.id);
        self.entries.iter().find(is)
    }
}

/// Opens the way to a service by its name in the registry (`None` where nothing says it), in a protocol of its IDL, for a call
/// of a single message each way or one of streams.
///
/// # Errors
///
/// For flags that do not fit, addresses that are none, files of TLS that cannot be used.
pub(super) async fn open(
    matches: &ArgMatches,
    settings: &Settings,
    named: Option<String>,
    (idl, protocol, single): (Idl, Option<&str>, bool),
) -> Result<Target, Stop> {
    let (registry, service, place, entries) = match matches.get_one::<String>("addr") {
        Some(addresses) => {
            let registry = fixed(addresses, settings.tls)?;
            (registry, SERVER.to_owned(), addresses.clone(), Vec::new())
        }
        None => {
            let said = matches.get_one::<String>("service");
            let flag = if said.is_none() { "--service " } else { "" };
            let service = said
                .cloned()
                .or(named)
                .ok_or_else(|| "name the server: --addr HOST:PORT, or --service NAME of the registry".to_owned())?;
            let (registry, entries) = settings.registry_of(&service, LOOKING, flag).await.map_err(Stop::failed)?;
            let place = format!("{service} of {registry}");
            (registry, service, place, entries)
        }
    };
    let client = &settings.config.client;
    let choices = Choices::default();
    let watched = Watched { inner: client.balancer.open(), choices: choices.clone() };
    // A person does not wait for a registry that is away.
    let builder =
        Channel::builder(&service).config(client).wait_for_registry(false).registry(&registry).balancer(watched);
    let built = speaking(builder, idl, protocol, single)?.build();
    let channel = built.map_err(|error| net::in_flags(error.message(), matches))?;
    let protocol = protocol.unwrap_or(if idl == Idl::Thrift { "ttheader" } else { "grpc" }).to_owned();
    let route = Route { idl, protocol, tls: client.tls.is_some(), asked: settings.tls, entries };
    Ok(Target { channel, place, choices, route })
}

/// The addresses of `--addr` as a registry.
fn fixed(addresses: &str, tls: bool) -> Result<Registry, String> {
    for one in addresses.split(',') {
        let endpoint = Endpoint::parse_url(one.trim())
            .ok_or_else(|| format!("`{one}` is no address: write host:port, over TLS https://host:port"))?;
        if tls && one.contains("://") && !endpoint.is_secure() {
            let address = endpoint.address();
            return Err(format!("`{one}` says plain text, and --tls says TLS: write --addr {address}"));
        }
    }
    Registry::open(&format!("static:{SERVER}={addresses}")).map_err(|error| error.to_string())
}

/// The protocol that a word means.
fn speaking(builder: Builder, idl: Idl, word: Option<&str>, single: bool) -> Result<Builder, String> {
    let wrong = |word: &str, kind: &str, others: &str| {
        Err(format!("--protocol {word} is not for services of {kind}: these take {others}"))
    };
    // Servers of these often speak HTTP/1.1 alone; streams both ways need HTTP/2.
    let web = |http: Http| if single { http.over_http1() } else { http };
    Ok(match (idl, word) {
        (_, Some(REST)) => builder.http(Http::rest()),
        (Idl::Thrift, None | Some("ttheader")) => builder.transport(Transport::TtheaderFramed),
        (_, Some("framed")) => builder.transport(Transport::Framed),
        (_, Some("mux")) => builder.transport(Transport::Multiplexed),
        (Idl::Thrift, Some("buffered")) => builder.transport(Transport::Buffered),
        (Idl::Thrift, Some("compact")) => builder.protocol(Protocol::Compact),
        (Idl::Proto, None | Some("grpc")) => builder.http(Http::grpc()),
        (Idl::Proto, Some("grpc-web")) => builder.http(web(Http::grpc_web())),
        (Idl::Proto, Some("connect")) => builder.http(web(Http::connect())),
        (Idl::Proto, Some("kitex-protobuf" | "ttheader")) => builder.transport(Transport::TtheaderFramed),
        (Idl::Thrift, Some(word)) => return wrong(word, "Thrift", "ttheader, framed, buffered, compact, mux, rest"),
        (Idl::Proto, Some(word)) => {
            return wrong(word, "proto", "grpc, grpc-web, connect, kitex-protobuf, framed, mux, rest");
        }
    })
}
