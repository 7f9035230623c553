//! State that all connections of an embedded registry share: the store, its clock, who waits for changes.

use std::hash::{BuildHasher, Hasher};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::dev::faults::Script;
use crate::dev::store::{Bounds, Store};
use kiteline_core::lock::lock;

/// Nobody waits this long: a time for "never".
const NEVER: Duration = Duration::from_secs(86_400);

/// One embedded registry.
#[derive(Debug)]
pub(in crate::dev) struct Hub {
    store: Mutex<Store>,
    /// Counts changes of the store, whatever their kind.
    changed: watch::Sender<u64>,
    started: Instant,
    pub(in crate::dev) script: Script,
    /// The address at which it listens.
    pub(super) address: SocketAddr,
}

/// A positive number that nobody can foretell.
pub(super) fn random() -> u64 {
    std::collections::hash_map::RandomState::new().build_hasher().finish() >> 1
}

impl Hub {
    pub(super) fn new(address: SocketAddr, bounds: Bounds) -> Self {
        Self {
            store: Mutex::new(Store::new(random().max(1), random().max(1), bounds)),
            changed: watch::Sender::new(0),
            started: Instant::now(),
            script: Script::default(),
            address,
        }
    }

    /// Since the start.
    pub(in crate::dev) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    pub(in crate::dev) fn read<T>(&self, read: impl FnOnce(&Store) -> T) -> T {
        read(&lock(&self.store))
    }

    /// Changes the store and wakes everybody who waits for that.
    pub(in crate::dev) fn write<T>(&self, write: impl FnOnce(&mut Store) -> T) -> T {
        let outcome = write(&mut lock(&self.store));
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
        outcome
    }

    /// Tells of every change from now on.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Waits while it is frozen.
    pub(super) async fn thawed(&self) {
        let _ = self.script.frozen().wait_for(|frozen| !frozen).await;
    }

    /// Ends leases when their time is over, for ever.
    pub(super) async fn expire_leases(&self) {
        let mut changes = self.changes();
        loop {
            self.thawed().await;
            let next = self.read(Store::next_expiry);
            let wait = next.map_or(NEVER, |next| next.saturating_sub(self.now()));
            if wait.is_zero() {
                self.write(|store| store.expire(self.now()));
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = changes.changed() => {}
            }
        }
    }
}
