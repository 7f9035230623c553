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
use crate::server::counters::Counter;
use crate::server::shared::Shared;
use crate::server::work;
use crate::service::Kind;

/// Calls of one connection that may be pending; more are read when some have ended.
pub(super) const MOST: usize = 1_024;

/// The pending calls of one connection and their answers.
#[derive(Debug, Default)]
pub(super) struct Late {
    out: Mutex<BytesMut>,
    ready: Notify,
    pending: AtomicUsize,
}

impl Late {
    pub(super) fn pending(&self) -> usize {
        self.pending.load(Ordering::Acquire)
    }

    /// Takes the answers that are there. Whoever asked [`Late::pending`] before misses none.
    pub(super) fn take(&self) -> BytesMut {
        std::mem::take(&mut *self.out.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends when an answer may be there.
    pub(super) async fn ready(&self) {
        self.ready.notified().await;
    }
}

/// Gives the place of a call back, also when its task is aborted.
struct Place(Arc<Late>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.pending.fetch_sub(1, Ordering::AcqRel);
        self.0.ready.notify_one();
    }
}

/// Lets a call go on beside its connection, which ends it by `gone`.
pub(super) fn spawn(call: Waiting, shared: Arc<Shared>, late: &Arc<Late>, gone: CancellationToken) {
    late.pending.fetch_add(1, Ordering::AcqRel);
    let place = Place(Arc::clone(late));
    tokio::spawn(async move {
        tokio::select! {
            biased;
            () = gone.cancelled() => shared.count(Counter::Abandoned),
            () = finish(call, &shared, &place.0) => {}
        }
    });
}

async fn finish(mut call: Waiting, shared: &Shared, late: &Late) {
    let result = tokio::select! {
        biased;
        result = &mut call.work => result,
        // Also seen when the handler has used up what tokio lets a task do at once.
        () = unconstrained(tokio::time::sleep_until(call.deadline.into())) => {
            shared.count(Counter::Deadlines);
            Err(work::late())
        }
    };
    if let Err(error) = &result {
        shared.note(error);
    }
    if call.kind == Kind::Oneway {
        return;
    }
    let outcome = outcome(result, call.backward);
    let envelope = Envelope { leaving: shared.connections.draining(), ..call.envelope };
    let mut out = late.out.lock().unwrap_or_else(PoisonError::into_inner);
    if let Ok(body) = envelope.answer(outcome, &mut out) {
        out.extend_from_slice(&body);
    }
}
