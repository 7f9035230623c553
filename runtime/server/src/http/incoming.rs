//! The messages of a request, read when they are asked for.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Version;
use hyper::body::{Body, Frame, Incoming};

use super::Connection;
use super::target::{Target, is_slow};
use crate::partial::{FREE, Held, Partial};
use kiteline_core::aside::aside;
use kiteline_core::body::{Messages, Source};
use kiteline_core::error::{Code, Error, Origin};
use kiteline_grpc::{Caller, Frames, Packed, Piece, envelope};

/// Bytes that are read of what is left of a request once it is answered, and for how long.
const REST: usize = 8 << 20;
const REST_TIME: Duration = Duration::from_secs(5);

/// A body of HTTP. Of HTTP/1.1 what nobody read is read and thrown away when it is dropped, within bounds: a
/// caller that is still writing would not see the answer else.
pub(super) struct Arriving {
    body: Option<Incoming>,
    is_one: bool,
}

impl Arriving {
    pub(super) fn new(body: Incoming, version: Version) -> Self {
        Self { body: Some(body), is_one: version < Version::HTTP_2 }
    }

    /// The body, for somebody who keeps it; nothing is left.
    pub(super) fn take(&mut self) -> Self {
        Self { body: self.body.take(), is_one: self.is_one }
    }

    fn poll_frame(&mut self, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(task),
            None => Poll::Ready(None),
        }
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| self.is_one && !body.is_end_stream()) else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(REST_TIME, discard(body)));
        }
    }
}

async fn discard(mut body: Incoming) {
    let mut rest = REST;
    while let Some(Ok(frame)) = poll_fn(|task| Pin::new(&mut body).poll_frame(task)).await {
        let size = frame.data_ref().map_or(0, Bytes::len);
        if size > rest {
            return;
        }
        rest -= size;
    }
}

/// A message until it is read.
type Opening = Pin<Box<dyn Future<Output = Result<Bytes, Error>> + Send>>;

/// The messages of a body with envelopes.
struct Requests {
    body: Arriving,
    frames: Frames,
    room: Room,
    /// A message that is read beside the workers.
    opening: Option<Opening>,
    ended: bool,
}

/// Room for a message that has not all arrived, as for a frame of Thrift's.
struct Room {
    connection: Arc<Connection>,
    partial: Partial,
    /// What it has of the bytes of its connection that nothing is reserved for.
    waiting: usize,
    /// Ends when the room is given to another one.
    lost: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Room {
    fn new(connection: &Arc<Connection>) -> Self {
        let partial = Partial::new(&connection.shared.admission);
        Self { connection: Arc::clone(connection), partial, waiting: 0, lost: None }
    }

    /// Makes room for a message of `whole` bytes of which `arrived` are here; whether it is reserved.
    fn hold(&mut self, arrived: usize, whole: usize) -> Result<bool, Error> {
        // What a connection has for nothing its streams share.
        let held = self.partial.is_held();
        let all = self.wait_with(if held { 0 } else { arrived });
        let free = if held || all > FREE { 0 } else { FREE };
        if !self.partial.hold_beyond(free, arrived, whole, &self.connection.shared.limits) {
            return Err(self.refused());
        }
        if self.partial.is_held() {
            self.wait_with(0);
        }
        if self.lost.is_none() {
            self.lost = self.partial.eviction();
        }
        Ok(self.partial.is_held())
    }

    /// Counts so many bytes as waiting; gives those of all streams.
    fn wait_with(&mut self, bytes: usize) -> usize {
        let waiting = &self.connection.waiting;
        let before = std::mem::replace(&mut self.waiting, bytes);
        if before == bytes {
            return waiting.load(Ordering::Relaxed);
        }
        let all = waiting.fetch_add(bytes, Ordering::Relaxed) + bytes;
        waiting.fetch_sub(before, Ordering::Relaxed);
        all - before
    }

    fn refused(&self) -> Error {
        self.connection.shared.admission.shed("too many bytes of requests are arriving")
    }

    /// Whether the room was lost while bytes were waited for.
    fn poll_lost(&mut self, task: &mut Task<'_>) -> Poll<Error> {
        match &mut self.lost {
            Some(lost) => lost.as_mut().poll(task).map(|()| self.refused()),
            None => Poll::Pending,
        }
    }

    /// What was reserved for a message that is whole now.
    fn take(&mut self) -> Option<Held> {
        self.lost = None;
        self.wait_with(0);
        self.partial.take()
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.wait_with(0);
    }
}

impl Requests {
    fn new(body: Arriving, caller: &Caller, target: Target) -> Self {
        let frames = Frames::new(caller.content().protocol, caller.encoding(), target.most());
        let room = Room::new(target.connection());
        Self { body, frames, room, opening: None, ended: false }
    }

    fn poll_message(&mut self, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            if let Some(opening) = &mut self.opening {
                let message = ready!(opening.as_mut().poll(task));
                self.opening = None;
                return Poll::Ready(Some(message));
            }
            match self.frames.take_packed() {
                Ok(Some(packed)) => {
                    let (size, zipped) = packed.size();
                    if !is_slow(size, zipped) {
                        return Poll::Ready(Some(read(packed)));
                    }
                    self.opening = Some(Box::pin(async move { aside(move || read(packed)).await? }));
                    continue;
                }
                Ok(None) if self.ended => return Poll::Ready(self.frames.finish().err().map(Err)),
                Ok(None) => {
                    let (arrived, whole) = self.frames.waiting();
                    match self.room.hold(arrived, whole) {
                        Ok(true) => self.frames.reserve(whole),
                        Ok(false) => {}
                        Err(error) => return Poll::Ready(Some(Err(error))),
                    }
                }
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
            let Poll::Ready(frame) = self.body.poll_frame(task) else {
                return self.room.poll_lost(task).map(|error| Some(Err(error)));
            };
            let pushed = match frame {
                None => {
                    self.ended = true;
                    Ok(())
                }
                Some(Ok(frame)) => frame.into_data().map_or(Ok(()), |chunk| self.frames.push(chunk)),
                Some(Err(error)) => Err(gone(&error)),
            };
            if let Err(error) = pushed {
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}

/// The message in a piece.
fn read(packed: Packed) -> Result<Bytes, Error> {
    match packed.open()? {
        Piece::Message(message) => Ok(message),
        Piece::End(_) => {
            let error = Error::invalid("an end of a stream where a message belongs");
            Err(error.with_origin(Origin::Decode))
        }
    }
}

impl Source for Requests {
    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let message = self.poll_message(task);
        if message.is_ready() {
            // From now on the bytes are the handler's.
            drop(self.room.take());
        }
        message
    }
}

/// What comes behind chunks that are malformed cannot be told from them.
#[cold]
fn gone(error: &hyper::Error) -> Error {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    if cause.is_some_and(|cause| matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData)) {
        return Error::invalid("the chunks of the body are malformed").with_origin(Origin::Decode);
    }
    Error::new(Code::Cancelled, format!("the request ended before its end: {error}"))
}

/// A stream of requests.
pub(super) fn messages(body: Arriving, caller: &Caller, target: Target) -> Messages {
    Messages::from_source(Requests::new(body, caller, target))
}

/// The one message of a request.
///
/// # Errors
///
/// [`Code::Unimplemented`] for none, or more than one; for one that cannot be read.
pub(super) async fn whole(
    body: &mut Arriving,
    caller: &Caller,
    target: Target,
) -> Result<(Bytes, Option<Held>), Error> {
    if !caller.content().protocol.has_envelopes() {
        let mut room = Room::new(target.connection());
        let body = collect(body, target.most(), &mut room).await?;
        let message = if is_slow(body.len(), caller.encoding().is_some()) {
            let caller = caller.clone();
            Box::pin(aside(move || open(body, &caller, &target))).await??
        } else {
            open(body, caller, &target)?
        };
        return Ok((message, room.take()));
    }
    let mut requests = Requests::new(body.take(), caller, target);
    let message = poll_fn(|task| requests.poll_message(task)).await.ok_or_else(|| cardinality("no message"))??;
    let held = requests.room.take();
    match poll_fn(|task| requests.poll_message(task)).await {
        None => Ok((message, held)),
        Some(second) => Err(second.err().unwrap_or_else(|| cardinality("more than one message"))),
    }
}

/// A message without an envelope.
pub(super) fn open(body: Bytes, caller: &Caller, target: &Target) -> Result<Bytes, Error> {
    caller.encoding().unpack(body, target.most())
}

#[cold]
fn cardinality(what: &str) -> Error {
    Error::new(Code::Unimplemented, format!("the request of a call that takes one has {what}"))
        .with_origin(Origin::Decode)
}

/// A whole body of at most `most` bytes.
async fn collect(body: &mut Arriving, most: usize, room: &mut Room) -> Result<Bytes, Error> {
    let (mut first, mut rest) = (Bytes::new(), BytesMut::new());
    loop {
        let frame = poll_fn(|task| match body.poll_frame(task) {
            Poll::Pending => room.poll_lost(task).map(Err),
            ready => ready.map(Ok),
        });
        let Some(frame) = frame.await? else { break };
        let Ok(chunk) = frame.map_err(|error| gone(&error))?.into_data() else { continue };
        let size = first.len() + rest.len() + chunk.len();
        if size > most {
            return Err(envelope::over(size, most));
        }
        room.hold(size, size)?;
        if first.is_empty() && rest.is_empty() {
            first = chunk;
            continue;
        }
        rest.extend_from_slice(&std::mem::take(&mut first));
        rest.extend_from_slice(&chunk);
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}
