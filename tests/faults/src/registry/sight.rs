//! Compares what ought to be found with what a resolver let its callers see of it: pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Addresses.
pub type Addresses = BTreeSet<String>;

/// The addresses at which each service runs now.
#[derive(Debug, Default)]
pub struct Model(Mutex<BTreeMap<String, Addresses>>);

impl Model {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Addresses>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An instance runs.
    pub fn add(&self, service: &str, address: &str) {
        self.lock().entry(service.to_owned()).or_default().insert(address.to_owned());
    }

    /// An instance is about to end.
    pub fn remove(&self, service: &str, address: &str) {
        self.lock().entry(service.to_owned()).or_default().remove(address);
    }

    /// Where a service runs.
    pub fn of(&self, service: &str) -> Addresses {
        self.lock().get(service).cloned().unwrap_or_default()
    }
}

/// What one resolver's snapshots have shown so far.
#[derive(Debug, Default)]
pub struct Sight {
    seen: Addresses,
    gone: BTreeMap<String, Instant>,
    /// How often an instance vanished that runs.
    pub removals: usize,
    /// The longest time for which one was not to be seen.
    pub invisible: Duration,
}

impl Sight {
    /// Takes a snapshot: what it shows, and what runs at this moment.
    pub fn look(&mut self, found: &Addresses, live: &Addresses, now: Instant) {
        for address in self.seen.difference(found) {
            if live.contains(address) {
                self.removals += 1;
                self.gone.insert(address.clone(), now);
            }
        }
        self.gone.retain(|address, since| {
            let back = found.contains(address);
            if back || live.contains(address) {
                self.invisible = self.invisible.max(now.duration_since(*since));
            }
            !back && live.contains(address)
        });
        self.seen.clone_from(found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(all: &[&str]) -> Addresses {
        all.iter().map(|one| (*one).to_owned()).collect()
    }

    #[test]
    fn what_runs_and_vanishes_is_counted_until_it_is_back() {
        let (mut sight, start) = (Sight::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        sight.look(&set(&["a"]), &set(&["a", "b"]), start);
        assert_eq!((sight.removals, sight.invisible), (0, Duration::ZERO));
        sight.look(&set(&["b"]), &set(&["a", "b"]), after(1));
        sight.look(&set(&["a", "b"]), &set(&["a", "b"]), after(4));
        assert_eq!((sight.removals, sight.invisible), (1, Duration::from_secs(3)));
        // What has ended may go.
        sight.look(&set(&["a"]), &set(&["a"]), after(5));
        assert_eq!((sight.removals, sight.invisible), (1, Duration::from_secs(3)));
    }
}
