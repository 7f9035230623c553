//! Answers out of order: what calls that were not ready at once leave for their connection.
//! Kitex's multiplexing: TTHeader with the flag `OUT_OF_ORDER`, matched by sequence number.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::BytesMut;
use tokio::sync::Notify;
use tokio::task::unconstrained;
use tokio_util::sync::CancellationToken;

use super::reply::Envelope;
use super::{Waiting, outcome};
use crate::counters::Counter;
use crate::shared::Shared;
use crate::work::GRACE;
use kiteline_core::service::Kind;

/// Calls of one connection that may be pending; more are read when some have ended.
pub(super) const MOST: usize = 1_024;

/// The pending calls of one connection and their answers.
#[derive(Debug, Default)]
pub(super) struct Late {
    out: Mutex<BytesMut>,
    ready: Notify,
    pending: AtomicUsize,
    /// Calls that are over and whose callers are told later.
    owed: AtomicUsize,
}

impl Late {
    pub(super) fn pending(&self) -> usize {
        self.pending.load(Ordering::Acquire)
    }

    /// Whether answers are still to come.
    pub(super) fn is_owing(&self) -> bool {
        self.pending() > 0 || self.owed.load(Ordering::Acquire) > 0
    }

    /// Takes the answers that are there. Whoever asked [`Late::is_owing`] before misses none.
    pub(super) fn take(&self) -> BytesMut {
        std::mem::take(&mut *self.out.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends when an answer may be there.
    pub(super) async fn ready(&self) {
        self.ready.notified().await;
    }
}

/// Gives the place of a call back, also when its task is aborted.
struct Place {
    late: Arc<Late>,
    owed: bool,
}

impl Place {
    /// Lets another call have the place; the answer is still to come.
    fn owe(&mut self) {
        self.late.owed.fetch_add(1, Ordering::AcqRel);
        self.late.pending.fetch_sub(1, Ordering::AcqRel);
        self.owed = true;
        self.late.ready.notify_one();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let count = if self.owed { &self.late.owed } else { &self.late.pending };
        count.fetch_sub(1, Ordering::AcqRel);
        self.late.ready.notify_one();
    }
}

/// Lets a call go on beside its connection, which ends it by `gone`.
pub(super) fn spawn(call: Waiting, shared: Arc<Shared>, late: &Arc<Late>, gone: CancellationToken) {
    late.pending.fetch_add(1, Ordering::AcqRel);
    let mut place = Place { late: Arc::clone(late), owed: false };
    tokio::spawn(async move {
        tokio::select! {
            biased;
            () = gone.cancelled() => shared.count(Counter::Abandoned),
            () = finish(call, &shared, &mut place) => {}
        }
    });
}

async fn finish(call: Waiting, shared: &Shared, place: &mut Place) {
    let Waiting { mut work, reply, envelope, kind, end } = call;
    let result = tokio::select! {
        biased;
        result = &mut work => result,
        // Also seen when the handler has used up what tokio lets a task do at once.
        () = unconstrained(tokio::time::sleep_until(end.at.into())) => Err(work.late()),
    };
    if let Err(error) = &result {
        shared.note(error);
    }
    if kind == Kind::Oneway {
        return;
    }
    drop(work);
    if end.is_told_late(&result) {
        place.owe();
        tokio::time::sleep(GRACE).await;
    }
    let (mut outcome, protocol) = (outcome(result, reply), envelope.header.protocol);
    if outcome.is_slow(protocol) {
        outcome = Box::pin(outcome.close(protocol)).await;
    }
    let envelope = Envelope { leaving: shared.connections.draining(), ..envelope };
    let mut out = place.late.out.lock().unwrap_or_else(PoisonError::into_inner);
    if let Ok(body) = envelope.answer(outcome, &mut out) {
        out.extend_from_slice(&body);
    }
}
