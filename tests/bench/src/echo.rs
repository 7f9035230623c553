//! The proto service of the benchmarks, served by us and by tonic.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context as Task, Poll};

use runtime::{Config, Context, Error, Registry, Server, Stream};
use tokio::net::TcpListener;
use tonic::transport;

use crate::ours::echo::{Echo, EchoServer, Text};
use crate::{TonicText, tonics};

/// The messages of one stream.
pub const MESSAGES: usize = 1000;

/// The handler of both.
pub struct Handler;

/// The same thing so many times.
pub struct Repeat<T>(T, usize);

impl<T: Clone + Unpin, E> Stream for Repeating<T, E> {
    type Item = Result<T, E>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Task<'_>) -> Poll<Option<Result<T, E>>> {
        let Repeat(item, left) = &mut self.0;
        if *left == 0 {
            return Poll::Ready(None);
        }
        *left -= 1;
        Poll::Ready(Some(Ok(item.clone())))
    }
}

/// A stream of them that does not fail.
pub struct Repeating<T, E>(Repeat<T>, std::marker::PhantomData<fn() -> E>);

fn repeat<T, E>(item: T) -> Repeating<T, E> {
    Repeating(Repeat(item, MESSAGES), std::marker::PhantomData)
}

impl Echo for Handler {
    async fn say(&self, _: &Context, req: Text) -> Result<Text, Error> {
        Ok(req)
    }

    async fn each(
        &self,
        _: &Context,
        req: Text,
    ) -> Result<impl Stream<Item = Result<Text, Error>> + Send + 'static, Error> {
        Ok(repeat(req))
    }
}

#[tonic::async_trait]
impl tonics::echo_server::Echo for Handler {
    async fn say(&self, req: tonic::Request<TonicText>) -> Result<tonic::Response<TonicText>, tonic::Status> {
        Ok(tonic::Response::new(req.into_inner()))
    }

    type EachStream = Repeating<TonicText, tonic::Status>;

    async fn each(&self, req: tonic::Request<TonicText>) -> Result<tonic::Response<Self::EachStream>, tonic::Status> {
        Ok(tonic::Response::new(repeat(req.into_inner())))
    }
}

/// Starts tonic's server; it runs until the process ends.
pub async fn serve_tonic() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("an address");
    let incoming = transport::server::TcpIncoming::from(listener).with_nodelay(Some(true));
    let server = transport::Server::builder().add_service(tonics::echo_server::EchoServer::new(Handler));
    tokio::spawn(server.serve_with_incoming(incoming));
    at
}

/// Starts our server; it runs until the process ends.
pub async fn serve_ours(registry: &Registry) -> SocketAddr {
    let server = Server::new(Config::local()).registry(registry).add(EchoServer::new(Handler));
    let running = server.start().await.expect("listens");
    let at = running.addr();
    tokio::spawn(async move {
        std::future::pending::<()>().await;
        drop(running);
    });
    at
}
