//! Answers that the peer does not take: what waits for its window is counted, and given up at the write limit.
//!
//! hyper asks a body for a frame when there is window for it. So a body that has given a frame, and is not asked for
//! another one, waits for the peer; one that had none to give waits for the handler.

use std::fmt;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context as Task, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Frame;
use tokio::time::Instant;

use super::outgoing::Answers;
use crate::admission::More;
use crate::counters::Counter;
use crate::shared::Shared;
use kiteline_core::lock::lock;

/// Answers up to this size are not looked after: most are small, and it costs a task.
pub(super) const SMALL: usize = 4 << 10;

/// The most that one frame hands over: what hyper has of it is out of reach here.
const FRAME: usize = 16 << 10;

/// What is held for the peer.
pub(super) enum Kept {
    /// One message and what stands behind it; counted among the bytes in work.
    Whole { data: Bytes, trailers: Option<http::HeaderMap>, _more: More },
    /// A stream.
    Stream(Box<Answers>),
    /// Nothing any more.
    Done,
    /// Given up.
    Stalled,
}

/// Why a body ended before its end.
#[derive(Debug)]
pub(super) struct NotTaken;

impl fmt::Display for NotTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the peer did not take the answer in time")
    }
}

impl std::error::Error for NotTaken {}

struct Inner {
    kept: Kept,
    /// Since when the peer is waited for; `None` while that is the handler.
    since: Option<Instant>,
}

/// An answer that is looked after.
#[derive(Clone)]
pub(super) struct Held(Arc<Mutex<Inner>>);

impl Held {
    /// Looks after an answer from now on.
    pub(super) fn new(kept: Kept, shared: &Arc<Shared>) -> Self {
        let inner = Arc::new(Mutex::new(Inner { kept, since: Some(Instant::now()) }));
        tokio::spawn(watch(Arc::downgrade(&inner), Arc::clone(shared)));
        Self(inner)
    }

    pub(super) fn poll_frame(&self, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, NotTaken>>> {
        let mut inner = lock(&self.0);
        let (frame, over) = match &mut inner.kept {
            Kept::Whole { data, .. } if !data.is_empty() => {
                (Some(Ok(Frame::data(data.split_to(data.len().min(FRAME))))), false)
            }
            Kept::Whole { trailers, .. } => (trailers.take().map(|trailers| Ok(Frame::trailers(trailers))), true),
            Kept::Stream(answers) => match answers.poll_frame(task) {
                Poll::Pending => {
                    inner.since = None;
                    return Poll::Pending;
                }
                Poll::Ready((frame, over)) => (Some(Ok(frame)), over),
            },
            Kept::Done => (None, true),
            Kept::Stalled => (Some(Err(NotTaken)), true),
        };
        inner.since = Some(Instant::now());
        if over {
            inner.kept = Kept::Done;
        }
        Poll::Ready(frame)
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(lock(&self.0).kept, Kept::Done)
    }

    /// Bytes that are to come, where that is known.
    pub(super) fn exact(&self) -> Option<u64> {
        match &lock(&self.0).kept {
            Kept::Whole { data, trailers: None, .. } => Some(data.len() as u64),
            _ => None,
        }
    }
}

/// Gives an answer up when its peer takes nothing of it for as long as [`kiteline_core::Limits::write`].
async fn watch(inner: Weak<Mutex<Inner>>, shared: Arc<Shared>) {
    let limit = shared.limits.write;
    let mut wait = limit;
    loop {
        tokio::time::sleep(wait).await;
        let Some(inner) = inner.upgrade() else { return };
        let mut inner = lock(&inner);
        if matches!(inner.kept, Kept::Done) {
            return;
        }
        let waited = inner.since.map_or(Duration::ZERO, |since| since.elapsed());
        if waited >= limit {
            let given_up = std::mem::replace(&mut inner.kept, Kept::Stalled);
            drop(inner);
            drop(given_up);
            shared.count(Counter::WriteTimeouts);
            return;
        }
        wait = limit - waited;
    }
}
