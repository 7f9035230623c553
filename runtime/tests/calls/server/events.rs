//! Events of a server and a channel, as a recorder sees them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::add::{AddRequest, AddResponse, AddServer};
use runtime::client::Request;
use runtime::event::{Event, Recorder};
use runtime::{Channel, Code, Config, Error, Registry, Server, Service, thrift};

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Recorder for Seen {
    fn record(&self, event: &Event<'_>) {
        let text = match event {
            Event::CallBegun { side, method, peer } => format!("{side:?} begun {} {}", method.name, peer.is_some()),
            Event::CallEnded { side, method, error, .. } => {
                format!("{side:?} ended {} {:?}", method.name, error.map(Error::code))
            }
            Event::Connected { .. } => "connected".to_owned(),
            Event::Disconnected { .. } => "disconnected".to_owned(),
            Event::Registered { services } => format!("registered {services:?}"),
            Event::RegistrationLost { services } => format!("lost {services:?}"),
            Event::Deregistered { services } => format!("left {services:?}"),
            Event::InstancesChanged { service, instances } => format!("{service} has {instances}"),
            Event::InstanceLeftOut { service, .. } => format!("{service} leaves out"),
            Event::InstanceBack { service, .. } => format!("{service} takes back"),
            other => format!("{other:?}"),
        };
        self.0.lock().unwrap().push(text);
    }
}

impl Seen {
    /// Waits until a text was seen; what stands there is taken.
    async fn until(&self, text: &str) -> Vec<String> {
        while !self.0.lock().unwrap().iter().any(|seen| seen == text) {
            tokio::task::yield_now().await;
        }
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn call(channel: &Channel, place: usize) -> Request<AddResponse> {
    let body = thrift::body(&[(1, &AddRequest { first: 1, second: 2 })]);
    Request::new(channel, &AddServer::default().info().methods[place], body, thrift::result)
}

#[tokio::test]
async fn each_thing_is_told_where_it_happens() {
    let (served, called) = (Seen::default(), Seen::default());
    let registry = Registry::open("memory").unwrap();
    let server = Server::new(Config::local()).registry(&registry).add(AddServer::default()).recorder(served.clone());
    let running = server.start().await.unwrap();
    assert_eq!(served.until("registered [\"add\"]").await.len(), 1);
    let channel = Channel::builder("add").registry(&registry).recorder(called.clone()).build().unwrap();
    call(&channel, 0).await.unwrap();
    assert_eq!(call(&channel, 5).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(
        called.until("Client ended Fail Some(NotFound)").await,
        [
            "Client begun Add false",
            "add has 1",
            "Client ended Add None",
            "Client begun Fail false",
            "Client ended Fail Some(NotFound)"
        ]
    );
    assert_eq!(
        served.until("Server ended Fail Some(NotFound)").await,
        [
            "connected",
            "Server begun Add true",
            "Server ended Add None",
            "Server begun Fail true",
            "Server ended Fail Some(NotFound)"
        ]
    );
    // Given up by the caller: both sides see the end.
    let late = call(&channel, 2).timeout(Duration::from_millis(20)).await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded);
    called.until("Client ended Wait Some(DeadlineExceeded)").await;
    let seen = served.0.clone();
    while !seen.lock().unwrap().iter().any(|text| text.starts_with("Server ended Wait")) {
        tokio::task::yield_now().await;
    }
    drop(channel);
    running.stop().await.unwrap();
    served.until("disconnected").await;
}

#[tokio::test]
async fn a_server_that_stops_has_left_its_registry() {
    let seen = Seen::default();
    let registry = Registry::open("memory").unwrap();
    let server = Server::new(Config::local()).registry(&registry).add(AddServer::default()).recorder(seen.clone());
    let running = server.start().await.unwrap();
    seen.until("registered [\"add\"]").await;
    running.stop().await.unwrap();
    assert_eq!(seen.until("left [\"add\"]").await, ["left [\"add\"]"]);
}

#[tokio::test]
async fn an_instance_that_fails_is_left_out_aloud() {
    let seen = Seen::default();
    let registry = Registry::open("static:add=127.0.0.1:1,127.0.0.1:2").unwrap();
    let channel = Channel::builder("add").registry(&registry).recorder(seen.clone()).build().unwrap();
    call(&channel, 0).await.unwrap_err();
    assert!(seen.until("add leaves out").await.contains(&"add has 2".to_owned()));
}
