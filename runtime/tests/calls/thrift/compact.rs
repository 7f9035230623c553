//! Compact over real sockets: served and called on every transport, and what damage does to a
//! connection.

use crate::add::{AddRequest, AddResponse, AddServer};
use bytes::Bytes;
use runtime::client::{Protocol, Request, Transport};
use runtime::error::Origin;
use runtime::server::{Counter, Running};
use runtime::thrift::{
    self, Header, Incoming, MessageReader, MessageType, Outgoing, TtHeader, Wire, compact, exception, ttheader,
};
use runtime::{Channel, Code, Config, Error, Registry, Server, Service};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn hex(digits: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap() as u8;
    digits.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

const WIRES: [Wire; 4] = [Wire::Framed, Wire::Buffered, Wire::TtHeader, Wire::TtHeaderFramed];

async fn start() -> Running {
    Server::new(Config::local()).add(AddServer::default()).start().await.unwrap()
}

struct Peer {
    stream: TcpStream,
    messages: MessageReader,
    wire: Wire,
}

impl Peer {
    async fn connect(server: &Running, wire: Wire) -> Self {
        let stream = TcpStream::connect(server.addr()).await.unwrap();
        Self { stream, messages: MessageReader::new(1 << 20), wire }
    }

    /// Sends a message with a body that may be anything.
    async fn send(&mut self, kind: MessageType, name: &str, body: &[u8]) {
        let header = Header { protocol: thrift::Protocol::Compact, kind, name, seq: -9 };
        let info = TtHeader { seq: -9, protocol: ttheader::COMPACT, ..TtHeader::default() };
        let mut out = bytes::BytesMut::new();
        let body = Bytes::copy_from_slice(body);
        Outgoing { wire: self.wire, header, info: &info, body: &body }.write_head(1 << 20, &mut out).unwrap();
        out.extend_from_slice(&body);
        self.stream.write_all(&out).await.unwrap();
    }

    /// The next message; `None` when the server closed.
    async fn receive(&mut self) -> Option<Incoming> {
        loop {
            if let Some(incoming) = self.messages.take().unwrap() {
                return Some(incoming);
            }
            match self.stream.read_buf(self.messages.room()).await {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// The answer, checked to be wrapped and written as the request was: its kind and its body in Binary.
    async fn answer(&mut self, name: &str) -> (MessageType, Bytes) {
        let incoming = self.receive().await.unwrap();
        assert_eq!(incoming.wire, self.wire);
        if let Some(info) = incoming.header().unwrap() {
            assert_eq!((info.protocol, info.seq), (ttheader::COMPACT, -9));
        }
        let (header, taken) = Header::read(incoming.message()).unwrap();
        assert_eq!((header.protocol, header.name, header.seq), (thrift::Protocol::Compact, name, -9));
        (header.kind, compact::to_binary(&incoming.message()[taken..], Default::default()).unwrap())
    }

    async fn exception(&mut self, name: &str, body: &[u8]) -> Error {
        self.send(MessageType::Call, name, body).await;
        let (kind, body) = self.answer(name).await;
        assert_eq!(kind, MessageType::Exception);
        exception::decode(&body, Default::default())
    }

    async fn expect_sum(&mut self, first: i32, second: i32) {
        let request = thrift::body(&[(1, &AddRequest { first, second })]).unwrap();
        self.send(MessageType::Call, "Add", &compact::from_binary(&request).unwrap()).await;
        let (kind, body) = self.answer("Add").await;
        assert_eq!(kind, MessageType::Reply);
        assert_eq!(thrift::result::<AddResponse>(body, Default::default()).unwrap().sum, first.wrapping_add(second));
    }
}

#[tokio::test]
async fn an_answer_takes_the_protocol_and_the_wire_of_its_request() {
    let server = start().await;
    for wire in WIRES {
        let mut peer = Peer::connect(&server, wire).await;
        peer.expect_sum(1, 2).await;
        peer.expect_sum(i32::MAX, 1).await;
        let error = peer.exception("Fail", &[0]).await;
        assert_eq!((error.code(), error.reason()), (Code::NotFound, "GONE"));
        assert_eq!(peer.exception("Nope", &[0]).await.message(), "unknown method Nope");
        assert_eq!(peer.exception("Panic", &[0]).await.code(), Code::Internal);
        peer.send(MessageType::Oneway, "Fire", &[0]).await;
        peer.expect_sum(-5, 5).await;
        peer.send(MessageType::Reply, "Add", &[0]).await;
        assert_eq!(peer.answer("Add").await.0, MessageType::Exception);
        assert!(peer.receive().await.is_none());
    }
}

/// Argument lists for `Take`, whose fields are a list, a map, a set and a text.
const HOSTILE: &[&str] = &[
    "19f8ffffffff0700",       // a list of 2^31-1
    "19f8ffffffff0f00",       // of 2^32-1, which is -1
    "19f8808080800800",       // of 2^31
    "2bffffffff078600",       // a map of 2^31-1
    "2bffffffff0f8600",       // of -1
    "3af5ffffffff0700",       // a set of 2^31-1
    "9bffffffff07cc00",       // an unknown map
    "99fcffffffff0700",       // an unknown list of structs
    "1919ffffffff0700",       // inside of a list
    "48ffffffff0700",         // a text of 2^31-1
    "48ffffffff0f00",         // of -1
    "4802c32800",             // not UTF-8
    "4880808080808080808080", // a length of 11 bytes
    "1e00",                   // no such type
    "f900",                   // the list of field 15 has no header
    "48",
    "0000",
    "",
    "3916010200", // cut behind a list where a set is
];

#[tokio::test]
async fn a_damaged_body_is_a_protocol_error_and_the_connection_stays() {
    let server = start().await;
    for wire in [Wire::Framed, Wire::TtHeader, Wire::TtHeaderFramed] {
        let mut peer = Peer::connect(&server, wire).await;
        let before = server.counters().get(Counter::BadArguments);
        for body in HOSTILE {
            let error = peer.exception("Take", &hex(body)).await;
            assert_eq!(error.code(), Code::InvalidArgument, "{body}: {error}");
        }
        peer.expect_sum(1, 1).await;
        assert_eq!(server.counters().get(Counter::BadArguments) - before, HOSTILE.len() as u64);
    }
    let mut peer = Peer::connect(&server, Wire::Framed).await;
    for (open, close) in [("1c", "00"), ("9c", "00")] {
        for depth in [65, 1_000, 400_000] {
            let deep = hex(&format!("{}{}00", open.repeat(depth), close.repeat(depth)));
            let error = peer.exception("Take", &deep).await;
            assert!(error.message().starts_with("structs and containers nest too deep at byte 64"), "{error}");
        }
    }
    peer.expect_sum(1, 1).await;
}

#[tokio::test]
async fn a_damaged_bare_message_closes_only_its_connection() {
    let server = start().await;
    let mut other = Peer::connect(&server, Wire::Buffered).await;
    for body in HOSTILE.iter().filter(|body| !matches!(**body, "4802c32800" | "0000")) {
        let mut peer = Peer::connect(&server, Wire::Buffered).await;
        peer.send(MessageType::Call, "Take", &hex(body)).await;
        peer.stream.shutdown().await.unwrap();
        assert!(peer.receive().await.is_none(), "{body}");
        other.expect_sum(1, 1).await;
    }
    let error = other.exception("Take", &hex("4802c32800")).await;
    assert_eq!(error.code(), Code::InvalidArgument);
    other.expect_sum(1, 1).await;
}

#[tokio::test]
async fn what_transcoding_takes_comes_off_the_budget() {
    let mut limits = runtime::Limits::default();
    limits.decode.budget = 1 << 20;
    let config = Config { limits, ..Config::local() };
    let server = Server::new(config).add(AddServer::default()).start().await.unwrap();
    let mut peer = Peer::connect(&server, Wire::Framed).await;
    for (numbers, expected) in [(10_000_u32, "ends"), (200_000, "the message's values take more memory")] {
        // A list of i64 in one byte each, in an unknown field, without the STOP byte.
        let mut body = hex("f9f6");
        let mut rest = numbers;
        while rest > 0 {
            body.push((rest & 0x7f) as u8 | if rest > 0x7f { 0x80 } else { 0 });
            rest >>= 7;
        }
        body.resize(body.len() + numbers as usize, 0);
        let error = peer.exception("Take", &body).await;
        assert!(error.message().contains(expected), "{error}");
    }
}

fn add(channel: &Channel, first: i32, second: i32) -> Request<AddResponse> {
    let method = &AddServer::default().info().methods[0];
    let body = thrift::body(&[(1, &AddRequest { first, second })]);
    Request::new(channel, method, body, thrift::result::<AddResponse>)
}

#[tokio::test]
async fn a_client_calls_in_compact_on_every_transport() {
    let server = start().await;
    let registry = Registry::open(&format!("static:add={}", server.addr())).unwrap();
    for transport in [Transport::Buffered, Transport::Framed, Transport::TtheaderFramed, Transport::Multiplexed] {
        let channel = Channel::builder("add").registry(&registry).transport(transport).protocol(Protocol::Compact);
        let channel = channel.build().unwrap();
        for second in 0..3 {
            assert_eq!(add(&channel, 1, second).await.unwrap().sum, 1 + second);
        }
        let fail = &AddServer::default().info().methods[5];
        let call = Request::<AddResponse>::new(&channel, fail, thrift::body(&[]), thrift::result);
        let error = call.await.unwrap_err();
        assert_eq!((error.code(), error.reason(), error.origin()), (Code::NotFound, "GONE", Origin::Remote));
    }
}

#[tokio::test]
async fn a_damaged_answer_is_a_decoding_error() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let registry = Registry::open(&format!("static:add={}", listener.local_addr().unwrap())).unwrap();
    let builder = Channel::builder("add").registry(&registry).transport(Transport::Framed);
    let channel = builder.protocol(Protocol::Compact).build().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4];
        // The frame's length, then the first bytes of the message.
        while stream.read_exact(&mut request).await.is_ok() {
            let mut rest = vec![0; u32::from_be_bytes(request) as usize];
            stream.read_exact(&mut rest).await.unwrap();
            assert_eq!(rest[..2], [0x82, 0x21]);
            let mut answer = hex("0000000c8241000341646419f6ffffffff");
            answer[3] = 13;
            answer[6] = rest[2];
            stream.write_all(&answer).await.unwrap();
        }
    });
    for _ in 0..2 {
        let error = add(&channel, 1, 2).await.unwrap_err();
        assert_eq!((error.code(), error.origin()), (Code::Internal, Origin::Decode), "{error}");
    }
}
