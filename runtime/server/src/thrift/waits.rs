//! Waiting of a connection: for bytes, for answers out of order, for a handler.

use std::pin::pin;

use bytes::Bytes;
use tokio::task::unconstrained;

use super::{Close, Driver, out_of_order};
use crate::connections::Phase;
use crate::counters::Counter;
use crate::partial::Partial;
use crate::running_call::{End, GRACE, RunningCall};
use kiteline_core::service::Answer;
use kiteline_core::{Limits, Result as Outcomes};
use kiteline_thrift::receive::receive;
use kiteline_thrift::{MessageReader, buffer_pool};
use kiteline_tls::Stream;

/// What a peer may send ahead while it waits for an answer.
const AHEAD: usize = 256 << 10;

impl Driver<'_> {
    /// Takes over what late calls have answered; waits for it, or for bytes, while some are pending.
    /// `false` when there is nothing of the kind.
    pub(super) async fn collect(&mut self) -> Result<bool, Close> {
        let Some(late) = self.out_of_order.clone() else { return Ok(false) };
        let (owing, pending) = (late.is_owing(), late.pending());
        let answers = late.take();
        if !answers.is_empty() {
            self.out.unsplit(answers);
            return Ok(true);
        }
        if !owing {
            return Ok(false);
        }
        self.guard.enter(Phase::Work);
        let more = pending < out_of_order::MOST;
        tokio::select! {
            biased;
            // Every call that is ready now joins the same write.
            () = late.ready() => tokio::task::yield_now().await,
            () = self.partial.evicted(), if more => {}
            count = receive(&mut self.stream, &mut self.messages), if more => {
                if count? == 0 {
                    return Err(Close);
                }
            }
        }
        Ok(true)
    }

    /// Waits for bytes; an idle connection owns no buffer while it waits.
    pub(super) async fn fill(&mut self, answered: bool) -> Result<(), Close> {
        let idle = self.messages.is_between();
        if idle {
            if self.shared.connections.draining() {
                return Err(Close);
            }
            self.messages.release();
            buffer_pool::give(std::mem::take(&mut self.out));
            self.guard.enter(Phase::Idle);
        } else if answered || !self.guard.is_in(Phase::Frame) {
            // Another frame has begun: its time runs from now, not anew with each of its bytes.
            self.guard.enter(Phase::Frame);
        }
        let received = receive(&mut self.stream, &mut self.messages);
        let count = if self.partial.is_held() {
            tokio::select! {
                biased;
                () = self.partial.evicted() => return Ok(()),
                count = received => count,
            }
        } else {
            received.await
        };
        if count? == 0 {
            return Err(Close);
        }
        if idle {
            self.guard.enter(Phase::Frame);
        }
        Ok(())
    }

    /// Waits for a handler, its deadline or the peer's end.
    pub(super) async fn wait(&mut self, mut running: RunningCall, end: End) -> Result<Outcomes<Answer>, Close> {
        // Earlier answers do not wait for this one.
        self.flush(&Bytes::new()).await?;
        self.guard.enter(Phase::Work);
        // Also seen when the handler has used up what tokio lets a task do at once.
        let late = unconstrained(tokio::time::sleep_until(end.at.into()));
        let begun = running.begun();
        let gone = gone(&mut self.stream, &mut self.messages, &mut self.partial, &self.shared.limits);
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

/// Ends when the peer has closed its side. What it sends meanwhile is kept, up to a bound.
async fn gone(stream: &mut Stream, messages: &mut MessageReader, partial: &mut Partial, limits: &Limits) {
    while messages.buffered() < AHEAD && partial.hold(messages.buffered(), 0, limits) {
        if matches!(receive(stream, messages).await, Ok(0) | Err(_)) {
            return;
        }
    }
    std::future::pending().await
}
