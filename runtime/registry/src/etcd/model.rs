//! Interprets one service's entries in etcd, under the prefixes of all layouts: pure, so that every
//! order of events can be tested. A source is the place of a layout in the URL.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::tally::WINDOW;
use super::union::{Seen, join};
use crate::instance::Instance;
use crate::layout::Layout;
use crate::snapshot::Snapshot;

/// Beyond a lease's time, for owners that register again after trouble.
const GRACE: Duration = Duration::from_secs(10);

/// A source and a key.
type Key = (usize, Vec<u8>);

/// The entries of one service.
#[derive(Debug)]
pub(super) struct Model {
    service: String,
    sources: Vec<Source>,
    hold: Duration,
    entries: BTreeMap<Key, Held>,
    /// What was deleted within the window, in case it turns out to be etcd's own trouble.
    recent: VecDeque<(Instant, Key, Vec<Arc<Instance>>)>,
    /// Entries that cannot be read, each logged once.
    skipped: BTreeMap<Key, String>,
}

/// What is known of one layout's prefix.
#[derive(Debug)]
struct Source {
    layout: Arc<dyn Layout>,
    revision: i64,
    cluster: u64,
    stale: Option<(Instant, Arc<str>)>,
    known: bool,
}

#[derive(Debug)]
struct Held {
    instances: Vec<Arc<Instance>>,
    /// For a suspect: the end of its time.
    until: Option<Instant>,
}

/// A whole list, pinned to one revision.
#[derive(Clone, Debug, Default)]
pub(super) struct Listing {
    pub(super) entries: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) revision: i64,
    pub(super) cluster: u64,
}

impl Model {
    pub(super) fn new(service: &str, layouts: &[Arc<dyn Layout>], ttl: Duration) -> Self {
        let source = |layout: &Arc<dyn Layout>| Source {
            layout: layout.clone(),
            revision: 0,
            cluster: 0,
            stale: None,
            known: false,
        };
        Self {
            service: service.to_owned(),
            sources: layouts.iter().map(source).collect(),
            hold: ttl + GRACE,
            entries: BTreeMap::new(),
            recent: VecDeque::new(),
            skipped: BTreeMap::new(),
        }
    }

    /// Takes a whole list of one source; gives the number of entries that it no longer holds. A
    /// list that is older than what is known, or of another cluster, makes them suspects: data was
    /// lost.
    pub(super) fn replace(&mut self, source: usize, list: Listing, now: Instant) -> usize {
        let Some(place) = self.sources.get_mut(source) else { return 0 };
        let lost = place.known && (place.cluster != list.cluster || list.revision < place.revision);
        (place.revision, place.cluster) = (list.revision, list.cluster);
        (place.known, place.stale) = (true, None);
        let keys: BTreeSet<&Vec<u8>> = list.entries.iter().map(|(key, _)| key).collect();
        let is_gone = |key: &Key| key.0 == source && !keys.contains(&key.1);
        let gone: Vec<Key> = self.entries.keys().filter(|key| is_gone(key)).cloned().collect();
        self.skipped.retain(|key, _| !is_gone(key));
        let mut deleted = 0;
        for key in gone {
            if lost {
                self.suspect(&key, now);
            } else {
                deleted += usize::from(self.delete(source, &key.1, now));
            }
        }
        for (key, value) in list.entries {
            deleted += usize::from(self.put(source, key, &value, now));
        }
        self.settle(now);
        deleted
    }

    /// Takes one entry; tells whether an instance was lost by it, because what replaced it cannot
    /// be read.
    pub(super) fn put(&mut self, source: usize, key: Vec<u8>, value: &[u8], now: Instant) -> bool {
        let Some(layout) = self.sources.get(source).map(|source| source.layout.clone()) else { return false };
        let read = layout.read(&self.service, &key, value);
        let key = (source, key);
        match read {
            Ok(instances) => {
                self.recent.retain(|(_, old, _)| *old != key);
                self.skipped.remove(&key);
                let instances = instances.into_iter().map(Arc::new).collect();
                self.entries.insert(key, Held { instances, until: None });
                false
            }
            Err(why) => {
                let removed = self.delete(source, &key.1, now);
                let old = self.skipped.insert(key.clone(), why.clone());
                if old.as_ref() != Some(&why) {
                    let (layout, key) = (layout.name(), key.1.escape_ascii());
                    tracing::warn!(target: "runtime::registry::etcd::model", layout, %key, why, "skipped an entry that cannot be read");
                }
                removed
            }
        }
    }

    /// Takes one delete; tells whether it took a trusted entry away.
    pub(super) fn delete(&mut self, source: usize, key: &[u8], now: Instant) -> bool {
        let key = (source, key.to_vec());
        self.skipped.remove(&key);
        if self.entries.get(&key).is_none_or(|held| held.until.is_some()) {
            return false;
        }
        if let Some(held) = self.entries.remove(&key) {
            self.recent.push_back((now, key, held.instances));
        }
        true
    }

    fn suspect(&mut self, key: &Key, now: Instant) {
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
        for (at, key, instances) in std::mem::take(&mut self.recent) {
            if now.duration_since(at) <= WINDOW {
                self.entries.entry(key).or_insert(Held { instances, until });
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

    /// Ends the time of suspects at addresses that nobody could connect to.
    pub(super) fn unreachable(&mut self, addresses: &BTreeSet<String>) {
        let dead = |instance: &Arc<Instance>| {
            instance.endpoints.iter().any(|endpoint| addresses.contains(&endpoint.address()))
        };
        self.entries.retain(|_, held| held.until.is_none() || !held.instances.iter().any(dead));
    }

    /// etcd cannot be asked for a source, and why; tells whether that is news.
    pub(super) fn stale(&mut self, source: usize, now: Instant, why: &str) -> bool {
        let Some(source) = self.sources.get_mut(source) else { return false };
        let news = source.stale.is_none();
        source.stale.get_or_insert_with(|| (now, why.into()));
        news
    }

    /// A later revision was seen.
    pub(super) fn reached(&mut self, source: usize, revision: i64) {
        if let Some(source) = self.sources.get_mut(source) {
            source.revision = source.revision.max(revision);
        }
    }

    /// Entries that are there beyond doubt.
    pub(super) fn trusted(&self) -> usize {
        self.entries.values().filter(|held| held.until.is_none()).count()
    }

    /// The snapshot for callers: what [`join`] makes of the entries of all sources.
    pub(super) fn snapshot(&self) -> Snapshot {
        let seen = self.entries.iter().flat_map(|((source, _), held)| {
            let seen = |instance| Seen { source: *source, instance, suspect: held.until.is_some() };
            held.instances.iter().map(seen)
        });
        let measures: Vec<u32> = self.sources.iter().map(|source| source.layout.usual_weight()).collect();
        let (instances, suspects) = join(&seen.collect::<Vec<_>>(), &measures);
        let mut skipped_by: BTreeMap<String, usize> = BTreeMap::new();
        for (source, _) in self.skipped.keys() {
            let name = self.sources.get(*source).map_or("", |source| source.layout.name());
            *skipped_by.entry(name.to_owned()).or_default() += 1;
        }
        let known = self.sources.iter().filter(|source| source.known);
        let stale = self.sources.iter().filter_map(|source| source.stale.as_ref()).min();
        Snapshot {
            service: self.service.clone(),
            instances,
            suspects,
            revision: known.map(|source| source.revision).min().unwrap_or_default(),
            known: self.known(),
            stale_since: stale.map(|(since, _)| *since),
            away: stale.map(|(_, why)| Arc::clone(why)),
            skipped: self.skipped.len(),
            skipped_by,
        }
    }

    /// Every prefix was listed, or could not be asked while another one was listed.
    fn known(&self) -> bool {
        let answered = |source: &Source| source.known || source.stale.is_some();
        self.sources.iter().all(answered) && self.sources.iter().any(|source| source.known)
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
