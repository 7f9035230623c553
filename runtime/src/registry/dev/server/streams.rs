//! Leases and watches, which have streams.

use std::sync::Arc;
use std::time::Duration;

use etcd_client::proto::*;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming, async_trait};

use super::connection::Connection;
use super::generated::{BoxStream, tokio_stream::wrappers::ReceiverStream};
use super::hub::{Hub, random};
use crate::registry::dev::store::Store;
use crate::registry::dev::watch::{PROGRESS, Wanted, Watches};

type Answer<T> = Result<Response<T>, Status>;
type Sender<T> = mpsc::Sender<Result<T, Status>>;

/// Answers that wait for a slow reader, on one stream.
const WAITING: usize = 4;

#[async_trait]
impl PbLeaseService for Connection {
    async fn lease_grant(&self, request: Request<PbLeaseGrantRequest>) -> Answer<PbLeaseGrantResponse> {
        let mut request = request.into_inner();
        let now = self.hub.now();
        let granted = self.hub.write(|store| {
            while request.id == 0 || store.has_lease(request.id) && request.id < 0 {
                request.id = i64::try_from(random()).unwrap_or_default();
            }
            store.grant(&request, now)
        });
        Ok(Response::new(granted?))
    }

    async fn lease_revoke(&self, request: Request<PbLeaseRevokeRequest>) -> Answer<PbLeaseRevokeResponse> {
        Ok(Response::new(self.hub.write(|store| store.revoke(request.get_ref().id))?))
    }

    type LeaseKeepAliveStream = BoxStream<PbLeaseKeepAliveResponse>;

    async fn lease_keep_alive(
        &self,
        request: Request<Streaming<PbLeaseKeepAliveRequest>>,
    ) -> Answer<Self::LeaseKeepAliveStream> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let (hub, ended) = (Arc::clone(&self.hub), self.ended());
        tokio::spawn(async move { ended.run_until_cancelled(beat(hub, request.into_inner(), sender)).await });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn lease_time_to_live(
        &self,
        request: Request<PbLeaseTimeToLiveRequest>,
    ) -> Answer<PbLeaseTimeToLiveResponse> {
        let now = self.hub.now();
        Ok(Response::new(self.hub.read(|store| store.time_to_live(request.get_ref(), now))))
    }

    async fn lease_leases(&self, _: Request<PbLeaseLeasesRequest>) -> Answer<PbLeaseLeasesResponse> {
        Ok(Response::new(self.hub.read(Store::leases)))
    }
}

async fn beat(
    hub: Arc<Hub>,
    mut requests: Streaming<PbLeaseKeepAliveRequest>,
    sender: Sender<PbLeaseKeepAliveResponse>,
) {
    while let Ok(Some(request)) = requests.message().await {
        let now = hub.now();
        let answer = hub.write(|store| store.keep_alive(request.id, now));
        if sender.send(Ok(answer)).await.is_err() {
            return;
        }
    }
}

#[async_trait]
impl PbWatchService for Connection {
    type WatchStream = BoxStream<PbWatchResponse>;

    async fn watch(&self, request: Request<Streaming<PbWatchRequest>>) -> Answer<Self::WatchStream> {
        if let Some(old) = self.hub.script.older() {
            self.hub.write(|store| *store = old);
        }
        let (sender, receiver) = mpsc::channel(WAITING);
        let ended = self.ended();
        let stream = Stream { hub: Arc::clone(&self.hub), watches: Watches::default(), sender };
        tokio::spawn(run(stream, request.into_inner(), ended));
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

/// One stream of watches.
struct Stream {
    hub: Arc<Hub>,
    watches: Watches,
    sender: Sender<PbWatchResponse>,
}

/// The reader is gone.
struct Gone;

async fn run(mut stream: Stream, requests: Streaming<PbWatchRequest>, ended: CancellationToken) {
    let _ = ended.run_until_cancelled(stream.drive(requests)).await;
}

impl Stream {
    async fn drive(&mut self, mut requests: Streaming<PbWatchRequest>) -> Result<(), Gone> {
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

    async fn take(&mut self, request: PbWatchRequest) -> Result<(), Gone> {
        use PbWatchRequestUnion::{CancelRequest, CreateRequest, ProgressRequest};
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

    async fn send(&self, answer: PbWatchResponse) -> Result<(), Gone> {
        self.sender.send(Ok(answer)).await.map_err(|_| Gone)
    }
}
