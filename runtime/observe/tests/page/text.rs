//! The whole text, for events that are always the same: compared with a file that Prometheus' own parser reads too
//! (`tests/conformance/metrics/run`). `UPDATE=1` rewrites it.

use std::time::Duration;

use kiteline_core::error::{Code, Error};
use kiteline_core::event::{Event, Recorder, Side};
use kiteline_core::service::{Idl, Method};
use kiteline_observe::Metrics;

static ADD: Method = Method::new(Idl::Thrift, "/AddService/Add", 0);
/// Described once more, as by another crate of generated code.
static SAME: Method = Method::new(Idl::Thrift, "/AddService/Add", 0);
static SAY: Method = Method::new(Idl::Proto, "/hello.v1.Hello/Say", 0);

fn tell(metrics: &Metrics) {
    let peer = ([127, 0, 0, 1], 1).into();
    let begin = |side, method| metrics.record(&Event::CallBegun { side, method, peer: None });
    let call = |side, method, error: Option<&Error>, took| {
        begin(side, method);
        metrics.record(&Event::CallEnded { side, method, peer: None, error, took: Duration::from_micros(took) });
    };
    metrics.events(|event| event("shed", 2));
    metrics.events(|event| ["panics", "shed"].into_iter().for_each(|name| event(name, 3)));
    let (own, foreign) = (["add".to_owned()], "a \"quoted\\ name\n");
    metrics.record(&Event::Registered { services: &own });
    (0..3).for_each(|_| metrics.record(&Event::Connected { peer }));
    metrics.record(&Event::Disconnected { peer });
    call(Side::Server, &ADD, None, 80);
    call(Side::Server, &SAME, None, 240);
    call(Side::Server, &SAY, Some(&Error::not_found("nobody").with_reason("FROM A PEER")), 1_000);
    call(Side::Server, &SAY, Some(&Error::business(4001, "no", [])), 2_500_000);
    call(Side::Server, &SAY, Some(&Error::new(Code::Cancelled, "x")), 60_000_000);
    begin(Side::Server, &SAY);
    metrics.record(&Event::InstancesChanged { service: "hello", instances: 3 });
    metrics.record(&Event::InstancesChanged { service: foreign, instances: 0 });
    metrics.record(&Event::InstanceLeftOut { service: "hello", instance: "1" });
    metrics.record(&Event::InstanceLeftOut { service: "hello", instance: "2" });
    metrics.record(&Event::InstanceBack { service: "hello", instance: "1" });
    call(Side::Client, &SAY, Some(&Error::unavailable("away")), 20);
    metrics.record(&Event::RegistrationLost { services: &own });
}

#[test]
fn the_text_is_as_in_the_file() {
    let metrics = Metrics::new();
    tell(&metrics);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/metrics.txt");
    let text = metrics.text();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(file, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(file).unwrap());
}

#[test]
fn clones_are_one_and_metrics_of_others_are_not() {
    let (metrics, other) = (Metrics::new(), Metrics::new());
    tell(&metrics.clone());
    assert!(metrics.text().contains("server_connections 2\n") && other.text().contains("server_connections 0\n"));
}
