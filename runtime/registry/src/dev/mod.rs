//! The embedded development registry: a server of etcd's v3 API inside a process, on loopback, so
//! that services find each other on a machine where nothing is installed. Everything is kept in
//! memory alone and ends with the process: it is not a replacement for etcd.
//!
//! `store` is the data and `watch` what a stream has seen of them, both pure; `server` puts them
//! on a socket; `join` is the registry `dev`, which serves where nobody does yet; `faults` makes
//! it misbehave for tests. Registering and resolving are those of the etcd registry.

pub mod faults;
pub(super) mod join;
mod messages;
mod server;
mod store;
#[cfg(test)]
mod tests;
mod watch;

use super::backend::Backend;
use super::error::Error;
use super::etcd::{Etcd, EtcdUrl};
use super::schemes::Scheme;
use super::url::Url;

pub use faults::Faults;
pub use server::Embedded;

/// The address of the registry `dev`, unless its URL says another one.
pub const ADDRESS: &str = "127.0.0.1:2379";

/// `dev`, or `dev://127.0.0.1:2379` for another place of this machine.
pub(super) const DEV: Scheme = Scheme { name: "dev", form: "dev", shared: true, open };

fn open(url: &Url<'_>) -> Result<Box<dyn Backend>, Error> {
    let settings = EtcdUrl::read_dev(url).map_err(Error::Url)?;
    Ok(Box::new(join::Dev::new(settings.members.concat(), Etcd::new(&settings)?)))
}
