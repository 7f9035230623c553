//! Handles that see one service. All handles of one service share one watch; it ends with the
//! last of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::Registry;
use super::error::Error;
use super::fixed;
use super::instance::{Endpoint, Instance};
use super::snapshot::{Snapshot, View};

/// Sees the instances of one service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Resolver {
    shared: Arc<Shared>,
    version: watch::Receiver<u64>,
}

/// The state that all handles of one service share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) view: Arc<View>,
    pub(super) source: String,
    pub(super) task: Option<AbortHandle>,
    /// The registry that it was made of: open as long as it is, so that who opens it again shares the watch.
    pub(super) _registry: Option<Registry>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Resolver {
    /// A handle that always sees these endpoints.
    pub fn fixed(service: &str, endpoints: &[Endpoint]) -> Self {
        let view = View::new(service);
        let instances = endpoints.iter().map(|endpoint| Instance::new(service, endpoint.clone()));
        view.publish(fixed::snapshot(service, instances));
        let source = "the addresses that the channel was given".to_owned();
        Self::new(Arc::new(Shared { view, source, task: None, _registry: None }))
    }

    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let version = shared.view.subscribe();
        Self { shared, version }
    }

    /// The newest snapshot. Never waits and never asks the registry.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.view.load()
    }

    /// Whether this snapshot is what is known now.
    pub fn shows(&self, snapshot: &Arc<Snapshot>) -> bool {
        self.shared.view.shows(snapshot)
    }

    /// Ends when a snapshot newer than the last one that this handle waited for is there.
    pub async fn changed(&mut self) -> Arc<Snapshot> {
        // The sender lives as long as this handle does, so an error cannot come.
        let _ = self.version.changed().await;
        self.snapshot()
    }

    /// Waits until the first list is known, `timeout` at most.
    ///
    /// # Errors
    /// [`Error::NotReady`] when it is not.
    pub async fn ready(&self, timeout: Duration) -> Result<Arc<Snapshot>, Error> {
        self.wait(timeout, |snapshot| snapshot.known).await
    }

    /// Waits as [`Resolver::ready`], but no longer than until the registry is seen to be away.
    ///
    /// # Errors
    /// [`Error::NotReady`] with the reason.
    pub async fn ready_or_away(&self, timeout: Duration) -> Result<Arc<Snapshot>, Error> {
        let start = Instant::now();
        let seen = self.wait(timeout, |snapshot| snapshot.known || snapshot.away.is_some()).await?;
        if seen.known { Ok(seen) } else { Err(self.not_ready(start.elapsed())) }
    }

    fn not_ready(&self, waited: Duration) -> Error {
        let snapshot = self.snapshot();
        Error::NotReady {
            service: snapshot.service.clone(),
            waited,
            source_text: self.shared.source.clone(),
            why: snapshot.away.as_deref().map(str::to_owned),
        }
    }

    /// Waits until `condition` holds, `timeout` at most. The first look is at what is known now.
    ///
    /// # Errors
    /// [`Error::NotReady`] when it does not.
    pub async fn wait(&self, timeout: Duration, condition: impl Fn(&Snapshot) -> bool) -> Result<Arc<Snapshot>, Error> {
        let mut version = self.version.clone();
        let found = tokio::time::timeout(timeout, version.wait_for(|_| condition(&self.snapshot()))).await;
        match found {
            Ok(_) => Ok(self.snapshot()),
            Err(_) => Err(self.not_ready(timeout)),
        }
    }

    /// Tells that a connect to `instance` failed, which ends its time as a suspect.
    pub fn unreachable(&self, instance: &Instance) {
        self.shared.view.report(instance);
    }

    /// The registry and the place in it, for messages: `etcd 127.0.0.1:2379 under
    /// kitex/…/add/ (kitex)`.
    pub fn source(&self) -> &str {
        &self.shared.source
    }
}
