//! The etcd v3 registry. Owns leases and watches; the keys and values belong to the layouts.
//!
//! What the Go systems get wrong is got right here: everything is tried for ever, nothing is put
//! without a lease, nothing is deleted that is not ours, and lists are never believed to be
//! complete because a watch is silent.

pub(crate) mod api;
mod channel;
mod connection;
mod error;
mod follow;
#[cfg(test)]
mod layout_tests;
mod list;
mod login;
mod model;
mod plan;
#[cfg(test)]
pub(super) mod process;
mod refused;
mod registrar;
mod status_details;
mod store;
mod tally;
#[cfg(test)]
pub(super) mod tests;
#[cfg(test)]
mod tests_auth;
#[cfg(test)]
#[cfg(feature = "tls")]
mod tests_tls;
#[cfg(feature = "tls")]
mod tls;
mod union;
mod url;
mod watched;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::announcement::Announcement;
use super::backend::{Backend, Looking, Task};
use super::check_name;
use super::error::Error;
use super::layout::{self, Layout, root};
use super::schemes::Scheme;
use super::snapshot::View;
use super::url::Url;
use connection::Connection;
use follow::Service;
use list::Lister;
use model::Model;
use registrar::{Registrar, State};
use tally::Tally;
pub(crate) use url::EtcdUrl;

/// `etcd://host:2379`.
pub(super) const ETCD: Scheme =
    Scheme { name: "etcd", form: "etcd://host:2379", shared: true, open: |url| Ok(Box::new(Etcd::open(url)?)) };
/// `etcds://host:2379`: the same over TLS.
pub(super) const ETCDS: Scheme =
    Scheme { name: "etcds", form: "etcds://host:2379", shared: true, open: |url| Ok(Box::new(Etcd::open(url)?)) };

/// The registry behind `etcd://`.
pub struct Etcd {
    connection: Arc<Connection>,
    layouts: Vec<Arc<dyn Layout>>,
    ttl: Duration,
    tally: Arc<Tally>,
}

impl fmt::Debug for Etcd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Etcd").field("layouts", &self.layouts).field("ttl", &self.ttl).finish()
    }
}

impl Etcd {
    /// Opens the registry of a URL.
    ///
    /// # Errors
    ///
    /// [`Error::Url`] and [`Error::File`], as [`Registry::open`](super::Registry::open).
    pub fn open(url: &Url<'_>) -> Result<Self, Error> {
        Self::new(&EtcdUrl::read(url).map_err(Error::Url)?)
    }

    /// Uses layouts of the program's own in place of those that the URL names. The first of them says what an instance
    /// is like where they differ.
    #[must_use]
    pub fn with_layouts(self, layouts: Vec<Arc<dyn Layout>>) -> Self {
        Self { layouts, ..self }
    }

    pub(super) fn new(url: &EtcdUrl) -> Result<Self, Error> {
        Ok(Self {
            connection: Connection::open(url)?,
            layouts: url.layouts.iter().map(|(name, prefix)| layout::open(name, prefix.as_deref())).collect(),
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
        let prefixes = self.layouts.iter().map(|layout| format!("{} ({})", layout.prefix(service), layout.name()));
        format!("{} under {}", self.name(), prefixes.collect::<Vec<_>>().join(", "))
    }

    fn check(&self, service: &str) -> Result<(), Error> {
        let fail = |why| Err(Error::Name { name: service.to_owned(), why });
        check_name(service).or_else(fail)?;
        for layout in &self.layouts {
            let prefix = layout.prefix(service);
            if self.layouts.iter().any(|other| root(other.as_ref()).starts_with(&prefix)) {
                return fail("is the beginning of another layout's keys; take another name, or give a layout a prefix");
            }
        }
        Ok(())
    }

    fn follow(&self, service: &str, view: &Arc<View>) -> Option<Task> {
        let service = Service {
            connection: self.connection.clone(),
            layouts: self.layouts.clone(),
            name: service.to_owned(),
            model: Mutex::new(Model::new(service, &self.layouts, self.ttl)),
            tally: self.tally.clone(),
            view: view.clone(),
        };
        Some(Box::pin(Arc::new(service).run()))
    }

    fn list(&self, service: Option<&str>) -> Looking {
        let lister =
            Lister { connection: self.connection.clone(), name: Backend::name(self), layouts: self.layouts.clone() };
        Box::pin(lister.list(service.map(str::to_owned)))
    }

    fn keep(&self, announcement: Announcement) -> Task {
        let Announcement { wanted, status, stop } = announcement;
        let registrar = Registrar {
            connection: self.connection.clone(),
            name: self.name(),
            layouts: self.layouts.clone(),
            ttl: self.ttl,
            wanted,
            status,
            state: State::default(),
        };
        Box::pin(registrar.run(stop))
    }
}
