//! Settings of single methods: how long their handlers may take, how often they are called, and which names are none.

use std::time::Duration;

use crate::add::{AddRequest, AddServer};
use crate::peer::Peer;
use runtime::config::{MethodSettings, Methods};
use runtime::thrift::{self, MessageType};
use runtime::{Answer, Call, Code, Config, Handling, Limits, Server, Service, ServiceInfo};

fn config(method: &str, settings: MethodSettings) -> Config {
    let mut methods = Methods::default();
    methods.set(method, settings);
    Config { methods, ..Config::local() }
}

fn of_timeout(timeout: Duration) -> MethodSettings {
    MethodSettings { timeout: Some(timeout), ..MethodSettings::default() }
}

/// Answers `Add` when its context says that there is more time than a minute, and else never.
struct Patient;

impl Service for Patient {
    fn info(&self) -> &'static ServiceInfo {
        AddServer::default().info()
    }

    fn call(&self, call: Call) -> Handling {
        let long = call.cx.remaining().is_some_and(|left| left > Duration::from_secs(60));
        Box::pin(async move {
            if !long {
                std::future::pending::<()>().await;
            }
            Ok(Answer::from(bytes::Bytes::from_static(&[0])))
        })
    }
}

/// What the first two calls of `Add` and one of `Take` are answered with.
async fn kinds(config: Config) -> [MessageType; 3] {
    let running = Server::new(config).add(Patient).start().await.unwrap();
    let mut peer = Peer::connect(running.addr()).await;
    let body = thrift::body(&[(1, &AddRequest { first: 1, second: 2 })]).unwrap();
    [
        peer.call("Add", 1, &body).await.kind,
        peer.call("Add", 2, &body).await.kind,
        peer.call("Take", 3, &body).await.kind,
    ]
}

#[tokio::test]
async fn a_method_has_more_time_or_less_than_others() {
    let (reply, exception) = (MessageType::Reply, MessageType::Exception);
    let long = of_timeout(Duration::from_secs(3600));
    let limits = Limits { handler: Duration::from_millis(10), ..Limits::default() };
    let longer = Config { limits, ..config("AddService/Add", long) };
    assert_eq!(kinds(longer).await, [reply, reply, exception]);
    let limits = Limits { handler: Duration::from_secs(3600), ..Limits::default() };
    let shorter = Config { limits, ..config("AddService/Add", of_timeout(Duration::from_millis(10))) };
    assert_eq!(kinds(shorter).await, [exception, exception, reply]);
}

#[tokio::test]
async fn a_method_has_a_rate() {
    let limits = Limits { handler: Duration::from_secs(3600), ..Limits::default() };
    // A call in a million seconds.
    let rare = MethodSettings { rate: Some(1e-6), ..MethodSettings::default() };
    let rare = Config { limits, ..config("AddService/Add", rare) };
    assert_eq!(kinds(rare).await, [MessageType::Reply, MessageType::Exception, MessageType::Reply]);
}

#[tokio::test]
async fn a_method_that_a_service_does_not_have_is_an_error_at_the_start() {
    let settings = of_timeout(Duration::from_secs(1));
    let error = Server::new(config("AddService/Ad", settings)).add(Patient).start().await.unwrap_err();
    let text = "[methods]: \"AddService/Ad\" is not a method here; did you mean \"AddService/Add\"?";
    assert_eq!((error.code(), error.message()), (Code::InvalidArgument, text));
    // Of a service that it may call.
    Server::new(config("orders.Orders/Place", settings)).add(Patient).start().await.unwrap();
}
