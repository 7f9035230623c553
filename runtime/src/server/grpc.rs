//! gRPC on one connection: HTTP/2 by hyper, gRPC's framing by tonic, bodies as they are.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::body::Body;
use tonic::server::{Grpc, UnaryService};
use tonic::{Request, Response, Status};

use super::connections::{Phase, Seat};
use super::counters::Counter;
use super::prefixed::Prefixed;
use super::shared::Shared;
use super::work;
use crate::context::Context;
use crate::error::Error;
use crate::grpc::{Raw, read_metadata, read_timeout, status_of, write_backward};
use crate::router::{Route, unknown_method};
use crate::service::{Answer, Idl};

/// Bytes of all headers of one request.
const HEADERS: u32 = 16 << 10;
/// Silence after which a peer is asked whether it is there, and how long it may take to say so.
const PING: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(10);

/// A connection as its streams see it.
struct Connection {
    shared: Arc<Shared>,
    seat: Seat,
    peer: SocketAddr,
    streams: AtomicUsize,
}

/// Serves a connection whose first bytes are in `read` until it ends. When the server drains,
/// the peer is told (GOAWAY) and the open streams are answered.
pub(super) async fn serve(shared: Arc<Shared>, seat: Seat, stream: TcpStream, peer: SocketAddr, read: BytesMut) {
    let goaway = seat.goaway();
    seat.enter(Phase::Streamless);
    let http = builder(&shared);
    let connection = Arc::new(Connection { shared, seat, peer, streams: AtomicUsize::new(0) });
    let io = TokioIo::new(Prefixed::new(read.freeze(), stream));
    let serving = http.serve_connection(
        io,
        service_fn(move |request| {
            let stream = Stream::open(Arc::clone(&connection));
            async move { Ok::<_, Infallible>(stream.answer(request).await) }
        }),
    );
    let mut serving = std::pin::pin!(serving);
    let outcome = tokio::select! {
        outcome = &mut serving => outcome,
        () = goaway.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%peer, %error, "closed");
    }
}

fn builder(shared: &Shared) -> http2::Builder<TokioExecutor> {
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new())
        .max_concurrent_streams(shared.limits.grpc_streams)
        .max_header_list_size(HEADERS)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PONG);
    http
}

/// One open stream, counted so that a connection without any can be seen as idle.
struct Stream(Arc<Connection>);

impl Stream {
    fn open(connection: Arc<Connection>) -> Self {
        if connection.streams.fetch_add(1, Ordering::Relaxed) == 0 {
            connection.seat.enter(Phase::Work);
        }
        Self(connection)
    }

    async fn answer(self, request: http::Request<Incoming>) -> http::Response<Body> {
        let connection = &*self.0;
        let shared = &*connection.shared;
        let path = request.uri().path();
        let route = shared.router.by_path(path).filter(|route| route.method.idl == Idl::Proto);
        let Some(route) = route else {
            let error = unknown_method(path);
            shared.note(&error);
            return status_of(&error).into_http();
        };
        let now = Instant::now();
        let wait = read_timeout(request.headers());
        let limit = shared.limits.handler;
        let deadline = now + wait.map_or(limit, |wait| wait.min(limit));
        let unary = Unary { connection: Arc::clone(&self.0), route: route.clone(), deadline };
        let grpc = Grpc::new(Raw).max_decoding_message_size(shared.limits.grpc_message);
        grpc_unary(grpc, unary, request, deadline, shared).await
    }
}

/// Receives the message too under the deadline.
async fn grpc_unary(
    mut grpc: Grpc<Raw>,
    unary: Unary,
    request: http::Request<Incoming>,
    deadline: Instant,
    shared: &Shared,
) -> http::Response<Body> {
    match tokio::time::timeout_at(deadline.into(), grpc.unary(unary, request)).await {
        Ok(response) => response,
        Err(_) => {
            shared.count(Counter::Deadlines);
            status_of(&work::late()).into_http()
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.0.streams.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.seat.enter(Phase::Streamless);
        }
    }
}

/// One call, as tonic wants to see it.
struct Unary {
    connection: Arc<Connection>,
    route: Route,
    deadline: Instant,
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
        if let Some(metadata) = read_metadata(&metadata.into_headers()) {
            cx = cx.with_metadata(metadata);
        }
        let connection = Arc::clone(&self.connection);
        let deadline = self.deadline;
        let work = connection.shared.start(&self.route, cx, body, connection.shared.limits.decode);
        Box::pin(async move {
            let left = Left::new(cancel, deadline, Arc::clone(&connection.shared));
            let outcome = match work {
                Ok(work) => work.await,
                Err(error) => Err(error),
            };
            left.answered();
            if let Err(error) = &outcome {
                connection.shared.note(error);
            }
            respond(outcome)
        })
    }
}

fn respond(outcome: Result<Answer, Error>) -> Result<Response<Bytes>, Status> {
    let answer = outcome.map_err(|error| status_of(&error))?;
    let mut response = Response::new(answer.body);
    if !answer.backward.is_empty() {
        let metadata = response.metadata_mut();
        let mut headers = std::mem::take(metadata).into_headers();
        write_backward(&answer.backward, &mut headers);
        *metadata = tonic::metadata::MetadataMap::from_headers(headers);
    }
    Ok(response)
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
