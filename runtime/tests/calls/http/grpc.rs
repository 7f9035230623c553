//! gRPC over a real socket, called by tonic's own client.

use std::time::Duration;

use crate::hello::{Hello, HelloServer, call, connect, hello, ours, start};
use bytes::Bytes;
use runtime::Limits;
use runtime::grpc;
use runtime::server::Counter;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic::{Code, Request};

#[tokio::test]
async fn calls_are_answered_with_metadata() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let channel = connect(running.addr()).await;
    let mut request = hello("kite");
    request.metadata_mut().insert("rpc-persist-trace-id", "abc".parse().unwrap());
    let response = call(&channel, "/hello.v1.Hello/Say", request).await.unwrap();
    assert_eq!(response.metadata().get("seen").unwrap(), "abc");
    let limits = Limits::default().decode;
    let answer: Hello = grpc::result(response.into_inner(), limits).unwrap();
    assert_eq!(answer.name, "hello kite");
}

#[tokio::test]
async fn errors_are_statuses() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let channel = connect(running.addr()).await;
    let status = call(&channel, "/hello.v1.Hello/Fail", hello("")).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::NotFound, "nobody ✗"));
    assert_eq!(grpc::error_of(&ours(&status)).reason(), "GONE");
    let status = call(&channel, "/hello.v1.Hello/Nope", hello("")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    let status = call(&channel, "/hello.v1.Hello/Panic", hello("")).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Internal, "panic in Hello.Panic"));
    let bad = Request::new(Bytes::from_static(&[0x0a, 0xff]));
    let status = call(&channel, "/hello.v1.Hello/Say", bad).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(running.counters().get(Counter::Panics), 1);
    assert!(call(&channel, "/hello.v1.Hello/Say", hello("")).await.is_ok());
}

#[tokio::test]
async fn messages_over_the_limit_are_refused() {
    let limits = Limits { grpc_message: 1 << 10, ..Limits::default() };
    let running = start(&HelloServer::default(), limits).await;
    let channel = connect(running.addr()).await;
    let long = hello(&"x".repeat(2 << 10));
    let status = call(&channel, "/hello.v1.Hello/Say", long).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    assert!(call(&channel, "/hello.v1.Hello/Say", hello("")).await.is_ok());
}

#[tokio::test]
async fn a_handler_past_its_deadline_is_given_up() {
    let server = HelloServer::default();
    let limits = Limits { handler: Duration::from_millis(20), ..Limits::default() };
    let running = start(&server, limits).await;
    let channel = connect(running.addr()).await;
    let status = call(&channel, "/hello.v1.Hello/Wait", hello("")).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(*server.ended.borrow(), 1);
    assert_eq!(running.counters().get(Counter::Deadlines), 1);
    assert_eq!(running.counters().get(Counter::Abandoned), 0);
}

#[tokio::test]
async fn a_handler_sees_what_is_left_of_its_caller_s_time() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let channel = connect(running.addr()).await;
    let mut request = hello("");
    request.set_timeout(Duration::from_secs(9));
    let response = call(&channel, "/hello.v1.Hello/Say", request).await.unwrap();
    let left: u64 = response.metadata().get("left").unwrap().to_str().unwrap().parse().unwrap();
    assert!(left <= 9_000, "{left}");
}

#[tokio::test]
async fn a_reset_stream_drops_its_handler() {
    let server = HelloServer::default();
    let running = start(&server, Limits::default()).await;
    let channel = connect(running.addr()).await;
    let calling = tokio::spawn(async move {
        let _ = call(&channel, "/hello.v1.Hello/Wait", hello("")).await;
    });
    server.waiting.subscribe().wait_for(|count| *count == 1).await.unwrap();
    calling.abort();
    server.ended.subscribe().wait_for(|count| *count == 1).await.unwrap();
}

#[tokio::test]
async fn a_drain_answers_open_streams() {
    let server = HelloServer::default();
    let running = start(&server, Limits::default()).await;
    let addr = running.addr();
    let idle = connect(addr).await;
    assert!(call(&idle, "/hello.v1.Hello/Say", hello("")).await.is_ok());
    let channel = connect(addr).await;
    let calling = tokio::spawn(async move { call(&channel, "/hello.v1.Hello/Wait", hello("")).await });
    server.waiting.subscribe().wait_for(|count| *count == 1).await.unwrap();
    let stopping = tokio::spawn(running.stop());
    let refused = async {
        while tokio::net::TcpStream::connect(addr).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    refused.await;
    assert!(!stopping.is_finished());
    server.release.send_replace(true);
    assert!(calling.await.unwrap().is_ok());
    stopping.await.unwrap().unwrap();
}

#[tokio::test]
async fn silent_connections_are_told_to_go() {
    let short = Duration::from_millis(100);
    let limits = Limits { idle: short, write: short, ..Limits::default() };
    let running = start(&HelloServer::default(), limits).await;
    let mut stream = tokio::net::TcpStream::connect(running.addr()).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
    let mut seen = Vec::new();
    // The last frame that matters has type 7, GOAWAY.
    while stream.read_buf(&mut seen).await.is_ok_and(|read| read > 0) {}
    let mut frames = Vec::new();
    let mut rest = &seen[..];
    while let Some((head, tail)) = rest.split_first_chunk::<9>() {
        frames.push(head[3]);
        let length = usize::from(head[1]) << 8 | usize::from(head[2]);
        rest = tail.get(length..).unwrap_or_default();
    }
    assert!(frames.contains(&7), "{frames:?}");
    assert_eq!(running.counters().get(Counter::Idle), 1);
}

/// The caller's clock and ours run out at about the same time: whichever is first, the call is counted.
#[tokio::test(flavor = "multi_thread")]
async fn every_call_that_is_given_up_is_counted() {
    let server = HelloServer::default();
    let running = start(&server, Limits::default()).await;
    let channel = connect(running.addr()).await;
    let callers = (0..50).map(|late| {
        let channel = channel.clone();
        let mut request = hello("");
        request.metadata_mut().insert("grpc-timeout", "20m".parse().unwrap());
        let patience = Duration::from_micros(20_000 + 50 * late);
        tokio::spawn(async move {
            let _ = tokio::time::timeout(patience, call(&channel, "/hello.v1.Hello/Wait", request)).await;
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    server.ended.subscribe().wait_for(|ended| *ended == *server.waiting.borrow()).await.unwrap();
    let began = u64::try_from(*server.waiting.borrow()).unwrap();
    let counted = || running.counters().get(Counter::Deadlines) + running.counters().get(Counter::Abandoned);
    // A handler ends just before it is counted.
    let all = async {
        while counted() < began {
            tokio::task::yield_now().await;
        }
    };
    let all = tokio::time::timeout(Duration::from_secs(10), all).await;
    assert!(all.is_ok(), "{} of {began} are counted", counted());
}

/// Its own clock tells a caller of its timeout, not the server's, however the two race.
#[tokio::test]
async fn a_callers_clock_rings_before_it_is_told() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let channel = connect(running.addr()).await;
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let channel = channel.clone();
            tokio::spawn(async move {
                let mut request = hello("");
                request.set_timeout(Duration::from_millis(20));
                call(&channel, "/hello.v1.Hello/Wait", request).await
            })
        })
        .collect();
    for call in calls {
        let status = call.await.unwrap().unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Cancelled, "Timeout expired"));
    }
}
