//! Servers in this process whose services have no generated code: they turn bytes around, so that what comes back shows
//! what was sent.

use bytes::Bytes;
use codegen::Builder;
use runtime::error::Detail;
use runtime::{Answer, Call, Config, Error, Handling, Idl, Messages, Method, Server, Service, ServiceInfo};

use crate::sandbox::Sandbox;

pub(super) const EVERYTHING: &str = r#"namespace rs all

enum Color { RED = 1, GREEN = 2 }
typedef i64 Id
struct Point { 1: required i32 x, 2: optional i32 y }
union Shape { 1: Point point, 2: string name }
struct All {
    1: optional bool flag
    2: optional i8 tiny
    3: optional i16 small
    4: optional i32 number
    5: optional i64 large
    6: optional double real
    7: optional string text
    8: optional binary bytes
    9: optional uuid key
    10: optional Color color
    11: optional list<Point> points
    12: optional set<string> words
    13: optional map<i64, string> by_id
    14: optional map<Color, i32> by_color
    15: optional map<bool, string> by_flag
    16: optional map<Point, string> by_point
    17: optional Shape shape
    18: optional Id alias
    19: optional list<list<i32>> grid
    20: optional All inner
}
exception NotFound { 1: Id id, 2: string why }

service Base { void Ping() }
service Everything extends Base {
    /** Gives back what it gets. */
    All Echo(1: All it)
    i32 Sum(1: i32 a, 2: i32 b)
    void Drop(1: Id id) throws (1: NotFound missing)
    oneway void Tell(1: string what)
}
"#;

static METHODS: [Method; 5] = [
    Method::new(Idl::Thrift, "/Everything/Ping", 0),
    Method::new(Idl::Thrift, "/Everything/Echo", 1),
    Method::new(Idl::Thrift, "/Everything/Sum", 2),
    Method::new(Idl::Thrift, "/Everything/Drop", 3),
    Method::new(Idl::Thrift, "/Everything/Tell", 4).oneway(),
];
static INFO: ServiceInfo =
    ServiceInfo { name: "Everything", package: "", registry_name: "everything", idl: Idl::Thrift, methods: &METHODS };

pub(super) struct Everything;

impl Service for Everything {
    fn info(&self) -> &'static ServiceInfo {
        &INFO
    }

    fn call(&self, call: Call) -> Handling {
        let body = call.body.as_whole().unwrap().to_vec();
        let number = |at: usize| i32::from_be_bytes(body[at..at + 4].try_into().unwrap());
        let mut out = Vec::new();
        match call.method.name {
            // The argument with the id of a result.
            "Echo" => {
                out.clone_from(&body);
                out[1..3].fill(0);
            }
            "Sum" => {
                out.extend([8, 0, 0]);
                out.extend((number(3) + number(10)).to_be_bytes());
                out.push(0);
            }
            // The exception, with the id that was asked for and a text.
            "Drop" => {
                out.extend([12, 0, 1, 10, 0, 1]);
                out.extend(&body[3..11]);
                out.extend(b"\x0b\x00\x02\x00\x00\x00\x04gone\x00\x00");
            }
            "Ping" => out.push(0),
            _ => {}
        }
        Box::pin(std::future::ready(Ok(Answer::new(&call.cx, Bytes::from(out)))))
    }
}

pub(super) const CHAT: &str = r#"syntax = "proto3";
package chat.v1;

import "google/protobuf/timestamp.proto";

enum Mood {
  MOOD_UNSPECIFIED = 0;
  GLAD = 1;
}

message Line {
  string text = 1;
  uint32 times = 2;
  int64 size = 3;
  bytes data = 4;
  Mood mood = 5;
  google.protobuf.Timestamp at = 6;
  repeated Line answers = 7;
  map<int32, Line> by_id = 8;
  oneof to {
    string one = 9;
    bool all = 10;
  }
  bool loud_voice = 11;
  double ratio = 12;
}

service Chat {
  rpc Say(Line) returns (Line);
  rpc Watch(Line) returns (stream Line);
  rpc Upload(stream Line) returns (Line);
  rpc Talk(stream Line) returns (stream Line);
}
"#;

static CHAT_METHODS: [Method; 4] = [
    Method::new(Idl::Proto, "/chat.v1.Chat/Say", 0),
    Method::new(Idl::Proto, "/chat.v1.Chat/Watch", 1).streaming(false, true),
    Method::new(Idl::Proto, "/chat.v1.Chat/Upload", 2).streaming(true, false),
    Method::new(Idl::Proto, "/chat.v1.Chat/Talk", 3).streaming(true, true),
];
static CHAT_INFO: ServiceInfo =
    ServiceInfo { name: "Chat", package: "chat.v1", registry_name: "chat", idl: Idl::Proto, methods: &CHAT_METHODS };

/// Says again what it hears.
pub(super) struct Chat(pub(super) &'static [u8]);

/// The error of a line whose text is `fail`.
fn failure() -> Error {
    // `Line { text: "why" }`, and a type that nobody has.
    let known = Detail { type_name: "chat.v1.Line".into(), value: Bytes::from_static(b"\x0a\x03why") };
    // `BadRequest { field_violations: [{ field: "text" }] }`
    let rules =
        Detail { type_name: "google.rpc.BadRequest".into(), value: Bytes::from_static(b"\x0a\x06\x0a\x04text") };
    let other = Detail { type_name: "some.Other".into(), value: Bytes::from_static(b"\x01\x02") };
    let error = Error::invalid("no such \u{1b}[31mline").with_reason("LINE").with_pair("line", "7");
    error.with_encoded_detail(known).with_encoded_detail(rules).with_encoded_detail(other)
}

async fn answer(call: Call) -> Result<Answer, Error> {
    let cx = call.cx.clone();
    match call.method.name {
        "Say" => {
            let body = call.body.into_whole()?;
            if body.as_ref() == b"\x0a\x04fail" {
                return Err(failure());
            }
            for name in ["x-user", "x-key-bin"] {
                if let Some(value) = cx.metadata().and_then(|it| it.get_all(name).next()) {
                    cx.send_back(name, value.clone());
                }
            }
            cx.send_trailer("x-end", "yes");
            Ok(Answer::new(&cx, body))
        }
        "Watch" => {
            let body = call.body.into_whole()?;
            let last = if body.as_ref() == b"\x0a\x04fail" { Err(failure()) } else { Ok(body.clone()) };
            let all = [Ok(body.clone()), Ok(body), last];
            Ok(Answer::new(&cx, Messages::new(runtime::streaming::iter(all))))
        }
        "Upload" => {
            let (mut messages, mut count) = (call.body.into_messages(), 0);
            while let Some(message) = messages.next().await {
                message?;
                count += 1;
            }
            // `Line { times: count }`.
            Ok(Answer::new(&cx, Bytes::from(vec![0x10, count])))
        }
        _ => Ok(Answer::new(&cx, call.body.into_messages())),
    }
}

impl Service for Chat {
    fn info(&self) -> &'static ServiceInfo {
        &CHAT_INFO
    }

    fn call(&self, call: Call) -> Handling {
        Box::pin(answer(call))
    }

    fn descriptors(&self) -> &'static [u8] {
        self.0
    }
}

/// A server that ends when it is dropped.
pub(super) struct Served {
    pub(super) address: String,
    _tokio: tokio::runtime::Runtime,
}

/// The descriptors of the chat.
pub(super) fn descriptors() -> &'static [u8] {
    let it = Sandbox::new(&[("chat.proto", CHAT)]);
    let loaded = Builder::new().idl(it.path("chat.proto")).load(false).unwrap_or_else(|error| panic!("{error}"));
    loaded.model.descriptors.leak()
}

/// Serves both services on a free port; registered in `registry`.
pub(super) fn serve(registry: &str) -> Served {
    let chat = Chat(descriptors());
    let mut config = Config::local();
    config.registry.url = registry.to_owned();
    serving(Server::new(config).add(Everything).add(chat))
}

/// Serves the Thrift service alone.
pub(super) fn serve_thrift() -> Served {
    serving(Server::new(Config::local()).add(Everything))
}

pub(super) fn serving(server: Server) -> Served {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let running = tokio.block_on(server.start()).unwrap();
    let address = running.addr().to_string();
    // Served until the threads end.
    std::mem::forget(running);
    Served { address, _tokio: tokio }
}
