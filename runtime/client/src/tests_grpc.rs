//! gRPC calls against our own server.

use std::time::Duration;

use bytes::Bytes;

use super::*;
use kiteline_core::limits::DecodeLimits;
use kiteline_core::service::{Answer, Call, Handling, Idl, Method, Service, ServiceInfo};
use kiteline_core::{Code, Context, Error, Limits, Metadata};
use kiteline_server::Builder as Server;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const fn method(path: &'static str, index: usize) -> Method {
    Method::new(Idl::Proto, path, index)
}

static METHODS: [Method; 4] = [
    method("/hello.Greeter/Echo", 0),
    method("/hello.Greeter/Fail", 1),
    method("/hello.Greeter/Hang", 2),
    method("/hello.Greeter/Late", 3).idempotent(),
];
static UNKNOWN: Method = method("/hello.Greeter/Other", 4);
static GREETER: ServiceInfo =
    ServiceInfo { name: "Greeter", package: "hello", registry_name: "greeter", idl: Idl::Proto, methods: &METHODS };

/// How often `Late` still fails.
static LATE: AtomicUsize = AtomicUsize::new(0);

struct Greeter;

impl Service for Greeter {
    fn info(&self) -> &'static ServiceInfo {
        &GREETER
    }

    fn call(&self, call: Call) -> Handling {
        Box::pin(async move {
            match call.method.name {
                "Echo" => {
                    let kept = call.cx.metadata().and_then(|all| all.persistent().get("TRACE_ID"));
                    call.cx.send_back("trace", kept.unwrap_or_default());
                    call.cx.send_back("once", call.cx.get("TOKEN").unwrap_or_default());
                    call.cx.send_back("late", call.cx.remaining().is_some().to_string());
                    Ok(Answer::new(&call.cx, call.body))
                }
                "Fail" => Err(Error::not_found("no such thing").with_reason("GONE").with_pair("id", "7")),
                "Late" if call.cx.get("pushback").is_some_and(|_| LATE.fetch_sub(1, Ordering::SeqCst) > 0) => {
                    let say = call.cx.get("pushback").unwrap_or_default().split('&');
                    let trailing = say.map(|value| ("grpc-retry-pushback-ms", value)).collect();
                    Err(Error::unavailable("later").with_metadata(Metadata::new(), trailing))
                }
                "Late" => Ok(Answer::new(&call.cx, call.body)),
                _ => std::future::pending().await,
            }
        })
    }
}

fn request(channel: &Channel, method: &'static Method) -> Request<Bytes> {
    let decode = |body: Bytes, _: DecodeLimits| Ok(body);
    Request::new(channel, method, Ok(Bytes::from_static(b"hello")), decode)
}

async fn served() -> (kiteline_server::Running, Channel) {
    let running = Server::new(&Limits::default()).service(Arc::new(Greeter)).start("127.0.0.1:0", None).await.unwrap();
    let channel = Channel::to(&running.addr().to_string()).unwrap();
    (running, channel)
}

#[tokio::test]
async fn bodies_metadata_and_deadlines_arrive() {
    let (_running, channel) = served().await;
    let cx = Context::new().with_persistent("TRACE_ID", "abc").with_transient("OTHER", "not handed on");
    let reply = request(&channel, &METHODS[0]).with(&cx).metadata("TOKEN", "t").send().await.unwrap();
    assert_eq!(reply.value, "hello");
    let back = |key: &str| reply.metadata().get(key);
    assert_eq!((back("trace"), back("once"), back("late")), (Some("abc"), Some("t"), Some("true")));
}

#[tokio::test]
async fn errors_keep_their_code_reason_and_pairs() {
    let (_running, channel) = served().await;
    let error = request(&channel, &METHODS[1]).await.unwrap_err();
    assert_eq!((error.code(), error.message(), error.reason()), (Code::NotFound, "no such thing", "GONE"));
    assert_eq!(error.pairs()["id"], "7");
    assert_eq!(request(&channel, &UNKNOWN).await.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test]
async fn a_deadline_ends_a_call_but_not_the_connection() {
    let (_running, channel) = served().await;
    let error = request(&channel, &METHODS[2]).timeout(Duration::from_millis(30)).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert_eq!(request(&channel, &METHODS[0]).await.unwrap(), "hello");
}

#[tokio::test]
async fn a_failed_connect_goes_to_another_instance() {
    let (running, _) = served().await;
    let dead = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let channel = Channel::to(&format!("{dead},{}", running.addr())).unwrap();
    for _ in 0..4 {
        assert_eq!(request(&channel, &METHODS[0]).await.unwrap(), "hello");
    }
    let error = request(&Channel::to(&dead.to_string()).unwrap(), &METHODS[0]).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.message().starts_with(&format!("cannot connect to {dead}: ")), "{error}");
}

#[tokio::test]
async fn details_that_do_not_decode_cost_the_details_alone() {
    for in_trailers in [false, true] {
        let channel = Channel::to(&e2e::bad_details(in_trailers).await.to_string()).unwrap();
        for _ in 0..3 {
            let error = request(&channel, &METHODS[0]).await.unwrap_err();
            assert_eq!((error.code(), error.message()), (Code::InvalidArgument, "no"));
        }
    }
}

/// gRPC's proposal A6: a number of milliseconds is a wait, anything else is no further attempt.
#[tokio::test]
async fn a_pushback_of_the_service_is_heeded() {
    let running = Server::new(&Limits::default()).service(Arc::new(Greeter)).start("127.0.0.1:0", None).await.unwrap();
    let registry = kiteline_registry::Registry::open(&format!("static:greeter={}", running.addr())).unwrap();
    let retry = Retry::attempts(2).when(|error| error.code() == Code::Unavailable);
    let channel = Channel::builder("greeter").registry(&registry).retry(retry).build().unwrap();
    request(&channel, &METHODS[0]).await.unwrap();
    for (pushback, wait) in
        [("0", Some(0..=0)), ("1500", Some(1500..=1651)), ("-1", None), ("1s", None), ("", None), ("5&5", None)]
    {
        LATE.store(1, Ordering::SeqCst);
        let retries = channel.counters().get(Counter::Retries);
        tokio::time::pause();
        let begun = tokio::time::Instant::now();
        let outcome = request(&channel, &METHODS[3]).metadata("pushback", pushback).await;
        let took = begun.elapsed().as_millis();
        tokio::time::resume();
        let retries = channel.counters().get(Counter::Retries) - retries;
        assert_eq!((outcome.is_ok(), retries), (wait.is_some(), u64::from(wait.is_some())), "{pushback}");
        if let Some(wait) = wait {
            assert!(wait.contains(&took), "{pushback}: {took}");
        } else {
            let error = outcome.unwrap_err();
            assert_eq!(
                (error.code(), error.trailers().get("grpc-retry-pushback-ms").is_some()),
                (Code::Unavailable, true)
            );
        }
    }
}
