//! The trait of a kind of registry, called by [`Registry`](super::Registry) alone.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::announcement::Announcement;
use super::check_name;
use super::error::Error;
use super::listing::Listing;
use super::snapshot::View;
use kiteline_core::service::BoxFuture;

/// Work in the background. Dropping it ends it.
pub type Task = BoxFuture<()>;

/// A look at everything in a registry.
pub type Looking = BoxFuture<Result<Listing, Error>>;

/// A kind of registry: where instances are written down for others, and found.
///
/// A registry of your own implements it and is used by
/// [`Registry::of`](super::Registry::of), or by a URL through
/// [`Registry::open_with`](super::Registry::open_with). `runtime/tests/calls/server/file_registry.rs` has one over
/// a file.
pub trait Backend: fmt::Debug + Send + Sync + 'static {
    /// The registry for people: `etcd 127.0.0.1:2379`.
    fn name(&self) -> String;

    /// Where a service is looked for, for people: `etcd 127.0.0.1:2379 under kitex/registry-etcd/add/`.
    fn place(&self, service: &str) -> String;

    /// Whether it takes registrations.
    fn registers(&self) -> bool {
        true
    }

    /// How long others may take to see a change: Kitex's clients ask etcd every 5 s. A server that stops
    /// goes on answering for so long.
    fn propagation(&self) -> Duration {
        Duration::from_secs(6)
    }

    /// Publishes what is known of a service now and whenever it changes: at once, or by a task that
    /// runs as long as somebody resolves the service.
    fn follow(&self, service: &str, view: &Arc<View>) -> Option<Task>;

    /// Looks once at everything that stands there, or at one service: for people, not for calls. It takes as long as
    /// the registry does.
    ///
    /// # Errors
    ///
    /// [`Error::NotListed`], for a registry that is away, and for one that cannot be listed.
    fn list(&self, service: Option<&str>) -> Looking {
        let _ = service;
        let error = Error::NotListed { source_text: self.name(), why: "it cannot be listed".to_owned() };
        Box::pin(std::future::ready(Err(error)))
    }

    /// Whether a service of this name can be registered and resolved.
    ///
    /// # Errors
    ///
    /// [`Error::Name`].
    fn check(&self, service: &str) -> Result<(), Error> {
        check_name(service).map_err(|why| Error::Name { name: service.to_owned(), why })
    }

    /// Keeps what is announced in the registry until it is withdrawn, then takes it away and says
    /// [`Status::Stopped`](super::Status::Stopped). It never fails for a registry that is away: it says
    /// so ([`Announcement::tell`]) and tries again.
    fn keep(&self, announcement: Announcement) -> Task;
}
