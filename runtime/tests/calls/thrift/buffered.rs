//! Bare messages: their end is found as bytes arrive, and damage is seen before anything is kept.

use super::hex::hex;
use crate::add::{AddRequest, AddResponse, AddServer};
use crate::vectors::records;
use runtime::client::{Request, Transport};
use runtime::thrift::{self, Fault, FrameError, Incoming, MessageReader, Wire};
use runtime::{Channel, Config, Registry, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Feeds bytes in two parts, or one at a time.
fn feed(bytes: &[u8], split: Option<usize>) -> Result<Vec<Incoming>, FrameError> {
    let parts: Vec<&[u8]> = match split {
        Some(split) => vec![&bytes[..split], &bytes[split..]],
        None => bytes.chunks(1).collect(),
    };
    let mut messages = MessageReader::new(1 << 20);
    let mut all = Vec::new();
    for part in parts {
        messages.push(part);
        while let Some(incoming) = messages.take()? {
            all.push(incoming);
        }
    }
    assert_eq!(messages.buffered(), 0);
    Ok(all)
}

#[test]
fn the_end_of_every_recorded_message_is_found_at_any_split() {
    let mut seen = 0;
    for file in ["wire.json", "values.json"] {
        for record in records(file).iter().filter(|record| record["transport"] == "framed") {
            for side in ["request_hex", "response_hex"] {
                let bytes = hex(&record[side]);
                let Some(message) = bytes.get(4..).filter(|message| message.len() < 4_000) else { continue };
                let twice = message.repeat(2);
                let step = 1 + twice.len() / 60;
                for split in (0..twice.len()).step_by(step).map(Some).chain([None]) {
                    let found = feed(&twice, split).unwrap();
                    assert_eq!(found.len(), 2, "{}", record["name"]);
                    assert!(found.iter().all(|one| one.wire == Wire::Buffered && one.message() == message));
                }
                seen += 1;
            }
        }
    }
    assert!(seen > 150, "{seen}");
}

/// The header of a call of `Add`.
const HEAD: &str = "800100010000000341646400000001";

fn refused(body: &str) -> FrameError {
    let bytes = hex(&serde_json::Value::from(format!("{HEAD}{body}")));
    let mut messages = MessageReader::new(1 << 20);
    messages.push(&bytes);
    messages.take().unwrap_err()
}

#[test]
fn hostile_counts_lengths_and_types_are_refused_at_once() {
    for kind in ["02", "03", "04", "06", "08", "0a", "0b", "0c", "0d", "0e", "0f", "10"] {
        for container in ["0f0001", "0e0001"] {
            let error = refused(&format!("{container}{kind}7fffffff"));
            assert!(matches!(error, FrameError::TooLong { .. }), "{error}");
            let error = refused(&format!("{container}{kind}ffffffff"));
            assert!(matches!(error, FrameError::Body(Fault::Negative(-1))), "{error}");
        }
        let error = refused(&format!("0d0001{kind}{kind}7fffffff"));
        assert!(matches!(error, FrameError::TooLong { .. }), "{error}");
    }
    assert!(matches!(refused("0b00017fffffff"), FrameError::TooLong { .. }));
    assert!(matches!(refused("0b0001ffffffff"), FrameError::Body(Fault::Negative(-1))));
    assert!(matches!(refused("630001"), FrameError::Body(Fault::Type(0x63))));
    assert!(matches!(refused("0f00010000000001"), FrameError::Body(Fault::Type(0))));
}

#[test]
fn nesting_is_bounded() {
    for (open, close) in [("0c0001", "00"), ("0f00010f00000001", "")] {
        for depth in [65, 1_000, 30_000] {
            let error = refused(&format!("{}{}", open.repeat(depth), close.repeat(depth)));
            assert!(matches!(error, FrameError::Body(Fault::Depth | Fault::Type(_))), "{error}");
        }
    }
    let error = refused(&format!("0f0001{}", "0f00000001".repeat(65)));
    assert!(matches!(error, FrameError::Body(Fault::Depth)), "{error}");
    let deep = format!("{HEAD}{}{}", "0c0001".repeat(64), "00".repeat(65));
    assert_eq!(feed(&hex(&deep.into()), None).unwrap().len(), 1);
}

#[tokio::test]
async fn a_bare_call_has_a_bare_answer() {
    let running = Server::new(Config::local()).add(AddServer::default()).start().await.unwrap();
    let mut stream = TcpStream::connect(running.addr()).await.unwrap();
    let mut seen = 0;
    for record in records("wire.json") {
        let kind = record["transport"].as_str().unwrap();
        if record["idl"] != "add.thrift" || !matches!(kind, "buffered" | "framed") {
            continue;
        }
        seen += 1;
        stream.write_all(&hex(&record["request_hex"])).await.unwrap();
        let expected = hex(&record["response_hex"]);
        let mut response = vec![0; expected.len()];
        stream.read_exact(&mut response).await.unwrap();
        assert_eq!(response, expected, "{}", record["name"]);
    }
    assert!(seen >= 10, "{seen}");
}

#[tokio::test]
async fn every_transport_of_a_client_is_served() {
    let running = Server::new(Config::local()).add(AddServer::default()).start().await.unwrap();
    let registry = Registry::open(&format!("static:add={}", running.addr())).unwrap();
    for transport in [Transport::Buffered, Transport::Framed, Transport::TtheaderFramed] {
        let channel = Channel::builder("add").registry(&registry).transport(transport).build().unwrap();
        for second in 0..3 {
            let sum = Request::new(
                &channel,
                &runtime::Service::info(&AddServer::default()).methods[0],
                thrift::body(&[(1, &AddRequest { first: 1, second })]),
                thrift::result::<AddResponse>,
            );
            assert_eq!(sum.await.unwrap().sum, 1 + second);
        }
    }
}
