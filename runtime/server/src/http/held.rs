//! Answers that the peer does not take: their bytes are counted until they are gone, and their streams are given up at
//! the write limit.
//!
//! hyper asks a body for a frame, then waits for window. So a body that has given a frame, and is neither asked for
//! another one nor dropped, waits for the peer; one that had none to give waits for the handler.

use std::fmt;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context as Task, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hyper::body::Frame;
use tokio::time::Instant;

use super::outgoing::{Answers, Next};
use super::{Connection, Ending};
use crate::admission::More;
use crate::counters::Counter;
use kiteline_core::error::Error;
use kiteline_core::lock::lock;
use kiteline_core::malloc;
use kiteline_grpc::envelope::Sealed;

/// Answers up to this size are not looked after, as long as few of them wait: most are small, and it costs a task.
pub(super) const SMALL: usize = 4 << 10;

/// The most that one frame hands over: hyper takes the next one before there is window for it.
const FRAME: usize = 16 << 10;

/// What is held for the peer.
pub(super) enum Kept {
    /// One message and what stands behind it.
    Whole { data: Sealed, trailers: Option<http::HeaderMap> },
    /// A stream, what is left of its last message, and its end where that came with it.
    Stream { answers: Box<Answers>, rest: Sealed, end: Option<Frame<Bytes>> },
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
    // In one piece: a copy would not be counted.
    let message = if message.len() <= SMALL { message.into_bytes().into() } else { message };
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
            Kept::Stream { end, .. } if end.is_some() => (end.take().map(Ok), true),
            Kept::Stream { answers, rest, end } => match answers.poll_next(task) {
                Poll::Pending => {
                    inner.since = None;
                    return Poll::Pending;
                }
                Poll::Ready(Next::Message(message)) if message.len() <= SMALL && !answers.counts_all() => {
                    (Some(Ok(Frame::data(together(message, (rest, end), || answers.poll_next(task))))), false)
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

/// A small message, and those behind it that are there and fit into one frame. What does not fit is the rest.
fn together(
    first: Sealed,
    (rest, end): (&mut Sealed, &mut Option<Frame<Bytes>>),
    mut next: impl FnMut() -> Poll<Next>,
) -> Bytes {
    let mut all = BytesMut::new();
    loop {
        match next() {
            Poll::Ready(Next::Message(message)) if first.len().max(all.len()) + message.len() <= FRAME => {
                if all.is_empty() {
                    all.reserve(malloc::room(FRAME));
                    first.append_to(&mut all);
                }
                message.append_to(&mut all);
                continue;
            }
            Poll::Ready(Next::Message(message)) => *rest = message,
            Poll::Ready(Next::End(frame)) => *end = Some(frame),
            Poll::Pending => {}
        }
        break;
    }
    if all.is_empty() { first.into_bytes() } else { all.freeze() }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What one frame holds of messages of these sizes, what is left, and whether the end was there.
    fn gathered(sizes: &[usize], ends: bool) -> (usize, usize, bool) {
        let message = |size: &usize| Sealed::from(Bytes::from(vec![7; *size]));
        let mut messages = sizes.iter().map(message);
        let (first, mut rest, mut end) = (messages.next().unwrap(), Sealed::default(), None);
        let all = together(first, (&mut rest, &mut end), || match messages.next() {
            Some(message) => Poll::Ready(Next::Message(message)),
            None if ends => Poll::Ready(Next::End(Frame::data(Bytes::new()))),
            None => Poll::Pending,
        });
        (all.len(), rest.len(), end.is_some())
    }

    #[test]
    fn small_messages_that_are_there_share_a_frame() {
        assert_eq!(gathered(&[100], false), (100, 0, false));
        assert_eq!(gathered(&[100, 200, 300], false), (600, 0, false));
        assert_eq!(gathered(&[100, 200], true), (300, 0, true));
        assert_eq!(gathered(&[100], true), (100, 0, true));
        assert_eq!(gathered(&[4_000, 4_000, 4_000, 4_000, 1_000], true), (16_000, 1_000, false));
        assert_eq!(gathered(&[100, 1 << 20, 5], true), (100, 1 << 20, false));
    }
}
