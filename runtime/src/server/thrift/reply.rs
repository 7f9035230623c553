//! An outcome as the message that answers its request, on the request's own wire.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};

use crate::context::Pairs;
use crate::error::{Code, Error};
use crate::service::Answer;
use crate::thrift::ttheader::int_keys;
use crate::thrift::{
    FrameError, Header, MAX_FRAME, MessageType, Outgoing, Protocol, TtHeader, Wire, metainfo, ttheader,
};

/// What of a request comes back with its answer.
#[derive(Clone, Copy)]
pub(super) struct Envelope<'a> {
    pub(super) wire: Wire,
    pub(super) header: Header<'a>,
    /// No further request should come on this connection.
    pub(super) leaving: bool,
}

/// What came of a request.
pub(super) struct Outcome {
    pub(super) result: Result<Answer, Error>,
    /// Pairs of a handler that failed; an answer holds its own.
    pub(super) backward: Pairs,
}

impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        Self { result: Err(error), backward: Pairs::new() }
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
        self.head(MessageType::Exception, &mut TtHeader::default(), &body, out).map_err(|error| too_big(&error))?;
        Ok(body)
    }

    fn try_answer(&self, outcome: Outcome, out: &mut BytesMut) -> Result<Bytes, Error> {
        let Outcome { result, backward } = outcome;
        match result {
            Ok(Answer { body, backward }) => {
                let closed = match self.header.protocol.close(&body)? {
                    Cow::Owned(closed) => Some(closed),
                    Cow::Borrowed(_) => None,
                };
                self.send(MessageType::Reply, TtHeader::default(), &backward, closed.unwrap_or(body), out)
            }
            Err(error) => {
                let mut info = TtHeader::default();
                let (kind, body) = self.refusal(&error, &mut info)?;
                self.send(kind, info, &backward, body, out)
            }
        }
    }

    fn send<'a>(
        &self,
        kind: MessageType,
        mut info: TtHeader<'a>,
        backward: &'a Pairs,
        body: Bytes,
        out: &mut BytesMut,
    ) -> Result<Bytes, Error> {
        metainfo::set_backward(backward, &mut info);
        self.head(kind, &mut info, &body, out).map_err(|error| too_big(&error))?;
        Ok(body)
    }

    fn refusal<'a>(&self, error: &'a Error, info: &mut TtHeader<'a>) -> Result<(MessageType, Bytes), Error> {
        match error.business_code() {
            Some(code) if self.wire.has_header() => {
                metainfo::set_business(code, error, info);
                Ok((MessageType::Reply, self.header.protocol.nothing()))
            }
            _ => Ok((MessageType::Exception, self.header.protocol.exception(error)?)),
        }
    }

    /// Writes a message's head.
    pub(super) fn head(
        &self,
        kind: MessageType,
        info: &mut TtHeader<'_>,
        body: &Bytes,
        out: &mut BytesMut,
    ) -> Result<(), FrameError> {
        // The sequence number of the payload, also where the request's TTHeader had another.
        info.seq = self.header.seq;
        if self.wire.has_header() {
            info.set_int(int_keys::MESSAGE_TYPE, if kind == MessageType::Reply { "2" } else { "3" });
            if self.leaving {
                info.set_string(metainfo::CLOSING, "1");
            }
        }
        if self.header.protocol == Protocol::Compact {
            info.protocol = ttheader::COMPACT;
        }
        let header = Header { kind, ..self.header };
        Outgoing { wire: self.wire, header, info, body }.write_head(MAX_FRAME, out)
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
