//! `grpc.health.v1.Health` of every server with proto services: for the server as a whole and for
//! each service under its full name. A service of that name that the program adds itself goes before.
//!
//! A stream of `Watch` lasts as long as its caller or the server: it ends when the server drains,
//! after it has said that it does not serve.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};

use bytes::Bytes;
use hyper::body::Incoming;
use prost::Message;
use tokio::sync::watch;
use tonic::body::Body;
// What tonic offers to generated servers.
use tonic::codegen as generated;
use tonic::server::Grpc;
use tonic::{Request, Response, Status};
use tower::service_fn;

use super::Stream as Open;
use crate::grpc::{CHECK, HealthRequest, Raw, ServingStatus, WATCH};
use crate::router::Router;
use crate::service::Idl;

/// What a server says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::server) enum Health {
    /// It serves.
    #[default]
    Serving,
    /// It is on its way out; calls are answered.
    Leaving,
    /// Its connections are to end.
    Gone,
}

/// Bytes of a question: the name of a service.
const QUESTION: usize = 4 << 10;

/// Whether a path is one of the health service's.
pub(super) fn is_here(path: &str) -> bool {
    matches!(path, CHECK | WATCH)
}

/// Answers a call of the health service.
pub(super) async fn answer(stream: Open, request: http::Request<Incoming>) -> http::Response<Body> {
    let shared = Arc::clone(&stream.0.shared);
    let mut grpc = Grpc::new(Raw).max_decoding_message_size(QUESTION);
    let health = shared.health.subscribe();
    let router = shared.router.clone();
    if request.uri().path() == WATCH {
        let mut stream = Some(stream);
        let watch = service_fn(|request: Request<Bytes>| {
            ready(watch(&router, health.clone(), &request).map(|watch| statuses(watch, stream.take())))
        });
        return grpc.server_streaming(watch, request).await;
    }
    let check = service_fn(|request: Request<Bytes>| ready(check(&router, *health.borrow(), &request)));
    grpc.unary(check, request).await
}

fn check(router: &Router, health: Health, request: &Request<Bytes>) -> Result<Response<Bytes>, Status> {
    let question = read(request)?;
    match of(router, &question.service, health) {
        ServingStatus::ServiceUnknown => Err(Status::not_found(format!("unknown service {}", question.service))),
        status => Ok(Response::new(status.reply())),
    }
}

fn watch(router: &Router, health: watch::Receiver<Health>, request: &Request<Bytes>) -> Result<Watch, Status> {
    let known = of(router, &read(request)?.service, Health::Serving) != ServingStatus::ServiceUnknown;
    Ok(Watch { health, known, said: None })
}

/// The answers to one caller of `Watch`, whose stream stays open with them.
fn statuses(watch: Watch, stream: Option<Open>) -> Response<Statuses> {
    Response::new(Statuses { next: Box::pin(watch.next()), _stream: stream })
}

fn read(request: &Request<Bytes>) -> Result<HealthRequest, Status> {
    HealthRequest::decode(request.get_ref().clone()).map_err(|error| Status::invalid_argument(error.to_string()))
}

fn of(router: &Router, service: &str, health: Health) -> ServingStatus {
    let named = |info: &'static crate::ServiceInfo| match service.strip_suffix(info.name) {
        Some("") => info.package.is_empty(),
        Some(package) => package.strip_suffix('.') == Some(info.package),
        None => false,
    };
    let mut protos = router.services().iter().copied().filter(|info| info.idl == Idl::Proto);
    if !service.is_empty() && !protos.any(named) {
        return ServingStatus::ServiceUnknown;
    }
    status(health)
}

fn status(health: Health) -> ServingStatus {
    if health == Health::Serving { ServingStatus::Serving } else { ServingStatus::NotServing }
}

/// One caller of `Watch`.
struct Watch {
    health: watch::Receiver<Health>,
    known: bool,
    said: Option<ServingStatus>,
}

impl Watch {
    /// The next status that differs from the one before; `None` at the end.
    async fn next(mut self) -> Option<(ServingStatus, Self)> {
        loop {
            let health = *self.health.borrow_and_update();
            let status = if self.known { status(health) } else { ServingStatus::ServiceUnknown };
            if self.said.replace(status) != Some(status) {
                return Some((status, self));
            }
            if health == Health::Gone || self.health.changed().await.is_err() {
                return None;
            }
        }
    }
}

type Next = Pin<Box<dyn Future<Output = Option<(ServingStatus, Watch)>> + Send>>;

struct Statuses {
    next: Next,
    _stream: Option<Open>,
}

impl generated::tokio_stream::Stream for Statuses {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        let Some((status, watch)) = ready!(self.next.as_mut().poll(task)) else { return Poll::Ready(None) };
        self.next = Box::pin(watch.next());
        Poll::Ready(Some(Ok(status.reply())))
    }
}
