//! Calls over HTTP on one connection: HTTP/1.1 and HTTP/2 by hyper; gRPC, gRPC-Web and Connect by `kiteline-grpc`.

mod asked;
mod exchange;
mod held;
mod incoming;
mod outgoing;
mod streams;
mod transcode;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio_util::sync::CancellationToken;

use super::driver::{self, Claim, Driver, Serving};
use super::http1::PREFACE;
use super::shared::Shared;

use exchange::Exchange;
use incoming::Arriving;
use outgoing::Outgoing;
use streams::Streams;

/// Bytes of all headers of one request.
const HEADERS: u32 = 16 << 10;
/// Bytes of one stream that are written ahead of the socket.
const SEND: usize = 64 << 10;
/// Silence after which a peer is asked whether it is there, and how long it may take to say so.
const PING: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(10);

/// The driver of calls over HTTP.
#[derive(Default)]
pub(super) struct Http {
    #[cfg(feature = "json")]
    json: Arc<kiteline_grpc::Json>,
}

impl Driver for Http {
    /// HTTP/2 with prior knowledge once its whole preface is there, and requests of HTTP/1.
    fn claim(&self, first: &[u8]) -> Claim {
        match Claim::beginning(first, PREFACE) {
            Claim::No if first.first().is_some_and(u8::is_ascii_uppercase) => Claim::Yes,
            claim => claim,
        }
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

/// Serves a connection until it ends. When the server drains, the peer is told (GOAWAY, or `connection: close`)
/// and the open streams are answered.
async fn serve(connection: driver::Connection, #[cfg(feature = "json")] json: Arc<kiteline_grpc::Json>) {
    let driver::Connection { shared, guard, stream, peer, first } = connection;
    let goaway = guard.goaway();
    let is_two = Claim::beginning(&first, PREFACE) == Claim::Yes;
    let (one, two) = (one(&shared), two(&shared));
    let connection = Arc::new(Connection {
        shared,
        #[cfg(feature = "json")]
        json,
        peer,
        streams: Streams::new(guard),
    });
    let io = TokioIo::new(driver::whole(first, stream));
    let service = service_fn(move |request| {
        let stream = Stream::open(Arc::clone(&connection));
        async move { Ok::<_, Infallible>(stream.answer(request).await) }
    });
    let outcome = match is_two {
        true => until_told(two.serve_connection(io, service), goaway).await,
        false => until_told(one.serve_connection(io, service), goaway).await,
    };
    if let Err(error) = outcome {
        tracing::debug!(target: "runtime::server::http", %peer, %error, "closed");
    }
}

async fn until_told<C: GracefulConnection>(serving: C, goaway: CancellationToken) -> Result<(), C::Error> {
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        outcome = &mut serving => outcome,
        () = goaway.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    }
}

fn one(shared: &Shared) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .auto_date_header(false)
        .header_read_timeout(shared.limits.whole_frame)
        .max_buf_size(64 << 10);
    http
}

fn two(shared: &Shared) -> http2::Builder<TokioExecutor> {
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new())
        .auto_date_header(false)
        .max_concurrent_streams(shared.limits.grpc_streams)
        .max_header_list_size(HEADERS)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PONG)
        .max_send_buf_size(SEND);
    http
}

/// One open stream, counted so that a connection without any can be seen as idle.
struct Stream(Arc<Connection>);

impl Stream {
    fn open(connection: Arc<Connection>) -> Self {
        connection.streams.begin();
        Self(connection)
    }

    async fn answer(self, request: http::Request<Incoming>) -> http::Response<Outgoing> {
        let (head, body) = request.into_parts();
        let body = Arriving::new(body, head.version);
        match asked::read(&head, &self.0.shared) {
            Ok(asked) => Exchange::new(self, asked, &head.headers).answer(&head.headers, body).await,
            Err(refusal) => *refusal,
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.streams.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_prefaces_and_requests_of_http_1_are_claimed() {
        for (first, claim) in [
            (&b"G"[..], Claim::Yes),
            (b"P", Claim::More),
            (b"PO", Claim::Yes),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n", Claim::More),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0", Claim::Yes),
            (b"\x16", Claim::No),
        ] {
            assert_eq!(Http::default().claim(first), claim, "{first:?}");
        }
    }
}
