//! An outcome as the message that answers its request, on the request's own wire.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};

use kiteline_core::body::Body;
use kiteline_core::context::{ReplyMetadata, ReplySlot};
use kiteline_core::error::{Code, Error};
use kiteline_core::service::Answer;
use kiteline_thrift::metainfo::{Business, ReplyInfoRef, pairs};
use kiteline_thrift::ttheader::{self, Fixed};
use kiteline_thrift::{FrameError, Header, MAX_FRAME, MessageType, Outgoing, Protocol, Wire};

/// The parts of a request that come back with its answer.
#[derive(Clone, Copy)]
pub(super) struct Envelope<'a> {
    pub(super) wire: Wire,
    pub(super) header: Header<'a>,
    /// No further request should come on this connection.
    pub(super) leaving: bool,
}

/// The outcome of a request.
pub(super) struct Outcome {
    pub(super) result: Result<Answer, Error>,
    /// The metadata of a handler that failed; an answer holds its own.
    pub(super) metadata: ReplyMetadata,
    /// Whether the answer's body is as it goes on the wire.
    pub(super) closed: bool,
}

impl Outcome {
    /// The outcome of a call; the metadata of one that failed is where it left it.
    pub(super) fn new(result: Result<Answer, Error>, reply: Option<ReplySlot>) -> Self {
        let failed = reply.filter(|_| result.is_err());
        let metadata = failed.map(|slot| slot.take()).unwrap_or_default();
        Self { result, metadata, closed: false }
    }

    /// Whether its body is to be closed aside.
    #[inline]
    pub(super) fn is_slow(&self, protocol: Protocol) -> bool {
        let body = self.result.as_ref().ok().and_then(|answer| answer.body.as_whole());
        !self.closed && body.is_some_and(|body| protocol.is_slow(body.len()))
    }

    /// Closes its body, which is done aside.
    pub(super) async fn close(mut self, protocol: Protocol) -> Self {
        if let Ok(Answer { body: Body::Whole(body), .. }) = &mut self.result {
            match protocol.close_aside(body).await {
                Ok(closed) => (*body, self.closed) = (closed, true),
                Err(error) => self.result = Err(error),
            }
        }
        self
    }
}

impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        Self { result: Err(error), metadata: ReplyMetadata::default(), closed: false }
    }
}

impl Envelope<'_> {
    /// Writes an answer up to its body, and gives the body. One that no frame or TTHeader can hold
    /// becomes an exception.
    ///
    /// # Errors
    ///
    /// When not even the exception can be written.
    pub(super) fn answer(&self, outcome: Outcome, out: &mut BytesMut) -> Result<Bytes, Error> {
        let why = match self.try_answer(outcome, out) {
            Ok(body) => return Ok(body),
            Err(why) => why,
        };
        let body = self.header.protocol.exception(&why)?;
        self.send(MessageType::Exception, None, &ReplyMetadata::default(), body, out)
    }

    fn try_answer(&self, outcome: Outcome, out: &mut BytesMut) -> Result<Bytes, Error> {
        let Outcome { result, metadata, closed } = outcome;
        match result {
            Ok(Answer { head, body, trailers }) => {
                let body = body.into_whole()?;
                let metadata = ReplyMetadata { head, trailers };
                if closed {
                    return self.send(MessageType::Reply, None, &metadata, body, out);
                }
                let closed = match self.header.protocol.close(&body)? {
                    Cow::Owned(closed) => Some(closed),
                    Cow::Borrowed(_) => None,
                };
                self.send(MessageType::Reply, None, &metadata, closed.unwrap_or(body), out)
            }
            Err(error) => match error.business_code().filter(|_| self.wire.has_header()) {
                Some(code) => {
                    let business = Some(Business::new(code, &error, || self.header.protocol.exception(&error).ok()));
                    self.send(MessageType::Reply, business, &metadata, self.header.protocol.nothing(), out)
                }
                None => {
                    let body = self.header.protocol.exception(&error)?;
                    self.send(MessageType::Exception, None, &metadata, body, out)
                }
            },
        }
    }

    fn send(
        &self,
        kind: MessageType,
        business: Option<Business<'_>>,
        metadata: &ReplyMetadata,
        body: Bytes,
        out: &mut BytesMut,
    ) -> Result<Bytes, Error> {
        self.head(kind, business, metadata, &body, out).map_err(|error| too_big(&error))?;
        Ok(body)
    }

    /// Writes a message's head.
    pub(super) fn head(
        &self,
        kind: MessageType,
        business: Option<Business<'_>>,
        metadata: &ReplyMetadata,
        body: &Bytes,
        out: &mut BytesMut,
    ) -> Result<(), FrameError> {
        let protocol = if self.header.protocol == Protocol::Compact { ttheader::COMPACT } else { 0 };
        // The sequence number of the payload, also where the request's TTHeader had another.
        let fixed = Fixed { flags: 0, seq: self.header.seq, protocol };
        let number = if kind == MessageType::Reply { "2" } else { "3" };
        let metadata = pairs(&metadata.head, &metadata.trailers);
        let info = ReplyInfoRef { fixed, kind: number, business, metadata, closing: self.leaving };
        let header = Header { kind, ..self.header };
        Outgoing { wire: self.wire, header, info: &info, body }.write_head(MAX_FRAME, out)
    }
}

/// The error that is told in place of what no frame or TTHeader can hold.
#[cold]
fn too_big(error: &FrameError) -> Error {
    let text = match error {
        FrameError::TooLong { .. } => "the answer is longer than a frame".to_owned(),
        other => other.to_string(),
    };
    Error::new(Code::ResourceExhausted, text)
}
