//! One unary call: its headers, its body in the form that the caller chose, its work, its answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use hyper::body::Incoming;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::body::Body;
use tonic::server::{Grpc, UnaryService};
use tonic::{Request, Response, Status};

use super::Connection;
use crate::context::Context;
use crate::error::Error;
#[cfg(feature = "json")]
use crate::grpc::Form;
use crate::grpc::{Caller, Raw, write_backward};
use crate::router::Route;
use crate::server::counters::Counter;
use crate::server::shared::Shared;
use crate::service::Answer;

/// One call, as tonic wants to see it.
pub(super) struct Unary {
    connection: Arc<Connection>,
    route: Route,
    caller: Caller,
    deadline: Instant,
}

impl Unary {
    pub(super) fn new(connection: Arc<Connection>, route: Route, caller: Caller, deadline: Instant) -> Self {
        Self { connection, route, caller, deadline }
    }

    /// Receives the message, lets the service work, gives its answer.
    pub(super) async fn answer(self, request: http::Request<Incoming>) -> http::Response<Body> {
        let limit = self.connection.shared.limits.grpc_message;
        Grpc::new(Raw).max_decoding_message_size(limit).unary(self, request).await
    }

    /// The message as proto bytes.
    fn open(&self, body: Bytes) -> Result<Bytes, Error> {
        #[cfg(feature = "json")]
        if self.caller.form() == Form::Json {
            let (shared, route) = (&self.connection.shared, &self.route);
            return shared.json.request(route.method, route.service.descriptors(), &body, shared.limits.decode);
        }
        Ok(body)
    }
}

/// The answer's message in the form of the request's.
fn close(shared: &Shared, route: &Route, caller: &Caller, answer: Answer) -> Result<Answer, Error> {
    #[cfg(feature = "json")]
    if caller.form() == Form::Json {
        let body = shared.json.reply(route.method, route.service.descriptors(), answer.body)?;
        return Ok(Answer { body, ..answer });
    }
    #[cfg(not(feature = "json"))]
    let _ = (shared, route, caller);
    Ok(answer)
}

impl UnaryService<Bytes> for Unary {
    type Response = Bytes;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Status>> + Send>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let (metadata, _, body) = request.into_parts();
        let cancel = CancellationToken::new();
        let mut cx = Context::new()
            .with_deadline(self.deadline)
            .with_peer(self.connection.peer)
            .with_cancellation(cancel.clone());
        if let Some(metadata) = self.caller.metadata(&metadata.into_headers()) {
            cx = cx.with_metadata(metadata);
        }
        let (connection, route, caller) = (Arc::clone(&self.connection), self.route.clone(), self.caller.clone());
        let shared = &connection.shared;
        let work = self.open(body).and_then(|body| shared.start(&route, cx, body, shared.limits.decode));
        let left = Left::new(cancel, self.deadline, Arc::clone(shared));
        Box::pin(async move {
            let outcome = match work {
                Ok(work) => work.await,
                Err(error) => Err(error),
            };
            left.answered();
            let shared = &connection.shared;
            let outcome = outcome.and_then(|answer| close(shared, &route, &caller, answer));
            outcome.map(respond).map_err(|error| {
                shared.note(&error);
                caller.status_of(&error, super::service_of(route.method.path))
            })
        })
    }
}

fn respond(answer: Answer) -> Response<Bytes> {
    let mut response = Response::new(answer.body);
    if !answer.backward.is_empty() {
        let metadata = response.metadata_mut();
        let mut headers = std::mem::take(metadata).into_headers();
        write_backward(&answer.backward, &mut headers);
        *metadata = tonic::metadata::MetadataMap::from_headers(headers);
    }
    response
}

/// Cancels a call's token when its stream ends before the answer.
struct Left {
    token: Option<DropGuard>,
    deadline: Instant,
    shared: Arc<Shared>,
}

impl Left {
    fn new(token: CancellationToken, deadline: Instant, shared: Arc<Shared>) -> Self {
        Self { token: Some(token.drop_guard()), deadline, shared }
    }

    fn answered(mut self) {
        self.token.take().map(DropGuard::disarm);
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        if self.token.is_some() && Instant::now() < self.deadline {
            self.shared.count(Counter::Abandoned);
        }
    }
}
