//! The etcd v3 registry. Owns leases and watches; the keys and values belong to the layouts.
//!
//! What the Go systems get wrong is got right here: everything is tried for ever, nothing is put
//! without a lease, nothing is deleted that is not ours, and lists are never believed to be
//! complete because a watch is silent.

mod connection;
mod fault;
mod follow;
mod login;
mod model;
#[cfg(test)]
mod process;
mod registrar;
mod tally;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_auth;
#[cfg(test)]
#[cfg(feature = "tls")]
mod tests_tls;
#[cfg(feature = "tls")]
mod tls;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::backend::{Backend, Task};
use super::error::Error;
use super::instance::Instance;
use super::layout::{self, Layout};
use super::registration::Status;
use super::snapshot::View;
use super::url::EtcdUrl;
use connection::Connection;
use follow::Follower;
use model::Model;
use registrar::Registrar;
use tally::Tally;

/// The registry behind `etcd://`.
pub(super) struct Etcd {
    connection: Arc<Connection>,
    layout: Arc<dyn Layout>,
    ttl: Duration,
    tally: Arc<Tally>,
}

impl fmt::Debug for Etcd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Etcd").field("layout", &self.layout).field("ttl", &self.ttl).finish()
    }
}

impl Etcd {
    pub(super) fn new(url: EtcdUrl) -> Result<Self, Error> {
        Ok(Self {
            connection: Arc::new(Connection::new(&url)?),
            layout: layout::open(&url.layout, url.prefix.as_deref()),
            ttl: url.ttl,
            tally: Arc::default(),
        })
    }
}

impl Backend for Etcd {
    fn name(&self) -> String {
        format!("etcd {}", self.connection.addresses())
    }

    fn place(&self, service: &str) -> String {
        format!("{} under {}", self.name(), self.layout.prefix(service))
    }

    fn follow(&self, service: &str, view: &Arc<View>) -> Option<Task> {
        let follower = Follower {
            connection: self.connection.clone(),
            prefix: self.layout.prefix(service).into_bytes(),
            model: Model::new(service, self.layout.clone(), self.ttl),
            tally: self.tally.clone(),
            view: view.clone(),
        };
        Some(Box::pin(follower.run()))
    }

    fn keep(&self, instances: Vec<Instance>, status: watch::Sender<Status>, stop: CancellationToken) -> Task {
        let entries = instances.iter().flat_map(|instance| self.layout.write(instance)).collect();
        let registrar = Registrar::new(self.connection.clone(), self.name(), entries, self.ttl, status);
        Box::pin(registrar.run(stop))
    }
}
