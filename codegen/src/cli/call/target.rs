//! Whom a call goes to, and how: an address or a service of a registry, and the protocol.

use std::time::Duration;

use clap::ArgMatches;
use runtime::client::{Builder, Http, Protocol, Transport};
use runtime::registry::{Endpoint, Registry};
use runtime::{Channel, Idl};

use super::stop::Stop;
use crate::cli::net::Settings;

/// The name of the service behind `--addr`.
const SERVER: &str = "server";

/// The longest time for a look at where a service is registered.
const LOOKING: Duration = Duration::from_secs(5);

/// A service and the way to it.
pub(super) struct Target {
    pub(super) channel: Channel,
    /// The service, in words.
    pub(super) place: String,
    registry: Registry,
    service: String,
}

impl Target {
    /// The addresses of the service now, for people.
    pub(super) async fn addresses(&self, limit: Duration) -> String {
        let Ok(resolver) = self.registry.resolve(&self.service) else { return String::new() };
        let Ok(found) = resolver.ready(limit).await else { return String::new() };
        let addresses = found.instances.iter().filter_map(|it| it.endpoints.first()).map(ToString::to_string);
        addresses.collect::<Vec<_>>().join(", ")
    }
}

/// Opens the way to a service by its name in the registry (`None` where nothing says it), in a protocol of its IDL.
///
/// # Errors
///
/// For flags that do not fit, addresses that are none, files of TLS that cannot be used.
pub(super) async fn open(
    matches: &ArgMatches,
    settings: &Settings,
    named: Option<String>,
    (idl, protocol): (Idl, Option<&str>),
) -> Result<Target, Stop> {
    let (registry, service, place) = match matches.get_one::<String>("addr") {
        Some(addresses) => {
            for one in addresses.split(',') {
                Endpoint::parse_url(one.trim())
                    .ok_or_else(|| format!("`{one}` is no address: write host:port, over TLS https://host:port"))?;
            }
            let registry =
                Registry::open(&format!("static:{SERVER}={addresses}")).map_err(|error| error.to_string())?;
            (registry, SERVER.to_owned(), addresses.clone())
        }
        None => {
            let named = matches.get_one::<String>("service").cloned().or(named);
            let service = named
                .ok_or_else(|| "name the server: --addr HOST:PORT, or --service NAME of the registry".to_owned())?;
            let registry = settings.registry_of(&service, LOOKING).await.map_err(Stop::failed)?;
            let place = format!("{service} of {registry}");
            (registry, service, place)
        }
    };
    // A person does not wait for a registry that is away.
    let builder =
        Channel::builder(&service).config(&settings.config.client).wait_for_registry(false).registry(&registry);
    let channel = speaking(builder, idl, protocol)?.build().map_err(|error| error.message().to_owned())?;
    Ok(Target { channel, place, registry, service })
}

/// The protocol that a word means.
fn speaking(builder: Builder, idl: Idl, word: Option<&str>) -> Result<Builder, String> {
    let wrong = |word: &str, kind: &str, others: &str| {
        Err(format!("--protocol {word} is not for services of {kind}: these take {others}"))
    };
    Ok(match (idl, word) {
        (Idl::Thrift, None | Some("ttheader")) => builder.transport(Transport::TtheaderFramed),
        (_, Some("framed")) => builder.transport(Transport::Framed),
        (_, Some("mux")) => builder.transport(Transport::Multiplexed),
        (Idl::Thrift, Some("buffered")) => builder.transport(Transport::Buffered),
        (Idl::Thrift, Some("compact")) => builder.protocol(Protocol::Compact),
        (Idl::Proto, None | Some("grpc")) => builder.http(Http::grpc()),
        (Idl::Proto, Some("grpc-web")) => builder.http(Http::grpc_web()),
        (Idl::Proto, Some("connect")) => builder.http(Http::connect()),
        (Idl::Proto, Some("kitex-protobuf" | "ttheader")) => builder.transport(Transport::TtheaderFramed),
        (Idl::Thrift, Some(word)) => return wrong(word, "Thrift", "ttheader, framed, buffered, compact, mux"),
        (Idl::Proto, Some(word)) => {
            return wrong(word, "proto", "grpc, grpc-web, connect, kitex-protobuf, framed, mux");
        }
    })
}
