//! Answers out of order: calls that are not ready at once leave their answers here, for the connection to write.
//! Kitex's multiplexing: TTHeader with the flag `OUT_OF_ORDER`, matched by sequence number.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use tokio::sync::Notify;
use tokio::task::unconstrained;
use tokio_util::sync::CancellationToken;

use super::reply::{Envelope, Outcome};
use super::request::Waiting;
use crate::counters::Counter;
use crate::running_call::GRACE;
use crate::shared::Shared;
use kiteline_core::lock::lock;
use kiteline_core::service::Kind;

/// Calls of one connection that may be pending; more are read when some have ended.
pub(super) const MOST: usize = 1_024;

/// The pending calls of one connection and their answers.
#[derive(Debug, Default)]
pub(super) struct OutOfOrder {
    out: Mutex<BytesMut>,
    ready: Notify,
    pending: AtomicUsize,
    /// Calls that are over and whose callers are told later.
    owed: AtomicUsize,
}

impl OutOfOrder {
    pub(super) fn pending(&self) -> usize {
        self.pending.load(Ordering::Acquire)
    }

    /// Whether answers are still to come.
    pub(super) fn is_owing(&self) -> bool {
        self.pending() > 0 || self.owed.load(Ordering::Acquire) > 0
    }

    /// Takes the answers that are there. Whoever asked [`OutOfOrder::is_owing`] before misses none.
    pub(super) fn take(&self) -> BytesMut {
        std::mem::take(&mut *lock(&self.out))
    }

    /// Ends when an answer may be there.
    pub(super) async fn ready(&self) {
        self.ready.notified().await;
    }
}

/// The slot of a call; it is given back also when the call's task is aborted.
struct Slot {
    out_of_order: Arc<OutOfOrder>,
    owed: bool,
}

impl Slot {
    /// Lets another call have the slot; the answer is still to come.
    fn owe(&mut self) {
        self.out_of_order.owed.fetch_add(1, Ordering::AcqRel);
        self.out_of_order.pending.fetch_sub(1, Ordering::AcqRel);
        self.owed = true;
        self.out_of_order.ready.notify_one();
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let count = if self.owed { &self.out_of_order.owed } else { &self.out_of_order.pending };
        count.fetch_sub(1, Ordering::AcqRel);
        self.out_of_order.ready.notify_one();
    }
}

/// Lets a call go on beside its connection, which ends it by `gone`.
pub(super) fn spawn(call: Waiting, shared: Arc<Shared>, out_of_order: &Arc<OutOfOrder>, gone: CancellationToken) {
    out_of_order.pending.fetch_add(1, Ordering::AcqRel);
    let mut slot = Slot { out_of_order: Arc::clone(out_of_order), owed: false };
    tokio::spawn(async move {
        tokio::select! {
            biased;
            () = gone.cancelled() => shared.count(Counter::Abandoned),
            () = finish(call, &shared, &mut slot) => {}
        }
    });
}

async fn finish(call: Waiting, shared: &Shared, slot: &mut Slot) {
    let Waiting { mut running, reply, envelope, kind, end } = call;
    let result = tokio::select! {
        biased;
        result = &mut running => result,
        // Unconstrained: it rings even when the handler has used up the budget that tokio gives a task.
        () = unconstrained(tokio::time::sleep_until(end.at.into())) => Err(running.late()),
    };
    if let Err(error) = &result {
        shared.note(error);
    }
    if kind == Kind::Oneway {
        return;
    }
    drop(running);
    if end.is_told_late(&result) {
        slot.owe();
        tokio::time::sleep(GRACE).await;
    }
    let (mut outcome, protocol) = (Outcome::new(result, reply), envelope.header.protocol);
    if outcome.is_slow(protocol) {
        outcome = Box::pin(outcome.close(protocol)).await;
    }
    let envelope = Envelope { leaving: shared.connections.draining(), ..envelope };
    let mut out = lock(&slot.out_of_order.out);
    if let Ok(body) = envelope.answer(outcome, &mut out) {
        out.extend_from_slice(&body);
    }
}
