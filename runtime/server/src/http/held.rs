//! Answers that the peer does not take: their bytes are counted until they are gone, and their streams are given up at
//! the write limit.
//!
//! hyper asks a body for a frame, then waits for window. So a body that has given a frame, and is neither asked for
//! another one nor dropped, waits for the peer; one that had none to give waits for the handler.

use std::fmt;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context as Task, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Frame;
use tokio::time::Instant;

use super::outgoing::{Answers, Next};
use super::{Connection, Ending};
use crate::admission::More;
use crate::counters::Counter;
use kiteline_core::error::Error;
use kiteline_core::lock::lock;
use kiteline_grpc::envelope::Sealed;

/// Answers up to this size are not looked after, as long as few of them wait: most are small, and it costs a task.
pub(super) const SMALL: usize = 4 << 10;

/// The most that one frame hands over: hyper takes the next one before there is window for it.
const FRAME: usize = 16 << 10;

/// What is held for the peer.
pub(super) enum Kept {
    /// One message and what stands behind it.
    Whole { data: Sealed, trailers: Option<http::HeaderMap> },
    /// A stream, and what is left of its last message.
    Stream { answers: Box<Answers>, rest: Sealed },
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

/// Bytes that are counted among those in work as long as any part of them is somewhere, in hyper's queues too.
struct Counted {
    bytes: Bytes,
    _more: More,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Counts bytes until they are gone.
///
/// # Errors
///
/// When there is no room for them.
pub(super) fn counted(message: Sealed, connection: &Connection) -> Result<Sealed, Error> {
    message.try_map(|bytes| {
        let more = connection.shared.admission.more(bytes.len(), &connection.shared.limits)?;
        Ok(Bytes::from_owner(Counted { bytes, _more: more }))
    })
}

struct Inner {
    kept: Kept,
    /// Since when the peer is waited for; `None` while that is the handler.
    since: Option<Instant>,
}

/// An answer that is looked after.
#[derive(Clone)]
pub(super) struct Held(Arc<Mutex<Inner>>);

impl Held {
    /// Looks after the answer of a stream from now on.
    pub(super) fn new(kept: Kept, stream: Ending) -> Self {
        let inner = Arc::new(Mutex::new(Inner { kept, since: Some(Instant::now()) }));
        tokio::spawn(watch(Arc::downgrade(&inner), stream));
        Self(inner)
    }

    pub(super) fn poll_frame(&self, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, NotTaken>>> {
        let mut inner = lock(&self.0);
        let (frame, over) = match &mut inner.kept {
            Kept::Whole { data, .. } if !data.is_empty() => (Some(Ok(Frame::data(data.part(FRAME)))), false),
            Kept::Whole { trailers, .. } => (trailers.take().map(|trailers| Ok(Frame::trailers(trailers))), true),
            Kept::Stream { rest, .. } if !rest.is_empty() => (Some(Ok(Frame::data(rest.part(FRAME)))), false),
            Kept::Stream { answers, rest } => match answers.poll_next(task) {
                Poll::Pending => {
                    inner.since = None;
                    return Poll::Pending;
                }
                Poll::Ready(Next::Message(message)) => {
                    *rest = message;
                    (Some(Ok(Frame::data(rest.part(FRAME)))), false)
                }
                Poll::Ready(Next::End(end)) => (Some(Ok(end)), true),
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
            Kept::Whole { data, trailers: None } => Some(data.len() as u64),
            _ => None,
        }
    }
}

/// Gives an answer up when its peer takes nothing of it for as long as [`kiteline_core::Limits::write`].
async fn watch(inner: Weak<Mutex<Inner>>, stream: Ending) {
    let limit = stream.shared.limits.write;
    let mut wait = limit;
    loop {
        tokio::time::sleep(wait).await;
        let Some(inner) = inner.upgrade() else { return };
        let mut inner = lock(&inner);
        let waited = inner.since.map_or(Duration::ZERO, |since| since.elapsed());
        if waited >= limit {
            let given_up = std::mem::replace(&mut inner.kept, Kept::Stalled);
            drop(inner);
            drop(given_up);
            stream.shared.count(Counter::WriteTimeouts);
            stream.give_up();
            return;
        }
        wait = limit - waited;
    }
}
