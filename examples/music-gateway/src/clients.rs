//! The services behind the gateway: a client for each, which finds it in the registry by its name.
use runtime::client::Retry;
use runtime::{Channel, Config, Registry, Result};

use crate::generated::music::service::user::UserServiceClient;

/// A client for each service. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Clients {
    /// Of `service.music.user` in the registry.
    pub user: UserServiceClient,
}

impl Clients {
    /// Clients that find their services in a registry. Nothing is connected before the first call.
    pub fn new(config: &Config, registry: &Registry) -> Result<Self> {
        Ok(Self { user: UserServiceClient::new(channel("service.music.user", config, registry)?) })
    }
}

/// A channel with the times of `[client]`: 3 s for a call, 50 ms for a connection. A call that fails is made again twice, if its
/// method is idempotent or if it was never sent.
fn channel(service: &str, config: &Config, registry: &Registry) -> Result<Channel> {
    Channel::builder(service)
        .registry(registry)
        .config(&config.client)
        .limits(&config.limits)
        .retry(Retry::attempts(3))
        .build()
}
