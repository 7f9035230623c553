//! Names that state their service, as Apache's `TMultiplexedProtocol` sends them.

use std::sync::{Arc, Mutex};

use crate::add::{AddRequest, AddResponse, AddServer};
use crate::peer::Peer;
use runtime::client::{Protocol, Request, Transport};
use runtime::server::Running;
use runtime::service::Idl;
use runtime::thrift::{self, Header, MessageReader, MessageType, Outgoing, TtHeader, exception};
use runtime::{Call, Channel, Code, Config, Handling, Method, Registry, Server, Service, ServiceInfo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A service that has a method of the other's name.
struct Other;

static METHODS: [Method; 1] = [Method::new(Idl::Thrift, "/OtherService/Add", 0)];
static INFO: ServiceInfo =
    ServiceInfo { name: "OtherService", package: "", registry_name: "other", idl: Idl::Thrift, methods: &METHODS };

impl Service for Other {
    fn info(&self) -> &'static ServiceInfo {
        &INFO
    }

    fn call(&self, call: Call) -> Handling {
        Box::pin(async move { thrift::reply(&call.cx, 0, &AddResponse { sum: -1 }) })
    }
}

async fn start() -> Running {
    Server::new(Config::local()).add(AddServer::default()).add(Other).start().await.unwrap()
}

#[tokio::test]
async fn the_service_in_a_name_decides() {
    let server = start().await;
    let mut peer = Peer::connect(server.addr()).await;
    let body = thrift::body(&[(1, &AddRequest { first: 40, second: 2 })]).unwrap();
    for (name, sum) in [("AddService:Add", 42), ("OtherService:Add", -1)] {
        let answer = peer.call(name, 5, &body).await;
        // Apache's servers answer without the service, and its Go client compares.
        assert_eq!((answer.kind, answer.name.as_str(), answer.seq), (MessageType::Reply, "Add", 5));
        assert_eq!(thrift::result::<AddResponse>(answer.body, Default::default()).unwrap().sum, sum);
    }
    for (name, text) in [
        ("Nobody:Add", "unknown service Nobody; served here: AddService, OtherService"),
        ("addservice:Add", "unknown service addservice; served here: AddService, OtherService"),
        (":Add", "unknown service ; served here: AddService, OtherService"),
        ("AddService:add", "unknown method AddService:add"),
        ("AddService:", "unknown method AddService:"),
        ("Add:Service:Add", "unknown service Add; served here: AddService, OtherService"),
        ("Nope", "unknown method Nope"),
        (
            "Add",
            "several services here have a method Add; TTHeader can say which is meant (isn), or a name like Service:Add",
        ),
    ] {
        let answer = peer.call(name, 6, &body).await;
        assert_eq!(answer.kind, MessageType::Exception, "{name}");
        assert_eq!(answer.name, name.split_once(':').map_or(name, |(_, name)| name));
        // Field 2, i32: the exception's type.
        assert!(answer.body.windows(7).any(|bytes| bytes == [8, 0, 2, 0, 0, 0, 1]), "{name}");
        let error = exception::decode(&answer.body, Default::default());
        assert_eq!((error.code(), error.message()), (Code::Unimplemented, text), "{name}");
    }
}

fn builder(address: &str) -> runtime::client::Builder {
    let registry = Registry::open(&format!("static:add={address}")).unwrap();
    Channel::builder("add").registry(&registry).multiplexed_names(true)
}

fn add(channel: &Channel) -> Request<AddResponse> {
    let method = &AddServer::default().info().methods[0];
    Request::new(channel, method, thrift::body(&[(1, &AddRequest { first: 1, second: 2 })]), thrift::result)
}

#[tokio::test]
async fn a_client_sends_such_names_on_every_transport() {
    let server = start().await;
    for transport in [Transport::Buffered, Transport::Framed, Transport::TtheaderFramed, Transport::Multiplexed] {
        for protocol in [Protocol::Binary, Protocol::Compact] {
            let builder = builder(&server.addr().to_string()).transport(transport).protocol(protocol);
            assert_eq!(add(&builder.build().unwrap()).await.unwrap().sum, 3, "{transport:?} {protocol:?}");
        }
    }
}

#[tokio::test]
async fn the_name_that_is_sent_has_the_service_in_front() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let seen = Arc::<Mutex<String>>::default();
    let names = Arc::clone(&seen);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut messages = MessageReader::new(1 << 20);
        let incoming = loop {
            if let Some(incoming) = messages.take().unwrap() {
                break incoming;
            }
            stream.read_buf(messages.room()).await.unwrap();
        };
        let (header, _) = Header::read(incoming.message()).unwrap();
        *names.lock().unwrap() = header.name.to_owned();
        let body = thrift::body(&[(0, &AddResponse { sum: 7 })]).unwrap();
        let header = Header { kind: MessageType::Reply, name: "Add", ..header };
        let mut out = bytes::BytesMut::new();
        let answer = Outgoing { wire: incoming.wire, header, info: &TtHeader::default(), body: &body };
        answer.write_head(1 << 20, &mut out).unwrap();
        out.extend_from_slice(&body);
        stream.write_all(&out).await.unwrap();
    });
    let channel = builder(&address).transport(Transport::Framed).build().unwrap();
    assert_eq!(add(&channel).await.unwrap().sum, 7);
    assert_eq!(*seen.lock().unwrap(), "AddService:Add");
}
