//! One call of a generated client that is answered by a stream, before it is sent.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context as Task, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::channel::Channel;
use super::request::{Parts, Request};
use super::retry::Retry;
use kiteline_core::body::{Messages, Source};
use kiteline_core::context::Context;
use kiteline_core::error::{Code, Error};
use kiteline_core::limits::DecodeLimits;
use kiteline_core::metadata::{Metadata, Value};
use kiteline_core::service::{Form, Method};
use kiteline_core::streaming::Streaming;

/// A call that is sent when it is awaited and gives a [`Streaming`] of its answers.
///
/// It lasts as long as the stream does: the channel's time limit does not hold for it. What the service
/// refuses may come as the error of the call or as that of the first message: a protocol need not know
/// before.
#[must_use = "a call is sent when it is awaited"]
pub struct StreamRequest<T>(Request<T>);

impl<T: Send + 'static> StreamRequest<T> {
    /// For generated code: a call of `method` whose one request is `body` and whose answers are read
    /// by `decode`.
    pub fn new(
        channel: &Channel,
        method: &'static Method,
        body: Result<Bytes, Error>,
        decode: fn(Bytes, DecodeLimits) -> Result<T, Error>,
    ) -> Self {
        Self(Request::new(channel, method, body, decode).timeout(Duration::MAX))
    }

    /// For generated code: the same with a stream of requests.
    pub fn streaming(
        channel: &Channel,
        method: &'static Method,
        messages: Messages,
        decode: fn(Bytes, DecodeLimits) -> Result<T, Error>,
    ) -> Self {
        Self(Request::streaming(channel, method, messages, decode))
    }

    /// For generated code, as [`Request::in_form`].
    pub fn in_form(self, form: Form) -> Self {
        Self(self.0.in_form(form))
    }

    /// As [`Request::with`]; the stream ends too when the caller that `cx` belongs to goes away.
    pub fn with(self, cx: &Context) -> Self {
        Self(self.0.with(cx))
    }

    /// The longest time until the last message. A deadline of [`StreamRequest::with`] that comes
    /// earlier counts.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self(self.0.timeout(timeout))
    }

    /// As [`Request::metadata`].
    pub fn metadata(self, name: impl Into<Box<str>>, value: impl Into<Value>) -> Self {
        Self(self.0.metadata(name, value))
    }

    /// As [`Request::retry`], until the stream of answers is there.
    pub fn retry(self, retry: Retry) -> Self {
        Self(self.0.retry(retry))
    }

    /// As [`Request::with_hash`].
    pub fn with_hash(self, key: impl AsRef<[u8]>) -> Self {
        Self(self.0.with_hash(key))
    }
}

impl<T> fmt::Debug for StreamRequest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<T: Send + 'static> IntoFuture for StreamRequest<T> {
    type Output = Result<Streaming<T>, Error>;
    type IntoFuture = Opening<T>;

    fn into_future(self) -> Opening<T> {
        Opening(Box::pin(open(self.0.into_parts())))
    }
}

/// The future of a [`StreamRequest`].
#[must_use = "a call is sent when it is awaited"]
pub struct Opening<T>(Pin<Box<dyn Future<Output = Result<Streaming<T>, Error>> + Send>>);

impl<T> Future for Opening<T> {
    type Output = Result<Streaming<T>, Error>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(task)
    }
}

impl<T> fmt::Debug for Opening<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opening")
    }
}

async fn open<T: Send + 'static>(it: Parts<T, Error>) -> Result<Streaming<T>, Error> {
    let Parts { channel, call, decode, limits, timeout } = it;
    let mut call = call?;
    // Here and not by the channel: what ends the call ends the stream behind its answer.
    if let Some(deadline) = timeout.and_then(|timeout| Instant::now().checked_add(timeout)) {
        call.cx.set_deadline(deadline);
    }
    let cx = call.cx.clone();
    let answer = channel.call(call, Some(Duration::MAX)).await?;
    let mut messages = answer.body.into_messages();
    if let Some(deadline) = cx.deadline() {
        messages = messages.until(deadline);
    }
    if cx.has_cancellation() {
        messages = Messages::from_source(While { messages, gone: Box::pin(async move { cx.cancelled().await }) });
    }
    Ok(Streaming::new(messages, decode, limits, answer.head))
}

/// Messages that end when the caller goes away for whom they are.
struct While {
    messages: Messages,
    gone: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Source for While {
    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let this = &mut *self;
        if this.gone.as_mut().poll(task).is_ready() {
            return Poll::Ready(Some(Err(Error::new(Code::Cancelled, "the caller of the stream went away"))));
        }
        this.messages.poll_message(task)
    }

    fn trailers(mut self: Pin<&mut Self>) -> Metadata {
        self.messages.take_trailers()
    }
}
