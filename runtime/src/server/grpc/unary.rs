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

use super::{Connection, in_time};
use crate::context::Context;
use crate::error::Error;
#[cfg(feature = "json")]
use crate::grpc::Form;
use crate::grpc::{Caller, Raw, write_backward};
use crate::router::Route;
use crate::server::counters::Counter;
use crate::server::failures;
use crate::server::load::Entry;
use crate::server::shared::Shared;
use crate::server::work::{End, GRACE};
use crate::service::Answer;

/// The status of a call whose time is over.
const DEADLINE_EXCEEDED: &[u8] = b"4";

/// One call, as tonic wants to see it.
pub(super) struct Unary {
    connection: Arc<Connection>,
    route: Route,
    caller: Caller,
    end: End,
    cancel: CancellationToken,
}

impl Unary {
    pub(super) fn new(connection: Arc<Connection>, route: Route, caller: Caller, end: End) -> Self {
        Self { connection, route, caller, end, cancel: CancellationToken::new() }
    }

    /// Receives the message, lets the service work, gives its answer.
    ///
    /// # Errors
    ///
    /// When that takes longer than the call may.
    pub(super) async fn answer(self, request: http::Request<Incoming>) -> Result<http::Response<Body>, Error> {
        let shared = Arc::clone(&self.connection.shared);
        let open = Open::new(&self, &shared);
        let (end, method) = (self.end, self.route.method);
        let mut grpc = Grpc::new(Raw).max_decoding_message_size(shared.limits.grpc_message);
        let answer = in_time(end.at, grpc.unary(self, request)).await;
        let answer = answer.inspect_err(|error| failures::log(method, error));
        open.ended(answer.is_ok());
        if end.is_told_late(&answer) || end.of_caller && is_late(&answer) && Instant::now() >= end.at {
            tokio::time::sleep(GRACE).await;
        }
        answer
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

/// Whether the service itself says that time is over.
fn is_late(answer: &Result<http::Response<Body>, Error>) -> bool {
    let status = answer.as_ref().ok().and_then(|response| response.headers().get("grpc-status"));
    status.is_some_and(|status| status.as_bytes() == DEADLINE_EXCEEDED)
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
        let mut cx = Context::new()
            .with_deadline(self.end.at)
            .with_peer(self.connection.peer)
            .with_cancellation(self.cancel.clone());
        if let Some(metadata) = self.caller.metadata(&metadata.into_headers()) {
            cx = cx.with_metadata(metadata);
        }
        let (connection, route, caller) = (Arc::clone(&self.connection), self.route.clone(), self.caller.clone());
        let shared = &connection.shared;
        let share = connection.streams.share();
        let entry = Entry { share, held: None };
        let work = self.open(body).and_then(|body| shared.start(&route, cx, (body, shared.limits.decode), entry));
        let work = work.map(|mut work| {
            work.count(share);
            work
        });
        Box::pin(async move {
            let outcome = match work {
                Ok(work) => work.await,
                Err(error) => {
                    failures::log(route.method, &error);
                    Err(error)
                }
            };
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

/// A call until its answer: whatever ends it before is counted, and cancels it.
struct Open {
    cancel: Option<DropGuard>,
    deadline: Instant,
    shared: Arc<Shared>,
}

impl Open {
    fn new(call: &Unary, shared: &Arc<Shared>) -> Self {
        let (cancel, deadline) = (call.cancel.clone().drop_guard(), call.end.at);
        Self { cancel: Some(cancel), deadline, shared: Arc::clone(shared) }
    }

    /// Answered, or out of time.
    fn ended(mut self, answered: bool) {
        let cancel = self.cancel.take();
        if answered {
            cancel.map(DropGuard::disarm);
        } else {
            self.shared.count(Counter::Deadlines);
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.cancel.is_some() {
            // A caller whose clock was first ends the stream at the deadline, too.
            let late = Instant::now() >= self.deadline;
            self.shared.count(if late { Counter::Deadlines } else { Counter::Abandoned });
        }
    }
}
