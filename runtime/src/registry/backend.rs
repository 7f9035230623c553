//! What a kind of registry must be able to do, for [`super::Registry`] alone.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::check_name;
use super::error::Error;
use super::registration::{Status, Wanted};
use super::snapshot::View;

/// Work in the background.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send + 'static>>;

/// One kind of registry.
pub(crate) trait Backend: fmt::Debug + Send + Sync + 'static {
    /// The registry for messages, such as `etcd 127.0.0.1:2379`; no secrets.
    fn name(&self) -> String;

    /// Where entries of the service are looked for, for messages.
    fn place(&self, service: &str) -> String;

    /// Whether registering makes anything visible to anybody.
    fn registers(&self) -> bool {
        true
    }

    /// How long clients may still call an instance after its entry is gone: Kitex's ask every 5 s.
    #[cfg_attr(not(any(feature = "thrift", feature = "grpc")), allow(dead_code, reason = "no server is built"))]
    fn propagation(&self) -> Duration {
        Duration::from_secs(6)
    }

    /// Keeps `view` up to date: by what it returns, until that is dropped, or by itself.
    fn follow(&self, service: &str, view: &Arc<View>) -> Option<Task>;

    /// Whether a service may have this name here.
    ///
    /// # Errors
    /// [`Error::Name`].
    fn check(&self, service: &str) -> Result<(), Error> {
        check_name(service).map_err(|why| Error::Name { name: service.to_owned(), why })
    }

    /// Keeps registered what is wanted until `stop`, then takes it back and ends.
    fn keep(&self, wanted: watch::Receiver<Wanted>, status: watch::Sender<Status>, stop: CancellationToken) -> Task;
}
