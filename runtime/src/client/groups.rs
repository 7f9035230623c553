//! The list that calls pick from, made anew when the resolver's snapshot changed.

use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::time::Instant;

use crate::balance::{Balancer, Group, Verdict};
use crate::registry::{Endpoint, Instance, Snapshot};

/// One snapshot, ready to be picked from by calls of one protocol.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) group: Group,
    scheme: &'static str,
}

impl Current {
    /// Who is called at a place, and where.
    pub(super) fn target(&self, place: usize) -> Option<(&Arc<Instance>, &Endpoint)> {
        let instance = self.group.member(place)?.instance();
        Some((instance, instance.endpoints.get(self.group.endpoint(place)?)?))
    }
}

/// The list of one protocol, for all calls of a channel.
#[derive(Debug)]
pub(super) struct Groups {
    scheme: &'static str,
    current: ArcSwapOption<Current>,
    /// Held by who makes a list.
    making: Mutex<()>,
}

impl Groups {
    pub(super) fn new(scheme: &'static str) -> Self {
        Self { scheme, current: ArcSwapOption::empty(), making: Mutex::default() }
    }

    /// The list of this snapshot. While one caller makes it, the others use the one before.
    pub(super) fn of(&self, snapshot: Arc<Snapshot>, balancer: &dyn Balancer) -> Arc<Current> {
        let current = self.current.load_full();
        match current {
            Some(current) if Arc::ptr_eq(&current.snapshot, &snapshot) => current,
            before => self.make(snapshot, before, balancer),
        }
    }

    #[cold]
    fn make(&self, snapshot: Arc<Snapshot>, before: Option<Arc<Current>>, balancer: &dyn Balancer) -> Arc<Current> {
        let _making = match (self.making.try_lock(), before) {
            (Ok(making), _) => making,
            (Err(TryLockError::Poisoned(poisoned)), _) => poisoned.into_inner(),
            (Err(TryLockError::WouldBlock), Some(before)) => return before,
            (Err(TryLockError::WouldBlock), None) => self.making.lock().unwrap_or_else(PoisonError::into_inner),
        };
        // Another caller may have been here in between.
        let before = self.current.load_full();
        if let Some(current) = before.as_ref().filter(|current| Arc::ptr_eq(&current.snapshot, &snapshot)) {
            return Arc::clone(current);
        }
        let scheme = self.scheme;
        let endpoint = |instance: &Instance| instance.endpoints.iter().position(|endpoint| endpoint.fits(scheme));
        let before = before.as_ref().map(|current| &current.group);
        let group = Group::new(&snapshot.instances, endpoint, &snapshot.suspects, before, balancer);
        let current = Arc::new(Current { snapshot, group, scheme });
        self.current.store(Some(Arc::clone(&current)));
        current
    }
}

/// Tells a group how an attempt ended, one that was dropped at its deadline included.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    current: &'a Current,
    place: usize,
    start: Instant,
    epoch: Instant,
    deadline: Option<std::time::Instant>,
    verdict: Option<Verdict>,
}

impl<'a> Attempt<'a> {
    pub(super) fn start(
        current: &'a Current,
        place: usize,
        [epoch, start]: [Instant; 2],
        deadline: Option<std::time::Instant>,
    ) -> Self {
        current.group.started(place);
        Self { current, place, start, epoch, deadline, verdict: None }
    }

    pub(super) fn end(mut self, verdict: Verdict) {
        self.verdict = Some(verdict);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        // Dropped without a verdict: at the deadline the instance was too slow, before it the caller
        // went away.
        let verdict = self.verdict.unwrap_or_else(|| match self.deadline {
            Some(deadline) if Instant::from_std(deadline) <= now => Verdict::Failed,
            _ => Verdict::Unknown,
        });
        let took = nanos(now.saturating_duration_since(self.start));
        let out = self.current.group.ended(self.place, verdict, took, nanos(now.saturating_duration_since(self.epoch)));
        if let (true, Some((instance, endpoint))) = (out, self.current.target(self.place)) {
            let Current { snapshot, scheme, .. } = self.current;
            tracing::warn!(service = snapshot.service, scheme, id = instance.id, address = %endpoint, ?verdict,
                "an instance is left out for a time");
        }
    }
}

/// As a balancer counts time.
pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
