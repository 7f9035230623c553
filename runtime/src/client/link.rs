//! One multiplexed connection: many calls at once, matched by the TTHeader's sequence number.
//!
//! Waiters stand in a slab that the number indexes. The place of a call that was given up is taken
//! again only after its answer came, so that a late answer reaches nobody; the number's upper half
//! tells a place's uses apart, so that a repeated one does neither. Requests gather in one buffer: a lone caller writes at once,
//! otherwise the writer lets every runnable caller add to the batch first.

use std::future::poll_fn;
use std::io;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::counters::{Counter, Counters};
use crate::error::Error;
use crate::thrift::{Header, Incoming, Messages, metainfo};

/// Bits of a sequence number that are a slot's place; the others count its uses, from 1.
const PLACE: u32 = 16;
const USES: i32 = 0x7fff;

/// What a peer may let a write wait.
const STALLED: Duration = Duration::from_secs(10);

/// Bytes that may wait to be written; a call that finds more is refused.
const AHEAD: usize = 16 << 20;

/// Calls whose answers never came, from which on another connection is opened.
const LOST: usize = 1 << (PLACE - 2);

#[derive(Debug)]
enum Wait {
    Free,
    /// Given up; its answer has not come.
    Lost,
    Waiting(Option<Waker>),
    Done(Incoming),
}

#[derive(Debug)]
struct Slot {
    seq: i32,
    wait: Wait,
}

#[derive(Debug, Default)]
struct State {
    slots: Vec<Slot>,
    free: Vec<usize>,
    out: BytesMut,
    /// Whether somebody writes, or will.
    writing: bool,
    /// Why no answer comes any more.
    end: Option<String>,
    /// Calls that were given up and whose answers have not come.
    lost: usize,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    wake: Notify,
    write: OwnedWriteHalf,
    /// Whether another call may enter, for who only looks.
    open: AtomicBool,
    counters: Arc<Counters>,
}

/// One connection; dropped it closes.
#[derive(Debug)]
pub(super) struct Link {
    shared: Arc<Shared>,
    tasks: [AbortHandle; 2],
}

impl Drop for Link {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

/// A place among the waiters, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Ticket<'a> {
    shared: &'a Shared,
    pub(super) seq: i32,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Waits for an answer.
    Waiting,
    /// No answer comes.
    Silent,
    /// The answer was taken, and the place given back.
    Over,
}

/// Why a call did not enter a link.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The connection takes no calls; nothing was written.
    Closed(String),
    /// The request cannot be written anywhere.
    Request(Error),
}

impl Link {
    /// Takes a connection over.
    pub(super) fn new(stream: TcpStream, frame: usize, counters: Arc<Counters>) -> Self {
        let (read, write) = stream.into_split();
        let (state, open) = (Mutex::default(), AtomicBool::new(true));
        let shared = Arc::new(Shared { state, wake: Notify::new(), write, open, counters });
        let reader = tokio::spawn(read_all(Arc::clone(&shared), read, frame));
        let writer = tokio::spawn(write_all(Arc::clone(&shared)));
        Self { shared, tasks: [reader.abort_handle(), writer.abort_handle()] }
    }

    /// Whether another call may enter.
    pub(super) fn is_open(&self) -> bool {
        self.shared.open.load(Ordering::Relaxed)
    }

    /// Lets no further call enter: the peer closes the connection.
    pub(super) fn leave(&self) {
        self.shared.leave();
    }

    /// Adds a request, which may be `answered`: `head` writes all but its body under the number
    /// that it is given.
    pub(super) fn enter(
        &self,
        answered: bool,
        head: impl FnOnce(i32, &mut BytesMut) -> Result<(), Error>,
        body: &[u8],
    ) -> Result<Ticket<'_>, Refusal> {
        let mut state = self.shared.state();
        if let Some(why) = &state.end {
            return Err(Refusal::Closed(why.clone()));
        }
        let seq = if state.out.len() > AHEAD { None } else { state.take_place() };
        let Some(seq) = seq else {
            self.shared.counters.add(Counter::Shed);
            return Err(Refusal::Closed("too many calls wait on it".to_owned()));
        };
        let mut ticket = Ticket { shared: &self.shared, seq, stage: Stage::Silent };
        if let Err(error) = head(seq, &mut state.out) {
            drop(state);
            return Err(Refusal::Request(error));
        }
        if answered {
            ticket.stage = Stage::Waiting;
        }
        state.out.extend_from_slice(body);
        let begin = !mem::replace(&mut state.writing, true);
        let alone = state.slots.len() - state.free.len() == 1;
        drop(state);
        match (begin, alone) {
            (true, true) => self.shared.write_now(),
            (true, false) => self.shared.wake.notify_one(),
            _ => {}
        }
        Ok(ticket)
    }
}

/// The place that a sequence number names.
fn place(seq: i32) -> usize {
    usize::try_from(seq & ((1 << PLACE) - 1)).unwrap_or(usize::MAX)
}

impl State {
    fn take_place(&mut self) -> Option<i32> {
        let at = match self.free.pop() {
            Some(at) => at,
            None => {
                let at = self.slots.len();
                let seq = i32::try_from(at).ok().filter(|at| *at < 1 << PLACE)?;
                self.slots.push(Slot { seq, wait: Wait::Free });
                at
            }
        };
        let slot = self.slots.get_mut(at)?;
        let uses = (slot.seq >> PLACE) % USES + 1;
        slot.seq = uses << PLACE | (slot.seq & ((1 << PLACE) - 1));
        slot.wait = Wait::Waiting(None);
        Some(slot.seq)
    }

    /// The waiter to wake, if it sleeps; the message itself when nobody waits for it.
    fn deliver(&mut self, seq: i32, incoming: Incoming) -> Result<Option<Waker>, Incoming> {
        let Some(slot) = self.slots.get_mut(place(seq)).filter(|slot| slot.seq == seq) else { return Err(incoming) };
        let waker = match &mut slot.wait {
            Wait::Waiting(waker) => waker.take(),
            Wait::Lost => {
                slot.wait = Wait::Free;
                self.free.push(place(seq));
                self.lost -= 1;
                return Err(incoming);
            }
            Wait::Free | Wait::Done(_) => return Err(incoming),
        };
        slot.wait = Wait::Done(incoming);
        Ok(waker)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what the socket takes at once; the writer has the rest.
    fn write_now(&self) {
        let mut out = mem::take(&mut self.state().out);
        match self.write.try_write(&out) {
            Ok(count) => out.advance(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return self.fail(&error.to_string()),
        }
        let mut state = self.state();
        if out.is_empty() && state.out.is_empty() {
            state.writing = false;
            out.clear();
            state.out = out;
            return;
        }
        out.unsplit(mem::take(&mut state.out));
        state.out = out;
        drop(state);
        self.wake.notify_one();
    }

    fn leave(&self) {
        self.open.store(false, Ordering::Relaxed);
    }

    /// Ends every wait.
    fn fail(&self, why: &str) {
        self.open.store(false, Ordering::Relaxed);
        let mut state = self.state();
        state.end.get_or_insert_with(|| why.to_owned());
        let wakers: Vec<Waker> = state
            .slots
            .iter_mut()
            .filter_map(|slot| match &mut slot.wait {
                Wait::Waiting(waker) => waker.take(),
                _ => None,
            })
            .collect();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    #[cold]
    fn damaged(&self, why: String) -> Result<(), String> {
        self.counters.add(Counter::BrokenReplies);
        Err(why)
    }

    /// Hands on every whole answer that has arrived.
    fn deliver(&self, messages: &mut Messages) -> Result<(), String> {
        let mut wakers = Vec::new();
        let mut state = self.state();
        let end = loop {
            match messages.take() {
                Ok(Some(incoming)) => {
                    let seq = match number(&incoming) {
                        Ok(seq) => seq,
                        Err(why) => break self.damaged(why),
                    };
                    match state.deliver(seq, incoming) {
                        Ok(waker) => wakers.extend(waker),
                        Err(notice) if says_goodbye(&notice) => self.leave(),
                        Err(_) => self.counters.add(Counter::UnknownReplies),
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break self.damaged(error.to_string()),
            }
        };
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        end
    }
}

/// Whether a message that answers nobody tells that its connection ends, as Kitex's server does
/// with the number 0 when it shuts down (`netpollmux/server_handler.go`).
fn says_goodbye(incoming: &Incoming) -> bool {
    let header = incoming.header().ok().flatten();
    header.is_some_and(|header| header.string(metainfo::CLOSING) == Some("1"))
}

/// The number that says whose answer it is.
fn number(incoming: &Incoming) -> Result<i32, String> {
    if incoming.wire.has_header() {
        return Ok(incoming.seq);
    }
    Header::read(&incoming.message).map(|(header, _)| header.seq).map_err(|error| error.to_string())
}

async fn read_all(shared: Arc<Shared>, mut read: OwnedReadHalf, frame: usize) {
    let mut messages = Messages::new(frame);
    let why = loop {
        match read.read_buf(messages.room()).await {
            Ok(0) => break "closed before the answer".to_owned(),
            Ok(_) => {}
            Err(error) => break error.to_string(),
        }
        if let Err(why) = shared.deliver(&mut messages) {
            break why;
        }
    };
    shared.fail(&why);
}

async fn write_all(shared: Arc<Shared>) {
    loop {
        shared.wake.notified().await;
        // Every runnable caller joins the batch.
        tokio::task::yield_now().await;
        loop {
            let mut out = {
                let mut state = shared.state();
                if state.out.is_empty() {
                    state.writing = false;
                    break;
                }
                mem::take(&mut state.out)
            };
            if let Err(error) = write(&shared.write, &mut out).await {
                if error.kind() == io::ErrorKind::TimedOut {
                    shared.counters.add(Counter::WriteTimeouts);
                }
                return shared.fail(&error.to_string());
            }
        }
    }
}

async fn write(socket: &OwnedWriteHalf, out: &mut BytesMut) -> io::Result<()> {
    while !out.is_empty() {
        // A peer that takes nothing must not make the buffer grow for ever.
        let stalled = |_| io::Error::new(io::ErrorKind::TimedOut, "it took nothing for 10 s");
        tokio::time::timeout(STALLED, socket.writable()).await.map_err(stalled)??;
        match socket.try_write(out) {
            Ok(count) => out.advance(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Ticket<'_> {
    /// Waits for the answer; `Err` says why none comes.
    pub(super) async fn answer(&mut self) -> Result<Incoming, String> {
        poll_fn(|task| {
            let mut state = self.shared.state();
            let State { slots, free, end, .. } = &mut *state;
            let Some(slot) = slots.get_mut(place(self.seq)) else { return Poll::Ready(Err("lost".to_owned())) };
            match mem::replace(&mut slot.wait, Wait::Free) {
                Wait::Done(incoming) => {
                    free.push(place(self.seq));
                    self.stage = Stage::Over;
                    Poll::Ready(Ok(incoming))
                }
                _ if end.is_some() => Poll::Ready(Err(end.clone().unwrap_or_default())),
                _ => {
                    slot.wait = Wait::Waiting(Some(task.waker().clone()));
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if matches!(self.stage, Stage::Over) {
            return;
        }
        let mut state = self.shared.state();
        let at = place(self.seq);
        let Some(slot) = state.slots.get_mut(at) else { return };
        // A number whose answer is still to come names nobody else before it came.
        if !matches!(self.stage, Stage::Silent) && matches!(slot.wait, Wait::Waiting(_)) {
            slot.wait = Wait::Lost;
            state.lost += 1;
            if state.lost >= LOST {
                self.shared.leave();
            }
        } else {
            slot.wait = Wait::Free;
            state.free.push(at);
        }
    }
}
