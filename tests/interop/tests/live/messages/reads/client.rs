//! `client_reads.json`: what our client makes of each reply, and whether it uses the connection again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use interop::generated::sink::SinkClient;
use runtime::client::Transport;
use runtime::thrift::{Header, MessageReader};
use runtime::{Channel, Code, Error, Registry};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{hex, records};

/// Sequence numbers that the recorded requests had, where the replies do not tell.
const ASKED: &[(&str, i32)] =
    &[("wrong_seq", 19), ("seq_zero", 21), ("ttheader_wrong_header_seq", 23), ("exception_seq_zero_other_name", 39)];

/// Another outcome than that of Kitex's client: the record, ours, why.
const OUTCOMES: &[(&str, &str, &str)] = &[
    (
        "exception_no_fields",
        "exception: the peer gave no reason (application exception of type 0)",
        "who reads it learns where it came from",
    ),
    ("missing_result", "missing result", "there is no value to give"),
    ("result_wrong_type", "missing result", "there is no value to give"),
    ("biz_error_extra_number", "business 7", "the error counts, its pairs are lost"),
    ("biz_error_extra_broken", "business 7", "the error counts, its pairs are lost"),
    ("trailing_bytes_in_frame", "undecodable", "a frame holds one message and nothing else"),
];

/// The connection is used again, unlike Kitex's: the record, why.
const REUSED: &[(&str, &str)] = &[
    ("exception_internal", "a handler's error, behind which nobody closes"),
    ("biz_error_on_exception", "a handler's error, behind which nobody closes"),
];

/// The reply under the number of our request, which is 1 on a fresh connection.
fn renumbered(record: &Value) -> Vec<u8> {
    let (name, mut reply) = (record["name"].as_str().unwrap(), hex(&record["reply_hex"]));
    let mut shift = |at: usize| {
        let Some(place) = reply.get_mut(at..at + 4) else { return };
        let number = i32::from_be_bytes((&*place).try_into().unwrap());
        let asked = ASKED.iter().find(|it| it.0 == name).map_or(number, |it| it.1);
        // 0 stands for no number at all.
        if number != 0 {
            place.copy_from_slice(&(number - asked + 1).to_be_bytes());
        }
    };
    let strict = record["reply_hex"].as_str().unwrap().find("800100").map(|at| at / 2);
    // Behind the version, the name's length and its four letters; five where a proxy answers.
    let letters = if name == "exception_seq_zero_other_name" { 5 } else { 4 };
    if let Some(at) = strict {
        shift(at + 8 + letters);
        if at > 4 {
            shift(8);
        }
    }
    reply
}

/// Reads one request; gives its number.
async fn request(stream: &mut TcpStream) -> Option<i32> {
    let mut messages = MessageReader::new(usize::MAX);
    loop {
        if let Some(incoming) = messages.take().unwrap() {
            return Some(Header::read(incoming.message()).unwrap().0.seq);
        }
        if !matches!(stream.read_buf(messages.room()).await, Ok(1..)) {
            return None;
        }
    }
}

/// Gives the recorded reply on its first connection, and a good one to every later request.
async fn play(listener: TcpListener, reply: Vec<u8>, close: bool, connections: Arc<AtomicUsize>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let first = connections.fetch_add(1, Ordering::SeqCst) == 0;
        let reply = reply.clone();
        tokio::spawn(async move {
            if first {
                request(&mut stream).await.unwrap();
                stream.write_all(&reply).await.unwrap();
                if close {
                    return;
                }
            }
            while let Some(seq) = request(&mut stream).await {
                let good = b"\0\0\0\x1c\x80\x01\0\x02\0\0\0\x04Ping\0\0\0\0\x0b\0\0\0\0\0\x04next\0";
                let mut good = good.to_vec();
                good[16..20].copy_from_slice(&seq.to_be_bytes());
                stream.write_all(&good).await.unwrap();
            }
        });
    }
}

/// An outcome in a few words.
fn words(outcome: &Result<String, Error>) -> String {
    match outcome {
        Ok(text) => text.clone(),
        Err(error) if error.business_code().is_some() => format!("business {}", error.business_code().unwrap()),
        Err(error) => match (error.origin(), error.code()) {
            (_, Code::DeadlineExceeded) => "timeout".to_owned(),
            (runtime::error::Origin::Remote, _) => format!("exception: {}", error.message()),
            (runtime::error::Origin::Transport, _) => "broken".to_owned(),
            _ if error.message() == "missing result" => error.message().to_owned(),
            _ => "undecodable".to_owned(),
        },
    }
}

/// What Kitex's client gave, in the same words.
fn recorded(record: &Value) -> String {
    let saw = &record["client_saw"];
    let error = saw["error"].as_str().unwrap_or_default();
    if saw["ok"] == true {
        record["result"].as_str().unwrap().to_owned()
    } else if saw["biz"].is_object() {
        format!("business {}", saw["biz"]["code"])
    } else if saw["kerrors"] == "rpc_timeout" {
        "timeout".to_owned()
    } else if saw["application_exception_type"].is_number() {
        format!("exception: {}", error.split_once("]: ").unwrap().1)
    } else {
        "broken".to_owned()
    }
}

#[tokio::test]
async fn our_client_reads_what_kitex_reads() {
    let records = records("client_reads.json");
    assert_eq!(records.len(), 40);
    let named = OUTCOMES.iter().map(|it| it.0).chain(REUSED.iter().map(|it| it.0));
    named.for_each(|name| assert!(records.iter().any(|it| it["name"] == name), "no record is named {name}"));
    for record in &records {
        let name = record["name"].as_str().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("static:sink={}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        tokio::spawn(play(listener, renumbered(record), name.contains("close"), Arc::clone(&connections)));
        let transport = match record["request_transport"].as_str().unwrap() {
            "framed" => Transport::Framed,
            "buffered" => Transport::Buffered,
            _ => Transport::TtheaderFramed,
        };
        let channel = Channel::builder("sink").registry(&Registry::open(&url).unwrap()).transport(transport);
        let client = SinkClient::new(channel.build().unwrap());
        let first = words(&client.ping("a".to_owned()).timeout(Duration::from_millis(600)).await);
        assert_eq!(client.ping("b".to_owned()).await.unwrap(), "next", "{name}");
        let reused = connections.load(Ordering::SeqCst) == 1;
        let (kitex, kitex_reused) = (recorded(record), record["connection_reused_for_next_call"] == true);
        match OUTCOMES.iter().find(|it| it.0 == name) {
            Some((_, words, why)) => assert_eq!(first, *words, "{name}: {why}"),
            None => assert_eq!(first, kitex, "{name}"),
        }
        match REUSED.iter().find(|it| it.0 == name) {
            Some((_, why)) => assert!(reused && !kitex_reused, "{name}: {why}"),
            None => assert_eq!(reused, kitex_reused, "{name}"),
        }
    }
}
