//! The body of a request.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context as Task, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use tokio_util::sync::{CancellationToken, DropGuard};

use kiteline_core::body::Messages;
use kiteline_core::error::Error;
use kiteline_grpc::{Encoding, envelope};

/// Why a request ended before its end: an [`Error`] of its stream, or HTTP/2's.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// One message, or a stream of them in envelopes.
pub(super) enum Outgoing {
    Whole(Option<Bytes>),
    Stream(Box<Streamed>),
}

/// A stream of messages that is being sent.
pub(super) struct Streamed {
    messages: Messages,
    encoding: Encoding,
    gone: CancellationToken,
    end: End,
    failed: Arc<OnceLock<Error>>,
}

/// Ends when nobody waits for the answer.
type End = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Outgoing {
    pub(super) fn none() -> Self {
        Self::Whole(None)
    }

    pub(super) fn whole(body: Bytes) -> Self {
        Self::Whole(Some(body).filter(|body| !body.is_empty()))
    }

    pub(super) fn stream(messages: Messages, encoding: Encoding) -> Self {
        let gone = CancellationToken::new();
        let end = Box::pin(gone.clone().cancelled_owned());
        Self::Stream(Box::new(Streamed { messages, encoding, gone, end, failed: Arc::default() }))
    }

    /// The error by which the stream itself ends, once it has: HTTP/2 tells the caller of a reset alone.
    pub(super) fn failure(&self) -> Option<Arc<OnceLock<Error>>> {
        match self {
            Self::Whole(_) => None,
            Self::Stream(stream) => Some(stream.failed.clone()),
        }
    }

    /// What ends the stream when it is dropped: HTTP/2 knows of an answer that nobody reads only when the request has
    /// ended too.
    pub(super) fn until_dropped(&self) -> Option<DropGuard> {
        match self {
            Self::Whole(_) => None,
            Self::Stream(stream) => Some(stream.gone.clone().drop_guard()),
        }
    }
}

fn seal(message: Bytes, encoding: Encoding) -> Frame<Bytes> {
    let (flags, message) = encoding.pack(message);
    Frame::data(envelope::seal(flags, &message))
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        match &mut *self {
            Self::Whole(body) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Self::Stream(stream) => {
                let Streamed { messages, encoding, end, failed, .. } = &mut **stream;
                if end.as_mut().poll(task).is_ready() {
                    return Poll::Ready(Some(Err(h2::Error::from(h2::Reason::CANCEL).into())));
                }
                let next = messages.poll_message(task);
                let sealed = next.map(|next| next.map(|next| Ok::<_, Error>(seal(next?, *encoding))));
                if let Poll::Ready(Some(Err(error))) = &sealed {
                    let _ = failed.set(error.clone());
                }
                sealed.map(|sealed| sealed.map(|sealed| Ok(sealed?)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => SizeHint::with_exact(body.as_ref().map_or(0, |body| body.len() as u64)),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}
