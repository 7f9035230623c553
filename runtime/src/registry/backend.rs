//! What a kind of registry must be able to do, for [`super::Registry`] alone.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::instance::Instance;
use super::registration::Status;
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

    /// Keeps `view` up to date: by what it returns, until that is dropped, or by itself.
    fn follow(&self, service: &str, view: &Arc<View>) -> Option<Task>;

    /// Keeps the instances registered until `stop`, then takes them back and ends.
    fn keep(&self, instances: Vec<Instance>, status: watch::Sender<Status>, stop: CancellationToken) -> Task;
}
