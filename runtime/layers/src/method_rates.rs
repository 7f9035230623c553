//! A layer that limits how many calls of some methods come per second, each by a rate of its own: `rate` of `[methods]`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use kiteline_core::service::{Call, Handling};
use tokio::time::Instant;
use tower::Layer;

use super::around::{Around, Inner, Policy, forward, refuse};
use super::gcra::Gcra;
use super::rate_limit::{nanos, too_many};

/// Limits how many calls of some methods come per second, as [`RateLimit`](crate::RateLimit) does: those of a second may come
/// at once.
#[derive(Debug)]
#[must_use = "a layer does nothing until it is added"]
pub struct MethodRates {
    /// The zero of all times.
    epoch: Instant,
    methods: Arc<HashMap<Box<str>, Rate>>,
}

#[derive(Debug)]
struct Rate {
    per_second: f64,
    gcra: Gcra,
    state: AtomicU64,
}

impl MethodRates {
    /// A limit for each of these methods: `/package.Service/Method` (`/Service/Method` for Thrift), and calls per second.
    pub fn new<'a>(rates: impl IntoIterator<Item = (&'a str, f64)>) -> Self {
        let rate = |per_second: f64| {
            let gcra = Gcra::new(per_second, per_second.ceil() as u32);
            Rate { per_second, gcra, state: AtomicU64::default() }
        };
        let methods = rates.into_iter().map(|(path, per_second)| (path.into(), rate(per_second))).collect();
        Self { epoch: Instant::now(), methods: Arc::new(methods) }
    }

    /// Whether it limits nothing.
    pub fn is_empty(&self) -> bool {
        self.methods.is_empty()
    }
}

impl<S> Layer<S> for MethodRates {
    type Service = Around<Self, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Around::new(Self { epoch: self.epoch, methods: Arc::clone(&self.methods) }, inner)
    }
}

impl Policy for MethodRates {
    fn call<S: Inner>(self: &Arc<Self>, call: Call, inner: &mut S) -> Handling {
        let Some(rate) = self.methods.get(call.method.path) else { return forward(call, inner) };
        match rate.gcra.take(&rate.state, nanos(self.epoch)) {
            Ok(()) => forward(call, inner),
            Err(wait) => refuse(too_many(rate.per_second, wait)),
        }
    }
}

#[cfg(test)]
mod tests {
    use kiteline_core::Context;

    use super::*;
    use crate::tests::{ADD, GET, called, serve};

    #[tokio::test(start_paused = true)]
    async fn each_method_has_a_rate_of_its_own() {
        let mut service = serve(&MethodRates::new([(ADD.path, 2.0), (GET.path, 0.5)]));
        let mut outcomes = Vec::new();
        for method in [&ADD, &ADD, &ADD, &GET, &GET] {
            outcomes.push(called(&mut service, method, Context::new()).await.is_ok());
        }
        assert_eq!(outcomes, [true, true, false, true, false]);
        let error = called(&mut service, &GET, Context::new()).await.unwrap_err();
        assert_eq!(error.to_string(), "ResourceExhausted: too many calls: 0.5 per second are allowed");
        let mut others = serve(&MethodRates::new([("/a.B/C", 0.001)]));
        assert!(called(&mut others, &ADD, Context::new()).await.is_ok());
        assert!(MethodRates::new([]).is_empty());
    }
}
