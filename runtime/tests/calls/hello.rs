//! A proto service over a real socket, and tonic's own client for it.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes};
use http::uri::PathAndQuery;
use runtime::Config;
use runtime::grpc;
use runtime::server::Running;
use runtime::service::Idl;
use runtime::{Answer, Call, Error, Handling, Limits, Method, Server, Service, ServiceInfo};
use tokio::sync::watch;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};

/// tonic's codec of bodies as they are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, input: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let length = input.remaining();
        Ok(Some(input.copy_to_bytes(length)))
    }
}

/// The status that tonic read, as ours.
pub(crate) fn ours(status: &Status) -> grpc::Status {
    grpc::Status::read(status.clone().into_http::<()>().headers()).unwrap()
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Hello {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
}

const fn method(path: &'static str, index: usize) -> Method {
    Method::new(Idl::Proto, path, index)
}

static METHODS: [Method; 4] = [
    method("/hello.v1.Hello/Say", 0),
    method("/hello.v1.Hello/Wait", 1),
    method("/hello.v1.Hello/Fail", 2),
    method("/hello.v1.Hello/Panic", 3),
];

static INFO: ServiceInfo =
    ServiceInfo { name: "Hello", package: "hello.v1", registry_name: "hello", idl: Idl::Proto, methods: &METHODS };

#[derive(Clone, Default)]
pub(crate) struct HelloServer {
    pub(crate) waiting: Arc<watch::Sender<usize>>,
    pub(crate) ended: Arc<watch::Sender<usize>>,
    pub(crate) release: Arc<watch::Sender<bool>>,
}

#[cfg(feature = "json")]
mod json {
    use runtime::json::{Fields, Message, Object, Read, Reader};

    /// As generated code has it.
    impl Message for super::Hello {
        fn fields(&self) -> &'static Fields {
            static FIELDS: Fields = Fields::new(&["name"]);
            &FIELDS
        }

        fn write(&self, out: &mut Object<'_>) {
            out.plain(0, &self.name);
        }

        fn read(&mut self, field: usize, input: &mut Reader<'_>) -> Read {
            match field {
                0 => input.value(&mut self.name),
                _ => input.skip(),
            }
        }
    }
}

struct Count(Arc<watch::Sender<usize>>);

impl Drop for Count {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count += 1);
    }
}

impl Service for HelloServer {
    fn info(&self) -> &'static ServiceInfo {
        &INFO
    }

    fn json(&self) -> bool {
        cfg!(feature = "json")
    }

    fn call(&self, call: Call) -> Handling {
        let this = self.clone();
        match call.method.index {
            0 => Box::pin(async move { say(&call) }),
            1 => Box::pin(this.wait(call)),
            2 => Box::pin(async { Err(Error::not_found("nobody ✗").with_reason("GONE")) }),
            _ => panic!("kaboom"),
        }
    }
}

fn say(call: &Call) -> Result<Answer, Error> {
    let hello: Hello = request(call)?;
    let trace = call.cx.get("TRACE_ID").unwrap_or("none");
    call.cx.send_back("seen", trace);
    let left = call.cx.remaining().unwrap_or_default();
    call.cx.send_back("left", left.as_millis().to_string());
    reply(call, &Hello { name: format!("hello {}", hello.name) })
}

#[cfg(feature = "json")]
fn request(call: &Call) -> Result<Hello, Error> {
    runtime::json::request(call, grpc::request)
}

#[cfg(feature = "json")]
fn reply(call: &Call, hello: &Hello) -> Result<Answer, Error> {
    runtime::json::reply(call, hello, grpc::reply)
}

#[cfg(not(feature = "json"))]
fn request(call: &Call) -> Result<Hello, Error> {
    grpc::request(call)
}

#[cfg(not(feature = "json"))]
fn reply(call: &Call, hello: &Hello) -> Result<Answer, Error> {
    grpc::reply(&call.cx, hello)
}

impl HelloServer {
    async fn wait(self, call: Call) -> Result<Answer, Error> {
        let _ended = Count(self.ended);
        self.waiting.send_modify(|count| *count += 1);
        let mut release = self.release.subscribe();
        release.wait_for(|released| *released).await.map_err(|_| Error::internal("gone"))?;
        grpc::reply(&call.cx, &Hello::default())
    }
}

pub(crate) async fn start(server: &HelloServer, limits: Limits) -> Running {
    let options = Config { limits, ..Config::local() };
    Server::new(options).add(server.clone()).start().await.unwrap()
}

pub(crate) async fn connect(addr: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{addr}")).unwrap().connect().await.unwrap()
}

pub(crate) async fn call(
    channel: &Channel,
    path: &'static str,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, Status> {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.unwrap();
    client.unary(request, PathAndQuery::from_static(path), Raw).await
}

pub(crate) fn hello(name: &str) -> Request<Bytes> {
    Request::new(grpc::body(&Hello { name: name.to_owned() }).unwrap())
}
