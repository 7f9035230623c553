//! Framed Thrift on one connection: reads batches of calls, answers them in order.
//!
//! One task a connection. A handler that is ready at once costs no timer and no wake-up, and
//! all answers of a batch leave in one write. The peer's end of stream means that it has gone,
//! also while a handler is pending: its future is dropped.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::connections::{Phase, Seat};
use super::counters::Counter;
use super::shared::Shared;
use super::work::{self, Work};
use crate::context::Context;
use crate::error::{Code, Error};
use crate::router::{Route, unknown_method};
use crate::service::{Answer, Kind};
use crate::thrift::{Frame, Frames, Header, MAX_FRAME, MessageType, exception, spare};

/// Answers are written when this many bytes wait, even inside a batch.
const FLUSH: usize = 256 << 10;
/// Bodies from this size on are written from where they are.
const APART: usize = 16 << 10;
/// What a peer may send ahead while it waits for an answer.
const AHEAD: usize = 256 << 10;

/// Why the driver ends; nobody is told, the connection just closes.
struct Close;

impl From<io::Error> for Close {
    fn from(_: io::Error) -> Self {
        Self
    }
}

struct Driver<'a> {
    shared: &'a Shared,
    seat: Seat,
    stream: TcpStream,
    frames: Frames,
    out: BytesMut,
    peer: SocketAddr,
    cancel: CancellationToken,
}

/// Serves a connection whose first bytes are in `read` until it ends.
pub(super) async fn serve(shared: Arc<Shared>, seat: Seat, stream: TcpStream, peer: SocketAddr, read: BytesMut) {
    let frames = Frames::with_buffer(read, shared.limits.frame);
    let cancel = CancellationToken::new();
    // Tasks that handlers spawned learn of the end, however it comes.
    let _gone = cancel.clone().drop_guard();
    seat.enter(Phase::Frame);
    let shared = &*shared;
    let mut driver = Driver { shared, seat, stream, frames, out: BytesMut::new(), peer, cancel };
    let Err(Close) = driver.run().await;
}

impl Driver<'_> {
    async fn run(&mut self) -> Result<std::convert::Infallible, Close> {
        loop {
            let outcome = self.batch().await;
            // What was answered before the damage leaves first.
            self.flush(&Bytes::new()).await?;
            let answered = outcome?;
            self.fill(answered).await?;
        }
    }

    /// Answers every whole frame that has arrived; tells whether there was one.
    async fn batch(&mut self) -> Result<bool, Close> {
        let mut now = None;
        loop {
            match self.frames.take() {
                Ok(Some(frame)) => {
                    // One reading of the clock a batch.
                    let now = *now.get_or_insert_with(Instant::now);
                    self.message(frame, now).await?;
                }
                Ok(None) => return Ok(now.is_some()),
                Err(error) => {
                    self.shared.count(Counter::BadFrame);
                    tracing::debug!(peer = %self.peer, %error, "closed");
                    return Err(Close);
                }
            }
            if self.out.len() >= FLUSH {
                self.flush(&Bytes::new()).await?;
            }
        }
    }

    /// Waits for bytes; an idle connection owns no buffer while it waits.
    async fn fill(&mut self, answered: bool) -> Result<(), Close> {
        let idle = self.frames.buffered() == 0;
        if idle {
            if self.shared.connections.draining() {
                return Err(Close);
            }
            self.frames.release();
            spare::give(std::mem::take(&mut self.out));
            self.seat.enter(Phase::Idle);
        } else if answered {
            // Another frame has begun: its time runs from now, not anew with each of its bytes.
            self.seat.enter(Phase::Frame);
        }
        if read(&mut self.stream, &mut self.frames).await? == 0 {
            return Err(Close);
        }
        if idle {
            self.seat.enter(Phase::Frame);
        }
        Ok(())
    }

    async fn message(&mut self, frame: Bytes, now: Instant) -> Result<(), Close> {
        let (header, taken) = match Header::read(&frame) {
            Ok(read) => read,
            Err(error) => {
                self.shared.count(Counter::BadHeader);
                tracing::debug!(peer = %self.peer, %error, "closed");
                return Err(Close);
            }
        };
        if matches!(header.kind, MessageType::Reply | MessageType::Exception) {
            self.shared.count(Counter::BadHeader);
            if let Ok(body) = exception::wrong_message_type() {
                self.write(header, MessageType::Exception, &body).await?;
            }
            return Err(Close);
        }
        let shared = self.shared;
        let (outcome, oneway) = match shared.router.by_name(header.name) {
            // The IDL says whether a method is answered, not the message's type, as in Kitex.
            Some(route) => {
                let outcome = self.call(route, frame.slice(taken..), now).await?;
                (outcome, route.method.kind == Kind::Oneway)
            }
            None => (Err(unknown_method(header.name)), header.kind == MessageType::Oneway),
        };
        if let Err(error) = &outcome {
            self.shared.note(error);
        }
        if oneway { Ok(()) } else { self.answer(header, outcome).await }
    }

    /// Runs a call: in place when its handler is ready at once.
    async fn call(&mut self, route: &Route, body: Bytes, now: Instant) -> Result<Result<Answer, Error>, Close> {
        let deadline = now + self.shared.limits.handler;
        let cx = Context::new().with_deadline(deadline).with_peer(self.peer).with_cancellation(self.cancel.clone());
        let mut work = match self.shared.start(route, cx, body) {
            Ok(work) => work,
            Err(shed) => return Ok(Err(shed)),
        };
        let first = poll_fn(|task| Poll::Ready(Pin::new(&mut work).poll(task))).await;
        match first {
            Poll::Ready(outcome) => Ok(outcome),
            Poll::Pending => self.wait(work, deadline).await,
        }
    }

    /// Waits for a handler, its deadline or the peer's end.
    async fn wait(&mut self, mut work: Work, deadline: Instant) -> Result<Result<Answer, Error>, Close> {
        // Earlier answers do not wait for this one.
        self.flush(&Bytes::new()).await?;
        self.seat.enter(Phase::Work);
        tokio::select! {
            biased;
            outcome = &mut work => Ok(outcome),
            () = tokio::time::sleep_until(deadline.into()) => {
                self.shared.count(Counter::Deadlines);
                Ok(Err(work::late()))
            }
            () = gone(&mut self.stream, &mut self.frames) => {
                self.shared.count(Counter::Abandoned);
                Err(Close)
            }
        }
    }

    async fn answer(&mut self, header: Header<'_>, outcome: Result<Answer, Error>) -> Result<(), Close> {
        let error = match outcome {
            Ok(answer) if header.size() + answer.body.len() <= MAX_FRAME => {
                return self.write(header, MessageType::Reply, &answer.body).await;
            }
            Ok(_) => Error::new(Code::ResourceExhausted, "the answer is longer than a frame"),
            Err(error) => error,
        };
        match exception::encode(&error) {
            Ok(body) => self.write(header, MessageType::Exception, &body).await,
            Err(_) => Err(Close),
        }
    }

    async fn write(&mut self, header: Header<'_>, kind: MessageType, body: &Bytes) -> Result<(), Close> {
        if self.out.capacity() == 0 {
            self.out = spare::take();
        }
        let frame = Frame { header: Header { kind, ..header }, body };
        if body.len() < APART {
            return frame.write(MAX_FRAME, &mut self.out).map_err(|_| Close);
        }
        frame.write_head(MAX_FRAME, &mut self.out).map_err(|_| Close)?;
        self.flush(body).await
    }

    /// Writes what waits, and `behind` after it.
    async fn flush(&mut self, behind: &Bytes) -> Result<(), Close> {
        if self.out.is_empty() && behind.is_empty() {
            return Ok(());
        }
        self.seat.enter(Phase::Write);
        let mut waiting = Buf::chain(&self.out[..], &behind[..]);
        self.stream.write_all_buf(&mut waiting).await?;
        self.out.clear();
        Ok(())
    }
}

/// Reads once, into a buffer that is taken when there is something to read. Not with `try_read`:
/// after a `read` that did not fill the buffer tokio knows that nothing is left, which saves the
/// system call that would find nothing the next time.
async fn read(stream: &mut TcpStream, frames: &mut Frames) -> io::Result<usize> {
    stream.readable().await?;
    stream.read_buf(frames.room()).await
}

/// Ends when the peer has closed its side. What it sends meanwhile is kept, up to a bound.
async fn gone(stream: &mut TcpStream, frames: &mut Frames) {
    while frames.buffered() < AHEAD {
        if matches!(read(stream, frames).await, Ok(0) | Err(_)) {
            return;
        }
    }
    std::future::pending().await
}
