//! `grpc.health.v1` (`health.proto` of gRPC): its messages, and what a server says of itself.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

/// The path of the question that is answered once.
pub const CHECK: &str = "/grpc.health.v1.Health/Check";
/// The path of the question after all services.
pub const LIST: &str = "/grpc.health.v1.Health/List";
/// The path of the question that is answered again with every change.
pub const WATCH: &str = "/grpc.health.v1.Health/Watch";

/// `HealthCheckRequest`.
#[derive(Clone, PartialEq, Message)]
pub struct HealthRequest {
    /// The full name of a service; empty for the server as a whole.
    #[prost(string, tag = "1")]
    pub service: String,
}

/// `HealthCheckResponse`.
#[derive(Clone, PartialEq, Message)]
pub struct HealthReply {
    /// One of [`ServingStatus`].
    #[prost(enumeration = "ServingStatus", tag = "1")]
    pub status: i32,
}

/// `HealthListResponse`.
#[derive(Clone, PartialEq, Message)]
pub struct HealthListReply {
    /// By the full name of a service; the empty name is the server as a whole.
    #[prost(btree_map = "string, message", tag = "1")]
    pub statuses: BTreeMap<String, HealthReply>,
}

/// `HealthCheckResponse.ServingStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum ServingStatus {
    /// Nobody has said yet.
    Unknown = 0,
    /// Calls are answered.
    Serving = 1,
    /// The server is on its way out: calls are answered, new ones should go elsewhere.
    NotServing = 2,
    /// No service of that name is here; said by `Watch` alone.
    ServiceUnknown = 3,
}

impl ServingStatus {
    /// The status as an encoded `HealthCheckResponse`.
    pub fn reply(self) -> Bytes {
        Bytes::from(HealthReply { status: self.into() }.encode_to_vec())
    }
}
