//! `mux.json`: several calls on one connection, as Kitex clients made them, to our server.

use runtime::thrift::{Header, MessageReader, MessageType};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::server::start;
use super::{hex, records};

/// Kitex's server answered these in the order of the requests although the client allows another; ours does not.
const SOONER: &[&str] = &["mux_client_default_server"];

#[tokio::test]
async fn every_call_of_a_kept_connection_is_answered_like_kitex() {
    let running = start().await;
    for record in records("mux.json") {
        let name = record["name"].as_str().unwrap();
        // A shutdown frame of Kitex's multiplexing has the number 0: ours sends none.
        let mut stated: Vec<Value> = record["responses"].as_array().unwrap().clone();
        stated.retain(|it| it["seq"] != 0);
        if SOONER.contains(&name) {
            stated.reverse();
        }
        let mut stream = TcpStream::connect(running.addr()).await.unwrap();
        stream.write_all(&hex(&record["request_hex"])).await.unwrap();
        let mut messages = MessageReader::new(usize::MAX);
        for stated in stated {
            let answer = loop {
                match messages.take().unwrap() {
                    Some(answer) => break answer,
                    None => assert_ne!(stream.read_buf(messages.room()).await.unwrap(), 0, "{name}"),
                };
            };
            let header = Header::read(answer.message()).unwrap().0;
            let kind = if header.kind == MessageType::Reply { "reply" } else { "application_exception" };
            assert_eq!(
                json!([kind, header.name, header.seq]),
                json!([stated["kind"], stated["method"], stated["seq"]]),
                "{name}"
            );
            let info = answer.header().unwrap().unwrap();
            let pairs = |key: &str| info.string(key).map_or(Value::Null, Value::from);
            for key in ["biz-status", "biz-message", "crrst"] {
                assert_eq!(pairs(key), stated["headers"]["str"][key], "{name}: {key}");
            }
            assert_eq!((i64::from(info.seq), info.flags), (stated["headers"]["seq"].as_i64().unwrap(), 0), "{name}");
        }
    }
}
