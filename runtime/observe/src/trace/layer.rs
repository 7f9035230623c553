//! The layer that opens a span around each call.

use std::fmt;
use std::pin::Pin;
use std::task::{Context as Task, Poll};

use bytes::Bytes;
use kiteline_core::body::{Body, Messages, Source};
use kiteline_core::error::Error;
use kiteline_core::metadata::Metadata;
use kiteline_core::service::{Answer, Call, Handling};
use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::trace::SdkTracer;
use tower::{Layer, Service};

use super::span::CallSpan;

/// Opens a span around each call; see [`Tracing`](super::Tracing).
#[derive(Clone)]
pub struct TraceLayer {
    tracer: SdkTracer,
    kind: SpanKind,
}

impl fmt::Debug for TraceLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceLayer({:?})", self.kind)
    }
}

impl TraceLayer {
    pub(super) fn new(tracer: SdkTracer, kind: SpanKind) -> Self {
        Self { tracer, kind }
    }
}

impl<S> Layer<S> for TraceLayer {
    type Service = Traced<S>;

    fn layer(&self, inner: S) -> Traced<S> {
        Traced { inner, with: self.clone() }
    }
}

/// A service whose calls have spans.
#[derive(Clone, Debug)]
pub struct Traced<S> {
    inner: S,
    with: TraceLayer,
}

impl<S> Service<Call> for Traced<S>
where
    S: Service<Call, Response = Answer, Error: Into<Error>>,
    S::Future: Send + 'static,
{
    type Response = Answer;
    type Error = Error;
    type Future = Handling;

    fn poll_ready(&mut self, task: &mut Task<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(task).map_err(Into::into)
    }

    fn call(&mut self, mut call: Call) -> Handling {
        let mut span = CallSpan::open(&self.with.tracer, self.with.kind.clone(), &mut call);
        let answering = self.inner.call(call);
        Box::pin(async move {
            match answering.await {
                Ok(Answer { head, body: Body::Stream(messages), trailers }) => {
                    let messages = Messages::from_source(Spanned { messages, span });
                    Ok(Answer { head, body: Body::Stream(messages), trailers })
                }
                Ok(answer) => {
                    span.end(None);
                    Ok(answer)
                }
                Err(error) => {
                    let error = error.into();
                    span.end(Some(&error));
                    Err(error)
                }
            }
        })
    }
}

/// A stream of answers, whose end is that of the span.
struct Spanned {
    messages: Messages,
    span: CallSpan,
}

impl Source for Spanned {
    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let next = self.messages.poll_message(task);
        match &next {
            Poll::Pending | Poll::Ready(Some(Ok(_))) => {}
            Poll::Ready(end) => self.span.end(end.as_ref().and_then(|end| end.as_ref().err())),
        }
        next
    }

    fn trailers(mut self: Pin<&mut Self>) -> Metadata {
        self.messages.take_trailers()
    }
}
