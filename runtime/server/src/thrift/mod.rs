//! Thrift on one connection: reads batches of calls, answers them in order, each on the transport
//! of its request. A TTHeader may allow an answer out of order ([`out_of_order`]).
//!
//! One task a connection. A handler that is ready at once costs no timer and no wake-up, and
//! all answers of a batch leave in one write. The peer's end of stream means that it has gone,
//! also while a handler is pending: its future is dropped.

mod out_of_order;
mod reply;
mod request;
mod waits;

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

use self::out_of_order::OutOfOrder;
use self::reply::{Envelope, Outcome};
use super::connections::{ConnectionGuard, Phase};
use super::counters::Counter;
use super::driver::{Claim, Connection, Serving};
use super::partial::Partial;
use super::running_call::{End, RunningCall};
use super::shared::Shared;
use kiteline_core::cache_padded::CachePadded;
use kiteline_core::context::ReplySlot;
use kiteline_core::router::Router;
use kiteline_core::service::{Answer, Idl, Kind};
use kiteline_core::{Error, Result as Outcomes};
use kiteline_thrift::{Incoming, MessageReader, Wire, buffer_pool};
use kiteline_tls::Stream;

/// The first bytes of messages without frames.
const BINARY: u8 = 0x80;
const COMPACT: u8 = 0x82;
/// Answers are written when this many bytes wait, even inside a batch.
const FLUSH: usize = 256 << 10;
/// Bodies from this size on are written from where they are.
const APART: usize = 64 << 10;

/// Why the driver ends; nobody is told, the connection just closes.
struct Close;

impl From<io::Error> for Close {
    fn from(_: io::Error) -> Self {
        Self
    }
}

/// What comes before the next message.
enum Next {
    /// More bytes, or answers of late calls.
    Bytes,
    /// What is answered is written, and this body behind it.
    Write(Bytes),
    /// The same, and then the connection ends.
    Last(Bytes),
    /// A call whose answer comes first.
    Handler(Waiting),
    /// An answer that is closed aside. In a box: few are.
    Close(Box<Closing>),
}

/// An answer that takes long to close.
struct Closing {
    envelope: Envelope<'static>,
    outcome: Outcome,
    kind: Kind,
}

/// A call that was not ready at once.
struct Waiting {
    running: RunningCall,
    reply: Option<ReplySlot>,
    envelope: Envelope<'static>,
    kind: Kind,
    end: End,
}

struct Driver<'a> {
    shared: &'a Shared,
    guard: ConnectionGuard,
    stream: Stream,
    messages: MessageReader,
    partial: Partial,
    out: BytesMut,
    peer: SocketAddr,
    cancel: Arc<CachePadded<CancellationToken>>,
    /// Where the handler of the last call could leave metadata.
    reply: ReplySlot,
    /// What calls that may be answered out of order share; `None` until there is one.
    out_of_order: Option<Arc<OutOfOrder>>,
    owner: Arc<Shared>,
}

/// The driver of Thrift and Kitex-Protobuf on all of their transports.
pub(super) struct Thrift {
    /// Whether messages without frames are served: they hold calls of Thrift alone.
    buffered: bool,
}

impl Thrift {
    /// For these services.
    pub(super) fn new(router: &Router) -> Self {
        Self { buffered: router.serves(Idl::Thrift) }
    }
}

impl super::Driver for Thrift {
    fn claim(&self, first: &[u8]) -> Claim {
        match first {
            // A length below 256 MiB. Frames hold calls of both languages.
            [0x00..=0x0f, ..] => Claim::Yes,
            [BINARY | COMPACT, ..] if self.buffered => Claim::Yes,
            _ => Claim::No,
        }
    }

    fn serve(&self, connection: Connection) -> Serving {
        Box::pin(serve(connection))
    }
}

/// Serves a connection until it ends.
async fn serve(connection: Connection) {
    let Connection { shared, guard, stream, peer, first } = connection;
    let messages = MessageReader::with_buffer(first, shared.limits.frame);
    let cancel = Arc::new(CachePadded(CancellationToken::new()));
    // Tasks that handlers spawned learn of the end, however it comes.
    let _gone = CancellationToken::clone(&cancel).drop_guard();
    guard.enter(Phase::Frame);
    let owner = Arc::clone(&shared);
    let shared = &*shared;
    let out = BytesMut::new();
    let partial = Partial::new(&shared.admission);
    let reply = ReplySlot::default();
    let mut driver =
        Driver { shared, guard, stream, messages, partial, out, peer, cancel, reply, out_of_order: None, owner };
    let Err(Close) = driver.run().await;
    driver.messages.release();
    buffer_pool::give(std::mem::take(&mut driver.out));
}

impl Driver<'_> {
    async fn run(&mut self) -> Result<std::convert::Infallible, Close> {
        loop {
            let outcome = self.batch().await;
            // What was answered before the damage leaves first.
            self.flush(&Bytes::new()).await?;
            let answered = outcome?;
            if !self.collect().await? {
                self.fill(answered).await?;
            }
        }
    }

    /// Answers every whole message that has arrived; tells whether there was one.
    async fn batch(&mut self) -> Result<bool, Close> {
        let mut now = None;
        loop {
            match poll_fn(|task| Poll::Ready(self.answer_ready(&mut now, task))).await? {
                Next::Bytes => return Ok(now.is_some()),
                Next::Write(body) => self.flush(&body).await?,
                Next::Last(body) => {
                    self.flush(&body).await?;
                    return Err(Close);
                }
                Next::Handler(Waiting { running, reply, envelope, kind, end }) => {
                    let result = self.wait(running, end).await?;
                    let mut outcome = outcome(result, reply);
                    if outcome.is_slow(envelope.header.protocol) {
                        outcome = Box::pin(outcome.close(envelope.header.protocol)).await;
                    }
                    // What was read meanwhile arrived later than the batch began.
                    now = Some(Instant::now());
                    if let Some(body) = self.end(&envelope, outcome, kind)? {
                        self.flush(&body).await?;
                    }
                }
                Next::Close(closing) => {
                    let Closing { envelope, outcome, kind } = *closing;
                    // Earlier answers do not wait for this one.
                    self.flush(&Bytes::new()).await?;
                    let outcome = Box::pin(outcome.close(envelope.header.protocol)).await;
                    if let Some(body) = self.end(&envelope, outcome, kind)? {
                        self.flush(&body).await?;
                    }
                }
            }
        }
    }

    /// Answers whole messages as far as nothing has to be awaited: no state of a future is kept for them.
    fn answer_ready(&mut self, now: &mut Option<Instant>, task: &mut Task<'_>) -> Result<Next, Close> {
        while self.pending() < out_of_order::MOST {
            if self.out.len() >= FLUSH {
                return Ok(Next::Write(Bytes::new()));
            }
            let taken = self.messages.take();
            let taken = taken.map_err(|error| self.damaged(Counter::BadFrame, &error))?;
            let held = self.partial.take_if(taken.is_some());
            let Some(incoming) = self.or_refused(taken)? else { break };
            // One reading of the clock a batch, and one behind each call that was waited for.
            let now = *now.get_or_insert_with(Instant::now);
            let last = incoming.is_cut() && incoming.wire == Wire::Buffered;
            match self.message(incoming, held, now, task)? {
                // Where the refused message ends is not known.
                Some(Next::Write(body)) if last => return Ok(Next::Last(body)),
                None if last => return Ok(Next::Last(Bytes::new())),
                Some(next) => return Ok(next),
                None => {}
            }
        }
        Ok(Next::Bytes)
    }

    /// The message that was taken, or the one that is arriving where there is no room for it.
    fn or_refused(&mut self, taken: Option<Incoming>) -> Result<Option<Incoming>, Close> {
        if taken.is_some() || self.hold() {
            return Ok(taken);
        }
        drop(self.partial.take());
        let cut = self.messages.cut();
        cut.map(Some).map_err(|error| self.damaged(Counter::BadFrame, &error))
    }

    /// Whether the message that is arriving may be read on.
    fn hold(&mut self) -> bool {
        let (arrived, whole) = (self.messages.buffered(), self.messages.announced());
        self.partial.hold(arrived, whole, &self.shared.limits)
    }

    #[cold]
    fn damaged(&self, counter: Counter, error: &dyn std::fmt::Display) -> Close {
        self.shared.count(counter);
        tracing::debug!(target: "runtime::server::thrift", peer = %self.peer, %error, "closed");
        Close
    }

    fn pending(&self) -> usize {
        self.out_of_order.as_ref().map_or(0, |it| it.pending())
    }

    /// Counts how a call ended, and writes its answer but for a body that is returned.
    fn end(&mut self, envelope: &Envelope<'_>, outcome: Outcome, kind: Kind) -> Result<Option<Bytes>, Close> {
        if let Err(error) = &outcome.result {
            self.shared.note(error);
        }
        match kind {
            Kind::Oneway => Ok(None),
            _ => self.answer(envelope, outcome),
        }
    }

    fn answer(&mut self, envelope: &Envelope<'_>, outcome: Outcome) -> Result<Option<Bytes>, Close> {
        if self.out.capacity() == 0 {
            self.out = buffer_pool::take();
        }
        // Asked now: the drain may have begun while the handler worked.
        let envelope = Envelope { leaving: self.shared.connections.draining(), ..*envelope };
        let body = envelope.answer(outcome, &mut self.out).map_err(|_: Error| Close)?;
        if body.len() < APART {
            self.out.extend_from_slice(&body);
            return Ok(None);
        }
        Ok(Some(body))
    }

    /// Writes what waits, and `behind` after it.
    async fn flush(&mut self, behind: &Bytes) -> Result<(), Close> {
        if self.out.is_empty() && behind.is_empty() {
            return Ok(());
        }
        self.guard.enter(Phase::Write);
        if behind.is_empty() {
            // A plain write costs less than one of several parts.
            self.stream.write_all(&self.out).await?;
        } else {
            self.stream.write_all_buf(&mut Buf::chain(&self.out[..], &behind[..])).await?;
        }
        self.stream.flush().await?;
        self.out.clear();
        Ok(())
    }
}

/// What came of a call; the metadata of one that failed is where it left it.
fn outcome(result: Outcomes<Answer>, reply: Option<ReplySlot>) -> Outcome {
    let failed = reply.filter(|_| result.is_err());
    let metadata = failed.map(|slot| slot.take()).unwrap_or_default();
    Outcome { result, metadata, closed: false }
}

#[cfg(test)]
mod tests {
    use super::super::Driver as _;
    use super::*;

    #[test]
    fn lengths_and_versions_are_claimed() {
        for buffered in [true, false] {
            let driver = Thrift { buffered };
            let bare = if buffered { Claim::Yes } else { Claim::No };
            let table: [(&[u8], Claim); 7] = [
                (&[0], Claim::Yes),
                (&[0x0f, 0xff], Claim::Yes),
                (&[0x10], Claim::No),
                (&[0x16, 3, 1], Claim::No),
                (&[0x80, 1], bare),
                (&[0x82], bare),
                (b"PRI ", Claim::No),
            ];
            for (first, claim) in table {
                assert_eq!(driver.claim(first), claim, "{first:?}");
            }
        }
    }
}
