//! Metrics by OTLP: the numbers of the text for Prometheus, sent as the environment says, whatever the collector does.

use std::process::Stdio;
use std::time::Duration;

use runtime::observe::Otlp;
use runtime::server::Running;
use runtime::{Bytes, Channel, Config, Metrics, Registry, Server, Tracing};

use super::collector::Collector;
use super::receiver::{Receiver, Seen};
use super::{END, END_INFO, Hop, MIDDLE, MIDDLE_INFO, ask};
use crate::exposition::Exposition;

async fn receive(receiver: &Receiver) -> (Running, Otlp) {
    let running = Server::new(Config::local()).add(receiver.clone()).start().await.unwrap();
    let otlp = Otlp::new("gateway").endpoint(&format!("http://{}", running.addr()));
    (running, otlp.interval(Duration::from_secs(3600)))
}

async fn served(metrics: &Metrics, registry: &Registry) -> (Running, Channel, Channel) {
    let end = Hop { info: &END_INFO, next: None, answer: Bytes::new() };
    let middle = Hop { info: &MIDDLE_INFO, next: None, answer: Bytes::from_static(&[0]) };
    let server = Server::new(Config::local()).registry(registry).metrics(metrics).add(end).add(middle);
    let running = server.start().await.unwrap();
    let channel = |name| Channel::builder(name).registry(registry).recorder(metrics.clone()).build().unwrap();
    (running, channel("end"), channel("middle"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_is_what_the_text_says() {
    let (receiver, metrics) = (Receiver::default(), Metrics::new());
    let (_receiving, otlp) = receive(&receiver).await;
    let exporter = metrics.otlp_with(otlp).unwrap();
    let registry = Registry::open("memory").unwrap();
    let (running, end, middle) = served(&metrics, &registry).await;
    for _ in 0..7 {
        ask(&middle, &MIDDLE[0]).await.unwrap();
    }
    for _ in 0..5 {
        ask(&end, &END[0]).await.unwrap();
        ask(&end, &END[0]).metadata("fail", "yes").await.unwrap_err();
    }
    ask(&end, &END[1]).timeout(Duration::from_millis(30)).await.unwrap_err();
    drop((end, middle));
    running.stop().await.unwrap();
    metrics.also(|text| text.push_str("# HELP mine_total Mine.\n# TYPE mine_total counter\nmine_total 1\n"));

    // Connections end on tasks of their own: what is compared is a message between two texts that are the same.
    let mut before = String::new();
    while before != metrics.text() {
        before = metrics.text();
        exporter.flush().await;
    }
    let (seen, mut text) = (receiver.came(1).await, Exposition::read(&before));
    text.samples.remove("mine_total{}").unwrap();
    assert_eq!(seen.samples, text.samples);
    // Not two empty tables.
    let count = |series: &str| seen.samples[series];
    let labels = "code=200,kind=thrift,operation=/Middle/Ask,reason=";
    for side in ["server", "client"] {
        assert_eq!(count(&format!("{side}_requests_code_total{{{labels}}}")), 7.0);
        assert_eq!(count(&format!("{side}_requests_seconds_count{{kind=grpc,operation=/end.v1.End/Say}}")), 10.0);
        assert!(count(&format!("{side}_requests_seconds_sum{{kind=thrift,operation=/Middle/Ask}}")) > 0.0);
    }
    assert_eq!((count("server_events_total{event=panics}"), text.value("client_instances{service=end}")), (0.0, 1.0));
    let units = [("total", "{call}"), ("seconds", "s"), ("in_flight", "{call}")];
    for (name, (kind, unit)) in &seen.kinds {
        assert_eq!(text.kinds[name], *kind);
        let wanted = units.iter().find(|(ending, _)| name.contains("_requests_") && name.ends_with(ending));
        assert_eq!(wanted.map_or(unit.as_str(), |(_, unit)| unit), unit, "{name}");
        assert!(unit == "s" || unit.starts_with('{') && unit.ends_with('}'), "{name}: {unit}");
    }
    assert_eq!(seen.about["service.name"], "gateway");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_does_not_answer_costs_nothing_that_was_counted() {
    let (receiver, metrics) = (Receiver::default(), Metrics::new());
    receiver.hang(true);
    let (_receiving, otlp) = receive(&receiver).await;
    let exporter =
        metrics.otlp_with(otlp.timeout(Duration::from_millis(20)).interval(Duration::from_millis(1))).unwrap();
    let registry = Registry::open("memory").unwrap();
    let (running, _end, middle) = served(&metrics, &registry).await;
    for count in 1..=3 {
        ask(&middle, &MIDDLE[0]).await.unwrap();
        receiver.hung(count).await;
    }
    exporter.flush().await;
    assert_eq!(receiver.count(), 0);
    receiver.hang(false);
    running.stop().await.unwrap();
    let before = receiver.count();
    exporter.flush().await;
    let seen = receiver.came(before + 1).await;
    assert_eq!(seen.samples["server_requests_seconds_count{kind=thrift,operation=/Middle/Ask}"], 3.0);
    exporter.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_collector_calls_go_on_and_the_end_comes() {
    let metrics = Metrics::new();
    let nobody = Otlp::new("gateway").endpoint("127.0.0.1:1").interval(Duration::from_millis(1));
    let exporter = metrics.otlp_with(nobody).unwrap();
    let registry = Registry::open("memory").unwrap();
    let (_running, _end, middle) = served(&metrics, &registry).await;
    for _ in 0..50 {
        ask(&middle, &MIDDLE[0]).await.unwrap();
    }
    exporter.flush().await;
    exporter.shutdown().await;
    let wrong = |url| metrics.otlp_with(Otlp::new("x").endpoint(url)).unwrap_err().message().to_owned();
    assert_eq!(wrong("http://a b"), "no metrics to `http://a b`: it is not a URL");
}

#[test]
fn it_needs_a_runtime() {
    let error = Metrics::new().otlp_with(Otlp::new("x").endpoint("http://x:1")).unwrap_err();
    assert_eq!(error.message(), "no metrics to `http://x:1`: there is no runtime of tokio here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_environment_says_where_how_often_and_who() {
    let (receiver, spans) = (Receiver::default(), Collector::default());
    let receiving = Server::new(Config::local()).add(receiver.clone()).add(spans.clone()).start().await.unwrap();
    let mut process = std::process::Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", "otel::metrics::by_the_environment", "--ignored"]).stdin(Stdio::piped());
    process.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", receiving.addr()));
    process.env("OTEL_METRIC_EXPORT_INTERVAL", "10").env("OTEL_SERVICE_NAME", "named");
    process
        .env("OTEL_RESOURCE_ATTRIBUTES", "zone=b,team=a")
        .env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20x");
    let mut process = process.stdout(Stdio::null()).spawn().unwrap();
    let first = receiver.came(2).await;
    let zone = |seen: &Seen| [&seen.about["service.name"], &seen.about["zone"], &seen.about["team"]].map(String::clone);
    assert_eq!(zone(&first), ["named", "b", "a"]);
    assert_eq!(first.authorization.as_deref(), Some("Bearer x"));
    drop(process.stdin.take());
    let status = tokio::task::spawn_blocking(move || process.wait().unwrap()).await.unwrap();
    assert!(status.success());
    // What happened since the last time is sent at the end.
    let last = receiver.came(3).await;
    assert_eq!(last.samples["client_requests_seconds_count{kind=thrift,operation=/Middle/Ask}"], 1.0);
    assert_eq!(spans.take().iter().map(|span| span.service.clone()).collect::<Vec<_>>(), ["named"]);
}

/// Run by the test above, in a process with its variables.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs variables of the environment"]
async fn by_the_environment() {
    let (metrics, tracing) = (Metrics::new(), Tracing::otlp("code").unwrap());
    let exporter = metrics.otlp("code").unwrap();
    let registry = Registry::open("memory").unwrap();
    let (running, _end, _middle) = served(&metrics, &registry).await;
    tokio::task::spawn_blocking(|| std::io::read_to_string(std::io::stdin()).unwrap()).await.unwrap();
    let channel = Channel::builder("middle").registry(&registry).recorder(metrics.clone()).layer(tracing.client());
    ask(&channel.build().unwrap(), &MIDDLE[0]).await.unwrap();
    running.stop().await.unwrap();
    exporter.shutdown().await;
    tokio::task::spawn_blocking(move || tracing.shutdown()).await.unwrap();
}
