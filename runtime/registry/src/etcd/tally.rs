//! Deletes seen over all watched services of one registry handle, to tell etcd's own trouble (all
//! leases expire at once) from services that end.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use kiteline_core::lock::lock;

/// Deletes closer together than this belong together.
pub(super) const WINDOW: Duration = Duration::from_secs(2);
/// Fewer deletes than this are never a mass.
const LEAST: usize = 2;

/// The counts, and a signal for every mass delete.
#[derive(Debug)]
pub(super) struct Tally {
    state: Mutex<State>,
    trips: watch::Sender<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { state: Mutex::default(), trips: watch::Sender::new(0) }
    }
}

#[derive(Debug, Default)]
struct State {
    /// Instances that are known beyond doubt, in all services.
    trusted: usize,
    deletes: VecDeque<(Instant, usize)>,
}

impl Tally {
    /// A service's instances went from `before` to `now_known`, with `deleted` of them deleted.
    pub(super) fn count(&self, before: usize, now_known: usize, deleted: usize, now: Instant) {
        let mut state = lock(&self.state);
        state.trusted = (state.trusted + now_known).saturating_sub(before);
        if deleted == 0 {
            return;
        }
        state.deletes.push_back((now, deleted));
        while state.deletes.front().is_some_and(|(at, _)| now.duration_since(*at) > WINDOW) {
            state.deletes.pop_front();
        }
        let gone: usize = state.deletes.iter().map(|(_, count)| count).sum();
        if gone >= LEAST && gone * 2 > state.trusted + gone {
            self.trips.send_modify(|trips| *trips += 1);
        }
    }

    /// Changes with every mass delete.
    pub(super) fn trips(&self) -> watch::Receiver<u64> {
        self.trips.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mass_delete_over_all_services_is_told_from_a_restart() {
        let (tally, now) = (Tally::default(), Instant::now());
        let mut trips = tally.trips();
        tally.count(0, 10, 0, now);
        for left in (6..10).rev() {
            tally.count(left + 1, left, 1, now);
        }
        assert!(!trips.has_changed().unwrap());
        tally.count(6, 4, 2, now + Duration::from_secs(1));
        assert!(trips.has_changed().unwrap());
        trips.mark_unchanged();
        tally.count(4, 3, 1, now + Duration::from_secs(9));
        assert!(!trips.has_changed().unwrap());
    }
}
