//! The messages of the suite's protos that the drivers read and write, as far as they need them.
#![allow(missing_docs, reason = "the suite's protos say what they are")]
#![allow(clippy::derive_partial_eq_without_eq, reason = "prost's derive asks for the one alone")]

use bytes::Bytes;
use prost::{Message, Oneof};

/// Where the suite's types are.
pub const PACKAGE: &str = "connectrpc.conformance.v1";

#[derive(Clone, PartialEq, Message)]
pub struct Any {
    #[prost(string, tag = "1")]
    pub type_url: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub value: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub struct Header {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, repeated, tag = "2")]
    pub value: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Failure {
    #[prost(int32, tag = "1")]
    pub code: i32,
    #[prost(string, optional, tag = "2")]
    pub message: Option<String>,
    #[prost(message, repeated, tag = "3")]
    pub details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
pub struct RequestInfo {
    #[prost(message, repeated, tag = "1")]
    pub headers: Vec<Header>,
    #[prost(int64, optional, tag = "2")]
    pub timeout: Option<i64>,
    #[prost(message, repeated, tag = "3")]
    pub requests: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Payload {
    #[prost(bytes = "bytes", tag = "1")]
    pub data: Bytes,
    #[prost(message, optional, tag = "2")]
    pub info: Option<RequestInfo>,
}

/// Every answer of the service.
#[derive(Clone, PartialEq, Message)]
pub struct Response {
    #[prost(message, optional, tag = "1")]
    pub payload: Option<Payload>,
}

#[derive(Clone, PartialEq, Message)]
pub struct UnaryDefinition {
    #[prost(message, repeated, tag = "1")]
    pub headers: Vec<Header>,
    #[prost(oneof = "Outcome", tags = "2, 3")]
    pub outcome: Option<Outcome>,
    #[prost(message, repeated, tag = "4")]
    pub trailers: Vec<Header>,
    #[prost(uint32, tag = "6")]
    pub delay: u32,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum Outcome {
    #[prost(bytes = "bytes", tag = "2")]
    Data(Bytes),
    #[prost(message, tag = "3")]
    Failure(Failure),
}

#[derive(Clone, PartialEq, Message)]
pub struct StreamDefinition {
    #[prost(message, repeated, tag = "1")]
    pub headers: Vec<Header>,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    pub data: Vec<Bytes>,
    #[prost(uint32, tag = "3")]
    pub delay: u32,
    #[prost(message, optional, tag = "4")]
    pub failure: Option<Failure>,
    #[prost(message, repeated, tag = "5")]
    pub trailers: Vec<Header>,
}

/// The request of `Unary`, `IdempotentUnary` and `ClientStream`.
#[derive(Clone, PartialEq, Message)]
pub struct UnaryRequest {
    #[prost(message, optional, tag = "1")]
    pub definition: Option<UnaryDefinition>,
}

/// The request of `ServerStream` and `BidiStream`; the former has no second field of this meaning.
#[derive(Clone, PartialEq, Message)]
pub struct BidiRequest {
    #[prost(message, optional, tag = "1")]
    pub definition: Option<StreamDefinition>,
    #[prost(bool, tag = "2")]
    pub full_duplex: bool,
}

#[derive(Clone, PartialEq, Message)]
pub struct StreamRequest {
    #[prost(message, optional, tag = "1")]
    pub definition: Option<StreamDefinition>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Creds {
    #[prost(bytes = "bytes", tag = "1")]
    pub cert: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub key: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub struct ServerSettings {
    #[prost(bool, tag = "4")]
    pub tls: bool,
    #[prost(bytes = "bytes", tag = "5")]
    pub client_cert: Bytes,
    #[prost(message, optional, tag = "7")]
    pub creds: Option<Creds>,
    #[prost(uint32, tag = "6")]
    pub receive_limit: u32,
}

#[derive(Clone, PartialEq, Message)]
pub struct ServerStarted {
    #[prost(string, tag = "1")]
    pub host: String,
    #[prost(uint32, tag = "2")]
    pub port: u32,
    #[prost(bytes = "bytes", tag = "3")]
    pub cert: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub struct Cancel {
    #[prost(oneof = "Timing", tags = "1, 2, 3")]
    pub timing: Option<Timing>,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum Timing {
    #[prost(message, tag = "1")]
    BeforeClose(Nothing),
    #[prost(uint32, tag = "2")]
    AfterClose(u32),
    #[prost(uint32, tag = "3")]
    AfterResponses(u32),
}

#[derive(Clone, PartialEq, Message)]
pub struct Nothing {}

#[derive(Clone, PartialEq, Message)]
pub struct ClientCall {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(int32, tag = "2")]
    pub version: i32,
    #[prost(int32, tag = "3")]
    pub protocol: i32,
    #[prost(int32, tag = "4")]
    pub codec: i32,
    #[prost(int32, tag = "5")]
    pub compression: i32,
    #[prost(string, tag = "6")]
    pub host: String,
    #[prost(uint32, tag = "7")]
    pub port: u32,
    #[prost(bytes = "bytes", tag = "8")]
    pub server_cert: Bytes,
    #[prost(message, optional, tag = "9")]
    pub creds: Option<Creds>,
    #[prost(uint32, tag = "10")]
    pub receive_limit: u32,
    #[prost(string, optional, tag = "12")]
    pub method: Option<String>,
    #[prost(int32, tag = "13")]
    pub stream_type: i32,
    #[prost(bool, tag = "14")]
    pub get: bool,
    #[prost(message, repeated, tag = "15")]
    pub headers: Vec<Header>,
    #[prost(message, repeated, tag = "16")]
    pub messages: Vec<Any>,
    #[prost(uint32, optional, tag = "17")]
    pub timeout: Option<u32>,
    #[prost(uint32, tag = "18")]
    pub delay: u32,
    #[prost(message, optional, tag = "19")]
    pub cancel: Option<Cancel>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ClientOutcome {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(message, optional, tag = "2")]
    pub result: Option<CallResult>,
    #[prost(message, optional, tag = "3")]
    pub unable: Option<Unable>,
}

#[derive(Clone, PartialEq, Message)]
pub struct CallResult {
    #[prost(message, repeated, tag = "1")]
    pub headers: Vec<Header>,
    #[prost(message, repeated, tag = "2")]
    pub payloads: Vec<Payload>,
    #[prost(message, optional, tag = "3")]
    pub failure: Option<Failure>,
    #[prost(message, repeated, tag = "4")]
    pub trailers: Vec<Header>,
    #[prost(int32, tag = "5")]
    pub unsent: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct Unable {
    #[prost(string, tag = "1")]
    pub message: String,
}
