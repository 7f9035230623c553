//! A layer that limits how long calls take.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kiteline_core::body::Body;
use kiteline_core::error::Error;
use kiteline_core::service::{Answer, Call, Handling};
use tokio::time::{Instant, timeout_at};
use tower::Layer;

use super::around::{Around, Inner, Policy, forward};

/// Limits how long calls take, a stream of answers until its end: one that takes longer fails with
/// [`Code::DeadlineExceeded`](kiteline_core::Code::DeadlineExceeded). Handlers see the limit as the deadline of their context.
///
/// On a server it can only be shorter than `handler` of `[limits]`; `timeout` of `[methods]` in `service.toml` can be longer.
///
/// ```
/// # use std::time::Duration;
/// use kiteline_layers::Timeout;
///
/// let layer = Timeout::after(Duration::from_secs(2)).method("/reports.v1.Reports/Make", Duration::from_secs(20));
/// # let _ = layer;
/// ```
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it is added"]
pub struct Timeout {
    all: Option<Duration>,
    methods: HashMap<Box<str>, Duration>,
}

impl Timeout {
    /// Limits every call.
    pub fn after(timeout: Duration) -> Self {
        Self { all: Some(timeout), methods: HashMap::new() }
    }

    /// Limits no call but those of [`Timeout::method`].
    pub fn none() -> Self {
        Self { all: None, methods: HashMap::new() }
    }

    /// Limits the calls of a method, `/package.Service/Method` (`/Service/Method` for Thrift), in place of what holds for all.
    pub fn method(mut self, path: &str, timeout: Duration) -> Self {
        self.methods.insert(path.into(), timeout);
        self
    }
}

impl<S> Layer<S> for Timeout {
    type Service = Around<Self, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Around::new(self.clone(), inner)
    }
}

impl Policy for Timeout {
    fn call<S: Inner>(self: &Arc<Self>, mut call: Call, inner: &mut S) -> Handling {
        let timeout = self.methods.get(call.method.path).copied().or(self.all);
        let ends = timeout.and_then(|timeout| Some((timeout, Instant::now().checked_add(timeout)?)));
        let Some((timeout, end)) = ends else { return forward(call, inner) };
        let method = call.method.path;
        call.cx.set_limit(end.into_std());
        let work = inner.call(call);
        Box::pin(async move {
            match timeout_at(end, work).await {
                Ok(answer) => {
                    let Answer { head, body, trailers } = answer.map_err(Into::into)?;
                    let body = match body {
                        Body::Stream(messages) => messages.until(end.into_std()).into(),
                        whole => whole,
                    };
                    Ok(Answer { head, body, trailers })
                }
                Err(_) => Err(Error::deadline(format!("{method} took longer than {timeout:?}"))),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use kiteline_core::{Context, Messages};
    use tower::Service;

    use super::*;
    use crate::tests::{ADD, GET, called};

    /// Answers after a minute, and of `Get` with a stream that never ends.
    #[derive(Clone)]
    struct Slow;

    impl Service<Call> for Slow {
        type Response = Answer;
        type Error = Error;
        type Future = Handling;

        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Error>> {
            std::task::Poll::Ready(Ok(()))
        }

        fn call(&mut self, call: Call) -> Handling {
            Box::pin(async move {
                if call.method.name == "Get" {
                    let (sender, messages) = Messages::channel(1);
                    std::mem::forget(sender);
                    return Ok(Answer::from(messages));
                }
                tokio::time::sleep(Duration::from_secs(60)).await;
                Ok(Answer::default())
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_longer_fails() {
        let mut all = kiteline_core::Layered::new(Timeout::after(Duration::from_secs(2)).layer(Slow));
        let error = called(&mut all, &ADD, Context::new()).await.unwrap_err();
        assert_eq!(error.to_string(), "DeadlineExceeded: /AddService/Add took longer than 2s");
        let mut messages = called(&mut all, &GET, Context::new()).await.unwrap().body.into_messages();
        let error = messages.next().await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "DeadlineExceeded: the stream took longer than it may");
        let longer = Timeout::after(Duration::from_secs(2)).method(ADD.path, Duration::from_secs(61));
        let mut longer = kiteline_core::Layered::new(longer.layer(Slow));
        assert!(called(&mut longer, &ADD, Context::new()).await.is_ok());
        let mut none = kiteline_core::Layered::new(Timeout::none().method(GET.path, Duration::ZERO).layer(Slow));
        assert!(called(&mut none, &ADD, Context::new()).await.is_ok());
    }
}
