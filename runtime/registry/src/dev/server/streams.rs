//! Leases and watches, which have streams.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::{Request, Response, Status, Streaming};

use super::connection::{Connection, refused};
use super::generated::tokio_stream::wrappers::ReceiverStream;
use super::hub::{Hub, random};
use crate::dev::messages::*;
use crate::dev::store::Store;
use crate::dev::watch::{PROGRESS, Wanted, Watches};

type Sender<T> = mpsc::Sender<Result<T, Status>>;

/// Answers that wait for a slow reader, on one stream.
const WAITING: usize = 4;

impl Connection {
    /// Calls of `etcdserverpb.Lease`.
    pub(super) async fn leases(&self, method: &str, request: http::Request<Incoming>) -> http::Response<Body> {
        match method {
            "LeaseGrant" => self.one(request, grant).await,
            "LeaseRevoke" => {
                self.one(request, |hub, it: LeaseRevokeRequest| Ok(hub.write(|store| store.revoke(it.id))?)).await
            }
            "LeaseKeepAlive" => self.keep_alive(request).await,
            "LeaseTimeToLive" => {
                let left = |hub: &Hub, it: LeaseTimeToLiveRequest| {
                    let now = hub.now();
                    Ok(hub.read(|store| store.time_to_live(&it, now)))
                };
                self.one(request, left).await
            }
            "LeaseLeases" => self.one(request, |hub, _: LeaseLeasesRequest| Ok(hub.read(Store::leases))).await,
            other => refused(&format!("etcdserverpb.Lease/{other}")),
        }
    }

    async fn keep_alive(&self, request: http::Request<Incoming>) -> http::Response<Body> {
        let service = tower::service_fn(|request: Request<Streaming<LeaseKeepAliveRequest>>| {
            let (sender, receiver) = mpsc::channel(WAITING);
            let (hub, ended) = (Arc::clone(&self.hub), self.ended());
            tokio::spawn(async move { ended.run_until_cancelled(beat(hub, request.into_inner(), sender)).await });
            std::future::ready(Ok(Response::new(ReceiverStream::new(receiver))))
        });
        self.grpc().streaming(service, request).await
    }

    /// A stream of watches.
    pub(super) async fn watch(&self, request: http::Request<Incoming>) -> http::Response<Body> {
        let service = tower::service_fn(|request: Request<Streaming<WatchRequest>>| {
            if let Some(old) = self.hub.script.older() {
                self.hub.write(|store| *store = old);
            }
            let (sender, receiver) = mpsc::channel(WAITING);
            let ended = self.ended();
            let stream = Stream { hub: Arc::clone(&self.hub), watches: Watches::default(), sender };
            tokio::spawn(run(stream, request.into_inner(), ended));
            std::future::ready(Ok(Response::new(ReceiverStream::new(receiver))))
        });
        self.grpc().streaming(service, request).await
    }
}

fn grant(hub: &Hub, mut request: LeaseGrantRequest) -> Result<LeaseGrantResponse, Status> {
    let now = hub.now();
    let granted = hub.write(|store| {
        while request.id == 0 || store.has_lease(request.id) && request.id < 0 {
            request.id = i64::try_from(random()).unwrap_or_default();
        }
        store.grant(&request, now)
    });
    Ok(granted?)
}

async fn beat(hub: Arc<Hub>, mut requests: Streaming<LeaseKeepAliveRequest>, sender: Sender<LeaseKeepAliveResponse>) {
    while let Ok(Some(request)) = requests.message().await {
        let now = hub.now();
        let answer = hub.write(|store| store.keep_alive(request.id, now));
        if sender.send(Ok(answer)).await.is_err() {
            return;
        }
    }
}

/// One stream of watches.
struct Stream {
    hub: Arc<Hub>,
    watches: Watches,
    sender: Sender<WatchResponse>,
}

/// The reader is gone.
struct Gone;

async fn run(mut stream: Stream, requests: Streaming<WatchRequest>, ended: CancellationToken) {
    let _ = ended.run_until_cancelled(stream.drive(requests)).await;
}

impl Stream {
    async fn drive(&mut self, mut requests: Streaming<WatchRequest>) -> Result<(), Gone> {
        let mut changes = self.hub.changes();
        loop {
            let silent = self.watches.next_progress().map(|at| at.saturating_sub(self.hub.now()));
            let reader = self.sender.clone();
            tokio::select! {
                request = requests.message() => {
                    let Ok(Some(request)) = request else { return Ok(()) };
                    self.take(request).await?;
                }
                _ = changes.changed() => {}
                () = reader.closed() => return Err(Gone),
                () = tokio::time::sleep(silent.unwrap_or(PROGRESS).max(Duration::from_millis(1))) => {}
            }
            self.tell().await?;
        }
    }

    async fn take(&mut self, request: WatchRequest) -> Result<(), Gone> {
        use WatchRequestUnion::{CancelRequest, CreateRequest, ProgressRequest};
        let (hub, watches) = (&self.hub, &mut self.watches);
        let answer = match request.request_union {
            Some(CreateRequest(create)) => {
                let now = hub.now();
                let wanted = Wanted {
                    puts: !create.filters.contains(&0),
                    deletes: !create.filters.contains(&1),
                    key: create.key,
                    range_end: create.range_end,
                    start: create.start_revision,
                    id: create.watch_id,
                    progress: create.progress_notify,
                    before: create.prev_kv,
                };
                Some(hub.script.date(hub.read(|store| watches.create(wanted, store, now))))
            }
            Some(CancelRequest(cancel)) => hub.read(|store| watches.cancel(cancel.watch_id, store)),
            Some(ProgressRequest(_)) => {
                watches.ask();
                None
            }
            None => None,
        };
        match answer {
            Some(answer) => self.send(answer).await,
            None => Ok(()),
        }
    }

    /// Tells everything that is new; a slow reader is waited for.
    async fn tell(&mut self) -> Result<(), Gone> {
        loop {
            let (hub, watches) = (&self.hub, &mut self.watches);
            let now = hub.now();
            let answers = hub.read(|store| watches.poll(store, now));
            if answers.is_empty() {
                return Ok(());
            }
            for answer in answers {
                for twisted in self.hub.script.twist(answer) {
                    if twisted.canceled {
                        self.hub.read(|store| self.watches.cancel(twisted.watch_id, store));
                    }
                    self.send(twisted).await?;
                }
            }
        }
    }

    async fn send(&self, answer: WatchResponse) -> Result<(), Gone> {
        self.sender.send(Ok(answer)).await.map_err(|_| Gone)
    }
}
