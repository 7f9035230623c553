//! The list that calls pick from, made anew when the resolver's snapshot changed.

use kiteline_core::Context;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, TryLockError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::time::Instant;

use super::peer::Peer;
use kiteline_balance::{Balancer, Group, Verdict};
use kiteline_registry::{Endpoint, Instance, Resolver, Snapshot};

/// One snapshot, ready to be picked from by calls of one protocol.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) group: Group,
    /// The connections to each member of the group, from its first call on.
    peers: Vec<OnceLock<Arc<Peer>>>,
    scheme: &'static str,
}

impl Current {
    /// Who is called at a place, and where.
    pub(super) fn target(&self, place: usize) -> Option<(&Arc<Instance>, &Endpoint)> {
        let instance = self.group.member(place)?.instance();
        Some((instance, instance.endpoints.get(self.group.endpoint(place)?)?))
    }

    /// The connections to who is called at a place.
    pub(super) fn peer(&self, place: usize) -> Option<&Peer> {
        let peer = self.peers.get(place)?;
        if let Some(peer) = peer.get() {
            return Some(peer);
        }
        let (instance, endpoint) = self.target(place)?;
        Some(peer.get_or_init(|| Arc::new(Peer::new(instance, endpoint))))
    }

    /// Takes the connections over that an older list had; both are in the order of ids.
    fn inherit(&mut self, before: &Self) {
        let mut old = 0;
        for place in 0..self.group.len() {
            let Some((instance, endpoint)) = self.target(place) else { continue };
            let id = |place| before.group.member(place).map(|member| &member.instance().id);
            while id(old).is_some_and(|id| *id < instance.id) {
                old += 1;
            }
            let known = || id(old).is_some_and(|id| *id == instance.id);
            let Some(peer) = before.peers.get(old).and_then(OnceLock::get) else { continue };
            if known() && peer.fits(instance, endpoint) {
                self.peers[place] = OnceLock::from(Arc::clone(peer));
            }
        }
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

    /// The list of what the resolver knows now, where that is made and not empty of all knowledge.
    pub(super) fn fresh(&self, resolver: &Resolver) -> Option<Arc<Current>> {
        self.current.load_full().filter(|current| current.snapshot.known && resolver.shows(&current.snapshot))
    }

    /// The list of this snapshot. While one caller makes it, the others use the one before, unless nobody is in it.
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
            (Err(TryLockError::WouldBlock), Some(before)) if !before.group.is_empty() => return before,
            (Err(TryLockError::WouldBlock), _) => self.making.lock().unwrap_or_else(PoisonError::into_inner),
        };
        // Another caller may have been here in between.
        let before = self.current.load_full();
        if let Some(current) = before.as_ref().filter(|current| Arc::ptr_eq(&current.snapshot, &snapshot)) {
            return Arc::clone(current);
        }
        let scheme = self.scheme;
        let endpoint = |instance: &Instance| instance.endpoints.iter().position(|endpoint| endpoint.fits(scheme));
        let group_before = before.as_ref().map(|current| &current.group);
        let group = Group::new(&snapshot.instances, endpoint, &snapshot.suspects, group_before, balancer);
        let mut peers = Vec::new();
        peers.resize_with(group.len(), OnceLock::new);
        let mut current = Current { snapshot, group, peers, scheme };
        if let Some(before) = &before {
            current.inherit(before);
        }
        let current = Arc::new(current);
        self.current.store(Some(Arc::clone(&current)));
        current
    }
}

/// Tells a group how an attempt ended, one that was dropped included.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    current: &'a Current,
    place: usize,
    start: Instant,
    /// When the channel began, and what the call is about.
    epoch: &'a Instant,
    cx: &'a Context,
    verdict: Option<Verdict>,
}

impl<'a> Attempt<'a> {
    pub(super) fn start(
        current: &'a Current,
        place: usize,
        start: Instant,
        epoch: &'a Instant,
        cx: &'a Context,
    ) -> Self {
        current.group.started(place);
        Self { current, place, start, epoch, cx, verdict: None }
    }

    pub(super) fn end(mut self, verdict: Verdict) {
        self.verdict = Some(verdict);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let Self { current, place, start, epoch, cx, verdict } = *self;
        // Dropped without a verdict: at the deadline, which whoever waits for the call may have too and notice first,
        // the instance was too slow; before it the caller went away.
        let verdict = verdict.unwrap_or_else(|| match cx.deadline() {
            Some(deadline) if deadline <= Instant::now().into_std() => Verdict::Failed,
            _ => Verdict::Unknown,
        });
        let time = || {
            let now = Instant::now();
            let since = |then| nanos(now.saturating_duration_since(then));
            (since(start), since(*epoch))
        };
        let out = current.group.ended(place, verdict, time);
        if let (true, Some((instance, endpoint))) = (out, current.target(place)) {
            let Current { snapshot, scheme, .. } = current;
            tracing::warn!(service = snapshot.service, scheme, id = instance.id, address = %endpoint, ?verdict,
                "an instance is left out for a time");
        }
    }
}

/// As a balancer counts time.
pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
