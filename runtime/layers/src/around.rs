//! A service with a policy around each of its calls: what the layers of this crate make.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use bytes::Bytes;
use kiteline_core::body::{Body, Messages, Source};
use kiteline_core::error::Error;
use kiteline_core::layered::handling;
use kiteline_core::metadata::Metadata;
use kiteline_core::service::{Answer, Call, Handling, Method};
use tower::{Layer, Service};

/// A service that layers may stand around.
pub trait Inner:
    Service<Call, Response = Answer, Error: Into<Error>, Future: Send + 'static> + Clone + Send + 'static
{
}

impl<S> Inner for S where
    S: Service<Call, Response = Answer, Error: Into<Error>, Future: Send + 'static> + Clone + Send + 'static
{
}

/// What a layer does with each call.
pub trait Policy: Send + Sync + 'static {
    /// Answers a call, with `inner`, which is ready, or without.
    fn call<S: Inner>(self: &Arc<Self>, call: Call, inner: &mut S) -> Handling;
}

/// A service with a layer of this crate around it.
#[derive(Debug)]
pub struct Around<P, S> {
    policy: Arc<P>,
    inner: S,
}

impl<P, S> Around<P, S> {
    pub(crate) fn new(policy: P, inner: S) -> Self {
        Self { policy: Arc::new(policy), inner }
    }
}

/// A layer that puts a policy around each call, for a policy of yours.
#[derive(Debug)]
#[must_use = "a layer does nothing until it is added"]
pub struct PolicyLayer<P>(Arc<P>);

impl<P: Policy> PolicyLayer<P> {
    /// A layer of this policy. All services that it wraps share it.
    pub fn new(policy: P) -> Self {
        Self(Arc::new(policy))
    }
}

impl<P, S> Layer<S> for PolicyLayer<P> {
    type Service = Around<P, S>;

    fn layer(&self, inner: S) -> Around<P, S> {
        Around { policy: Arc::clone(&self.0), inner }
    }
}

impl<P, S: Clone> Clone for Around<P, S> {
    fn clone(&self) -> Self {
        Self { policy: Arc::clone(&self.policy), inner: self.inner.clone() }
    }
}

impl<P: Policy, S: Inner> Service<Call> for Around<P, S> {
    type Response = Answer;
    type Error = Error;
    type Future = Handling;

    fn poll_ready(&mut self, task: &mut Task<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(task).map_err(Into::into)
    }

    fn call(&mut self, call: Call) -> Handling {
        self.policy.call(call, &mut self.inner)
    }
}

/// Hands a call on.
pub(crate) fn forward<S: Inner>(call: Call, inner: &mut S) -> Handling {
    handling(inner.call(call))
}

/// Takes the service that is ready, to call it later.
pub(crate) fn take<S: Inner>(inner: &mut S) -> S {
    let other = inner.clone();
    std::mem::replace(inner, other)
}

/// An answer that is an error.
pub(crate) fn refuse(error: Error) -> Handling {
    Box::pin(std::future::ready(Err(error)))
}

/// Whether a method is one of gRPC's health service, which every server has: those who ask after its health, such as
/// Kubernetes, bring no token, and a server that is busy is not ill.
pub(crate) fn is_health(method: &Method) -> bool {
    method.path.starts_with("/grpc.health.v1.Health/")
}

/// What lasts as long as a call: until its answer is there, and where that is a stream, until the end of that.
pub(crate) trait Guard: Send + Unpin + 'static {
    /// The call has ended, by itself.
    fn ended(&mut self, _: Option<&Error>) {}
}

/// Ends a guard with an outcome; a stream takes it along. Dropped without, the call was given up.
pub(crate) fn guarded(outcome: Result<Answer, Error>, mut guard: impl Guard) -> Result<Answer, Error> {
    match outcome {
        Ok(Answer { head, body: Body::Stream(messages), trailers }) => {
            let body = Messages::from_source(Guarded { messages, guard: Some(guard) }).into();
            Ok(Answer { head, body, trailers })
        }
        outcome => {
            guard.ended(outcome.as_ref().err());
            outcome
        }
    }
}

/// A stream with a guard.
struct Guarded<G> {
    messages: Messages,
    guard: Option<G>,
}

impl<G: Guard> Source for Guarded<G> {
    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let this = &mut *self;
        let next = this.messages.poll_message(task);
        let error = match &next {
            Poll::Pending | Poll::Ready(Some(Ok(_))) => return next,
            Poll::Ready(end) => end.as_ref().and_then(|end| end.as_ref().err()),
        };
        if let Some(mut guard) = this.guard.take() {
            guard.ended(error);
        }
        next
    }

    fn trailers(mut self: Pin<&mut Self>) -> Metadata {
        self.messages.take_trailers()
    }
}
