//! Keeps the view of one service up to date: a list, a watch from there, and again, for ever.

use std::sync::Arc;
use std::time::{Duration, Instant};

use etcd_client::{EventType, GetOptions, WatchOptions, WatchResponse, WatchStream};
use tokio::sync::watch;
use tokio::time::sleep;

use super::connection::{CALL, Connection, Fault, PROBE, jitter};
use super::model::{Listing, Model};
use super::tally::Tally;
use crate::registry::snapshot::View;

/// Entries asked for at once: the client decodes 4 MiB, and an entry is about 300 bytes.
const PAGE: i64 = 1000;
/// A whole list is taken again this often, ± 20 %: a watch can lose events without a sign.
const RECONCILE: Duration = Duration::from_secs(240);
const RECONCILE_SPREAD: Duration = Duration::from_secs(120);
/// Nobody waits this long: a time for "never".
const NEVER: Duration = Duration::from_secs(86_400);

/// One service that is followed.
pub(super) struct Follower {
    pub(super) connection: Arc<Connection>,
    /// Ends in `/`.
    pub(super) prefix: Vec<u8>,
    pub(super) model: Model,
    pub(super) tally: Arc<Tally>,
    pub(super) view: Arc<View>,
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.tally.count(self.model.trusted(), 0, 0, Instant::now());
    }
}

impl Follower {
    pub(super) async fn run(mut self) {
        loop {
            match self.list().await {
                Ok(list) => {
                    let revision = list.revision;
                    self.change(|model, now| model.replace(list, now));
                    self.watch(revision).await;
                }
                Err(fault) => {
                    self.mark_stale(&fault);
                    self.rest(fault.pause()).await;
                }
            }
        }
    }

    /// Applies a change, counts what it deleted, publishes.
    fn change(&mut self, change: impl FnOnce(&mut Model, Instant) -> usize) {
        let now = Instant::now();
        let before = self.model.trusted();
        let deleted = change(&mut self.model, now);
        self.tally.count(before, self.model.trusted(), deleted, now);
        self.view.publish(self.model.snapshot());
    }

    fn mark_stale(&mut self, fault: &Fault) {
        if self.model.stale(Instant::now()) {
            let snapshot = self.model.snapshot();
            tracing::warn!(
                service = snapshot.service,
                instances = snapshot.instances.len(),
                etcd = self.connection.addresses(),
                why = fault.text(),
                "etcd cannot be asked; the last known instances stay"
            );
            self.view.publish(snapshot);
        }
    }

    /// Waits; suspects that cannot be reached go even then.
    async fn rest(&mut self, time: Duration) {
        let end = sleep(time);
        tokio::pin!(end);
        loop {
            let ids = tokio::select! {
                () = &mut end => return,
                ids = self.view.reports() => ids,
            };
            self.change(|model, _| {
                model.unreachable(&ids);
                0
            });
        }
    }

    /// The whole list, linearizable, in pages of one revision.
    async fn list(&self) -> Result<Listing, Fault> {
        let mut list = Listing::default();
        let mut from = self.prefix.clone();
        let end = end_of(&self.prefix);
        loop {
            let mut options = GetOptions::new().with_range(end.clone()).with_limit(PAGE);
            if list.revision != 0 {
                options = options.with_revision(list.revision);
            }
            let start = from.clone();
            let page =
                self.connection.call(CALL, |client| async move { client.kv_client().get(start, Some(options)).await });
            let mut page = page.await?;
            if list.revision == 0 {
                let header = page.header().ok_or_else(|| Fault::Away("no header".to_owned()))?;
                (list.revision, list.cluster) = (header.revision(), header.cluster_id());
            }
            let more = page.more();
            list.entries.extend(page.take_kvs().into_iter().map(|kv| kv.into_key_value()));
            match list.entries.last() {
                Some((last, _)) if more => {
                    from = [last.as_slice(), &[0]].concat();
                }
                _ => return Ok(list),
            }
        }
    }

    /// Follows changes after `revision` until a new list is due.
    async fn watch(&mut self, revision: i64) {
        let options = WatchOptions::new()
            .with_range(end_of(&self.prefix))
            .with_start_revision(revision + 1)
            .with_progress_notify();
        let mut stream = match self.connection.watch(self.prefix.clone(), options).await {
            Ok(stream) => stream,
            Err(fault) => {
                self.mark_stale(&fault);
                return self.rest(fault.pause()).await;
            }
        };
        let mut trips = self.tally.trips();
        let reconcile = sleep(RECONCILE + jitter(RECONCILE_SPREAD));
        tokio::pin!(reconcile);
        loop {
            tokio::select! {
                () = &mut reconcile => return,
                more = self.step(&mut stream, &mut trips) => if !more { break },
            }
        }
        // Clients that lost the same etcd do not list in the same moment.
        self.rest(jitter(PROBE)).await;
    }

    /// Waits for one thing that happens; `false` when the watch is over.
    async fn step(&mut self, stream: &mut WatchStream, trips: &mut watch::Receiver<u64>) -> bool {
        let now = Instant::now();
        let expiry = self.model.next_expiry();
        let expiry = expiry.map_or(NEVER, |at| at.saturating_duration_since(now));
        tokio::select! {
            answer = stream.message() => return self.take(answer),
            ids = self.view.reports() => self.change(|model, _| {
                model.unreachable(&ids);
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
        }
        true
    }

    /// One answer of the watch, all of it before anybody sees the outcome. A compaction, a lost
    /// leader and a broken stream all end in a new list: a watch resumed at the revision of a
    /// compaction can miss a delete (etcd#19179).
    fn take(&mut self, answer: Result<Option<WatchResponse>, etcd_client::Error>) -> bool {
        let answer = match answer {
            Ok(Some(answer)) if !answer.canceled() => answer,
            Ok(_) => return false,
            Err(error) => {
                tracing::debug!(%error, "a watch broke");
                return false;
            }
        };
        let revision = answer.header().map_or(0, |header| header.revision());
        if answer.events().is_empty() {
            self.model.reached(revision);
            return true;
        }
        self.change(|model, now| {
            let mut deleted = 0;
            for event in answer.events() {
                let Some(kv) = event.kv() else { continue };
                deleted += usize::from(match event.event_type() {
                    EventType::Put => model.put(kv.key().to_vec(), kv.value(), now),
                    EventType::Delete => model.delete(kv.key(), now),
                });
            }
            model.reached(revision);
            model.settle(now);
            deleted
        });
        true
    }
}

/// The first key behind all keys that begin with `prefix`.
fn end_of(prefix: &[u8]) -> Vec<u8> {
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
