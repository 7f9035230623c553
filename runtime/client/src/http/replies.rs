//! The messages of an answer, read when they are asked for.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use hyper::body::{Body, Incoming};

use super::connections::{Open, Sent, broken};
use super::reading::{Ended, Expected, remote};
use kiteline_core::body::{Messages, Source};
use kiteline_core::error::{Code, Error, Origin};
use kiteline_core::metadata::Metadata;
use kiteline_core::service::Answer;
use kiteline_grpc::{Encoding, Frames, Piece, Protocol, connect, envelope, micro, read_metadata};
use kiteline_registry::Endpoint;
use kiteline_rest::read_reply;

/// The messages of an answer with envelopes.
struct Replies {
    body: Incoming,
    frames: Frames,
    expected: Expected,
    head: HeaderMap,
    at: Endpoint,
    open: Open,
    over: bool,
    /// Whether anything came behind the head.
    any: bool,
    /// What came first of an answer that is known to be at its end.
    first: Option<Option<Result<Bytes, Error>>>,
    trailers: Metadata,
}

impl Replies {
    /// # Errors
    ///
    /// What the head says, where it is all that there is.
    fn new(sent: Sent, expected: Expected, at: &Endpoint) -> Result<(Self, Metadata), Error> {
        let Sent { response, mut open } = sent;
        let (head, body) = response.into_parts();
        let metadata = read_metadata(&head.headers);
        let encoding = match expected.head(head.status, &head.headers, body.is_end_stream()) {
            Ok(encoding) => encoding,
            Err(Ended { error, trailers }) => {
                open.answered(body.is_end_stream());
                let error = error.unwrap_or_else(|| remote(Code::Unknown, "no answer"));
                return Err(error.with_metadata(metadata, trailers));
            }
        };
        let frames = Frames::new(expected.content.protocol, encoding, expected.most);
        let (head, at, trailers) = (head.headers, at.clone(), Metadata::new());
        Ok((Self { body, frames, expected, head, at, open, over: false, any: false, first: None, trailers }, metadata))
    }

    fn poll_message(&mut self, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            match self.frames.take() {
                Ok(Some(Piece::Message(message))) => {
                    return Poll::Ready(Some(Ok(message)));
                }
                Ok(Some(Piece::End(end))) => {
                    let ended = self.expected.end(&end);
                    // What comes behind is not read; a connection that carries one call at a time must be at its end.
                    return Poll::Ready(self.end(ended));
                }
                Ok(None) if self.over => {
                    let ended = match self.frames.finish() {
                        Err(error) => Ended::by(self.expected.broken(error)),
                        Ok(()) if self.any => Ended::by(remote(Code::Internal, "the answer ended without a status")),
                        Ok(()) => self.expected.silence(&self.head),
                    };
                    return Poll::Ready(self.end(ended));
                }
                Ok(None) => {}
                Err(error) => return Poll::Ready(Some(Err(self.expected.broken(error)))),
            }
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(task)) {
                None => {
                    self.over = true;
                    continue;
                }
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    let error = broken(&self.at, &error);
                    return Poll::Ready(Some(Err(self.expected.broken(error))));
                }
            };
            self.any |= frame.is_trailers() || frame.data_ref().is_some_and(|chunk| !chunk.is_empty());
            let trailers = match frame.into_data() {
                Ok(chunk) => {
                    if let Err(error) = self.frames.push(chunk) {
                        return Poll::Ready(Some(Err(self.expected.broken(error))));
                    }
                    continue;
                }
                Err(frame) => frame.into_trailers().unwrap_or_default(),
            };
            if self.expected.content.protocol == Protocol::Grpc {
                let ended = match self.frames.finish() {
                    Ok(()) => Expected::trailers(&trailers),
                    Err(error) => {
                        Ended { trailers: read_metadata(&trailers), ..Ended::by(self.expected.broken(error)) }
                    }
                };
                self.over = true;
                return Poll::Ready(self.end(ended));
            }
        }
    }

    fn end(&mut self, ended: Ended) -> Option<Result<Bytes, Error>> {
        self.open.answered(self.over || self.body.is_end_stream());
        let Ended { error, trailers } = ended;
        match error {
            Some(error) => Some(Err(error.with_metadata(Metadata::new(), trailers))),
            None => {
                self.trailers = trailers;
                None
            }
        }
    }
}

impl Source for Replies {
    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(first),
            None => self.poll_message(task),
        }
    }

    fn trailers(mut self: Pin<&mut Self>) -> Metadata {
        std::mem::take(&mut self.trailers)
    }
}

/// A stream of answers. One whose length is known is at its end already: an error at its beginning is the call's.
pub(super) async fn stream(sent: Sent, expected: Expected, at: &Endpoint) -> Result<Answer, Error> {
    let (mut replies, head) = Replies::new(sent, expected, at)?;
    if replies.body.size_hint().exact().is_some() {
        match poll_fn(|task| replies.poll_message(task)).await {
            Some(Err(error)) => {
                let trailers = error.trailers().clone();
                return Err(error.with_metadata(head, trailers));
            }
            first => replies.first = Some(first),
        }
    }
    Ok(Answer { head, ..Answer::from(Messages::from_source(replies)) })
}

/// The one answer of a call.
pub(super) async fn whole(sent: Sent, expected: Expected, at: &Endpoint) -> Result<Answer, Error> {
    if !expected.content.protocol.has_envelopes() {
        return bare(sent, &expected, at).await;
    }
    let (mut replies, head) = Replies::new(sent, expected, at)?;
    let mut answers = Vec::new();
    let end = loop {
        match poll_fn(|task| replies.poll_message(task)).await {
            Some(Ok(message)) if answers.is_empty() => answers.push(message),
            Some(Ok(_)) => {
                break Err(remote(Code::Unimplemented, "more than one message in the answer of a call with one"));
            }
            Some(Err(error)) => break Err(error),
            None => break Ok(()),
        }
    };
    let trailers = std::mem::take(&mut replies.trailers);
    let message = end
        .and_then(|()| answers.pop().ok_or_else(|| remote(Code::Unimplemented, "no message in the answer of a call")));
    match message {
        Ok(message) => Ok(Answer { head, body: message.into(), trailers }),
        Err(error) => {
            let trailers = if trailers.is_empty() { error.trailers().clone() } else { trailers };
            Err(error.with_metadata(head, trailers))
        }
    }
}

/// An answer without envelopes.
async fn bare(sent: Sent, expected: &Expected, at: &Endpoint) -> Result<Answer, Error> {
    let Sent { response, mut open } = sent;
    let (head, body) = response.into_parts();
    let (mut leading, trailing) = connect::split_trailers(&head.headers);
    if expected.content.protocol == Protocol::Micro {
        micro::strip(&mut leading);
    }
    let with_metadata = |error: Error| error.with_metadata(read_metadata(&leading), read_metadata(&trailing));
    let encoding = if expected.stated(&head.headers).is_none() && expected.is_success(head.status) {
        let encoding = expected.head(head.status, &head.headers, false);
        encoding.map_err(|ended| with_metadata(ended.error.unwrap_or_else(|| remote(Code::Unknown, ""))))?
    } else {
        Encoding::Identity
    };
    let body = collect(body, expected.most, at).await.map_err(|error| with_metadata(expected.broken(error)))?;
    open.answered(true);
    if let Some(error) = expected.stated(&head.headers) {
        return Err(with_metadata(error));
    }
    if !expected.is_success(head.status) {
        return Err(with_metadata(expected.error(head.status, &head.headers, &body)));
    }
    let mut message = expected.body(encoding, body).map_err(with_metadata)?;
    if let Some(route) = expected.route {
        let label = head.headers.get(CONTENT_TYPE).and_then(|label| label.to_str().ok()).unwrap_or_default();
        message = read_reply(route, label, message);
    }
    Ok(Answer { head: read_metadata(&leading), body: message.into(), trailers: read_metadata(&trailing) })
}

/// A whole body of at most `most` bytes.
async fn collect(mut body: Incoming, most: usize, at: &Endpoint) -> Result<Bytes, Error> {
    let mut all = BytesMut::new();
    while let Some(frame) = poll_fn(|task| Pin::new(&mut body).poll_frame(task)).await {
        let Ok(chunk) = frame.map_err(|error| broken(at, &error))?.into_data() else { continue };
        let size = all.len() + chunk.len();
        if size > most {
            return Err(envelope::over(size, most).with_origin(Origin::Decode));
        }
        if all.is_empty() && body.is_end_stream() {
            return Ok(chunk);
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all.freeze())
}
