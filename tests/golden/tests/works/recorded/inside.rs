//! The relay without sockets: a generated server, its handler and a generated client in one poll.

use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Poll};

use golden::generated::{api, sink};
use runtime::service::Answer;
use runtime::{Bytes, Call, Channel, Context, Error, Registry, Service};

use super::relay::Relay;

/// A channel's layer that answers every call itself.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<Bytes>>);

impl<S> tower::Layer<S> for Script {
    type Service = Self;

    fn layer(&self, _: S) -> Self {
        self.clone()
    }
}

impl tower::Service<Call> for Script {
    type Response = Answer;
    type Error = Error;
    type Future = Ready<Result<Answer, Error>>;

    fn poll_ready(&mut self, _: &mut Task<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Call) -> Self::Future {
        ready(Ok(Answer::from(self.0.lock().unwrap().clone())))
    }
}

/// Services whose handlers call a client that gets scripted answers.
pub(crate) struct Inside {
    script: Script,
    services: Vec<Box<dyn Service>>,
    relay: Relay,
}

impl Inside {
    /// Every service of the recordings.
    pub(crate) fn new() -> Self {
        let script = Script::default();
        let registry = Registry::open("memory").unwrap();
        let channel = Channel::builder("sink").registry(&registry).layer(script.clone()).build().unwrap();
        let relay = Relay::new(channel);
        let services: Vec<Box<dyn Service>> = vec![
            Box::new(sink::SinkServer::new(relay.clone())),
            Box::new(api::AddServiceServer::new(relay.clone())),
            Box::new(api::EchoServiceServer::new(relay.clone())),
        ];
        Self { script, services, relay }
    }

    /// Arguments and outcomes since the last question, as values.
    pub(crate) fn told(&self) -> Vec<serde_json::Value> {
        self.relay.told()
    }

    /// Calls a method with the bytes of its arguments; its client decodes `answer`.
    pub(crate) async fn call(&self, method: &str, arguments: &[u8], answer: &[u8]) -> Result<Answer, Error> {
        *self.script.0.lock().unwrap() = Bytes::copy_from_slice(answer);
        let found = self.services.iter().find_map(|service| {
            let method = service.info().methods.iter().find(|it| it.name == method)?;
            Some((service, method))
        });
        let (service, method) = found.unwrap_or_else(|| panic!("no method {method}"));
        let body = Bytes::copy_from_slice(arguments);
        service.call(Call::new(method, Context::new(), body, Default::default())).await
    }
}
