//! TTHeader against the bytes of real Kitex programs, and what damage may not do.

use std::collections::BTreeMap;
use std::time::Duration;

use super::hex::hex;
use super::sink::{METHODS, Seen, Sink};
use crate::add::{AddRequest, AddResponse, AddServer};
use crate::vectors::records;
use bytes::{Bytes, BytesMut};
use runtime::client::Request;
use runtime::limits::DecodeLimits;
use runtime::server::Running;
use runtime::thrift::{self, Header, Incoming, MessageReader, MessageType, Outgoing, TtHeader, exception, metainfo};
use runtime::{Channel, Code, Config, Error, Registry, Server};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// The messages in bytes that hold nothing else.
fn messages(bytes: &[u8]) -> Vec<Incoming> {
    let mut messages = MessageReader::new(usize::MAX);
    messages.push(bytes);
    let mut all = Vec::new();
    while let Some(incoming) = messages.take().unwrap() {
        all.push(incoming);
    }
    assert_eq!(messages.buffered(), 0);
    all
}

/// Pairs of a TTHeader as a vector states them.
fn pairs(stated: &Value) -> BTreeMap<String, String> {
    let pairs = stated.as_object().unwrap().iter();
    pairs.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned())).collect()
}

fn ints(header: &TtHeader<'_>) -> BTreeMap<String, String> {
    header.ints.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

fn strings(header: &TtHeader<'_>) -> BTreeMap<String, String> {
    header.strings.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

async fn start() -> (Running, UnboundedReceiver<Seen>) {
    let (sender, seen) = unbounded_channel();
    let server = Server::new(Config::local()).add(Sink(sender)).add(AddServer::default());
    (server.start().await.unwrap(), seen)
}

async fn receive(stream: &mut TcpStream, waiting: &mut MessageReader) -> Option<Incoming> {
    loop {
        if let Some(incoming) = waiting.take().unwrap() {
            return Some(incoming);
        }
        match stream.read_buf(waiting.room()).await {
            Ok(1..) => {}
            _ => return None,
        }
    }
}

/// Compares an answer with a recorded one; texts of our exceptions may say more.
fn assert_same(ours: &Incoming, recorded: &Incoming, name: &str) {
    assert_eq!(ours.wire, recorded.wire, "{name}");
    assert_eq!((ours.flags, ours.seq), (recorded.flags, recorded.seq), "{name}");
    let (header, at) = Header::read(recorded.message()).unwrap();
    let (our_header, our_at) = Header::read(ours.message()).unwrap();
    assert_eq!(our_header, header, "{name}");
    if header.kind == MessageType::Reply {
        assert_eq!(ours.message(), recorded.message(), "{name}");
    } else {
        let text = |of: &Incoming, at| exception::decode(&of.clone().into_body(at), DecodeLimits::default());
        assert_eq!(text(ours, our_at).message(), text(recorded, at).message(), "{name}");
    }
}

#[test]
fn recorded_headers_are_read_and_written_again() {
    let mut seen = 0;
    for file in ["wire.json", "ttheader.json"] {
        for record in records(file).iter().filter(|record| record["headers"].is_object()) {
            for (side, bytes) in [("request", "request_hex"), ("response", "response_hex")] {
                let stated = &record["headers"][side];
                if stated.is_null() {
                    continue;
                }
                seen += 1;
                let bytes = hex(&record[bytes]);
                again(&messages(&bytes)[0], stated, &bytes, record["name"].as_str().unwrap());
            }
        }
    }
    assert!(seen > 100, "{seen}");
}

fn again(incoming: &Incoming, stated: &Value, bytes: &[u8], name: &str) {
    let header = incoming.header().unwrap().unwrap();
    assert_eq!(i64::from(header.seq), stated["seq"], "{name}");
    assert_eq!(u64::from(header.flags), stated["flags"], "{name}");
    assert_eq!(ints(&header), pairs(&stated["int"]), "{name}");
    let mut found = strings(&header);
    // The vectors state the access token under the name that Kitex gives it.
    if let Some(token) = &header.acl {
        found.insert("RPC_TRANSIT_gdpr-token".to_owned(), token.to_string());
    }
    assert_eq!(found, pairs(&stated["str"]), "{name}");
    let (message, at) = Header::read(incoming.message()).unwrap();
    let mut out = BytesMut::new();
    let body = incoming.clone().into_body(at);
    let again = Outgoing { wire: incoming.wire, header: message, info: &header, body: &body };
    again.write_head(usize::MAX, &mut out).unwrap();
    out.extend_from_slice(&body);
    assert_eq!(out.len(), bytes.len(), "{name}");
    let read = messages(&out).remove(0);
    assert_eq!((read.message(), read.wire), (incoming.message(), incoming.wire), "{name}");
}

#[tokio::test]
async fn a_server_answers_like_kitex() {
    let (running, mut seen) = start().await;
    let mut stream = TcpStream::connect(running.addr()).await.unwrap();
    let mut waiting = MessageReader::new(usize::MAX);
    let mut compared = 0;
    for record in records("ttheader.json") {
        let name = record["name"].as_str().unwrap();
        // Kitex servers that leave headers out, or have another service.
        let other = name.starts_with("server_without") || name.starts_with("multi_service");
        if other || record["service"] != "Sink" || name == "rpc_timeout_reached" {
            continue;
        }
        stream.write_all(&hex(&record["request_hex"])).await.unwrap();
        let call = seen.recv().await.unwrap();
        for (stated, found) in [("transient", call.metadata.transient()), ("persistent", call.metadata.persistent())] {
            let found: BTreeMap<_, _> =
                found.iter().map(|(name, value)| (name.to_owned(), value.as_text().unwrap().to_owned())).collect();
            let stated = &record["server_saw"][stated];
            let stated = if stated.is_object() { pairs(stated) } else { BTreeMap::new() };
            assert!(record["server_saw"].is_null() || found == stated, "{name}: {found:?}");
        }
        let timeout = record["headers"]["request"]["int"]["12"].as_str().map_or(30_000, |time| time.parse().unwrap());
        assert!(call.remaining <= Duration::from_millis(timeout), "{name}: {:?}", call.remaining);
        if record["response_hex"] != "" {
            compared += 1;
            let answer = receive(&mut stream, &mut waiting).await.unwrap();
            assert_same(&answer, &messages(&hex(&record["response_hex"]))[0], name);
            let header = answer.header().unwrap().unwrap();
            assert_eq!(ints(&header), pairs(&record["headers"]["response"]["int"]), "{name}");
            assert_eq!(strings(&header), pairs(&record["headers"]["response"]["str"]), "{name}");
        }
    }
    assert!(compared >= 15, "{compared}");
}

#[tokio::test]
async fn every_message_is_answered_on_its_own_transport() {
    let (running, _seen) = start().await;
    let mut stream = TcpStream::connect(running.addr()).await.unwrap();
    let mut waiting = MessageReader::new(usize::MAX);
    let mut seen = 0;
    for record in records("wire.json").iter().filter(|record| record["idl"] == "add.thrift") {
        if record["transport"] == "buffered" || record["meaning"]["response"]["kind"] != "reply" {
            continue;
        }
        seen += 1;
        stream.write_all(&hex(&record["request_hex"])).await.unwrap();
        // `Add` is in two services here: Framed cannot say which.
        let answer = receive(&mut stream, &mut waiting).await.unwrap();
        if record["transport"] == "framed" {
            assert_eq!(Header::read(answer.message()).unwrap().0.kind, MessageType::Exception);
            continue;
        }
        assert_same(&answer, &messages(&hex(&record["response_hex"]))[0], record["name"].as_str().unwrap());
    }
    assert!(seen >= 15, "{seen}");
}

#[tokio::test]
async fn a_header_brings_the_callers_deadline() {
    let (running, _seen) = start().await;
    let mut stream = TcpStream::connect(running.addr()).await.unwrap();
    let all = records("ttheader.json");
    let record = all.iter().find(|record| record["name"] == "rpc_timeout_reached").unwrap();
    stream.write_all(&hex(&record["request_hex"])).await.unwrap();
    let answer = receive(&mut stream, &mut MessageReader::new(usize::MAX)).await.unwrap();
    let (_, at) = Header::read(answer.message()).unwrap();
    let error = exception::decode(&answer.into_body(at), DecodeLimits::default());
    assert_eq!(error.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn an_answer_during_the_drain_says_so() {
    let (running, mut seen) = start().await;
    let mut stream = TcpStream::connect(running.addr()).await.unwrap();
    let all = records("mux.json");
    let record = all.iter().find(|record| record["name"] == "default_graceful_shutdown").unwrap();
    stream.write_all(&hex(&record["request_hex"])).await.unwrap();
    seen.recv().await.unwrap();
    let stopping = tokio::spawn(running.stop());
    let mut waiting = MessageReader::new(usize::MAX);
    let answer = receive(&mut stream, &mut waiting).await.unwrap();
    assert_eq!(answer.header().unwrap().unwrap().string(metainfo::CLOSING), Some("1"));
    assert!(receive(&mut stream, &mut waiting).await.is_none());
    stopping.await.unwrap().unwrap();
}

#[tokio::test]
async fn answers_come_out_of_order_where_the_flag_allows_it() {
    let (running, _seen) = start().await;
    let mut stream = TcpStream::connect(running.addr()).await.unwrap();
    let mut waiting = MessageReader::new(usize::MAX);
    for record in records("mux.json").iter().take(2) {
        let name = record["name"].as_str().unwrap();
        stream.write_all(&hex(&record["request_hex"])).await.unwrap();
        for recorded in messages(&hex(&record["response_hex"])) {
            let answer = receive(&mut stream, &mut waiting).await.unwrap();
            assert_same(&answer, &recorded, name);
        }
    }
    // A slow call at the end of a connection is dropped with it.
    let slow = &records("mux.json")[2];
    stream.write_all(&hex(&slow["request_hex"])).await.unwrap();
    while running.in_flight() == 0 {
        tokio::task::yield_now().await;
    }
    drop(stream);
    while running.in_flight() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(running.counters().get(runtime::server::Counter::Abandoned), 1);
}

/// A 16-bit field can be anything: each value is read or refused, and nothing panics.
#[test]
fn every_value_of_every_field_is_read_or_refused() {
    let mut valid = TtHeader { seq: 7, acl: Some("t".into()), ..TtHeader::default() };
    valid.set_string("isn", "Sink");
    valid.set_int(12, "50");
    let mut whole = BytesMut::new();
    let header = Header { protocol: Default::default(), kind: MessageType::Call, name: "P", seq: 7 };
    let body = Bytes::from_static(&[0]);
    let wire = thrift::Wire::TtHeaderFramed;
    Outgoing { wire, header, info: &valid, body: &body }.write_head(usize::MAX, &mut whole).unwrap();
    whole.extend_from_slice(&body);
    let (mut read, mut refused) = (0, 0);
    let mut messages = MessageReader::new(1 << 20);
    for at in 4..4 + valid.fits().unwrap() - 1 {
        for value in 0..=u16::MAX {
            let mut bytes = whole.to_vec();
            bytes[at..at + 2].copy_from_slice(&value.to_be_bytes());
            messages.push(&bytes);
            match messages.take() {
                Ok(Some(incoming)) if incoming.header().is_ok() => read += 1,
                Ok(None) => panic!("{at} {value}"),
                _ => refused += 1,
            }
        }
    }
    assert!(read > 65_536 && refused > 65_536, "{read} {refused}");
}

#[test]
fn headers_over_a_limit_are_refused() {
    let many = |count| {
        let mut header = TtHeader::default();
        (0..count).for_each(|key| header.set_int(key, ""));
        let mut out = BytesMut::new();
        header.write(&mut out);
        TtHeader::read(&out).map(|(header, _)| header.ints.len())
    };
    assert_eq!(many(256), Ok(256));
    assert_eq!(many(257), Err(thrift::TtHeaderError::Pairs));
    let mut long = TtHeader::default();
    long.set_string("k", "v".repeat(40_000));
    assert!(long.fits().is_ok());
    long.set_string("l", "v".repeat(40_000));
    assert!(matches!(long.fits(), Err(thrift::TtHeaderError::Size(_))));
    let mut bytes = vec![0x10, 0, 0, 0, 0, 0, 0, 1, 0x40, 0x01];
    bytes.resize(70_000, 0);
    assert_eq!(TtHeader::read(&bytes), Err(thrift::TtHeaderError::Size(65_540)));
}

fn call(channel: &Channel, place: usize, text: &str) -> Request<Option<String>> {
    let decode = |body: Bytes, limits| {
        let mut found = None;
        thrift::fields(&body, limits, |field| {
            assert_eq!(field.id, 0);
            field.read(&mut found)
        })?;
        Ok(found)
    };
    Request::new(channel, &METHODS[place], thrift::body(&[(1, &text.to_owned())]), decode)
}

async fn found(running: &Running) -> Channel {
    let registry = Registry::open(&format!("static:vector.sink={}", running.addr())).unwrap();
    Channel::builder("vector.sink").registry(&registry).build().unwrap()
}

#[tokio::test]
async fn our_client_and_server_exchange_all_that_a_header_holds() {
    let (running, mut seen) = start().await;
    let channel = found(&running).await;
    let upstream = runtime::Context::new().with_persistent("trace", "t1").with_method(&METHODS[1]).with_log_id("l1");
    let request = call(&channel, 0, "a").with(&upstream).timeout(Duration::from_secs(5));
    let reply = request.metadata("want-backward", "yes").metadata("gdpr-token", "s").send().await.unwrap();
    assert_eq!(reply.value.as_deref(), Some("pong a"));
    assert_eq!(*reply.metadata(), [("from-server", "yes"), ("second", "2")].into_iter().collect());
    let call_seen = seen.recv().await.unwrap();
    assert!(call_seen.remaining <= Duration::from_secs(5));
    assert_eq!(call_seen.metadata.persistent().get("trace"), Some("t1"));
    assert_eq!(call_seen.metadata.transient().get("gdpr-token"), Some("s"));
    assert_eq!(call_seen.log_id.as_deref(), Some("l1"));
    let error = call(&channel, 1, "biz_extra").send().await.unwrap_err();
    assert_eq!((error.business_code(), error.message()), (Some(502), "try later"));
    assert_eq!(error.pairs()["uid"], "42");
    let error = call(&channel, 1, "plain").send().await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Internal, "biz error: boom: something broke"));
    // Two services have this method; the header says which is meant.
    assert_eq!(call(&channel, 3, "a").send().await.unwrap().value, None);
    let sum = Request::new(
        &Channel::to(&running.addr().to_string()).unwrap(),
        &runtime::Service::info(&AddServer::default()).methods[0],
        thrift::body(&[(1, &AddRequest { first: 1, second: 2 })]),
        thrift::result::<AddResponse>,
    );
    assert_eq!(sum.await.unwrap().sum, 3);
}

/// A peer that gives one recorded answer a connection, under the number of the request.
async fn replay(answer: Incoming) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let request = receive(&mut stream, &mut MessageReader::new(usize::MAX)).await.unwrap();
            let seq = Header::read(request.message()).unwrap().0.seq;
            let (header, at) = Header::read(answer.message()).unwrap();
            let header = Header { seq, ..header };
            let body = answer.clone().into_body(at);
            let info = answer.header().unwrap().unwrap_or_default();
            let mut out = BytesMut::new();
            Outgoing { wire: answer.wire, header, info: &info, body: &body }.write_head(1 << 20, &mut out).unwrap();
            out.extend_from_slice(&body);
            stream.write_all(&out).await.unwrap();
        }
    });
    address
}

#[tokio::test]
async fn a_client_reads_what_kitex_reads() {
    let mut seen = 0;
    for record in records("client_reads.json") {
        let name = record["name"].as_str().unwrap();
        let wanted = name.starts_with("biz_error") || name.ends_with("_reply") || name == "crrst";
        let bytes = hex(&record["reply_hex"]);
        if !wanted || bytes.first().is_none_or(|first| *first == 0x80) || name == "half_reply_then_close" {
            continue;
        }
        seen += 1;
        let answer = messages(&bytes).remove(0);
        let channel = Channel::to(&replay(answer).await).unwrap();
        let outcome = call(&channel, 0, "x").send().await;
        assert_client(outcome.map(|reply| reply.value), &record, name);
    }
    assert!(seen >= 12, "{seen}");
}

fn assert_client(outcome: Result<Option<String>, Error>, record: &Value, name: &str) {
    let saw = &record["client_saw"];
    match outcome {
        Ok(text) => assert_eq!(text.unwrap_or_default(), record["result"], "{name}"),
        // Reported, where Kitex reports success: see `metainfo::business`.
        Err(error) if matches!(name, "biz_error_extra_number" | "biz_error_extra_broken") => {
            assert_eq!(error.business_code(), Some(7), "{name}");
        }
        Err(error) if error.business_code().is_some() => {
            assert_eq!(error.business_code().map(i64::from), saw["biz"]["code"].as_i64(), "{name}");
            assert_eq!(error.message(), saw["biz"]["message"], "{name}");
            let extra = &saw["biz"]["extra"];
            let extra = if extra.is_object() { pairs(extra) } else { BTreeMap::new() };
            assert_eq!(*error.pairs(), extra, "{name}");
        }
        Err(error) => {
            assert!(saw["application_exception_type"].is_number(), "{name}: {error}");
        }
    }
}
