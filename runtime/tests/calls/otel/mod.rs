//! What a receiver of OTLP sees: one trace over every hop (a route of HTTP, Thrift, gRPC), and metrics.

mod collector;
mod metrics;
mod receiver;

use std::net::SocketAddr;

use runtime::client::Request;
use runtime::http_route::{HttpRoute, Segment};
use runtime::observe::opentelemetry_otlp::{SpanExporter, WithExportConfig};
use runtime::observe::opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use runtime::server::Running;
use runtime::service::Idl;
use runtime::{
    Answer, Bytes, Call, Channel, Code, Config, Error, Handling, Method, Server, Service, ServiceInfo, Tracing,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use self::collector::{Collector, Seen};

const ROUTE: HttpRoute = HttpRoute::new("GET", &[Segment::Literal("greet")]);
static ROUTES: [HttpRoute; 1] = [ROUTE];
static GATE: [Method; 1] = [Method::new(Idl::Proto, "/gate.v1.Gate/Greet", 0).routes(&ROUTES)];
static GATE_INFO: ServiceInfo =
    ServiceInfo { name: "Gate", package: "gate.v1", registry_name: "gate", idl: Idl::Proto, methods: &GATE };
static MIDDLE: [Method; 1] = [Method::new(Idl::Thrift, "/Middle/Ask", 0)];
static MIDDLE_INFO: ServiceInfo =
    ServiceInfo { name: "Middle", package: "", registry_name: "middle", idl: Idl::Thrift, methods: &MIDDLE };
static END: [Method; 2] =
    [Method::new(Idl::Proto, "/end.v1.End/Say", 0), Method::new(Idl::Proto, "/end.v1.End/Wait", 1)];
static END_INFO: ServiceInfo =
    ServiceInfo { name: "End", package: "end.v1", registry_name: "end", idl: Idl::Proto, methods: &END };

/// A service that calls the next one, if there is one, with its caller's context.
struct Hop {
    info: &'static ServiceInfo,
    next: Option<(Channel, &'static Method)>,
    answer: Bytes,
}

impl Service for Hop {
    fn info(&self) -> &'static ServiceInfo {
        self.info
    }

    fn json(&self) -> bool {
        true
    }

    fn call(&self, call: Call) -> Handling {
        let (next, answer) = (self.next.clone(), self.answer.clone());
        Box::pin(async move {
            if call.method.index == 1 {
                std::future::pending::<()>().await;
            }
            match next {
                Some((channel, method)) => ask(&channel, method).with(&call.cx).await?,
                None if call.cx.get("fail").is_some() => return Err(Error::not_found("nobody")),
                None => {}
            }
            Ok(Answer::new(&call.cx, answer))
        })
    }
}

/// An empty request in either language; the answer is not looked at.
fn ask(channel: &Channel, method: &'static Method) -> Request<()> {
    let body = if method.idl == Idl::Thrift { vec![0] } else { Vec::new() };
    Request::new(channel, method, Ok(Bytes::from(body)), |_, _| Ok(()))
}

async fn start(tracing: &Tracing, hop: Hop) -> Running {
    Server::new(Config::local()).layer(tracing.server()).add(hop).start().await.unwrap()
}

fn channel(at: SocketAddr, tracing: &Tracing) -> Channel {
    let registry = runtime::Registry::open(&format!("static:x={at}")).unwrap();
    Channel::builder("x").registry(&registry).layer(tracing.client()).build().unwrap()
}

/// Where spans go, with the name of the process that they come from.
async fn tracing_to(collector: &Collector) -> (Running, impl Fn(&str) -> Tracing) {
    let running = Server::new(Config::local()).add(collector.clone()).start().await.unwrap();
    let endpoint = format!("http://{}", running.addr());
    let make = move |service: &str| {
        let exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint.clone());
        let resource = Resource::builder().with_service_name(service.to_owned()).build();
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter.build().unwrap());
        Tracing::new(provider.with_resource(resource).build())
    };
    (running, make)
}

async fn flush(all: &[&Tracing]) {
    for tracing in all {
        let tracing = (*tracing).clone();
        tokio::task::spawn_blocking(move || tracing.flush()).await.unwrap();
    }
}

async fn get(at: SocketAddr, headers: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(at).await.unwrap();
    let request = format!("GET /greet HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_goes_through_http_thrift_and_grpc() {
    let collector = Collector::default();
    let (_receiving, tracing) = tracing_to(&collector).await;
    let (gate, middle, end) = (tracing("gate"), tracing("middle"), tracing("end"));
    let third = start(&end, Hop { info: &END_INFO, next: None, answer: Bytes::new() }).await;
    let next = Some((channel(third.addr(), &middle), &END[0]));
    let second = start(&middle, Hop { info: &MIDDLE_INFO, next, answer: Bytes::from_static(&[0]) }).await;
    let next = Some((channel(second.addr(), &gate), &MIDDLE[0]));
    let first = start(&gate, Hop { info: &GATE_INFO, next, answer: Bytes::from_static(b"{}") }).await;

    let headers = format!("traceparent: 00-{TRACE}-b7ad6b7169203331-01\r\ntracestate: vendor=7\r\n");
    let answer = get(first.addr(), &headers).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    flush(&[&gate, &middle, &end]).await;
    let mut spans = collector.take();
    let mut parent = "b7ad6b7169203331".to_owned();
    for (service, kind, name) in [
        ("gate", "server", "gate.v1.Gate/Greet"),
        ("gate", "client", "Middle/Ask"),
        ("middle", "server", "Middle/Ask"),
        ("middle", "client", "end.v1.End/Say"),
        ("end", "server", "end.v1.End/Say"),
    ] {
        let place = spans.iter().position(|span| span.parent == parent).unwrap_or_else(|| panic!("{name}: {spans:?}"));
        let span = spans.swap_remove(place);
        let wanted = (service, kind, name, TRACE, "vendor=7", None);
        let Seen { service, kind, name, trace, state, failure, .. } = &span;
        assert_eq!((service.as_str(), *kind, name.as_str(), trace.as_str(), state.as_str(), failure.as_ref()), wanted);
        parent = span.id;
    }
    assert_eq!(spans, []);

    // Without a caller's trace there is a new one, once for all hops.
    get(first.addr(), "").await;
    flush(&[&gate, &middle, &end]).await;
    let spans = collector.take();
    assert_eq!(spans.len(), 5);
    assert!(spans.iter().all(|span| span.trace == spans[0].trace && span.trace != TRACE && !span.trace.is_empty()));
    assert_eq!(spans.iter().filter(|span| span.parent.trim_start_matches('0').is_empty()).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_say_how_calls_end() {
    let collector = Collector::default();
    let (_receiving, tracing) = tracing_to(&collector).await;
    let end = tracing("end");
    let running = start(&end, Hop { info: &END_INFO, next: None, answer: Bytes::new() }).await;
    let channel = channel(running.addr(), &end);
    let failed = ask(&channel, &END[0]).metadata("fail", "yes").await.unwrap_err();
    assert_eq!(failed.code(), Code::NotFound);
    flush(&[&end]).await;
    let spans = collector.take();
    let of = |kind| spans.iter().find(|span| span.kind == kind).unwrap();
    let (server, client) = (of("server"), of("client"));
    // It is the caller who asked for nobody.
    assert_eq!((&server.failure, client.failure.as_deref()), (&None, Some("nobody")));
    for span in [server, client] {
        let attribute = |name: &str| span.attributes.get(name).map(String::as_str);
        assert_eq!(attribute("rpc.system"), Some("grpc"));
        assert_eq!((attribute("rpc.service"), attribute("rpc.method")), (Some("end.v1.End"), Some("Say")));
        assert_eq!((attribute("rpc.grpc.status_code"), attribute("error.type")), (Some("5"), Some("NOT_FOUND")));
    }
    assert_eq!(server.attributes["network.peer.address"], "127.0.0.1");

    // A call that nobody waits for any more has an end too.
    let waiting = tokio::spawn(ask(&channel, &END[1]).into_future());
    while running.in_flight() == 0 {
        tokio::task::yield_now().await;
    }
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    flush(&[&end]).await;
    let spans = collector.take();
    let given_up = spans.iter().find(|span| span.kind == "client").unwrap();
    assert_eq!(given_up.attributes["error.type"], "CANCELLED");
    drop(running);
}
