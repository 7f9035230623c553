//! A stream of encoded messages that ends with trailing metadata or an error.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context as Task, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_core::Stream;

use super::adapters::{Between, Mapped, Until};
use super::channel::{self, MessageSender};
use crate::error::Error;
use crate::lock::lock;
use crate::metadata::Metadata;

/// The source of a stream's messages, with what stands behind the last one.
pub trait Source: Send + 'static {
    /// The next message; `None` at the end. An error is the end too.
    fn poll_next(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>>;

    /// The metadata behind the last message. Called once, after the end.
    fn trailers(self: Pin<&mut Self>) -> Metadata {
        Metadata::new()
    }
}

/// Encoded messages, one by one.
///
/// Nothing is read ahead: a message is made when it is asked for. The end is `None`, after which
/// [`Messages::trailers`] has the trailing metadata, or an error, after which nothing comes. To drop
/// the stream before its end cancels whoever makes the messages.
pub struct Messages(Box<Inner>);

struct Inner {
    /// In a mutex that is locked once, by who takes them: calls are shared between threads, their streams are not.
    from: Mutex<From>,
    ended: bool,
    trailers: Metadata,
}

enum From {
    Stream(Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>),
    Source(Pin<Box<dyn Source>>),
    One(Option<Bytes>),
    Taken,
}

impl Messages {
    /// The messages of a stream, without trailing metadata.
    pub fn new(stream: impl Stream<Item = Result<Bytes, Error>> + Send + 'static) -> Self {
        Self::of(From::Stream(Box::pin(stream)))
    }

    /// The messages of a source.
    pub fn from_source(source: impl Source) -> Self {
        Self::of(From::Source(Box::pin(source)))
    }

    /// One message.
    pub fn once(message: Bytes) -> Self {
        Self::of(From::One(Some(message)))
    }

    /// Messages that are sent by hand. The sender waits while more than `budget` bytes of messages
    /// have not been read; one message always goes, however long it is.
    pub fn channel(budget: usize) -> (MessageSender, Self) {
        let (sender, receiver) = channel::channel(budget);
        (sender, Self::from_source(receiver))
    }

    fn of(from: From) -> Self {
        Self(Box::new(Inner { from: Mutex::new(from), ended: false, trailers: Metadata::new() }))
    }

    /// The next message; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        std::future::poll_fn(|task| self.poll_message(task)).await
    }

    /// The next message; `None` at the end, and from then on.
    pub fn poll_message(&mut self, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        if self.0.ended {
            return Poll::Ready(None);
        }
        let polled = match self.0.from.get_mut().unwrap_or_else(PoisonError::into_inner) {
            From::Stream(stream) => stream.as_mut().poll_next(task),
            From::Source(source) => source.as_mut().poll_next(task),
            From::One(message) => Poll::Ready(message.take().map(Ok)),
            From::Taken => Poll::Ready(None),
        };
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.0.end();
        }
        polled
    }

    /// Takes the messages out of a call that others may look at; nothing is left behind. `None` once they are taken.
    /// For clients.
    #[doc(hidden)]
    pub fn take(&self) -> Option<Self> {
        let mut from = lock(&self.0.from);
        match std::mem::replace(&mut *from, From::Taken) {
            From::Taken => None,
            from => Some(Self::of(from)),
        }
    }

    /// Whether [`Messages::take`] has taken them.
    #[doc(hidden)]
    pub fn is_taken(&self) -> bool {
        matches!(*lock(&self.0.from), From::Taken)
    }

    /// The metadata behind the last message; empty before the end.
    pub fn trailers(&self) -> &Metadata {
        &self.0.trailers
    }

    /// Takes the metadata behind the last message.
    pub fn take_trailers(&mut self) -> Metadata {
        std::mem::take(&mut self.0.trailers)
    }

    /// Passes each message through `change`, whose error ends the stream.
    #[must_use]
    pub fn map(self, change: impl FnMut(Bytes) -> Result<Bytes, Error> + Send + Unpin + 'static) -> Self {
        Self::from_source(Mapped::new(self, change))
    }

    /// Ends with [`Code::DeadlineExceeded`](crate::Code::DeadlineExceeded) when no message comes
    /// for so long.
    #[must_use]
    pub fn with_longest_wait(self, wait: Duration) -> Self {
        Self::from_source(Between::new(self, wait))
    }

    /// Ends with [`Code::DeadlineExceeded`](crate::Code::DeadlineExceeded) at a moment.
    #[must_use]
    pub fn until(self, deadline: Instant) -> Self {
        Self::from_source(Until::new(self, deadline))
    }
}

impl Inner {
    /// What made the messages is dropped at once: it may hold places of others.
    fn end(&mut self) {
        self.ended = true;
        let from = self.from.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let From::Source(source) = from {
            self.trailers = source.as_mut().trailers();
        }
        *from = From::One(None);
    }
}

impl Stream for Messages {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        self.poll_message(task)
    }
}
