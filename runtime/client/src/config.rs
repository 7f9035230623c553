//! The settings of channels.

use std::time::Duration;

use kiteline_balance::Choice;
use kiteline_core::limits::seconds;
use kiteline_core::methods::Methods;
use kiteline_tls::ClientTls;
use serde::Deserialize;

/// `[client]`: for channels that state nothing else.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientConfig {
    /// For one call from its start to its answer; seconds in the file. Default 30 s.
    #[serde(with = "seconds")]
    pub timeout: Duration,
    /// For one connect; seconds in the file. Default 1 s.
    #[serde(with = "seconds")]
    pub connect_timeout: Duration,
    /// Whether a first call waits until its deadline for a registry that is away. Default true; with
    /// false it fails as soon as the registry is seen to be away.
    pub wait_for_registry: bool,
    /// Connections to one address that carry one call at a time; calls beyond wait for one. At least 1. Default 500:
    /// half of what our servers take from an address (`connections_per_address`).
    pub max_connections: usize,
    /// Of those, kept for a minute while no call needs them. Default 500.
    pub max_idle_connections: usize,
    /// The balancer: `round_robin` (the default), `random`, `best_of_two` or `hash`.
    pub balancer: Choice,
    /// `[methods]`: settings of single methods.
    #[serde(skip)]
    pub methods: Methods,
    /// `[client.tls]`: whom channels trust, and who they are.
    pub tls: Option<ClientTls>,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(1),
            wait_for_registry: true,
            max_connections: 500,
            max_idle_connections: 500,
            balancer: Choice::default(),
            methods: Methods::default(),
            tls: None,
        }
    }
}
