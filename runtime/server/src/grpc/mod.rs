//! gRPC on one connection: HTTP/2 by hyper, gRPC's framing by tonic, bodies as they are.

mod streams;
mod unary;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tonic::body::Body;

use super::driver::{self, Claim, Driver, Serving};
use super::http1::{PREFACE, begins};
use super::prefixed::Prefixed;
use super::shared::Shared;
use super::work::{self, End};
use kiteline_core::error::Error;
use kiteline_core::router::unknown_method;
use kiteline_core::service::{Idl, Kind};
use kiteline_grpc::{Caller, deadline, status_of};

use streams::Streams;
use unary::Unary;

/// Bytes of all headers of one request.
const HEADERS: u32 = 16 << 10;
/// Silence after which a peer is asked whether it is there, and how long it may take to say so.
const PING: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(10);

/// The driver of gRPC.
#[derive(Default)]
pub(super) struct Grpc {
    #[cfg(feature = "json")]
    json: Arc<kiteline_grpc::Json>,
}

impl Driver for Grpc {
    /// HTTP/2 with prior knowledge, as gRPC begins without TLS.
    fn claim(&self, first: &[u8]) -> Claim {
        begins(first, PREFACE)
    }

    fn serve(&self, connection: driver::Connection) -> Serving {
        Box::pin(serve(
            connection,
            #[cfg(feature = "json")]
            Arc::clone(&self.json),
        ))
    }
}

/// A connection as its streams see it.
struct Connection {
    shared: Arc<Shared>,
    #[cfg(feature = "json")]
    json: Arc<kiteline_grpc::Json>,
    peer: SocketAddr,
    streams: Streams,
}

/// Serves a connection until it ends. When the server drains, the peer is told (GOAWAY) and the
/// open streams are answered.
async fn serve(connection: driver::Connection, #[cfg(feature = "json")] json: Arc<kiteline_grpc::Json>) {
    let driver::Connection { shared, seat, stream, peer, first } = connection;
    let goaway = seat.goaway();
    let http = builder(&shared);
    let connection = Arc::new(Connection {
        shared,
        #[cfg(feature = "json")]
        json,
        peer,
        streams: Streams::new(seat),
    });
    let io = TokioIo::new(Prefixed::new(first.freeze(), stream));
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
        connection.streams.begin();
        Self(connection)
    }

    async fn answer(self, request: http::Request<Incoming>) -> http::Response<Body> {
        let caller = match Caller::new(request.headers()) {
            Ok(caller) => caller,
            Err(error) => return status_of(&error).into_http(),
        };
        let mut response = self.dispatch(request, &caller).await;
        caller.label(response.headers_mut());
        response
    }

    async fn dispatch(self, request: http::Request<Incoming>, caller: &Caller) -> http::Response<Body> {
        let connection = Arc::clone(&self.0);
        let shared = &*connection.shared;
        let path = request.uri().path();
        let own = Instant::now() + shared.limits.handler;
        let deadline = deadline(request.headers(), shared.limits.handler);
        let end = End { at: deadline.min(own), of_caller: deadline < own };
        // For go-micro's clients alone: to others another package is another version.
        let other = || Some(path).filter(|_| caller.is_micro()).and_then(|path| shared.router.by_last_part(path));
        let route = shared.router.by_path(path).or_else(other);
        let (answer, path) = match route.filter(|route| route.method.idl == Idl::Proto) {
            Some(route) => {
                let path = route.method.path;
                let call = Unary::new(Arc::clone(&connection), route.clone(), caller.clone(), end);
                let answer = match route.method.kind {
                    Kind::ServerStream => call.answer_stream(request, self).await,
                    Kind::Unary | Kind::Oneway => call.answer(request).await,
                    _ => Err(Error::unimplemented(path)),
                };
                (answer, path)
            }
            None => {
                let error = unknown_method(path);
                shared.note(&error);
                return caller.status_of(&error, service_of(path)).into_http();
            }
        };
        answer.unwrap_or_else(|error| caller.status_of(&error, service_of(path)).into_http())
    }
}

/// `package.Service` of a path.
fn service_of(path: &str) -> &str {
    path.trim_start_matches('/').rsplit_once('/').map_or("", |(service, _)| service)
}

/// An answer that comes before the deadline; receiving the message counts.
async fn in_time<T>(deadline: Instant, answer: impl Future<Output = T>) -> Result<T, Error> {
    tokio::time::timeout_at(deadline.into(), answer).await.map_err(|_| work::late())
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.streams.end();
    }
}
