//! Answers as bodies of HTTP: messages in their envelopes, and behind them how the call ended.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context as Task, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, Response};
use hyper::body::{Body, Frame, SizeHint};

use super::held::{Held, Kept, NotTaken, SMALL, counted};
use super::target::{Target, is_slow};
use super::{Connection, Stream, micro, rest};
use kiteline_core::aside::aside;
use kiteline_core::body::Messages;
use kiteline_core::cancellation::CancelGuard;
use kiteline_core::context::ReplyMetadata;
use kiteline_core::error::{Error, Origin};
use kiteline_core::metadata::Metadata;
use kiteline_grpc::envelope::Sealed;
use kiteline_grpc::{Caller, Protocol, Status, connect, envelope, web, write_reply_metadata};
use kiteline_rest::{Framing, Shape, write_failure};

/// The body of an answer.
pub(super) struct Outgoing(State);

enum State {
    Whole { data: Bytes, trailers: Option<HeaderMap>, _waits: Option<Waiting> },
    Held(Held),
}

impl Outgoing {
    pub(super) fn empty() -> Self {
        Self::whole(Bytes::new(), None)
    }

    /// A body that no window is needed for, or a text in place of a call's answer.
    pub(super) fn whole(data: Bytes, trailers: Option<HeaderMap>) -> Self {
        Self(State::Whole { data, trailers, _waits: None })
    }

    /// A body of any size.
    ///
    /// # Errors
    ///
    /// When there is no room for it among the bytes in work.
    pub(super) fn message(data: Sealed, trailers: Option<HeaderMap>, stream: &Stream) -> Result<Self, Error> {
        let small = || Waiting::of(data.len(), &stream.connection);
        if let Some(waits) = Some(data.len()).filter(|size| *size <= SMALL).and_then(|_| small()) {
            return Ok(Self(State::Whole { data: data.into_bytes(), trailers, _waits: Some(waits) }));
        }
        let data = counted(data, &stream.connection)?;
        if stream.is_alone() && data.is_one() {
            // The socket itself looks after the only answer that waits for its peer.
            return Ok(Self(State::Whole { data: data.into_bytes(), trailers, _waits: None }));
        }
        Ok(Self(State::Held(Held::new(Kept::Whole { data, trailers }, stream.ending()))))
    }

    pub(super) fn stream(answers: Answers) -> Self {
        let stream = answers.stream.ending();
        Self(State::Held(Held::new(
            Kept::Stream { answers: Box::new(answers), rest: Sealed::default(), end: None },
            stream,
        )))
    }
}

/// What the small answers of a connection may have together before they are looked after one by one.
const WAITING: usize = 64 << 10;
/// What each of them takes beside its bytes.
const BESIDE: usize = 512;

/// A small answer until it is taken.
struct Waiting {
    connection: Arc<Connection>,
    bytes: usize,
}

impl Waiting {
    /// `None` when too many of them wait.
    fn of(size: usize, connection: &Arc<Connection>) -> Option<Self> {
        let bytes = size + BESIDE;
        let waiting = Self { connection: Arc::clone(connection), bytes };
        (connection.untaken.fetch_add(bytes, Ordering::Relaxed) <= WAITING).then_some(waiting)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.connection.untaken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = NotTaken;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, NotTaken>>> {
        let frame = match &mut self.0 {
            State::Whole { data, .. } if !data.is_empty() => Some(Frame::data(std::mem::take(data))),
            State::Whole { trailers, .. } => trailers.take().map(Frame::trailers),
            State::Held(held) => return held.poll_frame(task),
        };
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            State::Whole { data, trailers, .. } => data.is_empty() && trailers.is_none(),
            State::Held(held) => held.is_over(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        let exact = match &self.0 {
            State::Whole { data, trailers: None, .. } => Some(data.len() as u64),
            State::Whole { .. } => None,
            State::Held(held) => held.exact(),
        };
        exact.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// A message until it is written.
type Slow = Pin<Box<dyn Future<Output = Result<Sealed, Error>> + Send>>;

/// A stream of answers. Dropped before its end it cancels the call.
pub(super) struct Answers {
    pub(super) messages: Messages,
    /// What the stream gave before the answer began.
    pub(super) first: Option<Option<Result<Bytes, Error>>>,
    /// Behind the last message, before what the stream itself brings.
    pub(super) trailers: Metadata,
    pub(super) sealing: Sealing,
    pub(super) cancel: Option<CancelGuard>,
    /// A message that is written beside the workers.
    pub(super) slow: Option<Slow>,
    /// Open as long.
    pub(super) stream: Stream,
}

impl Answers {
    pub(super) fn poll_next(&mut self, task: &mut Task<'_>) -> Poll<Next> {
        let next = match &mut self.slow {
            Some(slow) => {
                let sealed = ready!(slow.as_mut().poll(task));
                self.slow = None;
                Some(sealed)
            }
            None => match ready!(self.poll_message(task)) {
                Some(Ok(message)) if self.sealing.is_slow(&message) => {
                    let sealing = self.sealing.clone();
                    self.slow = Some(Box::pin(async move { sealing.seal(message).await }));
                    return self.poll_next(task);
                }
                next => next.map(|next| next.and_then(|message| self.sealing.message(message))),
            },
        };
        let end = match next.map(|next| next.and_then(|sealed| self.counted(sealed))) {
            Some(Ok(message)) => return Poll::Ready(Next::Message(message)),
            Some(Err(error)) => Some(error),
            None => None,
        };
        self.cancel.take().into_iter().for_each(CancelGuard::disarm);
        let mut trailers = std::mem::take(&mut self.trailers);
        trailers.extend(self.messages.take_trailers());
        Poll::Ready(Next::End(match self.sealing.end(end.as_ref(), &trailers) {
            End::Data(data) => Frame::data(data),
            End::Trailers(trailers) => Frame::trailers(trailers),
        }))
    }

    fn poll_message(&mut self, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(first),
            None => self.messages.poll_message(task),
        }
    }

    /// Whether small messages are counted, too: the connection's peer takes nothing.
    pub(super) fn counts_all(&self) -> bool {
        self.stream.connection.full.load(Ordering::Relaxed)
    }

    /// A message, counted where it is large, or nothing is taken.
    fn counted(&self, sealed: Sealed) -> Result<Sealed, Error> {
        let connection = &self.stream.connection;
        if sealed.len() > SMALL || self.counts_all() {
            return counted(sealed, connection);
        }
        Ok(sealed)
    }
}

/// What comes next of a stream of answers.
pub(super) enum Next {
    Message(Sealed),
    End(Frame<Bytes>),
}

/// How a call ended, as its protocol says it.
pub(super) enum End {
    Data(Bytes),
    Trailers(HeaderMap),
}

/// How the messages of an answer are written.
#[derive(Clone)]
pub(super) struct Sealing {
    pub(super) caller: Caller,
    pub(super) target: Target,
    /// For a stream of answers by a route of HTTP.
    pub(super) framing: Option<Framing>,
}

impl Sealing {
    /// As [`Sealing::message`], beside the workers where that takes long.
    pub(super) async fn seal(&self, message: Bytes) -> Result<Sealed, Error> {
        if !self.is_slow(&message) {
            return self.message(message);
        }
        let sealing = self.clone();
        aside(move || sealing.message(message)).await?
    }

    pub(super) fn is_slow(&self, message: &Bytes) -> bool {
        is_slow(message.len(), self.caller.answers_in().is_some())
    }

    /// A message in its envelope; alone where there are none.
    pub(super) fn message(&self, message: Bytes) -> Result<Sealed, Error> {
        let protocol = self.caller.content().protocol;
        let (flags, message) = self.caller.answers_in().pack(message);
        Ok(match protocol {
            Protocol::Connect | Protocol::Micro => message.into(),
            Protocol::Rest => match self.framing.filter(|_| self.target.streams()) {
                Some(framing) => framing.message(&message).into(),
                None => message.into(),
            },
            Protocol::GrpcWebText => web::to_text(&envelope::seal(flags, &message)).into(),
            _ => Sealed::new(flags, message),
        })
    }

    fn text(&self, bytes: Bytes) -> Bytes {
        if self.caller.content().protocol == Protocol::GrpcWebText { web::to_text(&bytes) } else { bytes }
    }

    pub(super) fn end(&self, error: Option<&Error>, metadata: &Metadata) -> End {
        let status = match error {
            Some(error) => {
                self.target.connection().shared.note(error);
                self.caller.status_of(error, self.target.service())
            }
            None => Status::default(),
        };
        let mut trailers = HeaderMap::new();
        write_reply_metadata(metadata, &mut trailers);
        if let Some(error) = error {
            write_own(error, &mut trailers);
        }
        match self.caller.content().protocol {
            Protocol::Rest => {
                let body = error.map(|error| write_failure(error).1);
                End::Data(body.zip(self.framing).map(|(body, framing)| framing.failure(&body)).unwrap_or_default())
            }
            Protocol::Connect | Protocol::ConnectStream | Protocol::Micro => {
                End::Data(envelope::seal(envelope::END, &connect::write_end(&status, &trailers)))
            }
            protocol => {
                status.write(&mut trailers);
                if protocol == Protocol::Grpc {
                    return End::Trailers(trailers);
                }
                End::Data(self.text(web::seal_trailers(&trailers)))
            }
        }
    }
}

/// What an error brings itself, unless that came from somewhere else.
fn write_own(error: &Error, headers: &mut HeaderMap) {
    if error.origin() != Origin::Remote {
        write_reply_metadata(error.metadata(), headers);
        write_reply_metadata(error.trailers(), headers);
    }
}

/// The answer of a call that failed before there was any.
pub(super) fn failed(
    caller: &Caller,
    error: &Error,
    sent: ReplyMetadata,
    service: &str,
    shape: Shape,
) -> Response<Outgoing> {
    let status = caller.status_of(error, service);
    let (mut leading, mut trailing) = (HeaderMap::new(), HeaderMap::new());
    write_reply_metadata(&sent.head, &mut leading);
    write_reply_metadata(&sent.trailers, &mut trailing);
    if error.origin() != Origin::Remote {
        write_reply_metadata(error.metadata(), &mut leading);
        write_reply_metadata(error.trailers(), &mut trailing);
    }
    let mut response = Response::new(Outgoing::empty());
    match caller.content().protocol {
        Protocol::Rest => {
            response = rest::failed(shape, error);
            leading.extend(trailing);
            leading.extend(std::mem::take(response.headers_mut()));
        }
        Protocol::Micro => {
            leading.extend(trailing);
            return micro::failed(leading, error, service);
        }
        Protocol::Connect => {
            let (code, body) = caller.connect_error(&status);
            leading.extend(status.own_headers().clone());
            connect::write_trailers(&trailing, &mut leading);
            Caller::label_error(&mut leading);
            (*response.status_mut(), *response.body_mut()) = (code, Outgoing::whole(body, None));
        }
        Protocol::ConnectStream => {
            let end = envelope::seal(envelope::END, &connect::write_end(&status, &trailing));
            caller.label(&mut leading);
            *response.body_mut() = Outgoing::whole(end, None);
        }
        // Without a body, everything stands in the headers.
        _ if leading.is_empty() => {
            status.write(&mut trailing);
            caller.label(&mut trailing);
            leading = trailing;
        }
        protocol => {
            status.write(&mut trailing);
            caller.label(&mut leading);
            *response.body_mut() = match protocol {
                Protocol::Grpc => Outgoing::whole(Bytes::new(), Some(trailing)),
                Protocol::GrpcWebText => Outgoing::whole(web::to_text(&web::seal_trailers(&trailing)), None),
                _ => Outgoing::whole(web::seal_trailers(&trailing), None),
            };
        }
    }
    *response.headers_mut() = leading;
    response
}
