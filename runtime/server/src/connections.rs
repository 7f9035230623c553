//! The open connections: how many, what each waits for and since when, and their end.
//!
//! Deadlines of connections run on one coarse tick: a driver stores what it waits for in one
//! atomic word, and a sweep ends what has waited too long. No driver reads a clock or sets a timer.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::counters::{Counter, Counters};
use super::share::Share;
use kiteline_core::cache_padded::CachePadded;
use kiteline_core::limits::Limits;
use kiteline_core::lock::lock;

/// How exact the deadlines of connections are.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// Once the server drains, a peer has this long to send the rest of a frame that it has begun: one
/// that is there needs no longer, and one that went away without a word does not hold the server
/// until [`Limits::drain`]. Never longer than [`Limits::whole_frame`].
pub(super) const REST: Duration = Duration::from_secs(5);

/// What a connection waits for; the limit of that time ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// The first bytes, that tell its protocol.
    FirstByte = 0,
    /// The next request.
    Idle = 1,
    /// The rest of a frame.
    Frame = 2,
    /// A handler, which has its own deadline.
    Work = 3,
    /// The peer, to take an answer.
    Write = 4,
    /// An HTTP/2 connection without streams.
    Streamless = 5,
}

pub(super) const PHASES: [Phase; 6] =
    [Phase::FirstByte, Phase::Idle, Phase::Frame, Phase::Work, Phase::Write, Phase::Streamless];

/// What a connection waits for and since which tick, in one word: the low 3 bits are the phase.
#[derive(Debug, Default)]
struct Stamp(AtomicU64);

impl Stamp {
    fn set(&self, phase: Phase, tick: u64) {
        self.0.store(tick << 3 | phase as u64, Ordering::Relaxed);
    }

    /// The same for a connection that is still as it was seen.
    fn replace(&self, (phase, since): (Phase, u64), next: Phase, tick: u64) -> bool {
        let [seen, next] = [since << 3 | phase as u64, tick << 3 | next as u64];
        self.0.compare_exchange(seen, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    fn get(&self) -> (Phase, u64) {
        let word = self.0.load(Ordering::Relaxed);
        let phase = usize::try_from(word & 7).ok().and_then(|at| PHASES.get(at));
        (phase.copied().unwrap_or(Phase::Work), word >> 3)
    }
}

struct Entry {
    stamp: Arc<CachePadded<Stamp>>,
    address: IpAddr,
    task: Option<AbortHandle>,
    goaway: Option<CancellationToken>,
}

/// What the connections from one address have together.
#[derive(Default)]
struct Address {
    open: usize,
    /// Their calls in work.
    calls: Arc<CachePadded<AtomicUsize>>,
}

#[derive(Default)]
struct Table {
    next: u64,
    entries: HashMap<u64, Entry>,
    addresses: HashMap<IpAddr, Address>,
}

/// Every open connection of one server.
#[derive(Default)]
pub(super) struct Connections {
    table: Mutex<Table>,
    tick: AtomicU64,
    draining: AtomicBool,
    /// The tick at which the drain began.
    drained: AtomicU64,
    changed: Notify,
}

impl Connections {
    fn table(&self) -> MutexGuard<'_, Table> {
        lock(&self.table)
    }

    /// Takes a connection in, unless too many are open.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr, limits: &Limits) -> Option<ConnectionGuard> {
        let mut table = self.table();
        let from_here = table.addresses.get(&address).map_or(0, |from_here| from_here.open);
        if table.entries.len() >= limits.connections || from_here >= limits.connections_per_address {
            return None;
        }
        let from_here = table.addresses.entry(address).or_default();
        from_here.open += 1;
        let share = Arc::new(Share::new(Arc::clone(&from_here.calls)));
        let id = table.next;
        table.next += 1;
        let stamp = Arc::<CachePadded<Stamp>>::default();
        stamp.set(Phase::FirstByte, self.tick.load(Ordering::Relaxed));
        let entry = Entry { stamp: Arc::clone(&stamp), address, task: None, goaway: None };
        table.entries.insert(id, entry);
        Some(ConnectionGuard { connections: Arc::clone(self), id, stamp, share })
    }

    /// Tells which task a connection runs in, so that a sweep can end it.
    pub(super) fn runs_in(&self, id: u64, task: AbortHandle) {
        if let Some(entry) = self.table().entries.get_mut(&id) {
            entry.task = Some(task);
        }
    }

    /// Connections that are open.
    pub(super) fn open(&self) -> usize {
        self.table().entries.len()
    }

    /// Whether the server is on its way out: no connection waits for another request.
    pub(super) fn draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Begins the drain: HTTP/2 peers are told at once, idle connections end with the next sweep,
    /// begun frames have [`REST`], and a connection without streams has [`Limits::write`] to end.
    pub(super) fn drain(&self) {
        self.drained.store(self.tick.load(Ordering::Relaxed), Ordering::Relaxed);
        // Release: whoever sees the drain sees when it began.
        self.draining.store(true, Ordering::Release);
        let table = self.table();
        table.entries.values().filter_map(|entry| entry.goaway.as_ref()).for_each(|t| t.cancel());
    }

    /// Ends every connection now.
    pub(super) fn abort(&self) {
        let tasks: Vec<_> = self.table().entries.values().filter_map(|entry| entry.task.clone()).collect();
        tasks.iter().for_each(AbortHandle::abort);
    }

    /// Ends when no connection is open.
    pub(super) async fn empty(&self) {
        loop {
            let changed = self.changed.notified();
            if self.open() == 0 {
                return;
            }
            changed.await;
        }
    }

    /// Moves the tick on and ends what has waited too long, for ever.
    pub(super) async fn sweep(&self, limits: &Limits, counters: &Counters) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now = self.tick.fetch_add(1, Ordering::Relaxed) + 1;
            let mut ended = Vec::new();
            for entry in self.table().entries.values() {
                ended.extend(self.judge(entry, now, limits, counters));
            }
            // Outside the lock: a task that ends gives its seat back.
            ended.iter().for_each(AbortHandle::abort);
        }
    }

    /// Whether the server leaves, and the connection has waited too long for that.
    fn leaves(&self, phase: Phase, now: u64, since: u64, limits: &Limits) -> bool {
        if !self.draining.load(Ordering::Acquire) {
            return false;
        }
        let waited = now.saturating_sub(since.max(self.drained.load(Ordering::Relaxed)));
        match phase {
            // A whole tick of silence, so that a request that is just arriving is still answered.
            Phase::FirstByte | Phase::Idle => now.saturating_sub(since) > 1,
            Phase::Frame => waited > ticks(REST),
            // GOAWAY was told, and the last answers may be on their way.
            Phase::Streamless => waited > ticks(limits.write),
            Phase::Work | Phase::Write => false,
        }
    }

    /// The task to end, if the connection has waited too long.
    fn judge(&self, entry: &Entry, now: u64, limits: &Limits, counters: &Counters) -> Option<AbortHandle> {
        let (phase, since) = entry.stamp.get();
        let age = now.saturating_sub(since);
        let (limit, counter) = match phase {
            Phase::Work => return None,
            Phase::FirstByte => (limits.first_byte, Counter::Stalled),
            Phase::Frame => (limits.whole_frame, Counter::Stalled),
            Phase::Write => (limits.write, Counter::WriteTimeouts),
            Phase::Idle | Phase::Streamless => (limits.idle, Counter::Idle),
        };
        let late = age > ticks(limit);
        let leaving = self.leaves(phase, now, since, limits);
        if late || leaving && phase == Phase::Frame {
            counters.add(counter);
        }
        if late && let (Phase::Streamless, Some(goaway)) = (phase, &entry.goaway) {
            // Told once; what is left of the connection ends as a write does. Not when a stream has just begun.
            if entry.stamp.replace((phase, since), Phase::Write, now) {
                goaway.cancel();
            }
            return None;
        }
        entry.task.clone().filter(|_| late || leaving)
    }
}

/// Whole ticks that a time takes.
fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_millis().div_ceil(TICK.as_millis())).unwrap_or(u64::MAX)
}

/// Counts a connection as open until it is dropped.
pub(super) struct ConnectionGuard {
    connections: Arc<Connections>,
    id: u64,
    stamp: Arc<CachePadded<Stamp>>,
    share: Arc<Share>,
}

impl ConnectionGuard {
    /// The connection's number.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// The share of the connection's calls in all calls in work.
    pub(super) fn share(&self) -> &Arc<Share> {
        &self.share
    }

    /// Says what the connection waits for from now on.
    pub(super) fn enter(&self, phase: Phase) {
        self.stamp.set(phase, self.connections.tick.load(Ordering::Relaxed));
    }

    /// Whether this is what the connection waits for.
    pub(super) fn is_in(&self, phase: Phase) -> bool {
        self.stamp.get().0 == phase
    }

    /// Ends the connection now.
    #[cfg(feature = "grpc")]
    pub(super) fn abort(&self) {
        let task = self.connections.table().entries.get(&self.id).and_then(|entry| entry.task.clone());
        task.iter().for_each(AbortHandle::abort);
    }

    /// The token that ends when an HTTP/2 peer should be told to go.
    #[cfg(feature = "grpc")]
    pub(super) fn goaway(&self) -> CancellationToken {
        let token = CancellationToken::new();
        let mut table = self.connections.table();
        if let Some(entry) = table.entries.get_mut(&self.id) {
            entry.goaway = Some(token.clone());
        }
        if self.connections.draining() {
            token.cancel();
        }
        token
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        let mut table = self.connections.table();
        let Some(entry) = table.entries.remove(&self.id) else { return };
        if let Some(address) = table.addresses.get_mut(&entry.address) {
            address.open -= 1;
            if address.open == 0 {
                table.addresses.remove(&entry.address);
            }
        }
        if table.entries.is_empty() {
            self.connections.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream began between a sweep's look and what it does.
    #[test]
    fn a_connection_that_went_on_is_left_alone() {
        let stamp = Stamp::default();
        stamp.set(Phase::Streamless, 1);
        let seen = stamp.get();
        stamp.set(Phase::Work, 7);
        assert!(!stamp.replace(seen, Phase::Write, 9));
        assert_eq!(stamp.get(), (Phase::Work, 7));
        assert!(stamp.replace((Phase::Work, 7), Phase::Write, 9));
    }
}
