//! One connection: its limits, which service a path means, and the ways in which it may end.

use std::convert::Infallible;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use prost::Message;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::server::Grpc;
use tonic::{Request, Response, Status};

use super::hub::Hub;
use crate::dev::store::Store;
use crate::etcd::api::MessageCodec;

/// Bytes of all headers of one request.
const HEADERS: u32 = 16 << 10;
/// Calls and streams that are open at once on one connection.
const STREAMS: u32 = 1000;

/// The service of one connection.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) hub: Arc<Hub>,
    /// Ends with the registry.
    stop: CancellationToken,
}

impl Connection {
    pub(super) fn new(hub: Arc<Hub>, stop: CancellationToken) -> Self {
        Self { hub, stop }
    }

    /// Serves until the peer goes, the registry stops or a test breaks it.
    pub(super) async fn serve(self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let broken = self.hub.script.connections();
        let mut frozen = self.hub.script.frozen();
        let mut http = http2::Builder::new(TokioExecutor::new());
        http.timer(TokioTimer::new()).max_concurrent_streams(STREAMS).max_header_list_size(HEADERS);
        let stop = self.stop.clone();
        let ends = stop.child_token();
        let calls = Self { hub: Arc::clone(&self.hub), stop: ends.clone() };
        // Streams that wait for changes end with their connection.
        let _ends = ends.drop_guard();
        let answering = service_fn(move |request| {
            let calls = calls.clone();
            async move { Ok::<_, Infallible>(calls.answer(request).await) }
        });
        let mut serving = std::pin::pin!(http.serve_connection(TokioIo::new(stream), answering));
        loop {
            tokio::select! {
                _ = &mut serving => return,
                () = broken.cancelled() => return,
                () = stop.cancelled() => return,
                _ = frozen.wait_for(|frozen| *frozen) => {}
            }
            tokio::select! {
                () = broken.cancelled() => return,
                () = stop.cancelled() => return,
                _ = frozen.wait_for(|frozen| !frozen) => {}
            }
        }
    }

    /// Ends with the connection.
    pub(super) fn ended(&self) -> CancellationToken {
        self.stop.clone()
    }

    async fn answer(self, request: http::Request<Incoming>) -> http::Response<Body> {
        if let Err(status) = self.hub.script.before_call().await {
            return status.into_http();
        }
        let path = request.uri().path().trim_start_matches('/').to_owned();
        match path.split_once('/') {
            Some(("etcdserverpb.KV", method)) => self.keys(method, request).await,
            Some(("etcdserverpb.Lease", method)) => self.leases(method, request).await,
            Some(("etcdserverpb.Watch", "Watch")) => self.watch(request).await,
            Some(("etcdserverpb.Maintenance", method)) => self.maintenance(method, request).await,
            Some(("etcdserverpb.Cluster", method)) => self.cluster(method, request).await,
            _ => refused(&path),
        }
    }

    /// What is larger is refused by its length in front, before it is read.
    fn most(&self) -> usize {
        self.hub.read(Store::bounds).request + (512 << 10)
    }

    /// Answers a call with one request and one answer.
    pub(super) async fn one<Q, A>(
        &self,
        request: http::Request<Incoming>,
        answer: impl FnOnce(&Hub, Q) -> Result<A, Status> + Clone,
    ) -> http::Response<Body>
    where
        Q: Message + Default + 'static,
        A: Message + 'static,
    {
        let service = tower::service_fn(|request: Request<Q>| {
            let answer = answer.clone()(&self.hub, request.into_inner());
            std::future::ready(answer.map(Response::new))
        });
        self.grpc().unary(service, request).await
    }

    /// The wire of one method.
    pub(super) fn grpc<Q, A>(&self) -> Grpc<MessageCodec<A, Q>>
    where
        Q: Message + Default + 'static,
        A: Message + 'static,
    {
        Grpc::new(MessageCodec::new()).max_decoding_message_size(self.most())
    }
}

/// The refusal of a call that is not served.
pub(super) fn refused(path: &str) -> http::Response<Body> {
    let status = if path.starts_with("etcdserverpb.Auth/") {
        // etcd's own answer to a password where it asks for none.
        Status::failed_precondition("etcdserver: authentication is not enabled: the development registry has no users")
    } else {
        Status::unimplemented(format!("the development registry does not serve {path}"))
    };
    status.into_http()
}
