//! Streams of messages around another one.

use std::pin::Pin;
use std::task::{Context as Task, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::time::{Sleep, sleep, sleep_until};

use super::messages::{Messages, Source};
use crate::error::Error;
use crate::metadata::Metadata;

/// Each message goes through a function.
pub(super) struct Mapped<F> {
    inner: Messages,
    change: F,
}

impl<F> Mapped<F> {
    pub(super) fn new(inner: Messages, change: F) -> Self {
        Self { inner, change }
    }
}

impl<F: FnMut(Bytes) -> Result<Bytes, Error> + Send + Unpin + 'static> Source for Mapped<F> {
    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let this = &mut *self;
        this.inner.poll_message(task).map(|next| next.map(|message| message.and_then(&mut this.change)))
    }

    fn trailers(mut self: Pin<&mut Self>) -> Metadata {
        self.inner.take_trailers()
    }
}

/// The wait for each message is bounded.
pub(super) struct Between {
    inner: Messages,
    wait: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Between {
    pub(super) fn new(inner: Messages, wait: Duration) -> Self {
        Self { inner, wait, timer: None }
    }
}

impl Source for Between {
    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let next = self.inner.poll_message(task);
        if next.is_ready() {
            self.timer = None;
            return next;
        }
        let wait = self.wait;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(wait)));
        timer.as_mut().poll(task).map(|()| Some(Err(Error::deadline(format!("no message came for {wait:?}")))))
    }

    fn trailers(mut self: Pin<&mut Self>) -> Metadata {
        self.inner.take_trailers()
    }
}

/// The whole stream has a deadline.
pub(super) struct Until {
    inner: Messages,
    timer: Pin<Box<Sleep>>,
}

impl Until {
    pub(super) fn new(inner: Messages, deadline: Instant) -> Self {
        Self { inner, timer: Box::pin(sleep_until(deadline.into())) }
    }
}

impl Source for Until {
    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        // First: a stream that is always ready ends too.
        if self.timer.as_mut().poll(task).is_ready() {
            return Poll::Ready(Some(Err(Error::deadline("the stream took longer than it may"))));
        }
        self.inner.poll_message(task)
    }

    fn trailers(mut self: Pin<&mut Self>) -> Metadata {
        self.inner.take_trailers()
    }
}
