//! `grpc.health.v1.Health`: a service like any other, mounted on every server that is built with gRPC,
//! for the server as a whole and for each service under its full name. A service of that name that
//! the program adds itself takes its place.
//!
//! A stream of `Watch` lasts as long as its caller or the server: it ends when the server drains,
//! after it has said that it does not serve.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use bytes::Bytes;
use tokio::sync::watch;

use super::stage::Stage;
use kiteline_core::body::{Messages, Source};
use kiteline_core::error::{Code, Error};
use kiteline_core::service::{Answer, Call, Handling, Idl, Method, Service, ServiceInfo};
use kiteline_grpc::{CHECK, HealthListReply, HealthReply, HealthRequest, LIST, ServingStatus, WATCH, reply, request};

static INFO: ServiceInfo =
    ServiceInfo { name: "Health", package: "grpc.health.v1", registry_name: "", idl: Idl::Proto, methods: &METHODS };
static METHODS: [Method; 3] = [
    Method::new(Idl::Proto, CHECK, 0).idempotent(),
    Method::new(Idl::Proto, WATCH, 1).streaming(false, true),
    Method::new(Idl::Proto, LIST, 2).idempotent(),
];

/// The health of a server and its services.
pub(super) struct Health {
    services: Vec<&'static ServiceInfo>,
    stage: watch::Receiver<Stage>,
}

impl Health {
    /// Of a server with these services.
    pub(super) fn new(services: &[&'static ServiceInfo], stage: watch::Receiver<Stage>) -> Self {
        Self { services: services.to_vec(), stage }
    }

    /// Whether a service, by its full name, is here; the empty name means the server.
    fn knows(&self, service: &str) -> bool {
        let named = |info: &&'static ServiceInfo| match service.strip_suffix(info.name) {
            Some("") => info.package.is_empty(),
            Some(package) => package.strip_suffix('.') == Some(info.package),
            None => false,
        };
        service.is_empty() || self.services.iter().any(named)
    }

    fn check(&self, call: &Call) -> Result<Answer, Error> {
        let question: HealthRequest = request(call)?;
        if !self.knows(&question.service) {
            return Err(Error::new(Code::NotFound, format!("unknown service {}", question.service)));
        }
        Ok(status(*self.stage.borrow()).reply().into())
    }

    /// The server as a whole and each service; there are no more of them than a program was built with.
    fn list(&self, call: &Call) -> Result<Answer, Error> {
        let status = HealthReply { status: status(*self.stage.borrow()).into() };
        let name = |info: &&'static ServiceInfo| match info.package {
            "" => info.name.to_owned(),
            package => format!("{package}.{}", info.name),
        };
        let names = self.services.iter().map(name).chain([String::new()]);
        reply(&call.cx, &HealthListReply { statuses: names.map(|name| (name, status.clone())).collect() })
    }

    fn watch(&self, call: &Call) -> Result<Answer, Error> {
        let question: HealthRequest = request(call)?;
        let watch = Watch { stage: self.stage.clone(), known: self.knows(&question.service), said: None };
        Ok(Messages::from_source(Statuses { next: Some(Box::pin(watch.next())) }).into())
    }
}

impl Service for Health {
    fn info(&self) -> &'static ServiceInfo {
        &INFO
    }

    fn call(&self, call: Call) -> Handling {
        let answer = match call.method.index {
            0 => self.check(&call),
            1 => self.watch(&call),
            _ => self.list(&call),
        };
        Box::pin(std::future::ready(answer))
    }
}

fn status(stage: Stage) -> ServingStatus {
    if stage == Stage::Serving { ServingStatus::Serving } else { ServingStatus::NotServing }
}

/// One caller of `Watch`.
struct Watch {
    stage: watch::Receiver<Stage>,
    known: bool,
    said: Option<ServingStatus>,
}

impl Watch {
    /// The next status that differs from the one before; `None` at the end.
    async fn next(mut self) -> Option<(ServingStatus, Self)> {
        loop {
            let stage = *self.stage.borrow_and_update();
            let status = if self.known { status(stage) } else { ServingStatus::ServiceUnknown };
            if self.said.replace(status) != Some(status) {
                return Some((status, self));
            }
            if stage == Stage::Draining || self.stage.changed().await.is_err() {
                return None;
            }
        }
    }
}

type Next = Pin<Box<dyn Future<Output = Option<(ServingStatus, Watch)>> + Send>>;

struct Statuses {
    next: Option<Next>,
}

impl Source for Statuses {
    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let Some(next) = &mut self.next else { return Poll::Ready(None) };
        let said = ready!(next.as_mut().poll(task));
        let (status, watch) = match said {
            Some((status, watch)) => (Some(Ok(status.reply())), Some(watch)),
            None => (None, None),
        };
        self.next = watch.map(|watch| Box::pin(watch.next()) as Next);
        Poll::Ready(status)
    }
}
