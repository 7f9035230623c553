//! A multiplexed connection: many calls at once, matched by the TTHeader's sequence number.
//!
//! Requests gather in one buffer: a lone caller writes at once, otherwise the writer lets every
//! runnable caller add to the batch first.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Poll, Waker};
use std::time::Duration;
use std::{io, mem};

use bytes::{Buf, BytesMut};
use tokio::io::AsyncReadExt;
use tokio::runtime::{Handle, Id};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use super::answers::{number, says_goodbye};
use super::counters::{Counter, Counters};
use super::pending_calls::{Late, PendingCalls, Quiet};
use kiteline_core::error::Error;
use kiteline_core::lock::lock;
use kiteline_thrift::{Incoming, MessageReader};
use kiteline_tls::{Reader, Stream, Writer};

/// What a peer may let a write wait.
const STALLED: Duration = Duration::from_secs(10);

/// Bytes that may wait to be written; a call that finds more is refused.
const AHEAD: usize = 16 << 20;

/// Calls whose answers never came, from which on another connection is opened.
const LOST: usize = 1 << 14;

#[derive(Debug, Default)]
struct State {
    pending: PendingCalls,
    out: BytesMut,
    /// Whether somebody writes, or will.
    writing: bool,
    /// Why no answer comes any more.
    end: Option<String>,
    quiet: Quiet,
    /// When somebody's deadline is looked at next.
    alarm: Option<Instant>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    wake: Notify,
    /// Told when the next deadline is an earlier one than before.
    sooner: Notify,
    write: Writer,
    /// Whether another call may enter, for who only looks.
    open: AtomicBool,
    counters: Arc<Counters>,
}

/// A shared connection; it closes when it is dropped.
#[derive(Debug)]
pub(super) struct MuxConnection {
    shared: Arc<Shared>,
    tasks: [AbortHandle; 3],
    /// The runtime of the tasks.
    home: Id,
}

impl Drop for MuxConnection {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

/// How a request is to be answered.
pub(super) struct CallOptions {
    /// Whether it is answered.
    pub(super) answered: bool,
    /// Until when it waits.
    pub(super) deadline: Option<Instant>,
    /// The task that the answer wakes, where that is known before the first look for it.
    pub(super) waker: Option<Waker>,
}

/// A call that waits for its answer; dropped, it gives its slot back.
#[derive(Debug)]
pub(super) struct PendingCall<'a> {
    shared: &'a Shared,
    pub(super) seq: i32,
    stage: Stage,
    /// Whether it sleeps before it was looked at.
    asleep: bool,
}

#[derive(Debug)]
enum Stage {
    /// Waits for an answer.
    Waiting,
    /// No answer comes.
    Silent,
    /// The answer was taken, and the slot given back.
    Over,
}

/// Why a connection did not accept a call.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The connection takes no calls; nothing was written.
    Closed(String),
    /// The request cannot be written anywhere.
    Request(Error),
}

/// Why no answer comes.
#[derive(Debug)]
pub(super) enum Silence {
    /// The call's deadline has passed.
    Late,
    /// The connection failed.
    Closed(String),
}

impl MuxConnection {
    /// Takes a connection over.
    pub(super) fn new(stream: impl Into<Stream>, frame: usize, counters: Arc<Counters>) -> Self {
        let (read, write) = stream.into().into_split();
        let (state, wake, sooner, open) = (Mutex::default(), Notify::new(), Notify::new(), AtomicBool::new(true));
        let shared = Arc::new(Shared { state, wake, sooner, write, open, counters });
        let part = || ConnectionTask(Arc::clone(&shared));
        let reader = tokio::spawn(read_all(part(), read, frame));
        let tasks = [reader, tokio::spawn(write_all(part())), tokio::spawn(keep_time(part()))];
        Self { shared, tasks: tasks.map(|task| task.abort_handle()), home: Handle::current().id() }
    }

    /// Whether the caller is in another runtime: the connection's own may stand still, and wakes nobody then.
    pub(super) fn is_foreign(&self) -> bool {
        Handle::try_current().is_ok_and(|here| here.id() != self.home)
    }

    /// Whether another call may enter.
    pub(super) fn is_open(&self) -> bool {
        self.shared.open.load(Ordering::Relaxed)
    }

    /// Lets no further call enter: the peer closes the connection.
    pub(super) fn leave(&self) {
        self.shared.leave();
    }

    /// Adds a request: `head` writes all but its body under the number that it is given. Who gives the waker of
    /// its task looks for the answer in the same poll.
    pub(super) fn enter(
        &self,
        CallOptions { answered, deadline, waker }: CallOptions,
        head: impl FnOnce(i32, &mut BytesMut) -> Result<(), Error>,
        body: &[u8],
    ) -> Result<PendingCall<'_>, Refusal> {
        let mut state = self.shared.state();
        if let Some(why) = &state.end {
            return Err(Refusal::Closed(why.clone()));
        }
        let asleep = waker.is_some();
        let seq = if state.out.len() > AHEAD { None } else { state.pending.enter(deadline, waker) };
        let Some(seq) = seq else {
            self.shared.counters.add(Counter::Shed);
            return Err(Refusal::Closed("too many calls wait on it".to_owned()));
        };
        let mut call = PendingCall { shared: &self.shared, seq, stage: Stage::Silent, asleep };
        if let Err(error) = head(seq, &mut state.out) {
            drop(state);
            return Err(Refusal::Request(error));
        }
        if answered {
            call.stage = Stage::Waiting;
        }
        state.out.extend_from_slice(body);
        let begin = !mem::replace(&mut state.writing, true);
        let alone = state.pending.is_one();
        let sooner = deadline.filter(|at| answered && state.alarm.is_none_or(|alarm| *at < alarm));
        state.alarm = sooner.or(state.alarm);
        drop(state);
        if sooner.is_some() {
            self.shared.sooner.notify_one();
        }
        match (begin, alone) {
            (true, true) => self.shared.write_now(),
            (true, false) => self.shared.wake.notify_one(),
            _ => {}
        }
        Ok(call)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
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
        let wakers = state.pending.wakers();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    #[cold]
    fn damaged(&self, why: String) -> Result<(), String> {
        self.counters.add(Counter::BrokenReplies);
        Err(why)
    }

    /// Hands on every whole answer that has arrived.
    fn deliver(&self, messages: &mut MessageReader) -> Result<(), String> {
        let mut wakers = Vec::new();
        let mut state = self.state();
        state.quiet = Quiet::default();
        let end = loop {
            match messages.take() {
                Ok(Some(incoming)) => {
                    let seq = match number(&incoming) {
                        Ok(seq) => seq,
                        Err(why) => break self.damaged(why),
                    };
                    match state.pending.deliver(seq, incoming) {
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

/// One task of a connection, which ends with it: the runtime of the tasks may be gone before the connection is.
struct ConnectionTask(Arc<Shared>);

impl Drop for ConnectionTask {
    fn drop(&mut self) {
        self.0.fail("the runtime that opened it has ended");
    }
}

async fn read_all(part: ConnectionTask, mut read: Reader, frame: usize) {
    let shared = &part.0;
    let mut messages = MessageReader::new(frame);
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

async fn write_all(part: ConnectionTask) {
    let shared = &part.0;
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

/// Wakes each call at its deadline. One timer serves all: who is answered in time costs it nothing.
async fn keep_time(part: ConnectionTask) {
    let shared = &part.0;
    loop {
        let alarm = shared.state().alarm;
        let ring = async {
            match alarm {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = shared.sooner.notified() => continue,
            () = ring => {}
        }
        let mut state = shared.state();
        let (wakers, next) = state.pending.expire(Instant::now());
        state.alarm = next;
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}

async fn write(socket: &Writer, out: &mut BytesMut) -> io::Result<()> {
    while !out.is_empty() {
        // A peer that takes nothing must not make the buffer grow for ever.
        let stalled = |_| io::Error::new(io::ErrorKind::TimedOut, "it took nothing for 10 s");
        let count = tokio::time::timeout(STALLED, socket.write(out)).await.map_err(stalled)??;
        out.advance(count);
    }
    Ok(())
}

impl PendingCall<'_> {
    /// Waits for the answer.
    pub(super) async fn answer(&mut self) -> Result<Incoming, Silence> {
        poll_fn(|task| {
            if mem::take(&mut self.asleep) {
                return Poll::Pending;
            }
            let mut state = self.shared.state();
            match state.pending.poll(self.seq, task.waker()) {
                Poll::Ready(Ok(incoming)) => {
                    self.stage = Stage::Over;
                    Poll::Ready(Ok(incoming))
                }
                Poll::Ready(Err(Late)) => Poll::Ready(Err(Silence::Late)),
                Poll::Pending => match &state.end {
                    Some(end) => Poll::Ready(Err(Silence::Closed(end.clone()))),
                    None => Poll::Pending,
                },
            }
        })
        .await
    }
}

impl Drop for PendingCall<'_> {
    fn drop(&mut self) {
        if matches!(self.stage, Stage::Over) {
            return;
        }
        let answered = matches!(self.stage, Stage::Waiting);
        let mut state = self.shared.state();
        let late = state.pending.is_late(self.seq);
        let lost = state.pending.leave(self.seq, answered);
        let silent = answered && state.quiet.leads_nowhere(late);
        if lost >= LOST || silent {
            self.shared.leave();
        }
    }
}
