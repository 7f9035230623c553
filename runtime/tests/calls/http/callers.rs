//! Callers that are not quite gRPC's own: go-micro's paths, headers, bodies and errors.

use crate::hello::{Hello, HelloServer, call, connect, hello, start};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use runtime::server::Counter;
use runtime::service::Idl;
use runtime::{Call, Config, Handling, Limits, Method, Server, Service, ServiceInfo, grpc};
use tonic::{Code, Request};

/// What came back: status, headers, trailers after the body.
struct Answer {
    headers: http::HeaderMap,
    body: Vec<u8>,
    trailers: http::HeaderMap,
}

/// Sends one message as it is, with these headers.
async fn send(at: std::net::SocketAddr, path: &str, headers: &[(&'static str, &str)], message: &[u8]) -> Answer {
    let socket = tokio::net::TcpStream::connect(at).await.unwrap();
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket));
    let (mut client, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    let mut body = vec![0];
    body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend(message);
    let mut request = http::Request::post(format!("http://{at}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(bytes::Bytes::from(body))).unwrap();
    let response = client.send_request(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    let body = response.into_body().collect().await.unwrap();
    let trailers = body.trailers().cloned().unwrap_or_default();
    Answer { headers, body: body.to_bytes().to_vec(), trailers }
}

fn text<'a>(headers: &'a http::HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

const MICRO: [(&str, &str); 2] =
    [("content-type", "application/grpc+proto"), ("x-content-type", "application/grpc+proto")];

/// A greeting as go-micro's clients send it.
fn micro(name: &str) -> Request<bytes::Bytes> {
    let mut request = hello(name);
    request.metadata_mut().insert(MICRO[1].0, MICRO[1].1.parse().unwrap());
    request
}

#[tokio::test]
async fn the_last_part_of_a_name_is_enough() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let channel = connect(running.addr()).await;
    for path in ["/greeter.Hello/Say", "/go.micro.srv.greeter.Hello/Say", "/Hello/Say", "/team/greeter.Hello/Say"] {
        assert!(call(&channel, path, micro("kite")).await.is_ok(), "{path}");
        // To others another package is another service.
        assert_eq!(call(&channel, path, hello("kite")).await.unwrap_err().code(), Code::Unimplemented, "{path}");
    }
    for path in ["/greeter.Hello/Nope", "/greeter.Nope/Say", "/xHello/Say", "/Say", "/.Hello./Say", "//"] {
        let status = call(&channel, path, micro("")).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{path}");
    }
    assert_eq!(running.counters().get(Counter::UnknownMethod), 10);
}

struct Other;

static METHODS: [Method; 1] = [Method::new(Idl::Proto, "/other.Hello/Other", 0)];

static INFO: ServiceInfo =
    ServiceInfo { name: "Hello", package: "other", registry_name: "other", idl: Idl::Proto, methods: &METHODS };

impl Service for Other {
    fn info(&self) -> &'static ServiceInfo {
        &INFO
    }

    fn call(&self, call: Call) -> Handling {
        Box::pin(async move { grpc::reply(&call.cx, &Hello::default()) })
    }
}

#[tokio::test]
async fn a_last_part_that_two_have_is_nobody_s() {
    let server = Server::new(Config::local()).add(HelloServer::default()).add(Other);
    let running = server.start().await.unwrap();
    let channel = connect(running.addr()).await;
    for path in ["/hello.v1.Hello/Say", "/other.Hello/Other"] {
        assert!(call(&channel, path, hello("")).await.is_ok(), "{path}");
    }
    for path in ["/Hello/Say", "/greeter.Hello/Other"] {
        assert_eq!(call(&channel, path, micro("")).await.unwrap_err().code(), Code::Unimplemented, "{path}");
    }
}

#[tokio::test]
async fn errors_are_json_for_go_micro_and_statuses_for_others() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let fail = send(running.addr(), "/greeter.Hello/Fail", &MICRO, &[]).await;
    assert_eq!((text(&fail.headers, "grpc-status"), fail.body.len(), fail.trailers.len()), ("5", 0, 0));
    let json = r#"%7B%22id%22:%22GONE%22,%22code%22:404,%22detail%22:%22nobody%20%E2%9C%97%22,%22status%22:%22Not%20Found%22%7D"#;
    assert_eq!(text(&fail.headers, "grpc-message"), json);
    assert!(!fail.headers.contains_key("grpc-status-details-bin"));
    assert_eq!(text(&fail.headers, "content-type"), "application/grpc+proto");
    let unknown = send(running.addr(), "/greeter.Nope/Fail", &MICRO, &[]).await;
    assert_eq!(text(&unknown.headers, "grpc-status"), "12");
    assert!(text(&unknown.headers, "grpc-message").starts_with("%7B%22id%22:%22greeter.Nope%22,%22code%22:501"));
    let plain = send(running.addr(), "/hello.v1.Hello/Fail", &[("content-type", "application/grpc")], &[]).await;
    assert_eq!(text(&plain.headers, "grpc-message"), "nobody%20%E2%9C%97");
    assert!(plain.headers.contains_key("grpc-status-details-bin"));
}

#[tokio::test]
async fn go_micro_s_header_is_a_deadline() {
    let server = HelloServer::default();
    let running = start(&server, Limits::default()).await;
    let headers = [MICRO[0], MICRO[1], ("timeout", "20000000")];
    let late = send(running.addr(), "/greeter.Hello/Wait", &headers, &[]).await;
    assert_eq!(text(&late.headers, "grpc-status"), "4");
    assert!(text(&late.headers, "grpc-message").contains("%22code%22:408"));
    // It may have passed before the handler began.
    assert_eq!(*server.ended.borrow(), *server.waiting.borrow());
    let mut request: Request<bytes::Bytes> = hello("");
    // Of another caller it is a pair like any other.
    request.metadata_mut().insert("timeout", "30".parse().unwrap());
    let response = call(&connect(running.addr()).await, "/hello.v1.Hello/Say", request).await.unwrap();
    let left: u64 = response.metadata().get("left").unwrap().to_str().unwrap().parse().unwrap();
    assert!(left > 1_000, "{left}");
}

#[tokio::test]
async fn bodies_in_other_forms_are_refused() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let xml = send(running.addr(), "/hello.v1.Hello/Say", &[("content-type", "application/grpc+xml")], &[]).await;
    assert_eq!(text(&xml.headers, "grpc-status"), "12");
    let bytes = send(running.addr(), "/hello.v1.Hello/Say", &[("content-type", "application/grpc+bytes")], &[]).await;
    assert_eq!(
        (text(&bytes.trailers, "grpc-status"), text(&bytes.headers, "content-type")),
        ("0", "application/grpc+bytes")
    );
}

const JSON: [(&str, &str); 2] = [("content-type", "application/grpc+json"), ("x-content-type", "application/json")];

#[cfg(feature = "json")]
#[tokio::test]
async fn bodies_in_json_are_answered_in_json() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let at = running.addr();
    let said = send(at, "/greeter.Hello/Say", &JSON, br#"{"name": "kite", "new": [null]}"#).await;
    assert_eq!((text(&said.trailers, "grpc-status"), text(&said.headers, "content-type")), ("0", JSON[0].1));
    assert_eq!(String::from_utf8_lossy(&said.body[5..]), r#"{"name":"hello kite"}"#);
    let fail = send(at, "/greeter.Hello/Fail", &JSON, b"{}").await;
    assert!(text(&fail.headers, "grpc-message").starts_with("%7B%22id%22:%22GONE%22,%22code%22:404"));
    let bad = send(at, "/greeter.Hello/Say", &JSON, b"{").await;
    assert_eq!((text(&bad.headers, "grpc-status"), running.counters().get(Counter::BadArguments)), ("3", 1));
}

#[cfg(not(feature = "json"))]
#[tokio::test]
async fn without_the_feature_bodies_in_json_are_refused() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let said = send(running.addr(), "/greeter.Hello/Say", &JSON, b"{}").await;
    assert_eq!(text(&said.headers, "grpc-status"), "12");
    assert!(text(&said.headers, "grpc-message").contains("json"));
}
