//! The messages of the suite's protos that the drivers read and write, as far as they need them.
#![allow(missing_docs, reason = "the suite's protos say what they are")]

use bytes::Bytes;
use prost::{Message, Oneof};

/// Where the suite's types are.
pub(crate) const PACKAGE: &str = "connectrpc.conformance.v1";

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Any {
    #[prost(string, tag = "1")]
    pub(crate) type_url: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) value: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Header {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, repeated, tag = "2")]
    pub(crate) value: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Failure {
    #[prost(int32, tag = "1")]
    pub(crate) code: i32,
    #[prost(string, optional, tag = "2")]
    pub(crate) message: Option<String>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RequestInfo {
    #[prost(message, repeated, tag = "1")]
    pub(crate) headers: Vec<Header>,
    #[prost(int64, optional, tag = "2")]
    pub(crate) timeout: Option<i64>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) requests: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Payload {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) data: Bytes,
    #[prost(message, optional, tag = "2")]
    pub(crate) info: Option<RequestInfo>,
}

/// Every answer of the service.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Response {
    #[prost(message, optional, tag = "1")]
    pub(crate) payload: Option<Payload>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct UnaryDefinition {
    #[prost(message, repeated, tag = "1")]
    pub(crate) headers: Vec<Header>,
    #[prost(oneof = "Outcome", tags = "2, 3")]
    pub(crate) outcome: Option<Outcome>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) trailers: Vec<Header>,
    #[prost(uint32, tag = "6")]
    pub(crate) delay: u32,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Outcome {
    #[prost(bytes = "bytes", tag = "2")]
    Data(Bytes),
    #[prost(message, tag = "3")]
    Failure(Failure),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct StreamDefinition {
    #[prost(message, repeated, tag = "1")]
    pub(crate) headers: Vec<Header>,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    pub(crate) data: Vec<Bytes>,
    #[prost(uint32, tag = "3")]
    pub(crate) delay: u32,
    #[prost(message, optional, tag = "4")]
    pub(crate) failure: Option<Failure>,
    #[prost(message, repeated, tag = "5")]
    pub(crate) trailers: Vec<Header>,
}

/// The request of `Unary`, `IdempotentUnary` and `ClientStream`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct UnaryRequest {
    #[prost(message, optional, tag = "1")]
    pub(crate) definition: Option<UnaryDefinition>,
}

/// The request of `ServerStream` and `BidiStream`; the former has no second field of this meaning.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct BidiRequest {
    #[prost(message, optional, tag = "1")]
    pub(crate) definition: Option<StreamDefinition>,
    #[prost(bool, tag = "2")]
    pub(crate) full_duplex: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct StreamRequest {
    #[prost(message, optional, tag = "1")]
    pub(crate) definition: Option<StreamDefinition>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ServerSettings {
    #[prost(uint32, tag = "6")]
    pub(crate) receive_limit: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ServerStarted {
    #[prost(string, tag = "1")]
    pub(crate) host: String,
    #[prost(uint32, tag = "2")]
    pub(crate) port: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Cancel {
    #[prost(oneof = "Timing", tags = "1, 2, 3")]
    pub(crate) timing: Option<Timing>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Timing {
    #[prost(message, tag = "1")]
    BeforeClose(Nothing),
    #[prost(uint32, tag = "2")]
    AfterClose(u32),
    #[prost(uint32, tag = "3")]
    AfterResponses(u32),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Nothing {}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ClientCall {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(int32, tag = "2")]
    pub(crate) version: i32,
    #[prost(int32, tag = "3")]
    pub(crate) protocol: i32,
    #[prost(int32, tag = "4")]
    pub(crate) codec: i32,
    #[prost(int32, tag = "5")]
    pub(crate) compression: i32,
    #[prost(string, tag = "6")]
    pub(crate) host: String,
    #[prost(uint32, tag = "7")]
    pub(crate) port: u32,
    #[prost(uint32, tag = "10")]
    pub(crate) receive_limit: u32,
    #[prost(string, optional, tag = "12")]
    pub(crate) method: Option<String>,
    #[prost(int32, tag = "13")]
    pub(crate) stream_type: i32,
    #[prost(bool, tag = "14")]
    pub(crate) get: bool,
    #[prost(message, repeated, tag = "15")]
    pub(crate) headers: Vec<Header>,
    #[prost(message, repeated, tag = "16")]
    pub(crate) messages: Vec<Any>,
    #[prost(uint32, optional, tag = "17")]
    pub(crate) timeout: Option<u32>,
    #[prost(uint32, tag = "18")]
    pub(crate) delay: u32,
    #[prost(message, optional, tag = "19")]
    pub(crate) cancel: Option<Cancel>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ClientOutcome {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) result: Option<CallResult>,
    #[prost(message, optional, tag = "3")]
    pub(crate) unable: Option<Unable>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct CallResult {
    #[prost(message, repeated, tag = "1")]
    pub(crate) headers: Vec<Header>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) payloads: Vec<Payload>,
    #[prost(message, optional, tag = "3")]
    pub(crate) failure: Option<Failure>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) trailers: Vec<Header>,
    #[prost(int32, tag = "5")]
    pub(crate) unsent: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Unable {
    #[prost(string, tag = "1")]
    pub(crate) message: String,
}
