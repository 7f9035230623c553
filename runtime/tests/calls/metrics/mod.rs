//! Metrics of servers and channels: what `/metrics` says after calls of both languages, and where it is said.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use runtime::client::Request;
use runtime::server::{Page, Running};
use runtime::{Channel, Code, Config, Metrics, Registry, Server, Service, thrift};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::add::{AddRequest, AddResponse, AddServer};
use crate::exposition::Exposition;
use crate::hello::{HelloServer, call as say, connect, hello};

/// The answer to `GET path`: its head and its body.
async fn get(at: SocketAddr, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

async fn scrape(at: SocketAddr) -> Exposition {
    let (head, body) = get(at, "/metrics").await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
    Exposition::read(&body)
}

/// Scrapes until a series has a value: what ends a call is told on other threads than who sees its answer.
async fn until(at: SocketAddr, series: &str, value: f64) -> Exposition {
    let wait = async {
        loop {
            let seen = scrape(at).await;
            if seen.value(series) == value {
                return seen;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.unwrap()
}

fn add(channel: &Channel, place: usize) -> Request<AddResponse> {
    let body = thrift::body(&[(1, &AddRequest { first: 1, second: 2 })]);
    Request::new(channel, &AddServer::default().info().methods[place], body, thrift::result)
}

fn wanted() -> Config {
    let mut config = Config::local();
    config.server.http.metrics = true;
    config
}

async fn both(registry: &Registry, config: Config) -> Running {
    let server = Server::new(config).registry(registry).add(AddServer::default()).add(HelloServer::default());
    server.start().await.unwrap()
}

#[tokio::test]
async fn calls_of_both_languages_are_counted_exactly() {
    let registry = Registry::open("memory").unwrap();
    let running = both(&registry, wanted()).await;
    let (at, called) = (running.addr(), Metrics::new());
    let channel = Channel::builder("add").registry(&registry).recorder(called.clone()).build().unwrap();
    for _ in 0..7 {
        add(&channel, 0).await.unwrap();
    }
    for _ in 0..3 {
        assert_eq!(add(&channel, 5).await.unwrap_err().code(), Code::NotFound);
    }
    assert_eq!(add(&channel, 1).await.unwrap_err().code(), Code::Internal);
    let grpc = connect(at).await;
    for _ in 0..5 {
        say(&grpc, "/hello.v1.Hello/Say", hello("kite")).await.unwrap();
    }
    say(&grpc, "/hello.v1.Hello/Fail", hello("")).await.unwrap_err();
    // Names of nobody make no series, whatever is in them.
    say(&grpc, "/hello.v1.Hello/Nope", hello("")).await.unwrap_err();
    say(&grpc, "/x%22%0a/Y", hello("")).await.unwrap_err();

    let fail = "code=404,kind=grpc,operation=/hello.v1.Hello/Fail,reason=NOT_FOUND";
    let seen = until(at, &format!("server_requests_code_total{{{fail}}}"), 1.0).await;
    let calls = |side: &str, seen: &Exposition| {
        let name = format!("{side}_requests_code_total{{");
        let all =
            seen.samples.iter().filter_map(|(series, value)| Some((series.strip_prefix(&name)?.to_owned(), *value)));
        all.filter(|(_, value)| *value > 0.0).map(|(labels, value)| format!("{labels} {value}")).collect::<Vec<_>>()
    };
    let thrift = [
        "code=200,kind=thrift,operation=/AddService/Add,reason=} 7",
        "code=404,kind=thrift,operation=/AddService/Fail,reason=NOT_FOUND} 3",
        "code=500,kind=thrift,operation=/AddService/Panic,reason=INTERNAL} 1",
    ];
    let grpc = [
        "code=200,kind=grpc,operation=/hello.v1.Hello/Say,reason=} 5",
        "code=404,kind=grpc,operation=/hello.v1.Hello/Fail,reason=NOT_FOUND} 1",
    ];
    let mut all: Vec<_> = thrift.into_iter().chain(grpc).collect();
    all.sort_unstable();
    assert_eq!(calls("server", &seen), all);
    assert_eq!(seen.value("server_requests_seconds_count{kind=thrift,operation=/AddService/Add}"), 7.0);
    assert!(seen.value("server_requests_seconds_sum{kind=thrift,operation=/AddService/Add}") > 0.0);
    assert_eq!(seen.value("server_requests_in_flight{kind=thrift,operation=/AddService/Add}"), 0.0);
    for (event, count) in [("panics", 1.0), ("unknown_method", 2.0), ("shed", 0.0), ("bad_frame", 0.0)] {
        assert_eq!(seen.samples[&format!("server_events_total{{event={event}}}")], count, "{event}");
    }
    for service in ["add", "hello"] {
        assert_eq!(seen.value(&format!("server_registered{{service={service}}}")), 1.0);
    }
    assert_eq!(seen.kinds["client_instances"], "gauge");

    let seen = Exposition::read(&called.text());
    assert_eq!(calls("client", &seen), thrift);
    assert_eq!(seen.value("client_instances{service=add}"), 1.0);
    running.stop().await.unwrap();
}

#[tokio::test]
async fn calls_and_connections_are_seen_while_they_last() {
    let registry = Registry::open("memory").unwrap();
    let metrics = Metrics::new();
    let server = AddServer::default();
    let probe = Arc::clone(&server.probe);
    let mut waiting = probe.waiting.subscribe();
    let running = Server::new(Config::local()).registry(&registry).add(server).metrics(&metrics).start().await.unwrap();
    let channel = Channel::builder("add").registry(&registry).recorder(metrics.clone()).build().unwrap();
    let call = tokio::spawn(add(&channel, 2).timeout(Duration::from_secs(60)).into_future());
    waiting.wait_for(|count| *count == 1).await.unwrap();
    let seen = scrape(running.addr()).await;
    for side in ["server", "client"] {
        let name = format!("{side}_requests_in_flight{{kind=thrift,operation=/AddService/Wait}}");
        assert_eq!(seen.value(&name), 1.0, "{name}");
    }
    // The channel's, and the one of this page.
    assert_eq!(seen.value("server_connections{}"), 2.0);
    assert_eq!(seen.value("server_connections_accepted_total{}"), 2.0);
    call.abort();
    let given_up = "client_requests_code_total{code=499,kind=thrift,operation=/AddService/Wait,reason=CANCELLED}";
    assert_eq!(
        until(running.addr(), given_up, 1.0)
            .await
            .value("client_requests_in_flight{kind=thrift,operation=/AddService/Wait}"),
        0.0
    );
    probe.release.send_replace(true);
    let over = "server_requests_seconds_count{kind=thrift,operation=/AddService/Wait}";
    let seen = until(running.addr(), over, 1.0).await;
    assert_eq!(seen.value("server_requests_in_flight{kind=thrift,operation=/AddService/Wait}"), 0.0);
}

#[tokio::test]
async fn instances_that_are_left_out_are_counted() {
    let metrics = Metrics::new();
    let registry = Registry::open("static:add=127.0.0.1:1,127.0.0.1:2").unwrap();
    let channel = Channel::builder("add").registry(&registry).recorder(metrics.clone()).build().unwrap();
    add(&channel, 0).await.unwrap_err();
    let seen = Exposition::read(&metrics.text());
    assert_eq!(seen.value("client_instances{service=add}"), 2.0);
    assert!(seen.value("client_instances_left_out_total{service=add}") >= 1.0);
    let unavailable = "client_requests_code_total{code=503,kind=thrift,operation=/AddService/Add,reason=UNAVAILABLE}";
    assert_eq!(seen.value(unavailable), 1.0);
}

#[tokio::test]
async fn metrics_may_have_a_port_of_their_own() {
    let registry = Registry::open("memory").unwrap();
    let mut config = Config::local();
    config.server.http.metrics_listen = Some("127.0.0.1:0".to_owned());
    let running = both(&registry, config.clone()).await;
    let beside = running.beside().unwrap().addr();
    let seen = until(beside, "server_registered{service=add}", 1.0).await;
    assert_eq!(seen.value("server_connections{}"), 0.0);
    assert!(get(running.addr(), "/metrics").await.0.starts_with("HTTP/1.1 404 "));
    for at in [running.addr(), beside] {
        assert!(get(at, "/readyz").await.0.starts_with("HTTP/1.1 200 "));
    }
    let (head, body) = get(beside, "/").await;
    assert!(head.starts_with("HTTP/1.1 404 ") && body == "There is nothing at this path.\n", "{head} {body}");
    // A port that somebody else has.
    config.server.http.metrics_listen = Some(beside.to_string());
    let error = Server::new(config).add(AddServer::default()).start().await.unwrap_err();
    assert!(error.message().starts_with(&format!("cannot listen on {beside}: ")), "{error}");
    running.stop().await.unwrap();
    assert!(TcpStream::connect(beside).await.is_err());
}

#[tokio::test]
async fn without_the_setting_there_is_no_page() {
    let registry = Registry::open("memory").unwrap();
    let running = both(&registry, Config::local()).await;
    assert!(get(running.addr(), "/metrics").await.0.starts_with("HTTP/1.1 404 "));
    // A page of the program's own at that path, and the setting.
    let server = Server::new(wanted()).add(AddServer::default()).page("/metrics", || Page::text("mine"));
    assert_eq!(server.start().await.unwrap_err().message(), "the page `/metrics` is there twice");
}
