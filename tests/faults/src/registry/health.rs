//! A watch on a server's health over gRPC (`grpc.health.v1`) until its stream ends.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use runtime::grpc::{HealthReply, HealthRequest, ServingStatus, WATCH};
use runtime::prost::Message;
use runtime::{Call, Channel, Context, Idl, Limits, Messages, Method};
use tokio::task::JoinHandle;

use crate::Failure;

/// Longer than a server ever takes to leave.
const PATIENCE: Duration = Duration::from_secs(60);

static WATCHED: Method = Method::new(Idl::Proto, WATCH, 1).streaming(false, true);

/// A stream of `Watch` that has said SERVING.
#[derive(Debug)]
pub struct Watching(JoinHandle<Result<Option<Instant>, Failure>>);

impl Watching {
    /// Opens it, and waits for its first word.
    ///
    /// # Errors
    ///
    /// When it does not say SERVING.
    pub async fn start(server: SocketAddr) -> Result<Self, Failure> {
        let question = Bytes::from(HealthRequest::default().encode_to_vec());
        let limits = Limits::default().decode;
        let call = Call::new(&WATCHED, Context::new(), question, limits);
        let mut stream = Channel::to(&server.to_string())?.call(call, None).await?.body.into_messages();
        match next(&mut stream).await? {
            Some(ServingStatus::Serving) => Ok(Self(tokio::spawn(leaving(stream)))),
            other => Err(format!("the server says {other:?} of its health").into()),
        }
    }

    /// Waits for the end of the stream; when it said NOT_SERVING, if that was its last word.
    ///
    /// # Errors
    ///
    /// When it broke instead.
    pub async fn end(self) -> Result<Option<Instant>, Failure> {
        tokio::time::timeout(PATIENCE, self.0).await??
    }
}

async fn leaving(mut stream: Messages) -> Result<Option<Instant>, Failure> {
    let mut leaving = None;
    while let Some(status) = next(&mut stream).await? {
        leaving = (status == ServingStatus::NotServing).then(Instant::now);
    }
    Ok(leaving)
}

async fn next(stream: &mut Messages) -> Result<Option<ServingStatus>, Failure> {
    let reply = stream.next().await.transpose()?.map(HealthReply::decode).transpose()?;
    Ok(reply.map(|reply| reply.status()))
}
