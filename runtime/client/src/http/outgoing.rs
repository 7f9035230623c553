//! The body of a request.

use std::pin::Pin;
use std::task::{Context as Task, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::style::Transcode;
use kiteline_core::body::Messages;
use kiteline_core::error::Error;
use kiteline_grpc::{Encoding, envelope, zip};

/// One message, or a stream of them in envelopes.
pub(super) enum Outgoing {
    Whole(Option<Bytes>),
    Stream { messages: Messages, encoding: Encoding, transcode: Box<Transcode> },
}

impl Outgoing {
    pub(super) fn none() -> Self {
        Self::Whole(None)
    }

    pub(super) fn whole(body: Bytes) -> Self {
        Self::Whole(Some(body).filter(|body| !body.is_empty()))
    }

    pub(super) fn stream(messages: Messages, encoding: Encoding, transcode: Transcode) -> Self {
        Self::Stream { messages, encoding, transcode: Box::new(transcode) }
    }
}

fn seal(message: Bytes, encoding: Encoding, transcode: &Transcode) -> Result<Frame<Bytes>, Error> {
    let message = transcode.write(message)?;
    Ok(Frame::data(match encoding {
        Encoding::Gzip => envelope::seal(envelope::COMPRESSED, &zip(&message)),
        Encoding::Identity => envelope::seal(0, &message),
    }))
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut *self {
            Self::Whole(body) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Self::Stream { messages, encoding, transcode } => messages
                .poll_message(task)
                .map(|next| next.map(|next| next.and_then(|message| seal(message, *encoding, transcode)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => SizeHint::with_exact(body.as_ref().map_or(0, |body| body.len() as u64)),
            Self::Stream { .. } => SizeHint::default(),
        }
    }
}
