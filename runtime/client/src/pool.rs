//! Connection pool for one address, one call at a time on each: how many, the idle ones kept for the next call, and
//! who waits for one.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::connection::Connection;
use super::counters::Counters;
use kiteline_core::lock::lock;

/// An idle connection older than this is not used: servers close theirs, ours after 5 min.
const IDLE_TIME: Duration = Duration::from_secs(60);

/// How many connections a channel has to one address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caps {
    /// At once, busy or idle.
    pub(super) most: usize,
    /// Kept while they are idle.
    pub(super) idle: usize,
}

/// The connections to one address.
#[derive(Debug, Default)]
pub(super) struct Pool(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The one used last at the end.
    idle: Vec<Idle>,
    /// Slots that are given out, those of idle connections included.
    open: usize,
    /// Calls that wait, the first one in front. Nothing is idle while there are some.
    waiting: VecDeque<oneshot::Sender<Given>>,
}

/// What is asked of all is beside the connections: another thread may have just written those.
#[derive(Debug)]
struct Idle {
    /// Until when it may be used.
    until: Instant,
    /// In a box: it moves into the future of each call and back.
    connection: Box<Connection>,
}

/// The connection, or the place for one, that a call is given.
#[derive(Debug)]
pub(super) enum Given {
    /// A connection that served another call just now.
    Connection(Box<Connection>),
    /// The right to open one.
    Slot(Slot),
}

/// One connection of those that may be open; given to the next call that waits when it is dropped.
#[derive(Debug)]
pub(super) struct Slot(Option<Arc<Shared>>);

impl Drop for Slot {
    fn drop(&mut self) {
        let Some(shared) = self.0.take() else { return };
        loop {
            let mut state = shared.state();
            let Some(next) = state.waiting.pop_front() else {
                state.open -= 1;
                return;
            };
            drop(state);
            match next.send(Given::Slot(Self(Some(Arc::clone(&shared))))) {
                // Its call is over: the next one has it.
                Err(Given::Slot(mut slot)) => drop(slot.0.take()),
                _ => return,
            }
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }
}

impl Pool {
    /// An idle connection that is still good, the one used last first.
    pub(super) fn take(&self, now: Instant, counters: &Counters) -> Option<Box<Connection>> {
        // Dropped behind the lock: each gives its slot back.
        let mut dead = Vec::new();
        let mut state = self.0.state();
        let found = loop {
            let Some(Idle { until, mut connection }) = state.idle.pop() else { break None };
            if now < until && connection.is_quiet(counters) {
                break Some(connection);
            }
            dead.push(connection);
        };
        drop(state);
        found
    }

    /// The right to open a connection, or another call's connection when as many are open as may be.
    pub(super) async fn turn(&self, caps: Caps) -> Given {
        loop {
            let waits = {
                let mut state = self.0.state();
                if state.open < caps.most.max(1) {
                    state.open += 1;
                    return Given::Slot(Slot(Some(Arc::clone(&self.0))));
                }
                if let Some(Idle { connection, .. }) = state.idle.pop() {
                    return Given::Connection(connection);
                }
                let (next, waits) = oneshot::channel();
                state.waiting.push_back(next);
                waits
            };
            if let Ok(given) = waits.await {
                return given;
            }
        }
    }

    /// Hands a connection on to who waits, or keeps it for the next call.
    pub(super) fn give(&self, mut connection: Box<Connection>, caps: Caps) {
        connection.rest();
        let mut state = self.0.state();
        while let Some(next) = state.waiting.pop_front() {
            drop(state);
            match next.send(Given::Connection(connection)) {
                Err(Given::Connection(back)) => connection = back,
                _ => return,
            }
            state = self.0.state();
        }
        // The oldest stand in front; taken are the others, so that nobody else would look at them.
        let since = connection.since();
        let old = state.idle.iter().take_while(|idle| idle.until <= since).count();
        let mut ended: Vec<Idle> = if old > 0 { state.idle.drain(..old).collect() } else { Vec::new() };
        let idle = Idle { until: since + IDLE_TIME, connection };
        if state.idle.len() < caps.idle {
            state.idle.push(idle);
        } else {
            ended.push(idle);
        }
        drop(state);
        drop(ended);
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // Their slots hold what they are in.
        let idle = mem::take(&mut self.0.state().idle);
        drop(idle);
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    const CAPS: Caps = Caps { most: 2, idle: 1 };

    async fn open(listener: &TcpListener, given: Given) -> (Box<Connection>, TcpStream) {
        let Given::Slot(slot) = given else { unreachable!("a connection in place of a slot") };
        let (stream, peer) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        (Box::new(Connection::new(stream.unwrap(), 1 << 20, Instant::now(), slot)), peer.unwrap().0)
    }

    fn open_now(pool: &Pool) -> usize {
        pool.0.state().open
    }

    #[tokio::test]
    async fn who_comes_above_the_cap_waits_for_a_connection_or_the_end_of_one() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (pool, counters) = (Pool::default(), Counters::default());
        let (first, _peer) = open(&listener, pool.turn(CAPS).await).await;
        let (second, _other) = open(&listener, pool.turn(CAPS).await).await;
        let mut waits: Vec<_> = (0..3).map(|_| boxed(pool.turn(CAPS))).collect();
        for wait in &mut waits {
            assert!(now(wait).await.is_none());
        }
        // One of two waiting callers gives up: its turn goes to the next.
        drop(waits.remove(0));
        pool.give(first, CAPS);
        let Some(Given::Connection(first)) = now(&mut waits[0]).await else { unreachable!("no connection") };
        drop(second);
        assert!(matches!(now(&mut waits[1]).await, Some(Given::Slot(_))));
        drop(waits);
        pool.give(first, CAPS);
        assert_eq!(open_now(&pool), 1);
        assert!(pool.take(Instant::now(), &counters).is_some());
        assert_eq!(open_now(&pool), 0);
    }

    #[tokio::test]
    async fn so_many_are_kept_idle_and_none_forever() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (pool, counters) = (Pool::default(), Counters::default());
        let (first, _peer) = open(&listener, pool.turn(CAPS).await).await;
        let (second, _other) = open(&listener, pool.turn(CAPS).await).await;
        pool.give(first, CAPS);
        pool.give(second, CAPS);
        assert_eq!(open_now(&pool), 1);
        assert!(pool.take(Instant::now() + IDLE_TIME, &counters).is_none());
        assert_eq!(open_now(&pool), 0);
    }

    type Turn<'a> = std::pin::Pin<Box<dyn Future<Output = Given> + 'a>>;

    fn boxed<'a>(turn: impl Future<Output = Given> + 'a) -> Turn<'a> {
        Box::pin(turn)
    }

    async fn now(turn: &mut Turn<'_>) -> Option<Given> {
        std::future::poll_fn(|task| {
            std::task::Poll::Ready(match turn.as_mut().poll(task) {
                std::task::Poll::Ready(given) => Some(given),
                std::task::Poll::Pending => None,
            })
        })
        .await
    }
}
