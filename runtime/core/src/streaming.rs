//! Streams of typed messages: decoded as they come in, encoded as they are asked for.
//!
//! Knows no encoding: whoever makes a stream names the function that reads or writes one message.

use std::fmt;
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

pub use crate::forward::{Answers, Forwarded, forward, forward_both};

use crate::body::{Messages, Source};
use crate::context::{Context, ReplyMetadata};
use crate::error::Error;
use crate::limits::DecodeLimits;
use crate::metadata::Metadata;
use crate::service::Answer;

/// Messages of the other side, one by one: a handler's stream argument, or what a call of a client
/// gives for a stream of answers.
///
/// A message is read when it is asked for, and not before. The end is `None`; an error is the end
/// too, also when a message cannot be decoded. To drop the stream before its end cancels the other
/// side.
///
/// ```
/// # async fn total(mut numbers: runtime::Streaming<i64>) -> Result<i64, runtime::Error> {
/// let mut total = 0;
/// while let Some(number) = numbers.next().await {
///     total += number?;
/// }
/// # Ok(total)
/// # }
/// ```
#[must_use = "dropping a stream cancels the other side"]
pub struct Streaming<T> {
    /// `None` after a message that could not be decoded.
    messages: Option<Messages>,
    decode: fn(Bytes, DecodeLimits) -> Result<T, Error>,
    check: Option<Check<T>>,
    limits: DecodeLimits,
    metadata: Metadata,
    trailers: Metadata,
}

/// A check of one decoded message.
type Check<T> = fn(&T) -> Result<(), Error>;

impl<T> Streaming<T> {
    /// The messages, each read by `decode`, with the metadata in front of them.
    pub fn new(
        messages: Messages,
        decode: fn(Bytes, DecodeLimits) -> Result<T, Error>,
        limits: DecodeLimits,
        metadata: Metadata,
    ) -> Self {
        Self { messages: Some(messages), decode, check: None, limits, metadata, trailers: Metadata::new() }
    }

    /// For generated code: each message goes through `check` where [`DecodeLimits::validate`] asks for it. An error
    /// ends the stream.
    pub fn checked(self, check: Check<T>) -> Self {
        Self { check: self.limits.validate.then_some(check), ..self }
    }

    /// The answer of a method that gives a stream (`"Chat.Watch"`) as long as it has no body.
    ///
    /// # Errors
    ///
    /// [`Code::Unimplemented`](crate::Code::Unimplemented), always.
    pub fn unimplemented(method: &str) -> Result<Self, Error> {
        Err(Error::unimplemented(method))
    }

    /// The next message; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|task| self.poll_message(task)).await
    }

    /// The next message; `None` at the end, and from then on.
    pub fn poll_message(&mut self, task: &mut Task<'_>) -> Poll<Option<Result<T, Error>>> {
        let Some(messages) = &mut self.messages else { return Poll::Ready(None) };
        let message = match ready!(messages.poll_message(task)) {
            Some(Ok(message)) => (self.decode)(message, self.limits).and_then(|message| match self.check {
                Some(check) => check(&message).map(|()| message),
                None => Ok(message),
            }),
            Some(Err(error)) => Err(error),
            None => {
                self.trailers = messages.take_trailers();
                self.messages = None;
                return Poll::Ready(None);
            }
        };
        if message.is_err() {
            self.messages = None;
        }
        Poll::Ready(Some(message))
    }

    /// The metadata in front of the first message, which came with a client's answer; a handler
    /// finds its caller's in its [`Context`].
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The metadata behind the last message; empty before the end. Beside an error it is the error's.
    pub fn trailers(&self) -> &Metadata {
        &self.trailers
    }
}

impl<T> Stream for Streaming<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        self.poll_message(task)
    }
}

impl<T> fmt::Debug for Streaming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Streaming")
    }
}

/// A stream of what an iterator gives, for requests that are known beforehand and for tests.
pub fn iter<I: IntoIterator>(items: I) -> Iter<I::IntoIter> {
    Iter(items.into_iter())
}

/// The stream of [`iter`].
#[derive(Clone, Debug)]
pub struct Iter<I>(I);

/// The iterator is never pinned.
impl<I> Unpin for Iter<I> {}

impl<I: Iterator> Stream for Iter<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Task<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

/// A client's requests, each written by `encode` when it is asked for.
pub fn requests<T: 'static>(
    stream: impl Stream<Item = T> + Send + 'static,
    mut encode: impl FnMut(&T) -> Result<Bytes, Error> + Send + 'static,
) -> Messages {
    Messages::new(Encoded { stream: Box::pin(stream), encode: move |item: T| encode(&item) })
}

/// A handler's stream of answers, each written by `encode` when it is asked for, with what the
/// handler left in its context in front of them and behind them. An error ends the stream.
pub fn answer<T: 'static>(
    cx: &Context,
    stream: impl Stream<Item = Result<T, Error>> + Send + 'static,
    encode: fn(&T) -> Result<Bytes, Error>,
) -> Answer {
    let ReplyMetadata { head, trailers } = cx.take_reply_metadata();
    let encoded = Encoded { stream: Box::pin(stream), encode: move |item: Result<T, Error>| encode(&item?) };
    let body = Messages::from_source(Replies { messages: encoded, cx: cx.clone(), trailers });
    Answer { head, body: body.into(), trailers: Metadata::new() }
}

/// A stream whose items become messages.
struct Encoded<S, F> {
    stream: Pin<Box<S>>,
    encode: F,
}

/// The stream is behind a pointer; the function is never pinned.
impl<S, F> Unpin for Encoded<S, F> {}

impl<S: Stream, F: FnMut(S::Item) -> Result<Bytes, Error>> Stream for Encoded<S, F> {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        this.stream.as_mut().poll_next(task).map(|item| item.map(&mut this.encode))
    }
}

/// The answers of a handler, with the metadata behind them.
struct Replies<S, F> {
    messages: Encoded<S, F>,
    /// Where the stream may still leave metadata.
    cx: Context,
    trailers: Metadata,
}

impl<S, F> Source for Replies<S, F>
where
    S: Stream + Send + 'static,
    F: FnMut(S::Item) -> Result<Bytes, Error> + Send + 'static,
{
    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        Pin::new(&mut self.messages).poll_next(task)
    }

    fn trailers(mut self: Pin<&mut Self>) -> Metadata {
        let mut trailers = std::mem::take(&mut self.trailers);
        trailers.extend(self.cx.take_reply_metadata().trailers);
        trailers
    }
}

#[cfg(test)]
mod tests;
