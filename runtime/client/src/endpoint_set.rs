//! The instances that a channel may call, rebuilt when the resolver's snapshot changes.

use kiteline_core::Context;
use kiteline_core::event::{Event, Recorders};
use kiteline_core::lock::lock;
use std::sync::{Arc, Mutex, OnceLock, TryLockError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::time::Instant;

use super::endpoint_connections::EndpointConnections;
use kiteline_balance::{Balancer, Change, PickSet, Verdict};
use kiteline_registry::{Endpoint, Instance, Resolver, Snapshot};

/// One snapshot, prepared for calls of one protocol, with the connections to its members.
#[derive(Debug)]
pub(super) struct EndpointSet {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) picks: PickSet,
    /// The connections to each member of the set, from its first call on.
    peers: Vec<OnceLock<Arc<EndpointConnections>>>,
    scheme: &'static str,
    recorders: Recorders,
}

impl EndpointSet {
    /// The instance at a place, and the endpoint to call it at.
    pub(super) fn target(&self, place: usize) -> Option<(&Arc<Instance>, &Endpoint)> {
        let instance = self.picks.member(place)?.instance();
        Some((instance, instance.endpoints.get(self.picks.endpoint(place)?)?))
    }

    /// The connections to who is called at a place.
    pub(super) fn peer(&self, place: usize) -> Option<&EndpointConnections> {
        let peer = self.peers.get(place)?;
        if let Some(peer) = peer.get() {
            return Some(peer);
        }
        let (instance, endpoint) = self.target(place)?;
        Some(peer.get_or_init(|| Arc::new(EndpointConnections::new(instance, endpoint))))
    }

    /// Takes the connections over that an older list had; both are in the order of ids.
    fn inherit(&mut self, before: &Self) {
        let mut old = 0;
        for place in 0..self.picks.len() {
            let Some((instance, endpoint)) = self.target(place) else { continue };
            let id = |place| before.picks.member(place).map(|member| &member.instance().id);
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

/// The current set of one protocol, for all calls of a channel.
#[derive(Debug)]
pub(super) struct EndpointSets {
    scheme: &'static str,
    recorders: Recorders,
    current: ArcSwapOption<EndpointSet>,
    /// Held by who makes a list.
    making: Mutex<()>,
}

impl EndpointSets {
    pub(super) fn new(scheme: &'static str, recorders: Recorders) -> Self {
        Self { scheme, recorders, current: ArcSwapOption::empty(), making: Mutex::default() }
    }

    /// The scheme of the endpoints that are called.
    pub(super) fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// The list of what the resolver knows now, where that is made and not empty of all knowledge.
    pub(super) fn fresh(&self, resolver: &Resolver) -> Option<Arc<EndpointSet>> {
        self.current.load_full().filter(|current| current.snapshot.known && resolver.shows(&current.snapshot))
    }

    /// The list of this snapshot. While one caller makes it, the others use the one before, unless nobody is in it.
    pub(super) fn of(&self, snapshot: Arc<Snapshot>, balancer: &dyn Balancer) -> Arc<EndpointSet> {
        let current = self.current.load_full();
        match current {
            Some(current) if Arc::ptr_eq(&current.snapshot, &snapshot) => current,
            before => self.make(snapshot, before, balancer),
        }
    }

    #[cold]
    fn make(
        &self,
        snapshot: Arc<Snapshot>,
        before: Option<Arc<EndpointSet>>,
        balancer: &dyn Balancer,
    ) -> Arc<EndpointSet> {
        let _making = match (self.making.try_lock(), before) {
            (Ok(making), _) => making,
            (Err(TryLockError::Poisoned(poisoned)), _) => poisoned.into_inner(),
            (Err(TryLockError::WouldBlock), Some(before)) if !before.picks.is_empty() => return before,
            (Err(TryLockError::WouldBlock), _) => lock(&self.making),
        };
        // Another caller may have been here in between.
        let before = self.current.load_full();
        if let Some(current) = before.as_ref().filter(|current| Arc::ptr_eq(&current.snapshot, &snapshot)) {
            return Arc::clone(current);
        }
        let scheme = self.scheme;
        let endpoint = |instance: &Instance| instance.endpoints.iter().position(|endpoint| endpoint.fits(scheme));
        let picks_before = before.as_ref().map(|current| &current.picks);
        let picks = PickSet::new(&snapshot.instances, endpoint, &snapshot.suspects, picks_before, balancer);
        let mut peers = Vec::new();
        peers.resize_with(picks.len(), OnceLock::new);
        let mut current = EndpointSet { snapshot, picks, peers, scheme, recorders: self.recorders.clone() };
        if let Some(before) = &before {
            current.inherit(before);
        }
        self.recorders.record(|| {
            let Snapshot { service, instances, .. } = &*current.snapshot;
            Event::InstancesChanged { service, instances: instances.len() }
        });
        let current = Arc::new(current);
        self.current.store(Some(Arc::clone(&current)));
        current
    }
}

/// One attempt of a call; tells the set how it ended, also when it is dropped.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    current: &'a EndpointSet,
    place: usize,
    start: Instant,
    /// When the channel began, and what the call is about.
    epoch: &'a Instant,
    cx: &'a Context,
    verdict: Option<Verdict>,
}

impl<'a> Attempt<'a> {
    pub(super) fn start(
        current: &'a EndpointSet,
        place: usize,
        start: Instant,
        epoch: &'a Instant,
        cx: &'a Context,
    ) -> Self {
        current.picks.started(place);
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
        let change = current.picks.ended(place, verdict, time);
        let (Some(change), Some((instance, endpoint))) = (change, current.target(place)) else { return };
        let EndpointSet { snapshot, scheme, recorders, .. } = current;
        let (service, instance_id) = (&*snapshot.service, &*instance.id);
        recorders.record(|| match change {
            Change::LeftOut => Event::InstanceLeftOut { service, instance: instance_id },
            Change::Back => Event::InstanceBack { service, instance: instance_id },
        });
        if change == Change::LeftOut {
            tracing::warn!(target: "runtime::client::endpoint_set", service = snapshot.service, scheme, id = instance.id, address = %endpoint, ?verdict,
                "an instance is left out for a time");
        }
    }
}

/// A time as a balancer counts it, in nanoseconds.
pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
