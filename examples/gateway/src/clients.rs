//! The services behind the gateway: a client for each, which finds it in the registry by its name.
use crate::generated;
use runtime::{Channel, Config, Registry, Result};

/// A client for each service. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Clients {
    /// Of `add` in the registry.
    pub add: generated::api::AddServiceClient,
    /// Of `echo` in the registry.
    pub echo: generated::api::EchoServiceClient,
}

impl Clients {
    /// Clients that find their services in a registry. Nothing is connected before the first call.
    pub fn new(config: &Config, registry: &Registry) -> Result<Self> {
        Ok(Self {
            add: generated::api::AddServiceClient::new(channel("add", config, registry)?),
            echo: generated::api::EchoServiceClient::new(channel("echo", config, registry)?),
        })
    }
}

/// A channel with the times, connections and balancer of `[client]`; what is for one service goes in here.
fn channel(service: &str, config: &Config, registry: &Registry) -> Result<Channel> {
    Channel::builder(service).registry(registry).config(&config.client).limits(&config.limits).build()
}
