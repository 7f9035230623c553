//! A snapshot of a resolver's instances, and the place where it is published: readers never wait, neither for each
//! other nor for the writer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use arc_swap::ArcSwap;
use tokio::sync::{Notify, watch};

use super::instance::Instance;
use kiteline_core::lock::lock;

/// The instances of one service as they were known at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The service's name in the registry.
    pub service: String,
    /// The instances, in the order of their ids; suspects among them.
    pub instances: Vec<Arc<Instance>>,
    /// The registry's own revision of this view; 0 where it has none.
    pub revision: i64,
    /// Whether a first list has arrived. Until then `instances` is empty.
    pub known: bool,
    /// Since when the registry could not be asked; `None` while the view is fresh.
    pub stale_since: Option<Instant>,
    /// Why the registry could not be asked, for messages; `None` while the view is fresh.
    pub away: Option<Arc<str>>,
    /// Ids of instances that vanished in a way that looks like the registry's own trouble (a mass
    /// delete, lost data, the last of a service). They are tried until a connect to them fails or
    /// their time is over.
    pub suspects: BTreeSet<String>,
    /// Entries that were left out because they could not be read.
    pub skipped: usize,
    /// Their numbers by the name of the layout in which they stand; layouts without any are left out.
    pub skipped_by: BTreeMap<String, usize>,
}

impl Snapshot {
    /// A view that knows nothing yet.
    pub fn unknown(service: &str) -> Self {
        Self { service: service.to_owned(), ..Self::default() }
    }

    /// How many instances are there beyond doubt.
    pub fn trusted(&self) -> usize {
        self.instances.len() - self.suspects.len()
    }

    /// Whether this view calls the instance a suspect.
    pub fn is_suspect(&self, id: &str) -> bool {
        self.suspects.contains(id)
    }
}

fn address(snapshot: &Arc<Snapshot>) -> usize {
    Arc::as_ptr(snapshot).addr()
}

/// The place where one service's snapshots are published.
#[derive(Debug)]
pub struct View {
    current: ArcSwap<Snapshot>,
    /// Where that is in memory: who holds a snapshot tells by it at the cost of one load whether it is this one.
    address: AtomicUsize,
    version: watch::Sender<u64>,
    unreachable: Mutex<BTreeSet<String>>,
    reported: Notify,
}

impl View {
    pub(crate) fn new(service: &str) -> Arc<Self> {
        let unknown = Arc::new(Snapshot::unknown(service));
        Arc::new(Self {
            address: address(&unknown).into(),
            current: ArcSwap::new(unknown),
            version: watch::Sender::new(0),
            unreachable: Mutex::default(),
            reported: Notify::new(),
        })
    }

    pub(crate) fn load(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    pub(crate) fn shows(&self, snapshot: &Arc<Snapshot>) -> bool {
        self.address.load(Ordering::Acquire) == address(snapshot)
    }

    /// Publishes what is known from now on.
    pub fn publish(&self, snapshot: Snapshot) {
        let snapshot = Arc::new(snapshot);
        // Under the lock of the version, so that both are those of one snapshot.
        self.version.send_modify(|version| {
            self.address.store(address(&snapshot), Ordering::Release);
            self.current.store(snapshot);
            *version += 1;
        });
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Says that a connect to an instance failed. Kept only for suspects, so that a caller who
    /// cannot reach anybody does not fill the memory.
    pub(crate) fn report(&self, instance: &Instance) {
        if !self.current.load().is_suspect(&instance.id) {
            return;
        }
        let mut addresses = lock(&self.unreachable);
        addresses.extend(instance.endpoints.iter().map(|endpoint| endpoint.address()));
        self.reported.notify_one();
    }

    /// Waits for reports, then takes them all: the addresses of the instances.
    #[cfg_attr(not(feature = "etcd"), allow(dead_code, reason = "only etcd has suspects"))]
    pub(crate) async fn reports(&self) -> BTreeSet<String> {
        self.reported.notified().await;
        std::mem::take(&mut *lock(&self.unreachable))
    }
}
