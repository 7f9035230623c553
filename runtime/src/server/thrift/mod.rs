//! Thrift on one connection: reads batches of calls, answers them in order, each on the transport
//! of its request. A TTHeader may allow an answer out of order ([`late`]).
//!
//! One task a connection. A handler that is ready at once costs no timer and no wake-up, and
//! all answers of a batch leave in one write. The peer's end of stream means that it has gone,
//! also while a handler is pending: its future is dropped.

mod late;
mod reply;

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::unconstrained;
use tokio_util::sync::CancellationToken;

use self::late::{Job, Late};
use self::reply::{Envelope, Outcome};
use super::connections::{Phase, Seat};
use super::counters::Counter;
use super::load::Partial;
use super::shared::Shared;
use super::work::{self, Work};
use crate::context::{Backward, Context};
use crate::limits::DecodeLimits;
use crate::receive::receive;
use crate::router::Route;
use crate::service::{Answer, Kind};
use crate::thrift::ttheader::{flags, int_keys};
use crate::thrift::{Header, Incoming, MessageType, Messages, TtHeader, metainfo, spare};
use crate::{Error, Limits, Result as Outcomes};

/// Answers are written when this many bytes wait, even inside a batch.
const FLUSH: usize = 256 << 10;
/// Bodies from this size on are written from where they are.
const APART: usize = 64 << 10;
/// What a peer may send ahead while it waits for an answer.
const AHEAD: usize = 256 << 10;

/// Why the driver ends; nobody is told, the connection just closes.
struct Close;

impl From<io::Error> for Close {
    fn from(_: io::Error) -> Self {
        Self
    }
}

/// A request as it is handed to its method.
struct Request {
    envelope: Envelope<'static>,
    cx: Context,
    backward: Option<Backward>,
    body: Bytes,
    limits: DecodeLimits,
    /// Whether its answer has to come before those of later requests.
    order: bool,
}

struct Driver<'a> {
    shared: &'a Shared,
    seat: Seat,
    stream: TcpStream,
    messages: Messages,
    partial: Partial,
    out: BytesMut,
    peer: SocketAddr,
    cancel: Arc<CancellationToken>,
    /// Where the handler of the last call could leave pairs.
    backward: Backward,
    /// What calls that may be answered out of order share; `None` until there is one.
    late: Option<Arc<Late>>,
    owner: Arc<Shared>,
}

/// Serves a connection whose first bytes are in `read` until it ends.
pub(super) async fn serve(shared: Arc<Shared>, seat: Seat, stream: TcpStream, peer: SocketAddr, read: BytesMut) {
    let messages = Messages::with_buffer(read, shared.limits.frame);
    let cancel = Arc::new(CancellationToken::new());
    // Tasks that handlers spawned learn of the end, however it comes.
    let _gone = CancellationToken::clone(&cancel).drop_guard();
    seat.enter(Phase::Frame);
    let owner = Arc::clone(&shared);
    let shared = &*shared;
    let out = BytesMut::new();
    let partial = Partial::new(&shared.load);
    let backward = Backward::default();
    let mut driver = Driver { shared, seat, stream, messages, partial, out, peer, cancel, backward, late: None, owner };
    let Err(Close) = driver.run().await;
    driver.messages.release();
    spare::give(std::mem::take(&mut driver.out));
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
            if self.pending() >= late::MOST {
                return Ok(now.is_some());
            }
            match self.messages.take() {
                Ok(Some(incoming)) => {
                    self.partial.set(self.messages.buffered());
                    // One reading of the clock a batch.
                    let now = *now.get_or_insert_with(Instant::now);
                    self.message(incoming, now).await?;
                }
                Ok(None) => return Ok(now.is_some()),
                Err(error) => return Err(self.damaged(Counter::BadFrame, &error)),
            }
            if self.out.len() >= FLUSH {
                self.flush(&Bytes::new()).await?;
            }
        }
    }

    #[cold]
    fn damaged(&self, counter: Counter, error: &dyn std::fmt::Display) -> Close {
        self.shared.count(counter);
        tracing::debug!(peer = %self.peer, %error, "closed");
        Close
    }

    fn pending(&self) -> usize {
        self.late.as_ref().map_or(0, |late| late.pending())
    }

    /// Takes over what late calls have answered; waits for it, or for bytes, while some are pending.
    /// `false` when there is nothing of the kind.
    async fn collect(&mut self) -> Result<bool, Close> {
        let Some(late) = self.late.clone() else { return Ok(false) };
        let pending = late.pending();
        let answers = late.take();
        if !answers.is_empty() {
            self.out.unsplit(answers);
            return Ok(true);
        }
        if pending == 0 {
            return Ok(false);
        }
        self.seat.enter(Phase::Work);
        self.partial.set(self.messages.buffered());
        let more = pending < late::MOST && self.partial.may_grow(&self.shared.limits);
        tokio::select! {
            biased;
            // Every call that is ready now joins the same write.
            () = late.ready() => tokio::task::yield_now().await,
            count = receive(&mut self.stream, &mut self.messages), if more => {
                if count? == 0 {
                    return Err(Close);
                }
            }
        }
        Ok(true)
    }

    /// Waits for bytes; an idle connection owns no buffer while it waits.
    async fn fill(&mut self, answered: bool) -> Result<(), Close> {
        let idle = self.messages.buffered() == 0;
        if idle {
            if self.shared.connections.draining() {
                return Err(Close);
            }
            self.messages.release();
            spare::give(std::mem::take(&mut self.out));
            self.seat.enter(Phase::Idle);
        } else if answered || !self.seat.is_in(Phase::Frame) {
            // Another frame has begun: its time runs from now, not anew with each of its bytes.
            self.seat.enter(Phase::Frame);
        }
        self.partial.set(self.messages.buffered());
        self.partial.room(&self.shared.limits).await;
        if receive(&mut self.stream, &mut self.messages).await? == 0 {
            return Err(Close);
        }
        if idle {
            self.seat.enter(Phase::Frame);
        }
        Ok(())
    }

    async fn message(&mut self, incoming: Incoming, now: Instant) -> Result<(), Close> {
        let shared = self.shared;
        let info = incoming.header().map_err(|error| self.damaged(Counter::BadFrame, &error))?;
        let read = Header::read(incoming.message());
        let (header, taken) = read.map_err(|error| self.damaged(Counter::BadHeader, &error))?;
        let wire = incoming.wire;
        let envelope = |header| Envelope { wire, header, leaving: false };
        if matches!(header.kind, MessageType::Reply | MessageType::Exception) {
            return self.refuse(&envelope(header)).await;
        }
        let service = info.as_ref().and_then(|info| info.string(metainfo::SERVICE));
        let idl = header.protocol.idl();
        // Answered without the service in front: Apache's servers do so, and its clients look.
        let Some(route) = shared.router.find(idl, service, header.name) else {
            let name = header.name.split_once(':').map_or(header.name, |(_, name)| name);
            let missing = shared.router.missing(idl, header.name);
            let oneway = header.kind == MessageType::Oneway;
            return self.end(&envelope(Header { name, ..header }), missing.into(), oneway).await;
        };
        let envelope = Envelope { wire, header: Header { name: route.method.name, ..header }, leaving: false };
        let order = incoming.flags & flags::OUT_OF_ORDER == 0;
        let (cx, backward) = self.context(info, now);
        let outcome = match shared.open(envelope.header.protocol, incoming.into_body(taken)) {
            Ok((body, limits)) => {
                let request = Request { envelope, cx, backward, body, limits, order };
                let Some(outcome) = self.call(route, request, now).await? else { return Ok(()) };
                outcome
            }
            Err(error) => error.into(),
        };
        // The IDL says whether a method is answered, not the message's type, as in Kitex.
        self.end(&envelope, outcome, route.method.kind == Kind::Oneway).await
    }

    async fn end(&mut self, envelope: &Envelope<'_>, outcome: Outcome, oneway: bool) -> Result<(), Close> {
        if let Err(error) = &outcome.result {
            self.shared.note(error);
        }
        if oneway { Ok(()) } else { self.answer(envelope, outcome).await }
    }

    /// Tells a peer that it sent an answer to a server.
    async fn refuse(&mut self, envelope: &Envelope<'_>) -> Result<(), Close> {
        self.shared.count(Counter::BadHeader);
        if let Ok(body) = envelope.header.protocol.wrong_message_type() {
            let mut info = TtHeader::default();
            envelope.head(MessageType::Exception, &mut info, &body, &mut self.out).map_err(|_| Close)?;
            self.flush(&body).await?;
        }
        Err(Close)
    }

    /// What a call's handler knows of it, and where it leaves pairs that go back, where they can.
    fn context(&mut self, info: Option<TtHeader<'_>>, now: Instant) -> (Context, Option<Backward>) {
        let mut cx = Context::new().with_deadline(now + self.shared.limits.handler).with_peer(self.peer);
        cx.cancel = Some(Arc::clone(&self.cancel));
        let Some(info) = info else { return (cx, None) };
        let backward = self.backward.again();
        (described(cx, &info, now).with_backward(backward.clone()), Some(backward))
    }

    /// Runs a call: in place when its handler is ready at once.
    /// `None` when it goes on beside the connection.
    async fn call(&mut self, route: &Route, request: Request, now: Instant) -> Result<Option<Outcome>, Close> {
        let Request { envelope, cx, backward, body, limits, order } = request;
        let deadline = cx.deadline();
        let mut work = match self.shared.start(route, cx, body, limits) {
            Ok(work) => work,
            Err(shed) => return Ok(Some(shed.into())),
        };
        let first = poll_fn(|task| Poll::Ready(Pin::new(&mut work).poll(task))).await;
        let result = match first {
            Poll::Ready(result) => result,
            Poll::Pending if order => self.wait(work, deadline.unwrap_or(now)).await?,
            Poll::Pending => {
                let deadline = deadline.unwrap_or(now);
                let job = Job { work, backward, envelope, kind: route.method.kind, deadline };
                let late = self.late.get_or_insert_default();
                late::spawn(job, Arc::clone(&self.owner), late, CancellationToken::clone(&self.cancel));
                return Ok(None);
            }
        };
        let failed = backward.filter(|_| result.is_err());
        Ok(Some(Outcome { result, backward: failed.map(|pairs| pairs.take()).unwrap_or_default() }))
    }

    /// Waits for a handler, its deadline or the peer's end.
    async fn wait(&mut self, mut work: Work, deadline: Instant) -> Result<Outcomes<Answer>, Close> {
        // Earlier answers do not wait for this one.
        self.flush(&Bytes::new()).await?;
        self.seat.enter(Phase::Work);
        // Also seen when the handler has used up what tokio lets a task do at once.
        let late = unconstrained(tokio::time::sleep_until(deadline.into()));
        let gone = unconstrained(gone(&mut self.stream, &mut self.messages, &mut self.partial, &self.shared.limits));
        tokio::select! {
            biased;
            outcome = &mut work => Ok(outcome),
            () = late => {
                self.shared.count(Counter::Deadlines);
                Ok(Err(work::late()))
            }
            () = gone => {
                self.shared.count(Counter::Abandoned);
                Err(Close)
            }
        }
    }

    async fn answer(&mut self, envelope: &Envelope<'_>, outcome: Outcome) -> Result<(), Close> {
        if self.out.capacity() == 0 {
            self.out = spare::take();
        }
        // Asked now: the drain may have begun while the handler worked.
        let envelope = Envelope { leaving: self.shared.connections.draining(), ..*envelope };
        let body = envelope.answer(outcome, &mut self.out).map_err(|_: Error| Close)?;
        if body.len() < APART {
            self.out.extend_from_slice(&body);
            return Ok(());
        }
        self.flush(&body).await
    }

    /// Writes what waits, and `behind` after it.
    async fn flush(&mut self, behind: &Bytes) -> Result<(), Close> {
        if self.out.is_empty() && behind.is_empty() {
            return Ok(());
        }
        self.seat.enter(Phase::Write);
        if behind.is_empty() {
            // A plain write costs less than one of several parts.
            self.stream.write_all(&self.out).await?;
        } else {
            self.stream.write_all_buf(&mut Buf::chain(&self.out[..], &behind[..])).await?;
        }
        self.out.clear();
        Ok(())
    }
}

/// Adds what a request's TTHeader says.
fn described(mut cx: Context, info: &TtHeader<'_>, now: Instant) -> Context {
    if let Some(deadline) = metainfo::timeout(info).and_then(|timeout| now.checked_add(timeout)) {
        cx = cx.with_deadline(deadline);
    }
    if let Some(id) = info.int(int_keys::LOG_ID) {
        cx = cx.with_log_id(id);
    }
    match metainfo::metadata(info) {
        Some(metadata) => cx.with_metadata(metadata),
        None => cx,
    }
}

/// Ends when the peer has closed its side. What it sends meanwhile is kept, up to a bound.
async fn gone(stream: &mut TcpStream, messages: &mut Messages, partial: &mut Partial, limits: &Limits) {
    while messages.buffered() < AHEAD && partial.may_grow(limits) {
        if matches!(receive(stream, messages).await, Ok(0) | Err(_)) {
            return;
        }
        partial.set(messages.buffered());
    }
    std::future::pending().await
}
