//! `server_reads.json`: what our server makes of each request.

use std::fmt::Write;

use interop::Handler;
use interop::generated::api::{AddRequest, AddResponse, AddService, AddServiceServer};
use interop::generated::api::{EchoRequest, EchoResponse, EchoService, EchoServiceServer};
use interop::generated::sink::SinkServer;
use runtime::server::Running;
use runtime::thrift::{Header, MessageReader, MessageType, exception};
use runtime::{Channel, Config, Context, Error, Server};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{hex, records};

struct Small;

impl AddService for Small {
    async fn add(&self, _: &Context, req: AddRequest) -> Result<AddResponse, Error> {
        Ok(AddResponse { sum: req.first + req.second })
    }
}

impl EchoService for Small {
    async fn echo(&self, _: &Context, req: EchoRequest) -> Result<EchoResponse, Error> {
        Ok(EchoResponse { message: req.message })
    }
}

pub(crate) async fn start() -> Running {
    let sink = Handler::new(Channel::to("127.0.0.1:1").unwrap()).0;
    let server = Server::new(Config::local()).add(SinkServer::new(sink));
    server.add(AddServiceServer::new(Small)).add(EchoServiceServer::new(Small)).start().await.unwrap()
}

/// The same answer as Kitex's, but the connection goes on: the request's end was known, whatever was in it.
const GOES_ON: &[&str] = &[
    "unknown_method_framed",
    "unknown_method_buffered",
    "unknown_method_ttheader_no_isn",
    "unknown_method_ttheader_right_isn",
    "multi_wrong_isn",
    "required_missing",
    "required_wrong_type",
    "list_wrong_element_type",
    "string_length_negative",
    "string_length_huge",
    "list_count_large",
    "list_count_negative",
    "no_stop_byte",
    "field_type_invalid",
    "unknown_nested_65",
    "unknown_nested_200",
];

/// Another answer than Kitex's: the record, the answer in words, why.
const OTHERS: &[(&str, &str, &str)] = &[
    ("empty_method_name", "Framed Unimplemented 7; Framed Ping 99; ", "an empty name is a name that is not served"),
    (
        "refuse_without_service_name_framed",
        "Framed Add 7; Framed Ping 99; ",
        "no such setting: the name alone is enough",
    ),
    ("message_type_2", "Framed InvalidArgument 7; ", "the peer is told (type 2), then the connection ends"),
    ("message_type_3", "Framed InvalidArgument 7; ", "the peer is told (type 2), then the connection ends"),
    ("message_type_5", "", "a type that the Thrift standard does not know"),
    ("union_none", "Framed InvalidArgument 7; Framed Ping 99; ", "a union without a member is no value"),
    ("union_two", "Framed EchoChoice 7; Framed Ping 99; ", "the last member wins"),
    (
        "union_unknown_member",
        "Framed EchoChoice 7; Framed Ping 99; ",
        "a member of a newer IDL is kept and written again",
    ),
    (
        "trailing_bytes_in_frame",
        "Framed InvalidArgument 7; Framed Ping 99; ",
        "a frame holds one message and nothing else",
    ),
    ("frame_length_too_short", "", "a frame's length is what is read: it cuts the message here"),
    ("frame_length_too_long", "Framed InvalidArgument 7; ", "the next request fills the frame up"),
    ("known_nested_300", "Framed InvalidArgument 7; Framed Ping 99; ", "64 levels, of declared types too"),
    ("http1_get", "HTTP/1.1 400 Bad Request", "people and probes are told in their own language"),
    ("mesh_header", "", "the header of a service mesh's proxy is not read"),
    ("compact_framed", "Framed Ping 7; Framed Ping 99; ", "Compact is served"),
    ("tth_protocol_id_2", "TtHeader Ping 7; Framed Ping 99; ", "the payload says for itself what it is"),
    ("tth_length_too_short", "", "the length is what is read: it cuts the message here"),
];

/// Another value in the same answer: the record, why.
const VALUES: &[(&str, &str)] = &[
    ("struct_arg_missing", "a struct that did not come has its fields at their defaults"),
    ("set_duplicates", "a set holds each element once"),
];

/// `Ping("z")` with the number 99, in a frame.
const NEXT: &[u8] = b"\0\0\0\x19\x80\x01\0\x01\0\0\0\x04Ping\0\0\0\x63\x0b\0\x01\0\0\0\x01z\0";

/// Everything that the server answers to some bytes and the request behind them.
async fn answers(address: std::net::SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may have closed before the last byte is written.
    let _ = stream.write_all(&[request, NEXT].concat()).await;
    let mut answers = Vec::new();
    // A caller that has gone is not worked for: this one stays for the slow call's answer.
    while request.windows(4).any(|it| it == b"slow") && bodies(&answers).len() < 3 {
        stream.read_buf(&mut answers).await.unwrap();
    }
    let _ = stream.shutdown().await;
    // Closed with bytes unread is a reset, behind what was answered.
    let _ = stream.read_to_end(&mut answers).await;
    answers
}

/// Answers in a few words: transport, name and number, or the exception's code.
fn words(answers: &[u8]) -> String {
    if answers.starts_with(b"HTTP") {
        return String::from_utf8_lossy(answers).lines().next().unwrap().to_owned();
    }
    let mut messages = MessageReader::new(usize::MAX);
    messages.push(answers);
    let mut words = String::new();
    while let Some(answer) = messages.take().unwrap() {
        let (header, at) = Header::read(answer.message()).unwrap();
        let body = answer.clone().into_body(at);
        match header.kind {
            MessageType::Reply => write!(words, "{:?} {} {}; ", answer.wire, header.name, header.seq).unwrap(),
            _ => {
                let error = exception::decode(&body, Default::default());
                write!(words, "{:?} {:?} {}; ", answer.wire, error.code(), header.seq).unwrap();
            }
        }
    }
    words
}

/// The bodies of the replies.
fn bodies(answers: &[u8]) -> Vec<Vec<u8>> {
    let mut messages = MessageReader::new(usize::MAX);
    messages.push(answers);
    let mut bodies = Vec::new();
    while let Some(answer) = messages.take().unwrap() {
        let (header, at) = Header::read(answer.message()).unwrap();
        if header.kind == MessageType::Reply {
            bodies.push(answer.message()[at..].to_vec());
        }
    }
    bodies
}

/// What Kitex's server did, in the same words.
fn recorded(record: &Value) -> String {
    let mut words = words(&hex(&record["response_hex"]));
    let connection = record["connection"].as_str().unwrap();
    if connection.starts_with("open") && !connection.contains("closed") {
        words.push_str("Framed Ping 99; ");
    }
    words
}

#[tokio::test]
async fn our_server_reads_what_kitex_reads() {
    let (running, records) = (start().await, records("server_reads.json"));
    assert_eq!(records.len(), 80);
    let named = GOES_ON.iter().chain(OTHERS.iter().map(|it| &it.0));
    named.for_each(|name| assert!(records.iter().any(|it| it["name"] == *name), "no record is named {name}"));
    for record in records {
        let name = record["name"].as_str().unwrap();
        let answers = answers(running.addr(), &hex(&record["request_hex"])).await;
        let (ours, kitex) = (words(&answers), recorded(&record));
        if let Some((_, words, why)) = OTHERS.iter().find(|it| it.0 == name) {
            assert_ne!(ours, kitex, "{name} is no difference any more");
            assert_eq!(ours, *words, "{name}: {why}");
        } else if GOES_ON.contains(&name) {
            assert_eq!(ours, format!("{kitex}Framed Ping 99; "), "{name}");
        } else {
            assert_eq!(ours, kitex, "{name}");
            let recorded = bodies(&hex(&record["response_hex"]));
            let same = bodies(&answers).starts_with(&recorded);
            assert_eq!(same, !VALUES.iter().any(|it| it.0 == name), "{name}: {:02x?}", bodies(&answers));
        }
    }
    assert_eq!(running.in_flight(), 0);
}
