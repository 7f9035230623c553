//! A server of HTTP by routes that answers everything alike, and the IDLs whose routes it is called by.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::{Called, Caller};

/// Services with routes in both languages.
pub(super) const LIBRARY: &str = r#"syntax = "proto3";
package lib;

import "google/api/annotations.proto";
import "google/api/httpbody.proto";
import "google/protobuf/timestamp.proto";

enum Genre {
  NONE = 0;
  NOVEL = 1;
}

message Shelf {
  string full_name = 1;
  int64 size = 2;
}

message Find {
  int64 book_id = 1 [json_name = "bookNo"];
  string page_token = 2;
  repeated string tags = 3;
  Genre genre = 4;
  Shelf shelf = 5;
  bytes raw = 6;
  google.protobuf.Timestamp since = 7;
  bool deep = 8;
  map<string, Shelf> by_name = 9;
  repeated Shelf shelves = 10;
}

message Book {
  string title = 1;
  int64 page_count = 2;
  Genre genre = 3;
}

message Coded {
  int32 code = 1;
  string message = 2;
}

service Library {
  rpc Find(Find) returns (Book) {
    option (google.api.http) = {
      get: "/v1/books/{book_id}"
      additional_bindings { get: "/v1/{shelf.full_name=shelves/*}/books:find" }
    };
  }
  rpc Add(Find) returns (Book) {
    option (google.api.http) = { post: "/v1/books" body: "*" };
  }
  rpc Move(Find) returns (Book) {
    option (google.api.http) = { put: "/v1/books/{book_id}" body: "shelf" response_body: "page_count" };
  }
  rpc Cover(Find) returns (google.api.HttpBody) {
    option (google.api.http) = { get: "/v1/cover/{page_token=**}" };
  }
  rpc Code(Find) returns (Coded) {
    option (google.api.http) = { get: "/v1/code" };
  }
  rpc Watch(Find) returns (stream Book) {
    option (google.api.http) = { get: "/v1/watch" };
  }
  rpc Bare(Find) returns (Book);
}
"#;

pub(super) const BOOKS: &str = r#"namespace rs books

enum Color { RED = 1, GREEN = 2 }
struct Request {
    1: i64 id (api.path = "id")
    2: optional string token (api.header = "X-Token")
    3: optional string session (api.cookie = "sid")
    4: optional i32 page (api.query = "p")
    5: optional string note (api.form = "note")
    6: optional string title (api.body = "bookTitle")
    7: optional string secret (api.none = "true")
    8: optional Color color
    9: optional list<string> tags
}
struct Look {
    1: required i64 id
    2: optional Color color
    3: optional i32 page (api.query = "p")
}
struct Book {
    1: required i64 id
    2: optional string title (api.body = "bookTitle")
    3: optional Color color
    4: required list<string> tags
    5: optional binary cover
    6: optional map<i64, string> notes
}
service Books {
    Book Look(1: Look req) (api.get = "/books/:id")
    Book Save(1: Request req) (api.post = "/books/:id")
    void Touch() (api.post = "/touch")
    Book Bare(1: Look req)
}
"#;

/// An HTTP server that answers everything alike, and keeps the last request.
pub(super) struct Site {
    pub(super) caller: Caller,
    last: Arc<Mutex<String>>,
}

impl Site {
    /// Answers with this status and its headers, and this body.
    pub(super) fn new(head: &str, body: &[u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let last = Arc::<Mutex<String>>::default();
        let answer = [format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes(), body].concat();
        let kept = Arc::clone(&last);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Some((stream, request)) = stream.ok().and_then(read) else { continue };
                *kept.lock().unwrap() = request;
                // Who asked may have had enough.
                let _ = (&stream).write_all(&answer);
            }
        });
        let files = [("lib.proto", LIBRARY), ("books.thrift", BOOKS)];
        Self { caller: Caller::new(&format!("http://{address}"), &files), last }
    }

    pub(super) fn json(body: &str) -> Self {
        Self::new("200 OK\r\ncontent-type: application/json", body.as_bytes())
    }

    pub(super) fn address(&self) -> &str {
        self.caller.address.trim_start_matches("http://")
    }

    pub(super) fn call(&self, words: &[&str]) -> Called {
        self.caller.call(&[words, &["--protocol", "rest"]].concat())
    }

    /// The last request: its line, those of its headers that begin with one of `headers`, its body.
    pub(super) fn sent(&self, headers: &[&str]) -> String {
        let request = std::mem::take(&mut *self.last.lock().unwrap());
        let (head, body) = request.split_once("\r\n\r\n").unwrap_or_default();
        let mut lines = head.lines();
        let line = lines.next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
        let mut all = vec![line];
        all.extend(lines.filter(|it| headers.iter().any(|name| it.starts_with(name))).map(str::to_owned));
        all.extend(Some(body.to_owned()).filter(|it| !it.is_empty()));
        all.join(" | ")
    }
}

/// One request with its body.
fn read(mut stream: TcpStream) -> Option<(TcpStream, String)> {
    let mut all = Vec::new();
    let mut bytes = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&all).into_owned();
        // What is no request of HTTP is answered as it comes.
        if all.first().is_some_and(|it| !it.is_ascii_uppercase()) {
            return Some((stream, text));
        }
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|it| it.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |it| it.parse().unwrap()) {
                return Some((stream, text));
            }
        }
        match stream.read(&mut bytes) {
            Ok(count @ 1..) => all.extend_from_slice(&bytes[..count]),
            _ => return None,
        }
    }
}
