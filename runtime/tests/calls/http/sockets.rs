//! Calls over HTTP as sockets see them: what is refused and how, what is counted, what is given up.

use std::net::SocketAddr;
use std::time::Duration;

use crate::hello::{Hello, HelloServer, start};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use runtime::grpc::{Encoding, envelope};
use runtime::server::{Counter, Running};
use runtime::{Answer, Call, Handling, Limits, Service, ServiceInfo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const SAY: &str = "/hello.v1.Hello/Say";

/// A request of HTTP/1.1, and all that comes back until the server ends the connection.
pub(crate) async fn one(at: SocketAddr, verb: &str, path: &str, headers: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let head = format!(
        "{verb} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

pub(crate) fn content(name: &str) -> String {
    format!("content-type: {name}\r\n")
}

/// Waits for what another task does.
pub(crate) async fn until(done: impl Fn() -> bool) {
    let wait = async {
        while !done() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.unwrap();
}

#[tokio::test]
async fn what_is_no_call_is_refused_in_words_of_http() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let at = running.addr();
    let json = content("application/json");
    for (verb, path, headers, status, contains) in [
        ("GET", "/", "", "404", "This port serves hello.v1.Hello"),
        ("GET", SAY, "", "405", "allow: POST"),
        ("PUT", SAY, json.as_str(), "405", "allow: POST"),
        ("POST", "/", "", "404", "This port serves"),
        ("POST", SAY, "", "415", "accept-post: application/grpc"),
        ("POST", SAY, "content-type: text/plain\r\n", "415", "accept-post"),
        ("POST", SAY, "content-type: application/connect+json\r\n", "415", "accept-post"),
        ("POST", SAY, "content-type: application/grpc\r\n", "505", "gRPC needs HTTP/2"),
        ("POST", "/hello.v1.Hello/Nope", json.as_str(), "404", r#"{"code":"unimplemented""#),
    ] {
        let answer = one(at, verb, path, headers, b"").await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(contains),
            "{verb} {path}: {answer}"
        );
        assert!(!answer.contains("\r\ndate:"), "{answer}");
    }
}

#[tokio::test]
async fn a_head_has_its_time_and_silence_between_requests_has_another() {
    let limits = Limits { whole_frame: Duration::from_millis(300), ..Limits::default() };
    let running = start(&HelloServer::default(), limits).await;
    let request = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut silent = TcpStream::connect(running.addr()).await.unwrap();
    let mut answer = [0; 512];
    silent.write_all(request).await.unwrap();
    assert_ne!(silent.read(&mut answer).await.unwrap(), 0);
    // One that never ends its head, the second of its connection too.
    for first in [&b""[..], request] {
        let mut slow = TcpStream::connect(running.addr()).await.unwrap();
        slow.write_all(&[first, b"GET / HTTP/1.1\r\nho"].concat()).await.unwrap();
        let mut all = Vec::new();
        // Ended without an answer to the second.
        let _ = slow.read_to_end(&mut all).await;
        assert_eq!(String::from_utf8_lossy(&all).matches("HTTP/1.1 404").count(), usize::from(!first.is_empty()));
    }
    assert_eq!(running.counters().get(Counter::Stalled), 2);
    silent.write_all(request).await.unwrap();
    assert_ne!(silent.read(&mut answer).await.unwrap(), 0);
}

/// Says in which thread it begins.
struct Where;

impl Service for Where {
    fn info(&self) -> &'static ServiceInfo {
        HelloServer::default().info()
    }

    fn json(&self) -> bool {
        true
    }

    fn call(&self, call: Call) -> Handling {
        call.cx.send_back("thread", format!("{:?}", std::thread::current().id()));
        Box::pin(async move { Ok(Answer::new(&call.cx, Bytes::from_static(b"{}"))) })
    }
}

#[tokio::test(flavor = "current_thread")]
async fn large_messages_of_json_are_read_beside_the_workers() {
    let builder = runtime::server::Builder::new(&Limits::default()).service(std::sync::Arc::new(Where));
    let running = builder.start("127.0.0.1:0", None).await.unwrap();
    let worker = format!("thread: {:?}\r\n", std::thread::current().id());
    for (size, form, aside) in [
        (255 << 10, "application/json", false),
        (256 << 10, "application/json", true),
        (256 << 10, "application/proto", false),
    ] {
        let answer = one(running.addr(), "POST", SAY, &content(form), &vec![b' '; size]).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("thread: "), "{answer}");
        assert_eq!(!answer.contains(&worker), aside, "{size} {form}: {answer}");
    }
}

#[tokio::test]
async fn browsers_are_told_which_pages_may_call() {
    let cors = runtime::Cors::new(["https://app.example.com"]).unwrap();
    let cors = runtime::Cors { headers: vec!["authorization".to_owned()], ..cors };
    let builder = runtime::server::Builder::new(&Limits::default()).cors(Some(cors));
    let running =
        builder.service(std::sync::Arc::new(HelloServer::default())).start("127.0.0.1:0", None).await.unwrap();
    let ask = "access-control-request-method: POST\r\naccess-control-request-headers: authorization\r\n";
    let page = "origin: https://app.example.com\r\n";
    let told = one(running.addr(), "OPTIONS", SAY, &format!("{page}{ask}"), b"").await;
    assert!(told.starts_with("HTTP/1.1 204 "), "{told}");
    for wanted in [
        "access-control-allow-origin: https://app.example.com\r\n",
        "access-control-allow-methods: GET, POST\r\n",
        "access-control-allow-headers: content-type, connect-protocol-version, ",
        "x-grpc-web, x-user-agent, authorization\r\n",
        "access-control-max-age: 7200\r\n",
        "vary: origin\r\n",
    ] {
        assert!(told.contains(wanted), "{told}");
    }
    let json = content("application/json");
    let said = one(running.addr(), "POST", SAY, &format!("{page}{json}"), br#"{"name":"kite"}"#).await;
    assert!(said.contains("access-control-allow-origin: https://app.example.com\r\n"), "{said}");
    assert!(said.contains("access-control-expose-headers: *\r\n") && said.contains("hello kite"), "{said}");
    let failed = one(running.addr(), "POST", "/hello.v1.Hello/Fail", &format!("{page}{json}"), b"{}").await;
    assert!(failed.contains("access-control-allow-origin: https://app.example.com\r\n"), "{failed}");
    // Another origin learns nothing; who is no page is answered as ever.
    let other = "origin: https://evil.example.com\r\n";
    let told = one(running.addr(), "OPTIONS", SAY, &format!("{other}{ask}"), b"").await;
    assert!(told.starts_with("HTTP/1.1 403 ") && !told.contains("access-control"), "{told}");
    for origin in [other, ""] {
        let said = one(running.addr(), "POST", SAY, &format!("{origin}{json}"), b"{}").await;
        assert!(said.starts_with("HTTP/1.1 200 ") && !said.contains("access-control"), "{said}");
    }
    let plain = start(&HelloServer::default(), Limits::default()).await;
    let told = one(plain.addr(), "OPTIONS", SAY, &format!("{page}{ask}"), b"").await;
    assert!(told.starts_with("HTTP/1.1 405 ") && !told.contains("access-control"), "{told}");
}

#[tokio::test]
async fn connect_is_answered_on_http_1() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let json = content("application/json");
    let said = one(running.addr(), "POST", SAY, &json, br#"{"name":"kite"}"#).await;
    assert!(said.starts_with("HTTP/1.1 200 ") && said.ends_with(r#"{"name":"hello kite"}"#), "{said}");
    let failed = one(running.addr(), "POST", "/hello.v1.Hello/Fail", &json, b"{}").await;
    assert!(
        failed.starts_with("HTTP/1.1 404 ") && failed.contains(r#"{"code":"not_found","message":"nobody "#),
        "{failed}"
    );
    assert!(failed.contains(r#""type":"google.rpc.ErrorInfo""#), "{failed}");
    let bad = one(running.addr(), "POST", SAY, &json, b"{").await;
    assert!(bad.starts_with("HTTP/1.1 400 ") && bad.contains("invalid_argument"), "{bad}");
    let version = format!("{json}connect-protocol-version: 2\r\n");
    let other = one(running.addr(), "POST", SAY, &version, b"{}").await;
    assert!(other.starts_with("HTTP/1.1 400 "), "{other}");
}

#[tokio::test]
async fn grpc_web_is_answered_on_http_1_in_bytes_and_in_text() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let message = envelope::seal(0, &Hello { name: "kite".to_owned() }.encode_to_vec());
    let bytes = one(running.addr(), "POST", SAY, &content("application/grpc-web+proto"), &message).await;
    assert!(bytes.contains("hello kite") && bytes.contains("grpc-status: 0\r\n"), "{bytes}");
    let text = runtime::grpc::web::to_text(&message);
    let text = one(running.addr(), "POST", SAY, &content("application/grpc-web-text"), &text).await;
    assert!(text.starts_with("HTTP/1.1 200 ") && text.contains("hlbGxvIGtpdG"), "{text}");
}

#[tokio::test]
async fn a_bomb_costs_its_call_alone() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let (_, bomb) = Encoding::Gzip.pack(vec![0; 64 << 20].into());
    let headers = format!("{}content-encoding: gzip\r\n", content("application/proto"));
    let answer = one(running.addr(), "POST", SAY, &headers, &bomb).await;
    assert!(answer.starts_with("HTTP/1.1 429 ") && answer.contains("resource_exhausted"), "{answer}");
    let headers = format!("{}content-encoding: br\r\n", content("application/proto"));
    let answer = one(running.addr(), "POST", SAY, &headers, b"x").await;
    assert!(answer.starts_with("HTTP/1.1 501 ") && answer.contains("gzip, identity"), "{answer}");
}

#[tokio::test]
async fn half_a_preface_ends_with_the_first_byte_limit() {
    let limits = Limits { first_byte: Duration::from_millis(200), ..Limits::default() };
    let running = start(&HelloServer::default(), limits).await;
    let mut stream = TcpStream::connect(running.addr()).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n").await.unwrap();
    assert_eq!(stream.read(&mut [0; 64]).await.unwrap_or(0), 0);
    assert_eq!(running.counters().get(Counter::Stalled), 1);
}

#[tokio::test]
async fn a_message_takes_its_room_as_soon_as_it_has_begun() {
    let limits = Limits { in_flight_bytes: 4 << 20, ..Limits::default() };
    let running = start(&HelloServer::default(), limits).await;
    let begin = async || {
        let mut stream = TcpStream::connect(running.addr()).await.unwrap();
        let head = format!(
            "POST {SAY} HTTP/1.1\r\nhost: x\r\ncontent-length: 9999999\r\ncontent-type: application/grpc-web\r\n\r\n"
        );
        let message = [head.as_bytes(), &[0, 0, 0x30, 0, 0], &[7; 100 << 10]].concat();
        stream.write_all(&message).await.unwrap();
        stream
    };
    let first = begin().await;
    until(|| running.in_flight_bytes() >= 3 << 20).await;
    let mut second = begin().await;
    let mut answer = [0; 1024];
    let length = second.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.contains("grpc-status: 8"), "{answer}");
    drop((first, second));
    until(|| running.in_flight_bytes() == 0).await;
    assert_eq!(running.counters().get(Counter::Shed), 1);
}

/// A body that begins and never ends.
struct Begun(Option<Bytes>);

impl hyper::body::Body for Begun {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        self.0
            .take()
            .map_or(std::task::Poll::Pending, |bytes| std::task::Poll::Ready(Some(Ok(hyper::body::Frame::data(bytes)))))
    }
}

/// What one connection has for nothing is not for each of its streams.
#[tokio::test]
async fn beginnings_of_many_messages_on_one_connection_are_counted() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let socket = TcpStream::connect(running.addr()).await.unwrap();
    let http = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    let (client, connection) = http.handshake(TokioIo::new(socket)).await.unwrap();
    tokio::spawn(connection);
    let message = envelope::seal(0, &[7; 60 << 10]).slice(..50 << 10);
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let request = http::Request::post(format!("http://{}{SAY}", running.addr()));
            let request = request.header("content-type", "application/grpc").body(Begun(Some(message.clone())));
            let mut client = client.clone();
            tokio::spawn(async move { client.send_request(request.unwrap()).await })
        })
        .collect();
    // One at most has less than 64 KiB.
    until(|| running.in_flight_bytes() >= 9 * (60 << 10)).await;
    drop(client);
    calls.iter().for_each(tokio::task::JoinHandle::abort);
    until(|| running.in_flight_bytes() == 0).await;
}

/// Windows are open, and nobody reads the socket.
#[tokio::test]
async fn a_peer_that_reads_nothing_loses_its_connection() {
    let limits = Limits { write: Duration::from_millis(200), ..Limits::default() };
    let running = start(&HelloServer::default(), limits).await;
    let mut stream = TcpStream::connect(running.addr()).await.unwrap();
    let headers = content("application/proto");
    let message = Hello { name: "x".repeat(1 << 20) }.encode_to_vec();
    let head = format!("POST {SAY} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n{headers}\r\n", message.len());
    let request = [head.as_bytes(), &message].concat();
    // As many as the kernel takes.
    let _ = tokio::time::timeout(Duration::from_secs(20), async { while stream.write_all(&request).await.is_ok() {} })
        .await;
    until(|| running.connections() == 0).await;
    assert_eq!(running.in_flight_bytes(), 0);
    assert!(running.counters().get(Counter::WriteTimeouts) >= 1);
}

/// The connection ends although its client would keep it; the call that is open does not, as long as it has time.
#[tokio::test]
async fn a_connection_that_is_old_is_asked_to_end() {
    let limits = Limits { connection_age: Some(Duration::from_millis(100)), ..Limits::default() };
    let running = start(&HelloServer::default(), limits.clone()).await;
    let (response, _client) = unread(&running).await;
    assert!(response.into_body().collect().await.unwrap().to_bytes().len() > 100 << 10);
    until(|| running.connections() == 0).await;
    let limits = Limits { connection_age_grace: Duration::from_millis(100), ..limits };
    let running = start(&HelloServer::default(), limits).await;
    let (response, _client) = unread(&running).await;
    until(|| running.connections() == 0).await;
    assert!(response.into_body().collect().await.is_err());
}

/// A connection that is closed while bytes come is reset, and its client may not read what was said last: up to which
/// stream its calls were looked at.
#[tokio::test]
async fn the_last_words_are_read_by_a_client_that_still_writes() {
    let limits = Limits { connection_age: Some(Duration::from_millis(50)), ..Limits::default() };
    let running = start(&HelloServer::default(), limits).await;
    let (mut reader, mut writer) = TcpStream::connect(running.addr()).await.unwrap().into_split();
    writer.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let (mut said, mut writer, mut writing) = (Vec::new(), Some(writer), None);
    while reader.read_buf(&mut said).await.unwrap() > 0 {
        let ping = said.windows(9).position(|it| it == [0, 0, 8, 6, 0, 0, 0, 0, 0]);
        if let Some(opaque) = ping.and_then(|at| said.get(at + 9..at + 17))
            && let Some(mut writer) = writer.take()
        {
            // The answer by which the server knows that its first GOAWAY was read; and 13 MB of WINDOW_UPDATEs behind it.
            let pong = [&[0, 0, 8, 6, 1, 0, 0, 0, 0], opaque].concat();
            let more = [0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1].repeat(1_000_000);
            writing =
                Some(tokio::spawn(async move { writer.write_all(&[pong, more].concat()).await.map(|()| writer) }));
        }
    }
    assert_eq!(said.windows(5).filter(|it| it == &[0, 0, 8, 7, 0]).count(), 2, "both GOAWAYs");
    drop(writing.unwrap().await.unwrap().unwrap());
    until(|| running.connections() == 0).await;
}

/// A call of 100 KB each way, whose answer nobody reads.
async fn unread(
    running: &Running,
) -> (hyper::Response<hyper::body::Incoming>, hyper::client::conn::http2::SendRequest<Full<Bytes>>) {
    let socket = TcpStream::connect(running.addr()).await.unwrap();
    let mut http = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    http.initial_stream_window_size(1 << 10).initial_connection_window_size(1 << 20);
    let (mut client, connection) = http.handshake(TokioIo::new(socket)).await.unwrap();
    tokio::spawn(connection);
    let message = Hello { name: "x".repeat(100 << 10) }.encode_to_vec();
    let request =
        http::Request::post(format!("http://{}{SAY}", running.addr())).header("content-type", "application/grpc");
    let request = request.body(Full::new(envelope::seal(0, &message))).unwrap();
    (client.send_request(request).await.unwrap(), client)
}

#[tokio::test]
async fn an_answer_that_is_not_taken_is_given_up() {
    let limits = Limits { write: Duration::from_millis(200), ..Limits::default() };
    let running = start(&HelloServer::default(), limits).await;
    let (response, _client) = unread(&running).await;
    assert!(running.in_flight_bytes() >= 100 << 10, "{}", running.in_flight_bytes());
    until(|| running.in_flight_bytes() == 0).await;
    assert_eq!(running.counters().get(Counter::WriteTimeouts), 1);
    assert!(response.into_body().collect().await.is_err());
}

#[tokio::test]
async fn an_answer_that_is_taken_late_but_in_time_arrives() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let (response, _client) = unread(&running).await;
    let body: Bytes = response.into_body().collect().await.unwrap().to_bytes();
    assert!(body.len() > 100 << 10);
    until(|| running.in_flight_bytes() == 0).await;
}
