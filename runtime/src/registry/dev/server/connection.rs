//! One connection: its limits, which service a path means, and the ways in which it may end.

use std::convert::Infallible;
use std::sync::Arc;

use etcd_client::proto::{PbClusterServer, PbKvServer, PbLeaseServer, PbMaintenanceServer, PbWatchServer};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::{Code, Status};

use super::generated::Service;
use super::hub::Hub;

/// Bytes of all headers of one request.
const HEADERS: u32 = 16 << 10;
/// Calls and streams that are open at once on one connection.
const STREAMS: u32 = 1000;

/// What answers the calls of a connection.
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
        let service = request.uri().path().trim_start_matches('/').split('/').next().unwrap_or_default();
        // What is larger is refused by its length in front, before it is read.
        let most = self.hub.read(super::super::store::Store::bounds).request + (512 << 10);
        let answered = match service {
            "etcdserverpb.KV" => PbKvServer::new(self).max_decoding_message_size(most).call(request).await,
            "etcdserverpb.Lease" => PbLeaseServer::new(self).max_decoding_message_size(most).call(request).await,
            "etcdserverpb.Watch" => PbWatchServer::new(self).max_decoding_message_size(most).call(request).await,
            "etcdserverpb.Maintenance" => PbMaintenanceServer::new(self).call(request).await,
            "etcdserverpb.Cluster" => PbClusterServer::new(self).call(request).await,
            other => return refused(other).into_http(),
        };
        match answered {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// What is not served, and why.
fn refused(service: &str) -> Status {
    match service {
        // etcd's own answer to a password where it asks for none.
        "etcdserverpb.Auth" => Status::new(
            Code::FailedPrecondition,
            "etcdserver: authentication is not enabled: the development registry has no users",
        ),
        _ => Status::unimplemented(format!("the development registry does not serve {service}")),
    }
}
