//! Makes an embedded registry misbehave, for tests of what lives with registries.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::dev::messages::{CompactionRequest, WatchResponse};
use kiteline_core::lock::lock;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use super::server::Hub;
use super::store::Store;

/// The handle of a test.
#[derive(Clone, Debug)]
pub struct Faults(pub(super) Arc<Hub>);

/// All data of a registry at one moment.
#[derive(Clone, Debug)]
pub struct Saved(Store);

/// The script of what is to go wrong.
#[derive(Debug)]
pub(super) struct Script {
    connections: Mutex<CancellationToken>,
    statuses: Mutex<VecDeque<(Code, String)>>,
    delay: Mutex<Duration>,
    frozen: watch::Sender<bool>,
    swallow: AtomicBool,
    double: AtomicBool,
    cut: AtomicBool,
    older: Mutex<Option<Store>>,
    behind: AtomicBool,
    calls: AtomicU64,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            connections: Mutex::default(),
            statuses: Mutex::default(),
            delay: Mutex::default(),
            frozen: watch::Sender::new(false),
            swallow: AtomicBool::new(false),
            double: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            older: Mutex::default(),
            behind: AtomicBool::new(false),
            calls: AtomicU64::new(0),
        }
    }
}

impl Script {
    /// Ends with all connections of now.
    pub(super) fn connections(&self) -> CancellationToken {
        lock(&self.connections).clone()
    }

    pub(super) fn frozen(&self) -> watch::Receiver<bool> {
        self.frozen.subscribe()
    }

    /// Delays or fails a call before it is looked at.
    pub(super) async fn before_call(&self) -> Result<(), Status> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let delay = *lock(&self.delay);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        match lock(&self.statuses).pop_front() {
            Some((code, text)) => Err(Status::new(code, text)),
            None => Ok(()),
        }
    }

    /// The data that are to be there before a watch is opened, if others than those of now.
    pub(super) fn older(&self) -> Option<Store> {
        lock(&self.older).take()
    }

    /// Changes the answer to the opening of a watch.
    pub(super) fn date(&self, mut answer: WatchResponse) -> WatchResponse {
        if let Some(header) = answer.header.as_mut().filter(|_| self.behind.load(Ordering::Relaxed)) {
            header.revision = 1;
        }
        answer
    }

    /// Changes an answer of a watch.
    pub(super) fn twist(&self, answer: WatchResponse) -> Vec<WatchResponse> {
        if answer.events.is_empty() {
            return vec![answer];
        }
        if self.swallow.load(Ordering::Relaxed) {
            return Vec::new();
        }
        if self.cut.swap(false, Ordering::Relaxed) {
            let mut half = answer.clone();
            half.events.truncate(answer.events.len() / 2);
            let end = WatchResponse { canceled: true, events: Vec::new(), ..answer };
            return if half.events.is_empty() { vec![end] } else { vec![half, end] };
        }
        if self.double.load(Ordering::Relaxed) { vec![answer.clone(), answer] } else { vec![answer] }
    }
}

impl Faults {
    /// Breaks every open connection; new ones are accepted.
    pub fn drop_connections(&self) {
        std::mem::take(&mut *lock(&self.0.script.connections)).cancel();
    }

    /// Answers the next `times` calls of any kind with an error; a watch's or a keep-alive's
    /// stream counts as one call.
    pub fn fail(&self, code: Code, text: &str, times: usize) {
        lock(&self.0.script.statuses).extend(std::iter::repeat_n((code, text.to_owned()), times));
    }

    /// Forgets errors that were not given out yet; gives their count.
    pub fn stop_failing(&self) -> usize {
        lock(&self.0.script.statuses).drain(..).count()
    }

    /// Lets every call wait before it is looked at.
    pub fn delay(&self, time: Duration) {
        *lock(&self.0.script.delay) = time;
    }

    /// Stops as a stopped process does: the kernel still takes connections and bytes, nothing is
    /// answered, no lease ends. Until [`Faults::thaw`].
    pub fn freeze(&self) {
        self.0.script.frozen.send_replace(true);
    }

    /// Goes on; leases whose time is over end now.
    pub fn thaw(&self) {
        self.0.script.frozen.send_replace(false);
    }

    /// Whether watches lose what happens, without a sign.
    pub fn swallow_events(&self, on: bool) {
        self.0.script.swallow.store(on, Ordering::Relaxed);
    }

    /// Whether watches tell everything twice.
    pub fn double_events(&self, on: bool) {
        self.0.script.double.store(on, Ordering::Relaxed);
    }

    /// The next batch of events of any watch is cut in half, and its watch canceled there.
    pub fn cut_next_batch(&self) {
        self.0.script.cut.store(true, Ordering::Relaxed);
    }

    /// A copy of the data.
    pub fn save(&self) -> Saved {
        Saved(self.0.read(Store::clone))
    }

    /// Puts data of another moment back and breaks every connection, as a restart from a snapshot
    /// does; `bump` revisions are skipped and all history before is compacted when it is not 0.
    pub fn restore(&self, saved: Saved, bump: i64) {
        let Saved(mut old) = saved;
        old.extend_leases(self.0.now());
        if bump > 0 {
            old.bump(bump);
        }
        self.0.write(|store| *store = old);
        self.drop_connections();
    }

    /// Puts data of another moment back just before the next watch is opened, and breaks nothing: a
    /// restart that no connection saw.
    pub fn restore_before_watch(&self, saved: Saved) {
        *lock(&self.0.script.older) = Some(saved.0);
    }

    /// Whether watches are opened as by a member that lags far behind the others.
    pub fn open_watches_behind(&self, on: bool) {
        self.0.script.behind.store(on, Ordering::Relaxed);
    }

    /// Calls so far; a watch's or a keep-alive's stream counts as one.
    pub fn calls(&self) -> u64 {
        self.0.script.calls.load(Ordering::Relaxed)
    }

    /// Answers as another cluster from now on.
    pub fn set_cluster(&self, id: u64) {
        self.0.write(|store| store.set_cluster(id));
    }

    /// Forgets all history; gives the revision.
    pub fn compact(&self) -> i64 {
        self.0.write(|store| {
            let revision = store.revision();
            // Already compacted there is as good.
            let _ = store.compact(&CompactionRequest { revision, physical: false });
            revision
        })
    }
}
