//! A call whose handler runs: it is counted, and its panics are caught.

use std::future::Future;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Notify;

use super::admission::Permit;
use super::counters::Counter;
use super::failures;
use super::share::{Counted, Share};
use kiteline_core::body::{Body, Messages, Source};
use kiteline_core::error::{Error, Origin};
use kiteline_core::event::{Begun, given_up};
use kiteline_core::metadata::Metadata;
use kiteline_core::service::{Answer, Handling, Method};

/// After a caller's own deadline nothing is said for so long: its clock rings first, and tells it of a timeout. What
/// waits on a shared connection of ours takes a second without an answer for a connection that leads nowhere.
pub(super) const GRACE: Duration = Duration::from_millis(500);

/// The end of the time that a call has.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// Until when it may take.
    pub(super) at: Instant,
    /// Whether the caller said so, and this server alone would allow more.
    pub(super) of_caller: bool,
}

impl End {
    /// Whether the caller's own clock is to ring before it is told of this outcome.
    pub(super) fn is_told_late<T>(self, outcome: &Result<T, Error>) -> bool {
        self.of_caller && outcome.is_err() && Instant::now() >= self.at
    }
}

/// The error for a call that is past its deadline.
pub(super) fn late() -> Error {
    Error::deadline("the call took longer than it may")
}

#[cold]
fn panicked(method: &'static Method, permit: Option<&Permit>) -> Error {
    permit.into_iter().for_each(|permit| permit.count(Counter::Panics));
    tracing::error!(target: "runtime::server::running_call", method = method.path, "handler panicked");
    Error::internal(format!("panic in {}.{}", method.service, method.name)).with_origin(Origin::Panic)
}

/// The stream of a call's answers: counted as the call until it ends, and with its panics caught.
struct Guarded {
    messages: Option<Messages>,
    method: &'static Method,
    permit: Option<Permit>,
    timed: Option<Begun>,
    _counted: Option<Counted>,
}

/// Tells recorders how a call ended, once.
fn tell(timed: &mut Option<Begun>, permit: Option<&Permit>, error: Option<&Error>) {
    if let (Some(begun), Some(permit)) = (timed.take(), permit) {
        permit.end(begun, error);
    }
}

impl Guarded {
    fn told(&mut self, error: Option<&Error>) {
        tell(&mut self.timed, self.permit.as_ref(), error);
    }

    fn end(&mut self) -> Result<Metadata, Error> {
        let messages = self.messages.take();
        let ended = catch_unwind(AssertUnwindSafe(|| messages.map(|mut messages| messages.take_trailers())));
        ended.map(Option::unwrap_or_default).map_err(|_| panicked(self.method, self.permit.as_ref()))
    }
}

impl Source for Guarded {
    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let this = &mut *self;
        let Some(messages) = &mut this.messages else { return Poll::Ready(None) };
        let next = catch_unwind(AssertUnwindSafe(|| messages.poll_message(task)));
        let next = next.unwrap_or_else(|_| Poll::Ready(Some(Err(panicked(this.method, this.permit.as_ref())))));
        let error = match &next {
            Poll::Pending | Poll::Ready(Some(Ok(_))) => return next,
            Poll::Ready(end) => end.as_ref().and_then(|end| end.as_ref().err()),
        };
        error.into_iter().for_each(|error| failures::log(this.method, error));
        this.told(error);
        next
    }

    fn trailers(mut self: Pin<&mut Self>) -> Metadata {
        self.end().unwrap_or_default()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.end();
        if self.timed.is_some() {
            self.told(Some(&given_up()));
        }
    }
}

/// A running call. A panic inside, while it is polled or dropped, is an error of this call alone.
pub(super) struct RunningCall {
    future: Option<Handling>,
    method: &'static Method,
    /// `None` once the answer holds it.
    permit: Option<Permit>,
    counted: Option<Counted>,
    /// Of a call that begins aside: told when the handler has been asked once.
    begun: Option<Arc<Notify>>,
    /// For recorders, if there are any.
    timed: Option<Begun>,
}

impl RunningCall {
    pub(super) fn start(
        method: &'static Method,
        (peer, read): (Option<SocketAddr>, Option<Instant>),
        permit: Permit,
        call: impl FnOnce() -> Handling,
    ) -> Self {
        let timed = permit.begin(method, peer, read);
        let mut running = Self { future: None, method, permit: Some(permit), counted: None, begun: None, timed };
        running.future = Some(match catch_unwind(AssertUnwindSafe(call)) {
            Ok(future) => future,
            Err(_) => Box::pin(std::future::ready(Err(running.panicked()))),
        });
        running
    }

    /// Makes it a call whose handler begins aside, and tells so.
    pub(super) fn beginning(mut self, begun: Arc<Notify>) -> Self {
        self.begun = Some(begun);
        self
    }

    /// Ends when the handler was asked once: a message that is read aside takes a while until then.
    pub(super) fn begun(&self) -> impl Future<Output = ()> + use<> {
        let begun = self.begun.clone();
        async move {
            if let Some(begun) = begun {
                begun.notified().await;
            }
        }
    }

    /// Counts it against its caller's share from now on: it was not ready at once.
    pub(super) fn count(&mut self, share: &Arc<Share>) {
        self.counted.get_or_insert_with(|| Counted::new(share));
    }

    /// The error for it when its time is over, counted and logged.
    #[cold]
    pub(super) fn late(&mut self) -> Error {
        self.permit.iter().for_each(|permit| permit.count(Counter::Deadlines));
        let error = late();
        failures::log(self.method, &error);
        self.told(Some(&error));
        error
    }

    fn told(&mut self, error: Option<&Error>) {
        tell(&mut self.timed, self.permit.as_ref(), error);
    }

    #[cold]
    fn panicked(&self) -> Error {
        panicked(self.method, self.permit.as_ref())
    }

    /// Lets an answer that is a stream keep the place of the call until it ends.
    fn guarded(&mut self, answer: Answer) -> Answer {
        let Answer { head, body, trailers } = answer;
        let body = match body {
            Body::Whole(message) => Body::Whole(message),
            Body::Stream(messages) => {
                let (method, permit) = (self.method, self.permit.take());
                let counted = self.counted.take();
                Body::Stream(Messages::from_source(Guarded {
                    messages: Some(messages),
                    method,
                    permit,
                    timed: self.timed.take(),
                    _counted: counted,
                }))
            }
        };
        Answer { head, body, trailers }
    }

    fn end(&mut self) -> Result<(), Error> {
        let future = self.future.take();
        catch_unwind(AssertUnwindSafe(|| drop(future))).map_err(|_| self.panicked())
    }
}

impl Future for RunningCall {
    type Output = Result<Answer, Error>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(future) = this.future.as_mut() else {
            return Poll::Ready(Err(Error::internal("polled after its end")));
        };
        let outcome = match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(task))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(outcome)) => outcome,
            Err(_) => Err(this.panicked()),
        };
        let outcome = match this.end().and(outcome) {
            Ok(answer) => Ok(this.guarded(answer)),
            Err(error) => Err(error),
        };
        if let Err(error) = &outcome {
            failures::log(this.method, error);
        }
        this.told(outcome.as_ref().err());
        Poll::Ready(outcome)
    }
}

impl Drop for RunningCall {
    fn drop(&mut self) {
        let _ = self.end();
        if self.timed.is_some() {
            self.told(Some(&given_up()));
        }
    }
}
