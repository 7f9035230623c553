//! One call of a generated client, before it is sent.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;

use bytes::Bytes;

use super::channel::Channel;
use super::retry::Retry;
use kiteline_core::aside::{LARGE, aside};
use kiteline_core::body::{Body, Messages};
use kiteline_core::context::Context;
use kiteline_core::error::Error;
use kiteline_core::limits::DecodeLimits;
use kiteline_core::metadata::{Metadata, Value};
use kiteline_core::service::{Answer, BoxFuture, Call, Form, Handling, Method};

/// An answer and what came beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply<T> {
    /// The answer.
    pub value: T,
    metadata: Metadata,
    trailers: Metadata,
}

impl<T> Reply<T> {
    /// The metadata that the handler sent in front of the answer.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The metadata that the handler sent behind the answer. Protocols that have one place for both give it as
    /// [`Reply::metadata`].
    pub fn trailers(&self) -> &Metadata {
        &self.trailers
    }
}

/// A call that is sent when it is awaited; `.await` gives the value, [`Request::send`] the pairs
/// that came back too.
#[must_use = "a call is sent when it is awaited"]
pub struct Request<T, E = Error> {
    channel: Channel,
    method: &'static Method,
    body: Result<Body, Error>,
    form: Form,
    decode: fn(Bytes, DecodeLimits) -> Result<T, E>,
    cx: Context,
    timeout: Option<Duration>,
}

impl<T, E> fmt::Debug for Request<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", &self.method.path).finish_non_exhaustive()
    }
}

impl<T: Send + 'static, E: From<Error> + Send + 'static> Request<T, E> {
    /// For generated code: a call of `method` whose request is `body` (an error there is what the
    /// call gives) and whose answer is read by `decode`.
    pub fn new(
        channel: &Channel,
        method: &'static Method,
        body: Result<Bytes, Error>,
        decode: fn(Bytes, DecodeLimits) -> Result<T, E>,
    ) -> Self {
        let cx = Context::new().with_method(method);
        Self {
            channel: channel.clone(),
            method,
            body: body.map(Body::Whole),
            form: Form::Binary,
            decode,
            cx,
            timeout: None,
        }
    }

    /// For generated code: a call of `method` whose requests are `messages`. It takes as long as these
    /// do: the channel's time limit does not hold for it.
    pub fn streaming(
        channel: &Channel,
        method: &'static Method,
        messages: Messages,
        decode: fn(Bytes, DecodeLimits) -> Result<T, E>,
    ) -> Self {
        let cx = Context::new().with_method(method);
        let body = Ok(Body::Stream(messages));
        let timeout = Some(Duration::MAX);
        Self { channel: channel.clone(), method, body, form: Form::Binary, decode, cx, timeout }
    }

    /// For generated code: the form of its messages, which is binary unless it is said.
    pub fn in_form(mut self, form: Form) -> Self {
        self.form = form;
        self
    }

    /// The call, not yet sent, with how its messages are read and how long it may take.
    pub(super) fn into_parts(self) -> Parts<T, E> {
        let Self { channel, method, body, form, decode, cx, timeout } = self;
        let limits = channel.decode_limits();
        let call = body.map(|body| Call { form, ..Call::new(method, cx, body, limits) });
        Parts { channel, call, decode, limits, timeout }
    }

    /// Makes the call a part of the one that `cx` belongs to: it ends at that one's caller's deadline, ends
    /// when that one's caller goes away, and takes its persistent metadata and its id for logs along.
    pub fn with(mut self, cx: &Context) -> Self {
        self.cx.join(cx);
        self
    }

    /// The longest time for the call, all attempts included, in place of the channel's. A deadline
    /// of [`Request::with`] that comes earlier counts.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Adds a header that the called service sees, and nobody behind it: plain on gRPC, a transient
    /// pair on a TTHeader. Names that end in `-bin` take bytes.
    pub fn metadata(mut self, name: impl Into<Box<str>>, value: impl Into<Value>) -> Self {
        self.cx = self.cx.with_header(name, value);
        self
    }

    /// Sets the key of the call: on a channel with [`Hashed`](kiteline_balance::Hashed), calls with one
    /// key go to one instance. Other balancers do not look at it.
    pub fn with_hash(mut self, key: impl AsRef<[u8]>) -> Self {
        self.cx = self.cx.with_hash(key);
        self
    }

    /// Says whether the call is sent again after it failed, in place of what the channel and the method's settings say.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.cx.set_value(retry);
        self
    }

    /// Sends the call and gives the answer with the pairs that came back.
    ///
    /// # Errors
    /// What the service answered, a declared exception included; [`Error`]s of the channel: no
    /// instance, no connection, the deadline.
    pub async fn send(self) -> Result<Reply<T>, E> {
        let Pending { work, decode, limits, .. } = self.into_future();
        let Answer { head, body, trailers } = work.await?;
        let body = body.into_whole()?;
        let value =
            if is_large(&body) { Box::pin(read_aside(body, decode, limits)).await? } else { decode(body, limits)? };
        Ok(Reply { value, metadata: head, trailers })
    }
}

impl<T: Send + 'static, E: From<Error> + Send + 'static> IntoFuture for Request<T, E> {
    type Output = Result<T, E>;
    type IntoFuture = Pending<T, E>;

    fn into_future(self) -> Pending<T, E> {
        let Parts { channel, call, decode, limits, timeout } = self.into_parts();
        Pending { work: channel.begin(call, timeout), decode, limits, reading: None }
    }
}

/// The parts of a [`Request`].
pub(super) struct Parts<T, E> {
    pub(super) channel: Channel,
    pub(super) call: Result<Call, Error>,
    pub(super) decode: fn(Bytes, DecodeLimits) -> Result<T, E>,
    pub(super) limits: DecodeLimits,
    pub(super) timeout: Option<Duration>,
}

/// The future of a [`Request`].
#[must_use = "a call is sent when it is awaited"]
pub struct Pending<T, E> {
    work: Handling,
    decode: fn(Bytes, DecodeLimits) -> Result<T, E>,
    limits: DecodeLimits,
    /// What reads a large answer.
    reading: Option<Reading<T, E>>,
}

type Reading<T, E> = BoxFuture<Result<T, E>>;

impl<T: Send + 'static, E: From<Error> + Send + 'static> Future for Pending<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        if let Some(reading) = &mut self.reading {
            return reading.as_mut().poll(task);
        }
        let answer = ready!(self.work.as_mut().poll(task))?;
        let body = answer.body.into_whole()?;
        if !is_large(&body) {
            return Poll::Ready((self.decode)(body, self.limits));
        }
        let reading = Box::pin(read_aside(body, self.decode, self.limits));
        self.reading.insert(reading).as_mut().poll(task)
    }
}

/// Whether an answer is read aside.
fn is_large(body: &Bytes) -> bool {
    body.len() >= LARGE
}

async fn read_aside<T: Send + 'static, E: From<Error> + Send + 'static>(
    body: Bytes,
    decode: fn(Bytes, DecodeLimits) -> Result<T, E>,
    limits: DecodeLimits,
) -> Result<T, E> {
    aside(move || decode(body, limits)).await?
}

impl<T, E> fmt::Debug for Pending<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending")
    }
}
