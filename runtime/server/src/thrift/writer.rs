//! The writing side of a connection: answers gather here until they are written together.

use bytes::{Buf, Bytes, BytesMut};
use kiteline_tls::Stream;
use tokio::io::AsyncWriteExt;

use super::Close;
use super::reply::{Envelope, Outcome};
use crate::counters::Counter;
use crate::shared::Shared;
use kiteline_core::Error;
use kiteline_core::context::ReplyMetadata;
use kiteline_core::service::Kind;
use kiteline_thrift::{MessageType, buffer_pool};

/// Answers are written when this many bytes wait, even inside a batch.
const FLUSH: usize = 256 << 10;
/// Bodies from this size on are written from where they are.
const APART: usize = 64 << 10;

/// The answers of a connection that are not written yet.
pub(super) struct Writer<'a> {
    shared: &'a Shared,
    out: BytesMut,
}

impl<'a> Writer<'a> {
    pub(super) fn new(shared: &'a Shared) -> Self {
        Self { shared, out: BytesMut::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Whether what waits is to be written before another answer.
    pub(super) fn is_full(&self) -> bool {
        self.out.len() >= FLUSH
    }

    /// Adds answers that were written elsewhere.
    pub(super) fn append(&mut self, answers: BytesMut) {
        self.out.unsplit(answers);
    }

    /// Gives the buffer back.
    pub(super) fn release(&mut self) {
        buffer_pool::give(std::mem::take(&mut self.out));
    }

    /// Counts how a call ended, and adds its answer but for a large body: that is returned, to be written from where it
    /// is.
    pub(super) fn end(
        &mut self,
        envelope: &Envelope<'_>,
        outcome: Outcome,
        kind: Kind,
    ) -> Result<Option<Bytes>, Close> {
        if let Err(error) = &outcome.result {
            self.shared.note(error);
        }
        match kind {
            Kind::Oneway => Ok(None),
            _ => self.answer(envelope, outcome),
        }
    }

    fn answer(&mut self, envelope: &Envelope<'_>, outcome: Outcome) -> Result<Option<Bytes>, Close> {
        if self.out.capacity() == 0 {
            self.out = buffer_pool::take();
        }
        // Read now: the drain may have begun while the handler worked.
        let envelope = Envelope { leaving: self.shared.connections.draining(), ..*envelope };
        let body = envelope.answer(outcome, &mut self.out).map_err(|_: Error| Close)?;
        if body.len() < APART {
            self.out.extend_from_slice(&body);
            return Ok(None);
        }
        Ok(Some(body))
    }

    /// Tells a peer that it sent an answer to a server; gives the body of that.
    pub(super) fn refuse(&mut self, envelope: &Envelope<'_>) -> Result<Bytes, Close> {
        self.shared.count(Counter::BadHeader);
        let body = envelope.header.protocol.wrong_message_type().map_err(|_| Close)?;
        envelope
            .head(MessageType::Exception, None, &ReplyMetadata::default(), &body, &mut self.out)
            .map_err(|_| Close)?;
        Ok(body)
    }

    /// Writes what waits, and `behind` after it.
    pub(super) async fn flush(&mut self, stream: &mut Stream, behind: &Bytes) -> Result<(), Close> {
        if behind.is_empty() {
            // A plain write costs less than one of several parts.
            stream.write_all(&self.out).await?;
        } else {
            stream.write_all_buf(&mut Buf::chain(&self.out[..], &behind[..])).await?;
        }
        stream.flush().await?;
        self.out.clear();
        Ok(())
    }
}
