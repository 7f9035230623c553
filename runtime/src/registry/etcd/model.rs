//! What one service's entries in etcd mean: pure, so that every order of events can be tested.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::tally::WINDOW;
use crate::registry::instance::Instance;
use crate::registry::layout::Layout;
use crate::registry::snapshot::Snapshot;

/// Beyond a lease's time, for owners that register again after trouble.
const GRACE: Duration = Duration::from_secs(10);

/// The entries of one service.
#[derive(Debug)]
pub(super) struct Model {
    service: String,
    layout: Arc<dyn Layout>,
    hold: Duration,
    entries: BTreeMap<Vec<u8>, Held>,
    /// What was deleted within the window, in case it turns out to be etcd's own trouble.
    recent: VecDeque<(Instant, Vec<u8>, Arc<Instance>)>,
    /// Entries that cannot be read, each logged once.
    skipped: BTreeMap<Vec<u8>, String>,
    revision: i64,
    cluster: u64,
    stale_since: Option<Instant>,
    known: bool,
}

#[derive(Debug)]
struct Held {
    instance: Arc<Instance>,
    /// For a suspect: the end of its time.
    until: Option<Instant>,
}

/// A whole list, pinned to one revision.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) entries: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) revision: i64,
    pub(super) cluster: u64,
}

impl Model {
    pub(super) fn new(service: &str, layout: Arc<dyn Layout>, ttl: Duration) -> Self {
        Self {
            service: service.to_owned(),
            layout,
            hold: ttl + GRACE,
            entries: BTreeMap::new(),
            recent: VecDeque::new(),
            skipped: BTreeMap::new(),
            revision: 0,
            cluster: 0,
            stale_since: None,
            known: false,
        }
    }

    /// Takes a whole list; gives the number of instances that it no longer holds. A list that is
    /// older than what is known, or of another cluster, makes them suspects: data was lost.
    pub(super) fn replace(&mut self, list: Listing, now: Instant) -> usize {
        let other = self.known && self.cluster != list.cluster;
        let lost = other || list.revision < self.revision;
        let keys: BTreeSet<&Vec<u8>> = list.entries.iter().map(|(key, _)| key).collect();
        let gone: Vec<Vec<u8>> = self.entries.keys().filter(|key| !keys.contains(key)).cloned().collect();
        self.skipped.retain(|key, _| keys.contains(key));
        let mut deleted = 0;
        for key in gone {
            if lost {
                self.suspect(&key, now);
            } else {
                deleted += usize::from(self.delete(&key, now));
            }
        }
        for (key, value) in list.entries {
            deleted += usize::from(self.put(key, &value, now));
        }
        (self.revision, self.cluster) = (list.revision, list.cluster);
        (self.known, self.stale_since) = (true, None);
        self.settle(now);
        deleted
    }

    /// Takes one entry; tells whether an instance was lost by it, because what replaced it cannot
    /// be read.
    pub(super) fn put(&mut self, key: Vec<u8>, value: &[u8], now: Instant) -> bool {
        self.recent.retain(|(_, old, _)| *old != key);
        match self.layout.read(&self.service, &key, value) {
            Ok(instance) => {
                self.skipped.remove(&key);
                self.entries.insert(key, Held { instance: Arc::new(instance), until: None });
                false
            }
            Err(why) => {
                let removed = self.delete(&key, now);
                let old = self.skipped.insert(key.clone(), why.clone());
                if old.as_ref() != Some(&why) {
                    tracing::warn!(key = %key.escape_ascii(), why, "skipped an entry that cannot be read");
                }
                removed
            }
        }
    }

    /// Takes one delete; tells whether it took a trusted instance away.
    pub(super) fn delete(&mut self, key: &[u8], now: Instant) -> bool {
        self.skipped.remove(key);
        if self.entries.get(key).is_none_or(|held| held.until.is_some()) {
            return false;
        }
        if let Some(held) = self.entries.remove(key) {
            self.recent.push_back((now, key.to_vec(), held.instance));
        }
        true
    }

    fn suspect(&mut self, key: &[u8], now: Instant) {
        if let Some(held) = self.entries.get_mut(key) {
            held.until.get_or_insert(now + self.hold);
        }
    }

    /// A service's last instances are never believed to be gone at once.
    pub(super) fn settle(&mut self, now: Instant) {
        while self.recent.front().is_some_and(|(at, ..)| now.duration_since(*at) > WINDOW) {
            self.recent.pop_front();
        }
        if self.trusted() == 0 {
            self.hold_recent(now);
        }
    }

    /// Takes back the deletes of the last moments, as suspects: they were part of a mass delete.
    pub(super) fn hold_recent(&mut self, now: Instant) {
        let until = Some(now + self.hold);
        for (at, key, instance) in std::mem::take(&mut self.recent) {
            if now.duration_since(at) <= WINDOW {
                self.entries.entry(key).or_insert(Held { instance, until });
            }
        }
    }

    /// Ends the time of suspects.
    pub(super) fn expire(&mut self, now: Instant) {
        self.entries.retain(|_, held| held.until.is_none_or(|until| until > now));
    }

    /// When [`Model::expire`] has something to do.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.entries.values().filter_map(|held| held.until).min()
    }

    /// Ends the time of suspects that nobody could connect to.
    pub(super) fn unreachable(&mut self, ids: &BTreeSet<String>) {
        self.entries.retain(|_, held| held.until.is_none() || !ids.contains(&held.instance.id));
    }

    /// etcd cannot be asked; tells whether that is news.
    pub(super) fn stale(&mut self, now: Instant) -> bool {
        let news = self.stale_since.is_none();
        self.stale_since.get_or_insert(now);
        news
    }

    /// A later revision was seen.
    pub(super) fn reached(&mut self, revision: i64) {
        self.revision = self.revision.max(revision);
    }

    /// Entries that are there beyond doubt.
    pub(super) fn trusted(&self) -> usize {
        self.entries.values().filter(|held| held.until.is_none()).count()
    }

    /// What callers see: equal ids are one instance, a trusted one before a suspect.
    pub(super) fn snapshot(&self) -> Snapshot {
        let mut by_id: BTreeMap<&str, &Held> = BTreeMap::new();
        for held in self.entries.values() {
            let known = by_id.entry(&held.instance.id).or_insert(held);
            if held.until.is_none() {
                *known = held;
            }
        }
        let suspects = by_id.iter().filter(|(_, held)| held.until.is_some());
        Snapshot {
            service: self.service.clone(),
            suspects: suspects.map(|(id, _)| (*id).to_owned()).collect(),
            instances: by_id.values().map(|held| held.instance.clone()).collect(),
            revision: self.revision,
            known: self.known,
            stale_since: self.stale_since,
            skipped: self.skipped.len(),
        }
    }
}
