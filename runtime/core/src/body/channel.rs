//! A stream of messages that are sent by hand, with a budget of bytes between sender and reader.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context as Task, Poll, Waker};

use bytes::Bytes;
use tokio::sync::Notify;

use super::messages::Source;
use crate::error::{Code, Error};
use crate::lock::lock;
use crate::metadata::Metadata;

/// Sends the messages of a stream. Dropped before [`MessageSender::finish`] it ends the stream with
/// [`Code::Cancelled`].
#[derive(Debug)]
pub struct MessageSender {
    queue: Arc<Queue>,
}

pub(super) struct Receiver {
    queue: Arc<Queue>,
    trailers: Metadata,
}

#[derive(Debug)]
struct Queue {
    budget: usize,
    state: Mutex<State>,
    room: Notify,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<Bytes>,
    bytes: usize,
    end: Option<Result<Metadata, Error>>,
    /// The reader has gone.
    closed: bool,
    reader: Option<Waker>,
}

pub(super) fn channel(budget: usize) -> (MessageSender, Receiver) {
    let queue = Arc::new(Queue { budget, state: Mutex::default(), room: Notify::new() });
    (MessageSender { queue: Arc::clone(&queue) }, Receiver { queue, trailers: Metadata::new() })
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    fn wake(&mut self) {
        self.reader.take().into_iter().for_each(Waker::wake);
    }
}

impl MessageSender {
    /// Sends a message, once there is room for it.
    ///
    /// # Errors
    ///
    /// [`Code::Cancelled`] when the reader has gone.
    pub async fn send(&mut self, message: Bytes) -> Result<(), Error> {
        loop {
            // Asked before the state is read: room that comes in between is not missed.
            let room = self.queue.room.notified();
            {
                let mut state = self.queue.state();
                if state.closed {
                    return Err(Error::new(Code::Cancelled, "the reader of the stream has gone"));
                }
                if state.bytes == 0 || state.bytes + message.len() <= self.queue.budget {
                    // An empty message takes room too, or there would be no end to them.
                    state.bytes += message.len().max(1);
                    state.messages.push_back(message);
                    state.wake();
                    return Ok(());
                }
            }
            room.await;
        }
    }

    /// Ends when the reader has gone.
    pub async fn closed(&self) {
        loop {
            let changed = self.queue.room.notified();
            if self.queue.state().closed {
                return;
            }
            changed.await;
        }
    }

    /// Ends the stream, with metadata behind its last message.
    pub fn finish(self, trailers: Metadata) {
        self.end(Ok(trailers));
    }

    /// Ends the stream with an error.
    pub fn fail(self, error: Error) {
        self.end(Err(error));
    }

    fn end(&self, end: Result<Metadata, Error>) {
        let mut state = self.queue.state();
        state.end.get_or_insert(end);
        state.wake();
    }
}

impl Drop for MessageSender {
    fn drop(&mut self) {
        self.end(Err(Error::new(Code::Cancelled, "the stream was given up by its sender")));
    }
}

impl Source for Receiver {
    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let this = &mut *self;
        let mut state = this.queue.state();
        if let Some(message) = state.messages.pop_front() {
            state.bytes -= message.len().max(1);
            this.queue.room.notify_one();
            return Poll::Ready(Some(Ok(message)));
        }
        match state.end.take() {
            None => {
                state.reader = Some(task.waker().clone());
                Poll::Pending
            }
            Some(Ok(trailers)) => {
                this.trailers = trailers;
                Poll::Ready(None)
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
        }
    }

    fn trailers(mut self: Pin<&mut Self>) -> Metadata {
        std::mem::take(&mut self.trailers)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        state.closed = true;
        state.messages.clear();
        self.queue.room.notify_waiters();
        self.queue.room.notify_one();
    }
}
