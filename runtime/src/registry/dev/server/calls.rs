//! The calls with one answer: keys, the member, and what is refused.

use etcd_client::proto::*;
use prost::Message;
use tonic::{Request, Response, Status, async_trait};

use super::connection::Connection;
use super::generated::{BoxStream, tokio_stream};
use crate::registry::dev::store::{Failure, Store};

type Answer<T> = Result<Response<T>, Status>;

/// The version of etcd whose answers these are.
const VERSION: &str = "3.4.23";

fn only<T: Send + 'static>(answer: T) -> BoxStream<T> {
    Box::pin(tokio_stream::once(Ok(answer)))
}

fn unserved<T>(what: &str) -> Answer<T> {
    Err(Status::unimplemented(format!("the development registry does not serve {what}")))
}

impl Connection {
    /// Whether a request that writes is small enough.
    pub(super) fn fits(&self, request: &impl Message) -> Result<(), Status> {
        let most = self.hub.read(Store::bounds).request;
        if request.encoded_len() > most { Err(Failure::TooLarge.into()) } else { Ok(()) }
    }

    fn member(&self) -> PbMember {
        let url = vec![format!("http://{}", self.hub.address)];
        PbMember {
            id: self.hub.read(Store::member),
            name: "development".to_owned(),
            peer_ur_ls: url.clone(),
            client_ur_ls: url,
            is_learner: false,
        }
    }
}

#[async_trait]
impl PbKvService for Connection {
    async fn range(&self, request: Request<PbRangeRequest>) -> Answer<PbRangeResponse> {
        Ok(Response::new(self.hub.read(|store| store.range(request.get_ref()))?))
    }

    type RangeStreamStream = BoxStream<PbRangeStreamResponse>;

    async fn range_stream(&self, request: Request<PbRangeRequest>) -> Answer<Self::RangeStreamStream> {
        let answer = self.hub.read(|store| store.range(request.get_ref()))?;
        Ok(Response::new(only(PbRangeStreamResponse { range_response: Some(answer) })))
    }

    async fn put(&self, request: Request<PbPutRequest>) -> Answer<PbPutResponse> {
        self.fits(request.get_ref())?;
        Ok(Response::new(self.hub.write(|store| store.put(request.get_ref()))?))
    }

    async fn delete_range(&self, request: Request<PbDeleteRequest>) -> Answer<PbDeleteResponse> {
        self.fits(request.get_ref())?;
        Ok(Response::new(self.hub.write(|store| store.delete(request.get_ref()))?))
    }

    async fn txn(&self, request: Request<PbTxnRequest>) -> Answer<PbTxnResponse> {
        self.fits(request.get_ref())?;
        Ok(Response::new(self.hub.write(|store| store.txn(request.get_ref()))?))
    }

    async fn compact(&self, request: Request<PbCompactionRequest>) -> Answer<PbCompactionResponse> {
        Ok(Response::new(self.hub.write(|store| store.compact(request.get_ref()))?))
    }
}

#[async_trait]
impl PbMaintenanceService for Connection {
    async fn alarm(&self, request: Request<PbAlarmRequest>) -> Answer<PbAlarmResponse> {
        // The list of alarms, which is empty; `etcdctl endpoint health` asks for it.
        match request.get_ref().action {
            0 => Ok(Response::new(PbAlarmResponse { header: Some(self.hub.read(Store::header)), alarms: Vec::new() })),
            _ => unserved("alarms"),
        }
    }

    async fn status(&self, _: Request<PbStatusRequest>) -> Answer<PbStatusResponse> {
        let size = |store: &Store| i64::try_from(store.size()).unwrap_or(i64::MAX);
        let answer = self.hub.read(|store| {
            let index = u64::try_from(store.revision()).unwrap_or_default();
            PbStatusResponse {
                header: Some(store.header()),
                version: VERSION.to_owned(),
                db_size: size(store),
                leader: store.member(),
                raft_index: index,
                raft_term: 2,
                raft_applied_index: index,
                db_size_in_use: size(store),
                db_size_quota: i64::try_from(store.bounds().space).unwrap_or(i64::MAX),
                ..PbStatusResponse::default()
            }
        });
        Ok(Response::new(answer))
    }

    async fn defragment(&self, _: Request<PbDefragmentRequest>) -> Answer<PbDefragmentResponse> {
        // There is no file with holes.
        Ok(Response::new(PbDefragmentResponse { header: Some(self.hub.read(Store::header)) }))
    }

    async fn hash(&self, _: Request<PbHashRequest>) -> Answer<PbHashResponse> {
        unserved("hashes")
    }

    async fn hash_kv(&self, _: Request<PbHashKvRequest>) -> Answer<PbHashKvResponse> {
        unserved("hashes")
    }

    type SnapshotStream = BoxStream<PbSnapshotResponse>;

    async fn snapshot(&self, _: Request<PbSnapshotRequest>) -> Answer<Self::SnapshotStream> {
        unserved("snapshots: it keeps nothing")
    }

    async fn move_leader(&self, _: Request<PbMoveLeaderRequest>) -> Answer<PbMoveLeaderResponse> {
        unserved("changes of the leader: it is alone")
    }

    async fn downgrade(&self, _: Request<PbDowngradeRequest>) -> Answer<PbDowngradeResponse> {
        unserved("downgrades")
    }
}

#[async_trait]
impl PbClusterService for Connection {
    async fn member_add(&self, _: Request<PbMemberAddRequest>) -> Answer<PbMemberAddResponse> {
        unserved("changes of members: it is alone")
    }

    async fn member_remove(&self, _: Request<PbMemberRemoveRequest>) -> Answer<PbMemberRemoveResponse> {
        unserved("changes of members: it is alone")
    }

    async fn member_update(&self, _: Request<PbMemberUpdateRequest>) -> Answer<PbMemberUpdateResponse> {
        unserved("changes of members: it is alone")
    }

    async fn member_list(&self, _: Request<PbMemberListRequest>) -> Answer<PbMemberListResponse> {
        let header = Some(self.hub.read(Store::header));
        Ok(Response::new(PbMemberListResponse { header, members: vec![self.member()] }))
    }

    async fn member_promote(&self, _: Request<PbMemberPromoteRequest>) -> Answer<PbMemberPromoteResponse> {
        unserved("changes of members: it is alone")
    }
}
