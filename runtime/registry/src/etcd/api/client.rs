//! The calls of etcd's v3 API that a registry makes, over one channel as one user. It keeps no
//! connection and tries nothing twice but a call whose token ran out.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use http::uri::PathAndQuery;
use prost::Message;
use tokio::sync::mpsc;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Code, Request, Status, Streaming};
use tower::util::BoxCloneSyncService;

use super::codec::MessageCodec;
use super::leases::*;
use super::messages::*;
use kiteline_core::lock::lock;

/// The carrier of the calls.
pub(crate) type Channel = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, Status>;

/// The header in which etcd looks for a token.
const TOKEN: &str = "token";
/// What etcd says of a token that ran out where its code does not.
const STALE: &str = "etcdserver: invalid auth token";
/// Requests of one stream of watches that may wait to be sent.
const WAITING: usize = 100;

/// Why a call gave nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// etcd answered so, or nobody did.
    #[error("{0}")]
    Status(#[from] Status),
    /// A lease that is to be kept is gone.
    #[error("the lease is gone")]
    LeaseGone,
    /// The address is none, or the files of TLS are not understood.
    #[error("{0}")]
    Transport(#[from] tonic::transport::Error),
}

/// A user's name and password.
type Login = (String, String);

/// Makes calls; clones share the token.
#[derive(Clone)]
pub(crate) struct Client {
    channel: Channel,
    user: Option<Arc<User>>,
}

/// Who calls.
struct User {
    login: Login,
    token: Mutex<MetadataValue<Ascii>>,
    /// One authentication at a time.
    renewing: tokio::sync::Mutex<()>,
}

impl User {
    fn token(&self) -> MetadataValue<Ascii> {
        lock(&self.token).clone()
    }
}

impl Client {
    /// A client, authenticated if there is a user.
    pub(crate) async fn new(channel: Channel, login: Option<Login>) -> Result<Self, Error> {
        let mut client = Self { channel, user: None };
        if let Some(login) = login {
            let token = Mutex::new(client.authenticate(&login).await?);
            client.user = Some(Arc::new(User { login, token, renewing: tokio::sync::Mutex::default() }));
        }
        Ok(client)
    }

    async fn authenticate(&self, (name, password): &Login) -> Result<MetadataValue<Ascii>, Error> {
        let request = AuthenticateRequest { name: name.clone(), password: password.clone() };
        let answer: AuthenticateResponse =
            unary(&self.channel, "/etcdserverpb.Auth/Authenticate", request, None).await?;
        let token = answer.token.parse().map_err(|_| Status::internal("etcd's token is no header's value"))?;
        Ok(token)
    }

    /// Makes a call, again with a new token when the one that it had ran out.
    async fn with_token<T>(&self, call: impl Fn(Option<MetadataValue<Ascii>>) -> Answer<T>) -> Result<T, Status> {
        let Some(user) = &self.user else { return call(None).await };
        let used = user.token();
        match call(Some(used.clone())).await {
            Err(status) if is_stale(&status) => self.renew(user, &used).await?,
            answer => return answer,
        }
        call(Some(user.token())).await
    }

    /// Gets another token, unless somebody else did.
    async fn renew(&self, user: &User, used: &MetadataValue<Ascii>) -> Result<(), Status> {
        let _renewing = user.renewing.lock().await;
        if user.token() != *used {
            return Ok(());
        }
        let token = self.authenticate(&user.login).await.map_err(|error| match error {
            Error::Status(status) => status,
            other => Status::unknown(other.to_string()),
        })?;
        *lock(&user.token) = token;
        Ok(())
    }

    async fn call<Q, A>(&self, path: &'static str, request: Q) -> Result<A, Error>
    where
        Q: Message + Clone + 'static,
        A: Message + Default + 'static,
    {
        Ok(self.with_token(|token| unary(&self.channel, path, request.clone(), token)).await?)
    }

    /// Reads keys.
    pub(crate) async fn range(&self, request: RangeRequest) -> Result<RangeResponse, Error> {
        self.call("/etcdserverpb.KV/Range", request).await
    }

    /// Runs a transaction.
    pub(crate) async fn txn(&self, request: TxnRequest) -> Result<TxnResponse, Error> {
        self.call("/etcdserverpb.KV/Txn", request).await
    }

    /// A new lease of so many seconds.
    pub(crate) async fn grant(&self, ttl: i64) -> Result<i64, Error> {
        let granted: LeaseGrantResponse =
            self.call("/etcdserverpb.Lease/LeaseGrant", LeaseGrantRequest { ttl, id: 0 }).await?;
        Ok(granted.id)
    }

    /// Ends a lease.
    pub(crate) async fn revoke(&self, id: i64) -> Result<(), Error> {
        self.call::<_, LeaseRevokeResponse>("/etcdserverpb.Lease/LeaseRevoke", LeaseRevokeRequest { id }).await?;
        Ok(())
    }

    /// The seconds that a lease has left; -1 where it is gone.
    pub(crate) async fn time_to_live(&self, id: i64) -> Result<i64, Error> {
        let request = LeaseTimeToLiveRequest { id, keys: false };
        let answer: LeaseTimeToLiveResponse = self.call("/etcdserverpb.Lease/LeaseTimeToLive", request).await?;
        Ok(answer.ttl)
    }

    /// Keeps a lease once, on a stream of its own.
    pub(crate) async fn keep_alive(&self, id: i64) -> Result<(), Error> {
        let request = LeaseKeepAliveRequest { id };
        let open = |token| streaming(&self.channel, "/etcdserverpb.Lease/LeaseKeepAlive", request.clone(), token, None);
        // The sender is kept until the answer is there: its end would end the stream.
        let (_requests, mut answers): (_, Streaming<LeaseKeepAliveResponse>) = self.with_token(open).await?;
        match answers.message().await? {
            Some(answer) if answer.ttl > 0 => Ok(()),
            Some(_) => Err(Error::LeaseGone),
            None => Err(Status::unavailable("the stream of a lease ended").into()),
        }
    }

    /// Opens a watch whose answers have `most` bytes at most.
    pub(crate) async fn watch(&self, wanted: WatchCreateRequest, most: usize) -> Result<WatchStream, Error> {
        let request = create(wanted);
        let open = |token| streaming(&self.channel, "/etcdserverpb.Watch/Watch", request.clone(), token, Some(most));
        let (requests, answers) = self.with_token(open).await?;
        Ok(WatchStream { requests, answers })
    }
}

/// Watches on one stream.
#[derive(Debug)]
pub(crate) struct WatchStream {
    requests: mpsc::Sender<WatchRequest>,
    answers: Streaming<WatchResponse>,
}

impl WatchStream {
    /// Opens one more watch.
    pub(crate) async fn watch(&self, wanted: WatchCreateRequest) -> Result<(), Error> {
        let sent = self.requests.send(create(wanted)).await;
        sent.map_err(|_| Status::unavailable("the stream of watches ended").into())
    }

    /// The next answer; `None` at the end.
    pub(crate) async fn message(&mut self) -> Result<Option<WatchResponse>, Error> {
        Ok(self.answers.message().await?)
    }
}

fn create(wanted: WatchCreateRequest) -> WatchRequest {
    WatchRequest { request_union: Some(WatchRequestUnion::CreateRequest(wanted)) }
}

fn is_stale(status: &Status) -> bool {
    status.code() == Code::Unauthenticated || status.code() == Code::Unknown && status.message() == STALE
}

fn request<T>(message: T, token: Option<MetadataValue<Ascii>>) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(token) = token {
        request.metadata_mut().insert(TOKEN, token);
    }
    request
}

/// What a call gives, some time.
type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Status>> + Send>>;

/// One call with one answer.
pub(crate) fn unary<Q, A>(
    channel: &Channel,
    path: &'static str,
    message: Q,
    token: Option<MetadataValue<Ascii>>,
) -> Answer<A>
where
    Q: Message + 'static,
    A: Message + Default + 'static,
{
    let mut grpc = Grpc::new(channel.clone());
    Box::pin(async move {
        grpc.ready().await?;
        let path = PathAndQuery::from_static(path);
        Ok(grpc.unary(request(message, token), path, MessageCodec::<Q, A>::new()).await?.into_inner())
    })
}

/// Two streams, the first request sent.
fn streaming<Q, A>(
    channel: &Channel,
    path: &'static str,
    first: Q,
    token: Option<MetadataValue<Ascii>>,
    most: Option<usize>,
) -> Answer<(mpsc::Sender<Q>, Streaming<A>)>
where
    Q: Message + 'static,
    A: Message + Default + 'static,
{
    let mut grpc = Grpc::new(channel.clone());
    if let Some(most) = most {
        grpc = grpc.max_decoding_message_size(most);
    }
    Box::pin(async move {
        let (sender, receiver) = mpsc::channel(WAITING);
        // There is room: nobody else has the sender yet.
        let _ = sender.send(first).await;
        grpc.ready().await?;
        let request = request(ReceiverStream::new(receiver), token);
        let answers = grpc.streaming(request, PathAndQuery::from_static(path), MessageCodec::<Q, A>::new()).await?;
        Ok((sender, answers.into_inner()))
    })
}
