//! A connection that carries one call at a time.

use std::future::Future;
use std::io::{self, IoSlice};
use std::mem;
use std::pin::pin;

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;

use super::answers::{Understood, broken, open_aside, understand};
use super::counters::{Counter, Counters};
use super::deadline::Alarm;
use super::pool::Slot;
use kiteline_core::body::Body;
use kiteline_core::error::{Error, Origin};
use kiteline_core::service::{Answer, Call, Kind};
use kiteline_registry::Endpoint;
use kiteline_thrift::receive::receive;
use kiteline_thrift::{MessageReader, Protocol, buffer_pool};
use kiteline_tls::Stream;

/// Bodies from this size on are written from where they are.
const APART: usize = 16 << 10;

/// Answers up to this size leave the buffer that they arrived in, which serves the next call then.
const SMALL: usize = 4 << 10;

static NOTHING: Bytes = Bytes::new();

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    socket: Socket,
    seq: i32,
    /// When its last call began.
    since: Instant,
    alarm: Alarm,
    /// Behind the socket: who waits for it finds that closed.
    _slot: Slot,
}

#[derive(Debug)]
struct Socket {
    stream: Stream,
    messages: MessageReader,
    /// A request, all but its body; empty while nothing is to be written.
    head: BytesMut,
    /// Whether the peer said that it closes this connection, or may have.
    leaving: bool,
}

impl Connection {
    /// One that was just opened, for messages of at most `frame` bytes.
    pub(super) fn new(stream: impl Into<Stream>, frame: usize, now: Instant, slot: Slot) -> Self {
        let socket = Socket {
            stream: stream.into(),
            messages: MessageReader::new(frame),
            head: BytesMut::new(),
            leaving: false,
        };
        Self { socket, seq: 0, since: now, alarm: Alarm::default(), _slot: slot }
    }

    /// A call begins: its number, and where all of its request but the body belongs.
    pub(super) fn begin(&mut self, now: Instant) -> (i32, &mut BytesMut) {
        self.since = now;
        self.seq = self.seq.wrapping_add(1).max(1);
        self.socket.head = buffer_pool::take();
        (self.seq, &mut self.socket.head)
    }

    /// Writes the request of the call that began and reads the answer, by the call's deadline.
    pub(super) fn exchange(
        &mut self,
        body: &Bytes,
        call: &Call,
        at: &Endpoint,
        counters: &Counters,
    ) -> impl Future<Output = Result<Answer, Error>> {
        let Self { socket, seq, alarm, .. } = self;
        async move {
            let work = pin!(socket.exchange(body, (call, *seq), at, counters));
            alarm.within(call.cx.deadline(), work).await
        }
    }

    /// When its last call began.
    pub(super) fn since(&self) -> Instant {
        self.since
    }

    /// Gives its memory back until the next call.
    pub(super) fn rest(&mut self) {
        self.socket.messages.release();
    }

    /// Whether nothing came since the last answer: neither the end of the stream nor a byte that
    /// nobody asked for.
    pub(super) fn is_quiet(&mut self, counters: &Counters) -> bool {
        self.socket.is_quiet(counters)
    }

    /// Whether another call may follow. What an exception left behind is a sound connection; what a
    /// fault left behind is not.
    pub(super) fn is_sound(&self, result: &Result<Answer, Error>) -> bool {
        let broken = matches!(result.as_ref().map_err(Error::origin), Err(Origin::Transport | Origin::NotSent));
        !broken && !self.socket.leaving && self.socket.messages.buffered() == 0
    }
}

impl Socket {
    fn is_quiet(&mut self, counters: &Counters) -> bool {
        match self.stream.try_read(&mut [0]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => true,
            Ok(1..) => {
                counters.add(Counter::UnknownReplies);
                false
            }
            _ => false,
        }
    }

    /// Writes a request and reads the answer.
    #[expect(clippy::manual_async_fn, reason = "an async fn has a second place for its arguments")]
    fn exchange(
        &mut self,
        body: &Bytes,
        (call, seq): (&Call, i32),
        at: &Endpoint,
        counters: &Counters,
    ) -> impl Future<Output = Result<Answer, Error>> {
        async move {
            if body.len() < APART {
                self.head.extend_from_slice(body);
                self.write(&NOTHING, at).await?;
            } else {
                self.write(body, at).await?;
            }
            buffer_pool::give(mem::take(&mut self.head));
            match call.method.kind {
                Kind::Oneway => Ok(Answer::default()),
                _ => self.read((call, seq), at, counters).await,
            }
        }
    }

    /// Writes the head, and `behind` after it.
    async fn write(&mut self, behind: &Bytes, at: &Endpoint) -> Result<(), Error> {
        let (head, mut sent) = (&self.head, 0);
        loop {
            let written = match (head.get(sent..), behind.get(sent.saturating_sub(head.len())..)) {
                (None | Some([]), None | Some([])) => break,
                // A plain write costs less than one of several parts.
                (Some(rest), None | Some([])) | (None | Some([]), Some(rest)) => self.stream.write(rest).await,
                (Some(head), Some(behind)) => {
                    self.stream.write_vectored(&[IoSlice::new(head), IoSlice::new(behind)]).await
                }
            };
            let why = match written {
                Ok(count @ 1..) => {
                    sent += count;
                    continue;
                }
                Ok(0) => "it takes no more bytes".to_owned(),
                Err(error) => error.to_string(),
            };
            let origin = if sent == 0 { Origin::NotSent } else { Origin::Transport };
            return Err(broken(at, &why).with_origin(origin));
        }
        self.stream.flush().await.map_err(|error| broken(at, &error))
    }

    async fn read(&mut self, (call, seq): (&Call, i32), at: &Endpoint, counters: &Counters) -> Result<Answer, Error> {
        let damaged = |error| {
            counters.add(Counter::BrokenReplies);
            broken(at, &error)
        };
        let incoming = loop {
            if let Some(incoming) = self.messages.take().map_err(damaged)? {
                break incoming;
            }
            match receive(&mut self.stream, &mut self.messages).await {
                Ok(1..) => {}
                Ok(0) => return Err(broken(at, &"closed before the answer")),
                Err(error) => return Err(broken(at, &error)),
            }
        };
        let Understood { mut result, leaving, closed } = understand(incoming, seq, call, at, counters);
        self.leaving = leaving;
        if closed {
            return Box::pin(open_aside(result, Protocol::Compact, call.limits)).await;
        }
        if let Ok(Answer { body: Body::Whole(body), .. }) = &mut result
            && body.len() <= SMALL
        {
            *body = Bytes::copy_from_slice(body);
        }
        result
    }
}
