//! Calls by routes against peers that are no servers of ours.

use bytes::Bytes;
use kiteline_core::Context;
use kiteline_core::error::Error;
use kiteline_core::http_route::{HttpRoute, Segment};
use kiteline_core::limits::Limits;
use kiteline_core::service::{Call, Form, Idl, Method};
use kiteline_grpc::Encoding;
use kiteline_registry::{Endpoint, Instance, Registry};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

static METHOD: Method =
    Method::new(Idl::Proto, "/hello.Greeter/Echo", 0).routes(&[HttpRoute::new("GET", &[Segment::Literal("echo")])]);

async fn echo(registry: &Registry) -> Result<Bytes, Error> {
    let channel = Channel::builder("greeter").registry(registry).http(Http::rest()).build().unwrap();
    let call = Call::new(&METHOD, Context::new(), Bytes::from_static(b"{}"), Limits::default().decode);
    channel.call(Call { form: Form::Json, ..call }, None).await?.body.into_whole()
}

#[tokio::test]
async fn an_instance_without_http_is_said_to_have_none() {
    let registry = Registry::open("memory").unwrap();
    let kept = registry.register(vec![Instance::new("greeter", Endpoint::new("grpc", "127.0.0.1", 9))]).unwrap();
    let error = echo(&registry).await.unwrap_err();
    assert!(error.message().starts_with("none of the 1 instances of service `greeter` serves http;"), "{error}");
    kept.deregister().await;
}

#[tokio::test]
async fn an_error_may_be_compressed() {
    let body = br#"{"code":404,"reason":"GONE","message":"no such echo","metadata":{}}"#;
    for encoding in [Encoding::Identity, Encoding::Gzip] {
        let (_, body) = encoding.pack(Bytes::from_static(body));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let registry = Registry::open(&format!("static:greeter={}", listener.local_addr().unwrap())).unwrap();
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut all = Vec::new();
            while !all.ends_with(b"\r\n\r\n") {
                assert!(stream.read_buf(&mut all).await.unwrap() > 0);
            }
            let (name, length) = (encoding.name(), body.len());
            let head =
                format!("HTTP/1.1 404 Not Found\r\ncontent-encoding: {name}\r\ncontent-length: {length}\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&body).await.unwrap();
            all
        });
        let error = echo(&registry).await.unwrap_err();
        assert_eq!((error.to_string().as_str(), error.reason()), ("NotFound: no such echo", "GONE"));
        assert!(serving.await.unwrap().starts_with(b"GET /echo HTTP/1.1\r\n"));
    }
}
