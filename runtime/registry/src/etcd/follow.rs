//! Keeps the view of one service up to date: for each prefix a list, a watch from there, and again,
//! for ever.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep;

use super::api::{Client, RangeRequest, WatchCreateRequest, WatchResponse};
use super::connection::{CALL, Connection, EtcdError, PROBE, jitter};
use super::model::{Listing, Model};
use super::tally::Tally;
use super::watched::Watched;
use crate::layout::Layout;
use crate::snapshot::View;
use kiteline_core::lock::lock;
use kiteline_core::say;

/// Entries asked for at once: the client decodes 4 MiB, and an entry is about 300 bytes.
const PAGE: i64 = 1000;
/// A whole list is taken again this often, ± 20 %: a watch can lose events without a sign.
const RECONCILE: Duration = Duration::from_secs(240);
const RECONCILE_SPREAD: Duration = Duration::from_secs(120);
/// Answers of a watch that are applied before anybody sees the outcome, at most.
const TOGETHER: usize = 256;
/// Nobody waits this long: a time for "never".
const NEVER: Duration = Duration::from_secs(86_400);

/// What a watch gives next.
type Answer = Result<Option<WatchResponse>, EtcdError>;

/// One service that is followed, under the prefixes of all layouts.
pub(super) struct Service {
    pub(super) connection: Arc<Connection>,
    pub(super) layouts: Vec<Arc<dyn Layout>>,
    pub(super) name: String,
    pub(super) model: Mutex<Model>,
    pub(super) tally: Arc<Tally>,
    pub(super) view: Arc<View>,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.tally.count(self.lock().trusted(), 0, 0, Instant::now());
    }
}

impl Service {
    /// Never ends; dropped, it ends its watches.
    pub(super) async fn run(self: Arc<Self>) {
        let mut followers = JoinSet::new();
        for (source, layout) in self.layouts.iter().enumerate() {
            let prefix = layout.prefix(&self.name).into_bytes();
            followers.spawn(Follower { service: self.clone(), source, prefix }.run());
        }
        self.tend().await;
    }

    fn lock(&self) -> MutexGuard<'_, Model> {
        lock(&self.model)
    }

    /// Applies a change, counts what it deleted, publishes.
    fn change(&self, change: impl FnOnce(&mut Model, Instant) -> usize) {
        let now = Instant::now();
        let mut model = self.lock();
        let before = model.trusted();
        let deleted = change(&mut model, now);
        self.tally.count(before, model.trusted(), deleted, now);
        // Under the lock, so that snapshots are published in the order of changes.
        self.view.publish(model.snapshot());
    }

    /// What happens to all prefixes at once: suspects that cannot be reached or whose time is over,
    /// mass deletes.
    async fn tend(&self) {
        let mut trips = self.tally.trips();
        let mut changes = self.view.subscribe();
        loop {
            let expiry = self.lock().next_expiry();
            let expiry = expiry.map_or(NEVER, |at| at.saturating_duration_since(Instant::now()));
            tokio::select! {
                addresses = self.view.reports() => self.change(|model, _| {
                    model.unreachable(&addresses);
                    0
                }),
                // A lag behind the deletes themselves is no harm: they are kept for the window.
                Ok(()) = trips.changed() => self.change(|model, now| {
                    model.hold_recent(now);
                    0
                }),
                () = sleep(expiry) => self.change(|model, now| {
                    model.expire(now);
                    0
                }),
                Ok(()) = changes.changed() => {}
            }
        }
    }
}

/// Keeps one prefix of a service up to date.
struct Follower {
    service: Arc<Service>,
    source: usize,
    /// Ends in `/`.
    prefix: Vec<u8>,
}

impl Follower {
    async fn run(self) {
        let mut doubted = false;
        loop {
            doubted = match self.list().await {
                Ok(list) => {
                    let start = Start { revision: list.revision, cluster: list.cluster, believed: doubted };
                    self.service.change(|model, now| model.replace(self.source, list, now));
                    self.watch(&start).await
                }
                Err(error) => {
                    self.mark_stale(&error);
                    sleep(error.pause()).await;
                    false
                }
            };
        }
    }

    fn mark_stale(&self, error: &EtcdError) {
        let service = &self.service;
        let mut model = service.lock();
        if model.stale(self.source, Instant::now(), error.text()) {
            let snapshot = model.snapshot();
            let meanwhile = match snapshot.instances.len() {
                0 if !snapshot.known => "its calls wait".to_owned(),
                count => format!("its last known instances stay ({count})"),
            };
            say::warn(&format!(
                "etcd {} cannot be asked for `{}` ({}); {meanwhile}, and it is tried until it answers",
                service.connection.addresses(),
                snapshot.service,
                error.text(),
            ));
            service.view.publish(snapshot);
        }
    }

    /// The whole list, linearizable, in pages of one revision.
    async fn list(&self) -> Result<Listing, EtcdError> {
        let mut list = Listing::default();
        let mut from = self.prefix.clone();
        let end = end_of(&self.prefix);
        loop {
            let (key, range_end) = (from.clone(), end.clone());
            // Revision 0 is the newest.
            let page = RangeRequest { key, range_end, limit: PAGE, revision: list.revision, ..RangeRequest::default() };
            let get = |client: Client| async move { client.range(page).await };
            let page = self.service.connection.call(CALL, get).await?;
            if list.revision == 0 {
                let header = page.header.as_ref().ok_or_else(|| EtcdError::Away("no header".to_owned()))?;
                (list.revision, list.cluster) = (header.revision, header.cluster_id);
            }
            list.entries.extend(page.kvs.into_iter().map(|kv| (kv.key, kv.value)));
            match list.entries.last() {
                Some((last, _)) if page.more => {
                    from = [last.as_slice(), &[0]].concat();
                }
                _ => return Ok(list),
            }
        }
    }

    /// Follows changes after a list until a new one is due; whether that is because of what
    /// [`Start::doubts`] found.
    async fn watch(&self, start: &Start) -> bool {
        let wanted = WatchCreateRequest {
            key: self.prefix.clone(),
            range_end: end_of(&self.prefix),
            start_revision: start.revision + 1,
            progress_notify: true,
            ..WatchCreateRequest::default()
        };
        let mut stream = match self.service.connection.watch(wanted).await {
            Ok(stream) => stream,
            Err(error) => {
                self.mark_stale(&error);
                sleep(error.pause()).await;
                return false;
            }
        };
        let reconcile = sleep(RECONCILE + jitter(RECONCILE_SPREAD));
        tokio::pin!(reconcile);
        let doubted = loop {
            tokio::select! {
                () = &mut reconcile => return false,
                first = stream.next() => {
                    let (answers, goes_on) = gather(first, &mut stream).await;
                    if start.doubts(&answers) {
                        break true;
                    }
                    self.take(&answers);
                    if !goes_on {
                        break false;
                    }
                }
            }
        };
        // Clients that lost the same etcd do not list in the same moment.
        sleep(jitter(PROBE)).await;
        doubted
    }

    /// Answers of the watch, all of them before anybody sees the outcome.
    fn take(&self, answers: &[WatchResponse]) {
        let revision = |answer: &WatchResponse| answer.header.as_ref().map_or(0, |header| header.revision);
        let last = answers.iter().map(revision).max().unwrap_or_default();
        let source = self.source;
        if answers.iter().all(|answer| answer.events.is_empty()) {
            return self.service.lock().reached(source, last);
        }
        self.service.change(|model, now| {
            let mut deleted = 0;
            for event in answers.iter().flat_map(|answer| &answer.events) {
                let Some(kv) = &event.kv else { continue };
                deleted += usize::from(match event.is_delete() {
                    false => model.put(source, kv.key.clone(), &kv.value, now),
                    true => model.delete(source, &kv.key, now),
                });
            }
            model.reached(source, last);
            model.settle(now);
            deleted
        });
    }
}

/// Where a watch begins: at a list.
struct Start {
    revision: i64,
    cluster: u64,
    /// Whether the list was read because a watch was doubted.
    believed: bool,
}

impl Start {
    /// Whether answers of a watch do not go with the list: older data were put back since, so that
    /// a watch from beyond their end would stay silent, or another cluster answers. The member of
    /// the watch may also just be behind the one that listed; a list tells one from the other,
    /// since it is linearizable, so the watch after it is believed.
    fn doubts(&self, answers: &[WatchResponse]) -> bool {
        let mut headers = answers.iter().filter_map(|answer| answer.header.as_ref());
        // etcd's gRPC proxy may name no cluster when it opens a watch
        // (`server/proxy/grpcproxy/watch_broadcast.go`).
        let strange = |cluster: u64| cluster != 0 && cluster != self.cluster;
        !self.believed && headers.any(|it| it.revision < self.revision || strange(it.cluster_id))
    }
}

/// An answer and those that are there behind it, and whether more may come: a list of thousands is
/// not published anew for each of thousands of changes. A compaction, a lost leader and a broken
/// stream all end in a new list: a watch resumed at the revision of a compaction can miss a delete
/// (etcd#19179).
async fn gather(first: Answer, stream: &mut Watched<'_>) -> (Vec<WatchResponse>, bool) {
    let (mut answers, mut next) = (Vec::new(), Some(first));
    while let Some(answer) = next {
        match answer {
            Ok(Some(answer)) => answers.push(answer),
            Ok(None) => return (answers, false),
            Err(error) => {
                tracing::debug!(target: "runtime::registry::etcd::follow", why = error.text(), "a watch broke");
                return (answers, false);
            }
        }
        next = tokio::select! {
            biased;
            answer = stream.next(), if answers.len() < TOGETHER => Some(answer),
            () = std::future::ready(()) => None,
        };
    }
    (answers, true)
}

/// The first key behind all keys that begin with `prefix`.
pub(super) fn end_of(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return end;
        }
    }
    // etcd reads this as "no end".
    vec![0]
}
