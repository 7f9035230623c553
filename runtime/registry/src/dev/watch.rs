//! The watches of one stream: each is a place in the store's history. Pure: whoever drives it asks
//! again after every change, and a slow reader costs no memory, because nothing is queued here.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::dev::messages::{Event, KeyValue, WatchResponse};

use super::store::{Change, Span, Store};

/// An answer holds no more revisions, or bytes, than this, unless one revision is larger.
const REVISIONS: usize = 1000;
const BYTES: usize = 1 << 20;
/// A silent watch that asked for it is told the revision this often: etcd's interval.
pub(super) const PROGRESS: Duration = Duration::from_secs(600);
/// Open at once on one stream.
const MOST: usize = 10_000;
/// etcd's id in answers to nobody in particular, and to a watch that was not made.
const NOBODY: i64 = -1;

/// The request of a watch: the range and the kinds of event that it is to show.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) key: Vec<u8>,
    pub(super) range_end: Vec<u8>,
    /// 0: from now on.
    pub(super) start: i64,
    /// 0: chosen here.
    pub(super) id: i64,
    pub(super) progress: bool,
    pub(super) before: bool,
    pub(super) puts: bool,
    pub(super) deletes: bool,
}

#[derive(Debug)]
struct Watch {
    span: Span,
    /// The first revision that was not shown yet.
    next: i64,
    progress: bool,
    before: bool,
    puts: bool,
    deletes: bool,
    /// When it was last told something.
    told: Duration,
}

/// All watches of one stream.
#[derive(Debug, Default)]
pub(super) struct Watches {
    chosen: i64,
    open: BTreeMap<i64, Watch>,
    /// Whether somebody asked how far all of them are.
    asked: bool,
    /// The first that is looked at next, so that one with much to tell does not starve the others.
    turn: i64,
}

impl Watches {
    /// Opens one; the answer says which id it got, or why there is none.
    pub(super) fn create(&mut self, wanted: Wanted, store: &Store, now: Duration) -> WatchResponse {
        let refused =
            |reason: &str| WatchResponse { canceled: true, cancel_reason: reason.to_owned(), ..created(store, NOBODY) };
        if wanted.id < 0 || self.open.contains_key(&wanted.id) && wanted.id != 0 {
            return refused("mvcc: duplicate watch ID provided on the WatchStream");
        }
        if self.open.len() >= MOST {
            return refused("etcdserver: too many watches on one stream of the development registry");
        }
        let key = if wanted.key.is_empty() { vec![0] } else { wanted.key };
        if !wanted.range_end.is_empty() && wanted.range_end != [0] && wanted.range_end <= key {
            return refused("mvcc: watcher range is empty");
        }
        let id = if wanted.id == 0 { self.choose() } else { wanted.id };
        let next = if wanted.start > 0 { wanted.start } else { store.revision() + 1 };
        let watch = Watch {
            span: Span::new(&key, &wanted.range_end),
            next,
            progress: wanted.progress,
            before: wanted.before,
            puts: wanted.puts,
            deletes: wanted.deletes,
            told: now,
        };
        self.open.insert(id, watch);
        created(store, id)
    }

    fn choose(&mut self) -> i64 {
        while self.open.contains_key(&self.chosen) {
            self.chosen += 1;
        }
        self.chosen += 1;
        self.chosen - 1
    }

    /// Closes one; no answer when there is none.
    pub(super) fn cancel(&mut self, id: i64, store: &Store) -> Option<WatchResponse> {
        self.open.remove(&id)?;
        Some(WatchResponse { canceled: true, ..answer(store, id) })
    }

    /// Somebody wants to know how far they are, once all of them are at the present.
    pub(super) fn ask(&mut self) {
        self.asked = true;
    }

    /// The answers that are to be sent now, some of them; called again until nothing comes.
    pub(super) fn poll(&mut self, store: &Store, now: Duration) -> Vec<WatchResponse> {
        let ids: Vec<i64> =
            self.open.range(self.turn..).chain(self.open.range(..self.turn)).map(|(id, _)| *id).collect();
        let (mut answers, mut bytes) = (Vec::new(), 0);
        for id in ids {
            if bytes >= BYTES {
                self.turn = id;
                break;
            }
            let Some(watch) = self.open.get_mut(&id) else { continue };
            if watch.next < store.compacted() {
                self.open.remove(&id);
                let compact_revision = store.compacted();
                answers.push(WatchResponse { canceled: true, compact_revision, ..answer(store, id) });
            } else if let Some((told, size)) = watch.step(id, store, now) {
                answers.push(told);
                bytes += size;
            }
        }
        if answers.is_empty() && std::mem::take(&mut self.asked) {
            answers.push(answer(store, NOBODY));
        }
        answers
    }

    /// When a silent watch is next to be told something.
    pub(super) fn next_progress(&self) -> Option<Duration> {
        self.open.values().filter(|watch| watch.progress).map(|watch| watch.told + PROGRESS).min()
    }
}

impl Watch {
    /// The next batch and its bytes, never a part of a revision.
    fn step(&mut self, id: i64, store: &Store, now: Duration) -> Option<(WatchResponse, usize)> {
        let (mut events, mut bytes, mut revisions) = (Vec::new(), 0, 0);
        for (revision, changes) in store.changes(self.next) {
            if revisions >= REVISIONS || bytes >= BYTES {
                break;
            }
            let seen = events.len();
            for change in changes.iter().filter(|change| self.shows(change)) {
                let event = self.event(change);
                bytes += size(event.kv.as_ref()) + size(event.prev_kv.as_ref());
                events.push(event);
            }
            revisions += usize::from(events.len() > seen);
            self.next = revision + 1;
        }
        let due = self.progress && now.saturating_sub(self.told) >= PROGRESS;
        if events.is_empty() && !due {
            return None;
        }
        self.told = now;
        Some((WatchResponse { events, ..answer(store, id) }, bytes))
    }

    fn shows(&self, change: &Change) -> bool {
        self.span.contains(&change.kv.key) && if change.deleted { self.deletes } else { self.puts }
    }

    fn event(&self, change: &Change) -> Event {
        Event {
            r#type: i32::from(change.deleted),
            kv: Some(KeyValue::clone(&change.kv)),
            prev_kv: change.before.as_deref().filter(|_| self.before).cloned(),
        }
    }
}

fn size(kv: Option<&KeyValue>) -> usize {
    kv.map_or(0, |kv| kv.key.len() + kv.value.len() + 32)
}

fn answer(store: &Store, id: i64) -> WatchResponse {
    WatchResponse { header: Some(store.header()), watch_id: id, ..WatchResponse::default() }
}

fn created(store: &Store, id: i64) -> WatchResponse {
    WatchResponse { created: true, ..answer(store, id) }
}
