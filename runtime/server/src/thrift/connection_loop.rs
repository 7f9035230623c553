//! The loop over one connection: answers what has arrived, then waits for bytes, for answers out of order or for a
//! handler.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use std::time::Instant;

use bytes::Bytes;
use kiteline_tls::Stream;
use tokio::task::unconstrained;
use tokio_util::sync::CancellationToken;

use super::Close;
use super::out_of_order::{self, OutOfOrder};
use super::reader::Reader;
use super::reply::Outcome;
use super::request::{Caller, Closing, Waiting};
use super::writer::Writer;
use crate::connections::{ConnectionGuard, Phase};
use crate::counters::Counter;
use crate::driver::Connection;
use crate::running_call::{End, GRACE, RunningCall};
use crate::shared::Shared;
use kiteline_core::Result as Outcomes;
use kiteline_core::cache_padded::CachePadded;
use kiteline_core::service::Answer;
use kiteline_thrift::Wire;

/// The next step before another message is answered.
pub(super) enum Next {
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

/// One connection: its two sides, and the calls that it makes.
pub(super) struct ConnectionLoop<'a> {
    shared: &'a Shared,
    stream: Stream,
    pub(super) guard: ConnectionGuard,
    pub(super) reader: Reader<'a>,
    pub(super) caller: Caller<'a>,
    pub(super) writer: Writer<'a>,
    /// The state that calls share which may be answered out of order; `None` until there is one.
    pub(super) out_of_order: Option<Arc<OutOfOrder>>,
}

/// Serves a connection until it ends.
pub(super) async fn serve(connection: Connection) {
    let Connection { shared: owner, guard, stream, peer, first } = connection;
    let shared = &*owner;
    let reader = Reader::new(shared, peer, first);
    let cancel = Arc::new(CachePadded(CancellationToken::new()));
    // Tasks that handlers spawned learn of the end, however it comes.
    let _gone = CancellationToken::clone(&cancel).drop_guard();
    guard.enter(Phase::Frame);
    let caller = Caller::new(&owner, peer, cancel);
    let writer = Writer::new(shared);
    let mut connection = ConnectionLoop { shared, stream, guard, reader, caller, writer, out_of_order: None };
    let Err(Close) = connection.run().await;
    connection.reader.release();
    connection.writer.release();
}

impl ConnectionLoop<'_> {
    async fn run(&mut self) -> Result<std::convert::Infallible, Close> {
        loop {
            let outcome = self.batch().await;
            // Answers to messages in front of the damage are written first.
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
                    let mut outcome = Outcome::new(result, reply);
                    if outcome.is_slow(envelope.header.protocol) {
                        outcome = Box::pin(outcome.close(envelope.header.protocol)).await;
                    }
                    // Messages that were read meanwhile arrived later than the batch began.
                    now = Some(Instant::now());
                    if let Some(body) = self.writer.end(&envelope, outcome, kind)? {
                        self.flush(&body).await?;
                    }
                }
                Next::Close(closing) => {
                    let Closing { envelope, outcome, kind } = *closing;
                    // Earlier answers do not wait for this one.
                    self.flush(&Bytes::new()).await?;
                    let outcome = Box::pin(outcome.close(envelope.header.protocol)).await;
                    if let Some(body) = self.writer.end(&envelope, outcome, kind)? {
                        self.flush(&body).await?;
                    }
                }
            }
        }
    }

    /// Answers whole messages as far as nothing has to be awaited: no state of a future is kept for them.
    fn answer_ready(&mut self, now: &mut Option<Instant>, task: &mut Task<'_>) -> Result<Next, Close> {
        while self.pending() < out_of_order::MOST {
            if self.writer.is_full() {
                return Ok(Next::Write(Bytes::new()));
            }
            let Some((incoming, held)) = self.reader.take()? else { break };
            // One reading of the clock per batch, and one behind each call that was waited for.
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

    fn pending(&self) -> usize {
        self.out_of_order.as_ref().map_or(0, |it| it.pending())
    }

    /// Writes what waits, and `behind` after it.
    async fn flush(&mut self, behind: &Bytes) -> Result<(), Close> {
        if self.writer.is_empty() && behind.is_empty() {
            return Ok(());
        }
        self.guard.enter(Phase::Write);
        self.writer.flush(&mut self.stream, behind).await
    }

    /// Takes over what late calls have answered; waits for it, or for bytes, while some are pending.
    /// `false` when there is nothing of the kind.
    async fn collect(&mut self) -> Result<bool, Close> {
        let Some(late) = self.out_of_order.clone() else { return Ok(false) };
        let (owing, pending) = (late.is_owing(), late.pending());
        let answers = late.take();
        if !answers.is_empty() {
            self.writer.append(answers);
            return Ok(true);
        }
        if !owing {
            return Ok(false);
        }
        self.guard.enter(Phase::Work);
        tokio::select! {
            biased;
            // Every call that is ready now joins the same write.
            () = late.ready() => tokio::task::yield_now().await,
            received = self.reader.receive(&mut self.stream), if pending < out_of_order::MOST => received?,
        }
        Ok(true)
    }

    /// Waits for bytes; an idle connection owns no buffer while it waits.
    async fn fill(&mut self, answered: bool) -> Result<(), Close> {
        let idle = self.reader.is_between();
        if idle {
            if self.shared.connections.draining() {
                return Err(Close);
            }
            self.reader.release();
            self.writer.release();
            self.guard.enter(Phase::Idle);
        } else if answered || !self.guard.is_in(Phase::Frame) {
            // Another frame has begun: its time runs from now, not anew with each of its bytes.
            self.guard.enter(Phase::Frame);
        }
        self.reader.receive(&mut self.stream).await?;
        if idle {
            self.guard.enter(Phase::Frame);
        }
        Ok(())
    }

    /// Waits for a handler, its deadline or the peer's end.
    async fn wait(&mut self, mut running: RunningCall, end: End) -> Result<Outcomes<Answer>, Close> {
        // Earlier answers do not wait for this one.
        self.flush(&Bytes::new()).await?;
        self.guard.enter(Phase::Work);
        // Unconstrained: it rings even when the handler has used up the budget that tokio gives a task.
        let late = unconstrained(tokio::time::sleep_until(end.at.into()));
        let begun = running.begun();
        let gone = self.reader.gone(&mut self.stream);
        // A peer that ended its side behind a large request gets the answer that is ready at once, as behind a small one.
        let gone = unconstrained(async { tokio::join!(gone, begun) });
        let mut gone = pin!(gone);
        let outcome = tokio::select! {
            biased;
            outcome = &mut running => outcome,
            () = late => Err(running.late()),
            _ = &mut gone => {
                self.shared.count(Counter::Abandoned);
                return Err(Close);
            }
        };
        drop(running);
        if end.is_told_late(&outcome) {
            tokio::select! {
                _ = gone => return Err(Close),
                () = tokio::time::sleep(GRACE) => {}
            }
        }
        Ok(outcome)
    }
}
