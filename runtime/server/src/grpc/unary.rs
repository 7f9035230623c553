//! One call of one message: its headers, its body in the form that the caller chose, its work, its answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use std::time::Instant;

use bytes::Bytes;
use futures_core::Stream;
use http::HeaderMap;
use hyper::body::Incoming;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::body::Body;
use tonic::metadata::MetadataMap;
use tonic::server::{Grpc, ServerStreamingService, UnaryService};
use tonic::{Request, Response, Status};

use super::{Connection, in_time};
use crate::counters::Counter;
use crate::failures;
use crate::load::Entry;
use crate::shared::Shared;
use crate::work::{End, GRACE};
use kiteline_core::body::Messages;
use kiteline_core::context::{Context, ReplyMetadata, ReplySlot};
use kiteline_core::error::Error;
use kiteline_core::router::Route;
use kiteline_core::service::Answer;
#[cfg(feature = "json")]
use kiteline_grpc::Form;
use kiteline_grpc::{Caller, Raw, status_of, write_reply_metadata};

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

    /// The same for a stream of answers, which ends at the caller's deadline. `stream` is open as long.
    pub(super) async fn answer_stream(
        self,
        request: http::Request<Incoming>,
        stream: super::Stream,
    ) -> Result<http::Response<Body>, Error> {
        let open = Open::new(&self, &self.connection.shared);
        let end = self.end;
        let mut grpc = Grpc::new(Raw).max_decoding_message_size(self.connection.shared.limits.grpc_message);
        let answer =
            in_time(end.at, grpc.server_streaming(Streaming { call: self, stream: Some(stream) }, request)).await;
        open.ended(answer.is_ok());
        answer
    }

    /// The message as proto bytes.
    fn open(&self, body: Bytes) -> Result<Bytes, Error> {
        #[cfg(feature = "json")]
        if self.caller.form() == Form::Json {
            let (shared, route) = (&self.connection.shared, &self.route);
            return self.connection.json.request(
                route.method,
                route.service.descriptors(),
                &body,
                shared.limits.decode,
            );
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
fn close(connection: &Connection, route: &Route, caller: &Caller, answer: Answer) -> Result<Answer, Error> {
    #[cfg(feature = "json")]
    if caller.form() == Form::Json {
        let Answer { head, body, trailers } = answer;
        let body = connection.json.reply(route.method, route.service.descriptors(), body.into_whole()?)?;
        return Ok(Answer { head, body: body.into(), trailers });
    }
    #[cfg(not(feature = "json"))]
    let _ = (connection, route, caller);
    Ok(answer)
}

impl Unary {
    /// Starts the call.
    fn start(&self, request: Request<Bytes>) -> impl Future<Output = Result<Answer, Status>> + Send + 'static {
        let (metadata, _, body) = request.into_parts();
        let mut cx = Context::new()
            .with_limit(self.end.at)
            .with_peer(self.connection.peer)
            .with_cancellation(self.cancel.clone());
        if self.end.of_caller {
            cx = cx.with_deadline(self.end.at);
        }
        let metadata = self.caller.metadata(&metadata.into_headers());
        if !metadata.is_empty() {
            cx = cx.with_metadata(metadata);
        }
        let slot = ReplySlot::default();
        cx.set_reply_slot(slot.clone());
        let (connection, route, caller) = (Arc::clone(&self.connection), self.route.clone(), self.caller.clone());
        let shared = &connection.shared;
        let share = connection.streams.share();
        let entry = Entry { share, held: None };
        let work =
            self.open(body).and_then(|body| shared.start(&route, cx, (body.into(), shared.limits.decode), entry));
        let work = work.map(|mut work| {
            work.count(share);
            work
        });
        async move {
            let outcome = match work {
                Ok(work) => work.await,
                Err(error) => {
                    failures::log(route.method, &error);
                    Err(error)
                }
            };
            outcome.and_then(|answer| close(&connection, &route, &caller, answer)).map_err(|error| {
                connection.shared.note(&error);
                let mut status = caller.status_of(&error, super::service_of(route.method.path));
                let sent = slot.take();
                edit(status.metadata_mut(), |headers| write_all(&sent, headers));
                status
            })
        }
    }
}

type Responding<T> = Pin<Box<dyn Future<Output = Result<Response<T>, Status>> + Send>>;

impl UnaryService<Bytes> for Unary {
    type Response = Bytes;
    type Future = Responding<Bytes>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let answer = self.start(request);
        Box::pin(async move { answer.await.and_then(respond) })
    }
}

/// A call whose answers are a stream.
struct Streaming {
    call: Unary,
    stream: Option<super::Stream>,
}

impl ServerStreamingService<Bytes> for Streaming {
    type Response = Bytes;
    type ResponseStream = Answers;
    type Future = Responding<Answers>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let answer = self.call.start(request);
        let (caller, path, end) = (self.call.caller.clone(), self.call.route.method.path, self.call.end);
        let open = self.stream.take();
        Box::pin(async move {
            let Answer { head, body, .. } = answer.await?;
            let messages = body.into_messages();
            let messages = if end.of_caller { messages.until(end.at) } else { messages };
            let mut response = Response::new(Answers { messages, caller, path, _open: open });
            edit(response.metadata_mut(), |headers| write_reply_metadata(&head, headers));
            Ok(response)
        })
    }
}

/// The messages of a stream as tonic sends them.
struct Answers {
    messages: Messages,
    caller: Caller,
    path: &'static str,
    _open: Option<super::Stream>,
}

impl Stream for Answers {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        let next = self.messages.poll_message(task);
        let status = |error| self.caller.status_of(&error, super::service_of(self.path));
        next.map(|next| next.map(|message| message.map_err(status)))
    }
}

fn respond(answer: Answer) -> Result<Response<Bytes>, Status> {
    let Answer { head, body, trailers } = answer;
    let body = body.into_whole().map_err(|error| status_of(&error))?;
    let mut response = Response::new(body);
    let sent = ReplyMetadata { head, trailers };
    edit(response.metadata_mut(), |headers| write_all(&sent, headers));
    Ok(response)
}

fn write_all(sent: &ReplyMetadata, headers: &mut HeaderMap) {
    write_reply_metadata(&sent.head, headers);
    write_reply_metadata(&sent.trailers, headers);
}

fn edit(metadata: &mut MetadataMap, change: impl FnOnce(&mut HeaderMap)) {
    let mut headers = std::mem::take(metadata).into_headers();
    change(&mut headers);
    *metadata = MetadataMap::from_headers(headers);
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
