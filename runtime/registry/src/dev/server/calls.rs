//! The calls with one answer: keys, the member, and what is refused.

use hyper::body::Incoming;
use prost::Message;
use tonic::body::Body;
use tonic::{Request, Response, Status};

use super::connection::{Connection, refused};
use super::generated::{BoxStream, tokio_stream};
use super::hub::Hub;
use crate::dev::messages::*;
use crate::dev::store::{Failure, Store};

/// The version of etcd whose answers these are.
const VERSION: &str = "3.4.23";

type Answer = http::Response<Body>;

/// Whether a request that writes is small enough.
fn fits(hub: &Hub, request: &impl Message) -> Result<(), Status> {
    let most = hub.read(Store::bounds).request;
    if request.encoded_len() > most { Err(Failure::TooLarge.into()) } else { Ok(()) }
}

impl Connection {
    /// Calls of `etcdserverpb.KV`.
    pub(super) async fn keys(&self, method: &str, request: http::Request<Incoming>) -> Answer {
        match method {
            "Range" => self.one(request, |hub, it: RangeRequest| Ok(hub.read(|store| store.range(&it))?)).await,
            "RangeStream" => self.range_stream(request).await,
            "Put" => {
                let put = |hub: &Hub, it: PutRequest| {
                    fits(hub, &it)?;
                    Ok(hub.write(|store| store.put(&it))?)
                };
                self.one(request, put).await
            }
            "DeleteRange" => {
                let delete = |hub: &Hub, it: DeleteRequest| {
                    fits(hub, &it)?;
                    Ok(hub.write(|store| store.delete(&it))?)
                };
                self.one(request, delete).await
            }
            "Txn" => {
                let txn = |hub: &Hub, it: TxnRequest| {
                    fits(hub, &it)?;
                    Ok(hub.write(|store| store.txn(&it))?)
                };
                self.one(request, txn).await
            }
            "Compact" => {
                self.one(request, |hub, it: CompactionRequest| Ok(hub.write(|store| store.compact(&it))?)).await
            }
            other => refused(&format!("etcdserverpb.KV/{other}")),
        }
    }

    /// A range in one part.
    async fn range_stream(&self, request: http::Request<Incoming>) -> Answer {
        let service = tower::service_fn(|request: Request<RangeRequest>| {
            let answer = self.hub.read(|store| store.range(request.get_ref()));
            let part = answer.map(|answer| RangeStreamResponse { range_response: Some(answer) });
            let stream = part.map(|part| -> BoxStream<_> { Box::pin(tokio_stream::once(Ok(part))) });
            std::future::ready(stream.map(Response::new).map_err(Status::from))
        });
        self.grpc().server_streaming(service, request).await
    }

    /// Calls of `etcdserverpb.Maintenance`.
    pub(super) async fn maintenance(&self, method: &str, request: http::Request<Incoming>) -> Answer {
        match method {
            "Alarm" => self.one(request, alarms).await,
            "Status" => self.one(request, |hub, _: StatusRequest| Ok(status(hub))).await,
            // There is no file with holes.
            "Defragment" => {
                let done =
                    |hub: &Hub, _: DefragmentRequest| Ok(DefragmentResponse { header: Some(hub.read(Store::header)) });
                self.one(request, done).await
            }
            other => refused(&format!("etcdserverpb.Maintenance/{other}: it keeps nothing and is alone")),
        }
    }

    /// Calls of `etcdserverpb.Cluster`.
    pub(super) async fn cluster(&self, method: &str, request: http::Request<Incoming>) -> Answer {
        match method {
            "MemberList" => {
                let list = |hub: &Hub, _: MemberListRequest| {
                    Ok(MemberListResponse { header: Some(hub.read(Store::header)), members: vec![member(hub)] })
                };
                self.one(request, list).await
            }
            other => refused(&format!("etcdserverpb.Cluster/{other}: it is alone")),
        }
    }
}

/// The list of alarms, which is empty; `etcdctl endpoint health` asks for it.
fn alarms(hub: &Hub, request: AlarmRequest) -> Result<AlarmResponse, Status> {
    match request.action {
        0 => Ok(AlarmResponse { header: Some(hub.read(Store::header)), alarms: Vec::new() }),
        _ => Err(Status::unimplemented("the development registry does not serve alarms")),
    }
}

fn member(hub: &Hub) -> Member {
    let url = vec![format!("http://{}", hub.address)];
    let (id, name) = (hub.read(Store::member), "development".to_owned());
    Member { id, name, peer_urls: url.clone(), client_urls: url, is_learner: false }
}

fn status(hub: &Hub) -> StatusResponse {
    let size = |store: &Store| i64::try_from(store.size()).unwrap_or(i64::MAX);
    hub.read(|store| {
        let index = u64::try_from(store.revision()).unwrap_or_default();
        StatusResponse {
            header: Some(store.header()),
            version: VERSION.to_owned(),
            db_size: size(store),
            leader: store.member(),
            raft_index: index,
            raft_term: 2,
            raft_applied_index: index,
            db_size_in_use: size(store),
            db_size_quota: i64::try_from(store.bounds().space).unwrap_or(i64::MAX),
            ..StatusResponse::default()
        }
    })
}
