//! Kitex-Protobuf against what Kitex's programs sent, and through our own server and client, beside
//! gRPC on the same port.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::hex::hex;
use crate::vectors::records;
use bytes::{Bytes, BytesMut};
use runtime::client::{Request, Transport};
use runtime::error::Origin;
use runtime::server::Running;
use runtime::service::Idl;
use runtime::thrift::{Header, Incoming, MessageReader, MessageType, Protocol, Wire};
use runtime::{
    Call, Channel, Code, Config, Error, Handling, Limits, Method, Registry, Server, Service, ServiceInfo, grpc,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, PartialEq, prost::Message)]
struct UReq {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct UResp {
    #[prost(string, tag = "1")]
    text: String,
}

static METHODS: [Method; 1] = [Method::new(Idl::Proto, "/hello.v1.UnaryService/Greet", 0)];
static INFO: ServiceInfo = ServiceInfo {
    name: "UnaryService",
    package: "hello.v1",
    registry_name: "unary",
    idl: Idl::Proto,
    methods: &METHODS,
};

/// Answers as the recorded server did.
struct Unary;

impl Service for Unary {
    fn info(&self) -> &'static ServiceInfo {
        &INFO
    }

    fn call(&self, call: Call) -> Handling {
        Box::pin(async move {
            let UReq { name } = grpc::request(&call)?;
            match name.as_str() {
                "plain" => Err(Error::internal("biz error: boom: something broke")),
                "biz" => Err(Error::business(404, "user not found", [("k".to_owned(), "v".to_owned())])),
                "gone" => Err(Error::not_found("gone").with_reason("GONE")),
                _ => grpc::reply(&call.cx, &UResp { text: format!("hi {name}") }),
            }
        })
    }
}

async fn start() -> Running {
    Server::new(Config::local()).add(Unary).start().await.unwrap()
}

async fn receive(stream: &mut TcpStream) -> Option<Incoming> {
    let mut messages = MessageReader::new(1 << 20);
    loop {
        if let Some(incoming) = messages.take().unwrap() {
            assert_eq!(messages.buffered(), 0);
            return Some(incoming);
        }
        if stream.read_buf(messages.room()).await.ok()? == 0 {
            return None;
        }
    }
}

async fn exchange(server: SocketAddr, bytes: &[u8]) -> Option<Incoming> {
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    receive(&mut stream).await
}

/// One recorded message.
fn recorded(bytes: &[u8]) -> Incoming {
    let mut messages = MessageReader::new(1 << 20);
    messages.push(bytes);
    messages.take().unwrap().unwrap()
}

/// The pairs of a header, whose order is random in Go.
fn pairs(incoming: &Incoming) -> (i32, BTreeMap<u16, String>, BTreeMap<String, String>) {
    let info = incoming.header().unwrap().unwrap();
    let ints = info.ints.iter().map(|(key, value)| (*key, value.to_string())).collect();
    let strings = info.strings.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    (info.seq, ints, strings)
}

#[tokio::test]
async fn recorded_requests_get_the_recorded_answers() {
    let server = start().await;
    let records = records("kitex_protobuf.json");
    assert_eq!(records.len(), 6);
    for record in &records {
        let expected = recorded(&hex(&record["response_hex"]));
        let answer = exchange(server.addr(), &hex(&record["request_hex"])).await.unwrap();
        assert_eq!(answer.wire, Wire::TtHeaderFramed);
        assert_eq!(answer.message(), expected.message(), "{}", record["name"]);
        assert_eq!(pairs(&answer), pairs(&expected), "{}", record["name"]);
    }
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&u32::try_from(message.len()).unwrap().to_be_bytes(), message].concat()
}

#[tokio::test]
async fn a_frame_alone_is_answered_in_a_frame() {
    let server = start().await;
    for record in records("kitex_protobuf.json") {
        let request = recorded(&hex(&record["request_hex"]));
        let answer = exchange(server.addr(), &framed(request.message())).await.unwrap();
        assert_eq!(answer.wire, Wire::Framed);
        let expected = recorded(&hex(&record["response_hex"]));
        if record["client_saw"]["biz"] == Value::Null {
            assert_eq!(answer.message(), expected.message());
            continue;
        }
        // There is no header for it: the refusal is an exception, where Kitex reports success.
        let (header, taken) = Header::read(answer.message()).unwrap();
        assert_eq!(header.kind, MessageType::Exception);
        let (error, _) = header.protocol.error(answer.clone().into_body(taken), Default::default());
        assert_eq!((error.business_code(), error.message()), (Some(404), "user not found"));
    }
}

fn greet(channel: &Channel, name: &str) -> Request<UResp> {
    Request::new(channel, &METHODS[0], grpc::body(&UReq { name: name.to_owned() }), grpc::result)
}

fn channel(address: SocketAddr, transport: Option<Transport>) -> Channel {
    let registry = Registry::open(&format!("static:vector.unary={address}")).unwrap();
    let builder = Channel::builder("vector.unary").registry(&registry);
    transport.into_iter().fold(builder, |builder, transport| builder.transport(transport)).build().unwrap()
}

/// Answers every call with the recorded answer, under the call's own number; gives the calls.
async fn play(listener: TcpListener, records: Vec<Value>) -> Vec<Incoming> {
    let mut calls = Vec::new();
    for record in records {
        let (mut stream, _) = listener.accept().await.unwrap();
        let call = receive(&mut stream).await.unwrap();
        let mut answer = BytesMut::from(&hex(&record["response_hex"])[..]);
        answer[8..12].copy_from_slice(&call.seq.to_be_bytes());
        // Version and type, the name `Greet` with its length, the number, and what is behind it.
        let at = answer.len() - recorded(&answer).message().len() + 4 + 9;
        answer[at..at + 4].copy_from_slice(&call.seq.to_be_bytes());
        stream.write_all(&answer).await.unwrap();
        calls.push(call);
    }
    calls
}

#[tokio::test]
async fn our_client_sends_what_kitex_sends_and_reads_its_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let records = records("kitex_protobuf.json");
    let played = tokio::spawn(play(listener, records.clone()));
    for record in &records {
        let request = recorded(&hex(&record["request_hex"]));
        let (_, taken) = Header::read(request.message()).unwrap();
        let name = grpc::result::<UReq>(request.clone().into_body(taken), Default::default()).unwrap().name;
        // A channel of its own: one connection a call.
        let answer = greet(&channel(address, Some(Transport::TtheaderFramed)), &name).await;
        let saw = &record["client_saw"];
        match answer {
            Ok(answer) => assert_eq!((answer.text.as_str(), &saw["ok"]), ("hi ok", &Value::Bool(true))),
            Err(error) if saw["biz"] != Value::Null => {
                assert_eq!(error.business_code(), Some(404));
                assert_eq!(error.pairs().get("k").map(String::as_str), Some("v"));
            }
            Err(error) => {
                assert_eq!(error.message(), "biz error: boom: something broke");
                assert_eq!((error.code(), error.origin()), (Code::Internal, Origin::Remote));
            }
        }
    }
    for (call, record) in played.await.unwrap().iter().zip(&records) {
        let request = recorded(&hex(&record["request_hex"]));
        assert_eq!(call.wire, request.wire);
        assert_eq!(call.message()[..13], request.message()[..13]);
        assert_eq!(call.message()[17..], request.message()[17..]);
        let ((_, ints, strings), (_, expected, names)) = (pairs(call), pairs(&request));
        assert_eq!(strings, names);
        // Ours states the deadline, and who calls only where it is known.
        for key in [1, 6, 9, 22] {
            assert_eq!(ints.get(&key), expected.get(&key), "{key}");
        }
    }
}

#[tokio::test]
async fn one_port_serves_kitex_and_grpc() {
    let server = start().await;
    let transports = [Transport::TtheaderFramed, Transport::Framed, Transport::Multiplexed];
    for transport in transports.into_iter().map(Some).chain([None]) {
        let channel = channel(server.addr(), transport);
        for _ in 0..3 {
            assert_eq!(greet(&channel, "ok").await.unwrap().text, "hi ok", "{transport:?}");
        }
        let error = greet(&channel, "gone").await.unwrap_err();
        assert_eq!((error.code(), error.reason(), error.message()), (Code::NotFound, "GONE", "gone"), "{transport:?}");
        let error = greet(&channel, "biz").await.unwrap_err();
        assert_eq!(error.business_code(), Some(404), "{transport:?}");
    }
    let error = greet(&channel(server.addr(), Some(Transport::Buffered)), "ok").await.unwrap_err();
    assert_eq!((error.code(), error.origin()), (Code::InvalidArgument, Origin::Encode));
}

fn message(protocol: Protocol, kind: MessageType, name: &str, body: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    Header { protocol, kind, name, seq: 3 }.write(&mut out);
    out.extend_from_slice(body);
    framed(&out)
}

async fn refused(server: SocketAddr, bytes: &[u8]) -> Error {
    let answer = exchange(server, bytes).await.unwrap();
    let (header, taken) = Header::read(answer.message()).unwrap();
    assert_eq!((header.kind, header.seq), (MessageType::Exception, 3));
    header.protocol.error(answer.clone().into_body(taken), Default::default()).0
}

#[tokio::test]
async fn what_cannot_be_served_is_an_exception() {
    let limits = Limits { grpc_message: 100, ..Limits::default() };
    let server = Server::new(Config { limits, ..Config::local() }).add(Unary).start().await.unwrap();
    let proto = |name: &str, body: &[u8]| message(Protocol::KitexProtobuf, MessageType::Call, name, body);
    let error = refused(server.addr(), &proto("Nope", &[])).await;
    assert_eq!((error.code(), error.message()), (Code::Unimplemented, "unknown method Nope"));
    let error = refused(server.addr(), &proto("hello.v1.UnaryService:Nope", &[])).await;
    assert_eq!(error.code(), Code::Unimplemented);
    let error = refused(server.addr(), &proto("Greet", b"\x0a\xff")).await;
    assert_eq!(error.code(), Code::InvalidArgument);
    let error = refused(server.addr(), &proto("Greet", &[0; 101])).await;
    assert_eq!(error.code(), Code::ResourceExhausted);
    // A proto service has no Thrift methods.
    let error = refused(server.addr(), &message(Protocol::Binary, MessageType::Call, "Greet", &[0])).await;
    assert_eq!(error.code(), Code::Unimplemented);
    let error = refused(server.addr(), &message(Protocol::KitexProtobuf, MessageType::Reply, "Greet", &[])).await;
    assert_eq!(error.code(), Code::InvalidArgument);
    for cut in ["00000003900100", "000000079001000100000009", "0000000490020001"] {
        let bytes: Bytes = hex(&cut.into()).into();
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        assert!(receive(&mut stream).await.is_none(), "{cut}");
    }
}
