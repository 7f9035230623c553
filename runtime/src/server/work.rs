//! One call in work: counted, and with its panics caught.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context as Task, Poll};

use super::counters::{Counter, Counters};
use crate::error::{Code, Error, Origin};
use crate::service::{Answer, Handling, Method};

/// What all drivers of a server add to.
#[derive(Debug, Default)]
pub(super) struct Load {
    in_flight: AtomicUsize,
    pub(super) counters: Counters,
}

impl Load {
    /// Takes a place among the calls in work, unless `limit` are taken.
    ///
    /// # Errors
    ///
    /// [`Code::ResourceExhausted`].
    pub(super) fn enter(self: &Arc<Self>, limit: usize) -> Result<Permit, Error> {
        let before = self.in_flight.fetch_add(1, Ordering::Relaxed);
        let permit = Permit(Arc::clone(self));
        if before < limit {
            return Ok(permit);
        }
        self.counters.add(Counter::Shed);
        Err(Error::new(Code::ResourceExhausted, "too many calls in work"))
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }
}

/// A place among the calls in work, given back when it is dropped.
pub(super) struct Permit(Arc<Load>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The error for a call that is past its deadline.
pub(super) fn late() -> Error {
    Error::deadline("the call took longer than it may")
}

/// A call in work. A panic inside, while it is polled or dropped, is an error of this call alone.
pub(super) struct Work {
    future: Option<Handling>,
    method: &'static Method,
    permit: Permit,
}

impl Work {
    pub(super) fn start(method: &'static Method, permit: Permit, call: impl FnOnce() -> Handling) -> Self {
        let mut work = Self { future: None, method, permit };
        work.future = Some(match catch_unwind(AssertUnwindSafe(call)) {
            Ok(future) => future,
            Err(_) => Box::pin(std::future::ready(Err(work.panicked()))),
        });
        work
    }

    #[cold]
    fn panicked(&self) -> Error {
        self.permit.0.counters.add(Counter::Panics);
        tracing::error!(method = self.method.path, "handler panicked");
        Error::internal(format!("panic in {}.{}", self.method.service, self.method.name)).with_origin(Origin::Panic)
    }

    fn end(&mut self) -> Result<(), Error> {
        let future = self.future.take();
        catch_unwind(AssertUnwindSafe(|| drop(future))).map_err(|_| self.panicked())
    }
}

impl Future for Work {
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
        Poll::Ready(this.end().and(outcome))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let _ = self.end();
    }
}
