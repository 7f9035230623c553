//! How many connections a channel opens to an address, and keeps.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::tests::{ADD, Act, Peer, request};
use super::*;
use crate::config::ClientConfig;
use kiteline_core::Code;
use kiteline_core::Limits;
use kiteline_core::service::{Answer, Call, Handling, Idl, Service, ServiceInfo};
use kiteline_registry::Registry;
use kiteline_server::Builder as Server;
use kiteline_server::Counter as Served;

static INFO: ServiceInfo = ServiceInfo {
    name: "AddService",
    package: "",
    registry_name: "add",
    idl: Idl::Thrift,
    methods: std::slice::from_ref(&ADD),
};

/// Gives the body back once it is released.
struct Gate(watch::Sender<bool>);

impl Service for Gate {
    fn info(&self) -> &'static ServiceInfo {
        &INFO
    }

    fn call(&self, call: Call) -> Handling {
        let mut open = self.0.subscribe();
        Box::pin(async move {
            let _ = open.wait_for(|open| *open).await;
            Ok(Answer::from(call.body))
        })
    }
}

fn builder(address: &str) -> Builder {
    let registry = Registry::open(&format!("static:add={address}")).unwrap();
    Channel::builder("add").registry(&registry).transport(Transport::Framed)
}

/// More callers than the server takes connections from an address: they take turns, and none fails.
#[tokio::test]
async fn callers_above_the_cap_wait_for_a_connection() {
    let limits = Limits { connections_per_address: 8, ..Limits::default() };
    let gate = watch::Sender::new(false);
    let server = Server::new(&limits).service(Arc::new(Gate(gate.clone())));
    let running = server.start("127.0.0.1:0", None).await.unwrap();
    let channel = builder(&running.addr().to_string()).max_connections(8).build().unwrap();
    for _ in 0..3 {
        gate.send_replace(false);
        let calls: Vec<_> = (0..40).map(|_| tokio::spawn(request(&channel, &ADD, "\0").into_future())).collect();
        while running.in_flight() < 8 {
            tokio::task::yield_now().await;
        }
        gate.send_replace(true);
        for call in calls {
            assert_eq!(call.await.unwrap().unwrap(), "\0");
        }
    }
    // All of them were kept from burst to burst.
    assert_eq!((running.counters().get(Served::Accepted), running.counters().get(Served::Refused)), (8, 0));
}

#[tokio::test]
async fn who_waits_for_a_connection_ends_by_its_deadline() {
    let peer = Peer::start(&[Act::Hang]).await;
    let channel = builder(&peer.address).max_connections(1).build().unwrap();
    let busy = tokio::spawn(request(&channel, &ADD, "a").into_future());
    while peer.requests() == 0 {
        tokio::task::yield_now().await;
    }
    let error = request(&channel, &ADD, "b").timeout(Duration::from_millis(20)).await.unwrap_err();
    assert_eq!((error.code(), peer.requests(), peer.connections()), (Code::DeadlineExceeded, 1, 1));
    // A call that is given up takes its connection along, and makes room for another.
    busy.abort();
    let next = tokio::spawn(request(&channel, &ADD, "c").into_future());
    while peer.connections() < 2 {
        tokio::task::yield_now().await;
    }
    next.abort();
}

#[tokio::test]
async fn idle_connections_are_kept_as_far_as_was_said() {
    let peer = Peer::start(&[Act::Echo]).await;
    let channel = builder(&peer.address).max_idle_connections(0).build().unwrap();
    for count in 1..=3 {
        request(&channel, &ADD, "a").await.unwrap();
        assert_eq!(peer.connections(), count);
    }
}

/// Two channels on one machine fit what a server takes from it.
#[test]
fn the_defaults_fit_each_other() {
    let ClientConfig { max_connections, max_idle_connections, .. } = ClientConfig::default();
    assert!(2 * max_connections <= Limits::default().connections_per_address);
    assert!(max_idle_connections <= max_connections);
}
