//! Answers out of order: what calls that were not ready at once leave for their connection.
//! Kitex's multiplexing: TTHeader with the flag `OUT_OF_ORDER`, matched by sequence number.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::BytesMut;
use tokio::sync::Notify;
use tokio::task::unconstrained;
use tokio_util::sync::CancellationToken;

use super::reply::{Envelope, Outcome};
use crate::context::Backward;
use crate::server::counters::Counter;
use crate::server::shared::Shared;
use crate::server::work::{self, Work};
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

/// A call that was not ready at once.
pub(super) struct Job {
    pub(super) work: Work,
    pub(super) backward: Option<Backward>,
    pub(super) envelope: Envelope<'static>,
    pub(super) kind: Kind,
    pub(super) deadline: Instant,
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
pub(super) fn spawn(job: Job, shared: Arc<Shared>, late: &Arc<Late>, gone: CancellationToken) {
    late.pending.fetch_add(1, Ordering::AcqRel);
    let place = Place(Arc::clone(late));
    tokio::spawn(async move {
        tokio::select! {
            biased;
            () = gone.cancelled() => shared.count(Counter::Abandoned),
            () = finish(job, &shared, &place.0) => {}
        }
    });
}

async fn finish(mut job: Job, shared: &Shared, late: &Late) {
    let result = tokio::select! {
        biased;
        result = &mut job.work => result,
        // Also seen when the handler has used up what tokio lets a task do at once.
        () = unconstrained(tokio::time::sleep_until(job.deadline.into())) => {
            shared.count(Counter::Deadlines);
            Err(work::late())
        }
    };
    if let Err(error) = &result {
        shared.note(error);
    }
    if job.kind == Kind::Oneway {
        return;
    }
    let failed = job.backward.filter(|_| result.is_err());
    let outcome = Outcome { result, backward: failed.map(|pairs| pairs.take()).unwrap_or_default() };
    let envelope = Envelope { leaving: shared.connections.draining(), ..job.envelope };
    let mut out = late.out.lock().unwrap_or_else(PoisonError::into_inner);
    if let Ok(body) = envelope.answer(outcome, &mut out) {
        out.extend_from_slice(&body);
    }
}
