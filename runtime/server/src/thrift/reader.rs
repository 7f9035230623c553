//! The reading side of a connection: whole messages out of what has arrived, and room for the one that is arriving.

use std::net::SocketAddr;

use bytes::BytesMut;
use kiteline_tls::Stream;

use super::Close;
use crate::counters::Counter;
use crate::partial::{Held, Partial};
use crate::shared::Shared;
use kiteline_thrift::receive::receive;
use kiteline_thrift::{Incoming, MessageReader};

/// What a peer may send ahead while it waits for an answer.
const AHEAD: usize = 256 << 10;

/// The reading side of a connection: bytes that have arrived and are not answered yet.
pub(super) struct Reader<'a> {
    shared: &'a Shared,
    peer: SocketAddr,
    messages: MessageReader,
    /// Room for the message that is arriving.
    partial: Partial,
}

impl<'a> Reader<'a> {
    /// Begins with bytes that were read before.
    pub(super) fn new(shared: &'a Shared, peer: SocketAddr, first: BytesMut) -> Self {
        let messages = MessageReader::with_buffer(first, shared.limits.frame);
        Self { shared, peer, messages, partial: Partial::new(&shared.admission) }
    }

    /// The next message that has arrived, with the room that was reserved for it; `None` until more bytes come. A
    /// message that is arriving and for which there is no room comes without its end.
    pub(super) fn take(&mut self) -> Result<Option<(Incoming, Option<Held>)>, Close> {
        let taken = self.messages.take();
        let taken = taken.map_err(|error| self.damaged(Counter::BadFrame, &error))?;
        let held = self.partial.take_if(taken.is_some());
        let incoming = self.or_refused(taken)?;
        Ok(incoming.map(|incoming| (incoming, held)))
    }

    /// The message that was taken, or the one that is arriving where there is no room for it.
    fn or_refused(&mut self, taken: Option<Incoming>) -> Result<Option<Incoming>, Close> {
        if taken.is_some() || self.hold() {
            return Ok(taken);
        }
        drop(self.partial.take());
        let cut = self.messages.cut();
        cut.map(Some).map_err(|error| self.damaged(Counter::BadFrame, &error))
    }

    /// Whether the message that is arriving may be read on.
    fn hold(&mut self) -> bool {
        let (arrived, whole) = (self.messages.buffered(), self.messages.announced());
        self.partial.hold(arrived, whole, &self.shared.limits)
    }

    /// Counts bytes that cannot be read; the connection ends.
    #[cold]
    pub(super) fn damaged(&self, counter: Counter, error: &dyn std::fmt::Display) -> Close {
        self.shared.count(counter);
        tracing::debug!(target: "runtime::server::thrift", peer = %self.peer, %error, "closed");
        Close
    }

    /// Whether no message has begun.
    pub(super) fn is_between(&self) -> bool {
        self.messages.is_between()
    }

    /// Gives the buffer back, when nothing waits in it.
    pub(super) fn release(&mut self) {
        self.messages.release();
    }

    /// Waits for bytes, or for the room of the message that is arriving to be given to another connection's.
    pub(super) async fn receive(&mut self, stream: &mut Stream) -> Result<(), Close> {
        let received = receive(stream, &mut self.messages);
        let count = if self.partial.is_held() {
            tokio::select! {
                biased;
                () = self.partial.evicted() => return Ok(()),
                count = received => count,
            }
        } else {
            received.await
        };
        if count? == 0 { Err(Close) } else { Ok(()) }
    }

    /// Ends when the peer has closed its side. What it sends meanwhile is kept, up to a bound.
    pub(super) async fn gone(&mut self, stream: &mut Stream) {
        while self.messages.buffered() < AHEAD && self.partial.hold(self.messages.buffered(), 0, &self.shared.limits) {
            if matches!(receive(stream, &mut self.messages).await, Ok(0) | Err(_)) {
                return;
            }
        }
        std::future::pending().await
    }
}
