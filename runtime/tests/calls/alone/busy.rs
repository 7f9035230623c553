//! A handler that never rests: what it may take of tokio at once is always used up.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use e2e::ran_alone;
use runtime::client::{Request, Transport};
use runtime::limits::DecodeLimits;
use runtime::server::Counter;
use runtime::{
    Bytes, Call, Channel, Code, Config, Error, Handling, Idl, Limits, Method, Registry, Server, Service, ServiceInfo,
};

static METHODS: [Method; 1] = [Method::new(Idl::Thrift, "/Busy/Work", 0)];
static INFO: ServiceInfo =
    ServiceInfo { name: "Busy", package: "", registry_name: "busy", idl: Idl::Thrift, methods: &METHODS };

struct Busy;

impl Service for Busy {
    fn info(&self) -> &'static ServiceInfo {
        &INFO
    }

    fn call(&self, _: Call) -> Handling {
        Box::pin(async {
            loop {
                tokio::task::consume_budget().await;
            }
        })
    }
}

fn channel(address: SocketAddr, transport: Transport) -> Channel {
    let registry = Registry::open(&format!("static:busy={address}")).unwrap();
    Channel::builder("busy").registry(&registry).transport(transport).build().unwrap()
}

fn work(channel: &Channel) -> Request<Bytes, Error> {
    Request::new(channel, &METHODS[0], Ok(Bytes::from_static(&[0])), |body, _: DecodeLimits| Ok(body))
}

#[tokio::test]
async fn it_ends_at_its_deadline() {
    if ran_alone(it_ends_at_its_deadline) {
        return;
    }
    for transport in [Transport::TtheaderFramed, Transport::Multiplexed] {
        let limits = Limits { handler: Duration::from_millis(20), ..Limits::default() };
        let running = Server::new(Config { limits, ..Config::local() }).add(Busy).start().await.unwrap();
        let channel = channel(running.addr(), transport);
        let error = work(&channel).timeout(Duration::from_secs(10)).send().await.unwrap_err();
        assert_eq!(error.code(), Code::DeadlineExceeded, "{transport:?}: {error}");
        assert_eq!(running.counters().get(Counter::Deadlines), 1, "{transport:?}");
        assert_eq!(running.in_flight(), 0, "{transport:?}");
    }
}

#[tokio::test]
async fn it_ends_when_its_caller_goes_away() {
    if ran_alone(it_ends_when_its_caller_goes_away) {
        return;
    }
    for transport in [Transport::TtheaderFramed, Transport::Multiplexed] {
        let running = Server::new(Config::local()).add(Busy).start().await.unwrap();
        let channel = channel(running.addr(), transport);
        let gone = async {
            while running.in_flight() == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = work(&channel).send() => {}
            () = gone => {}
        }
        drop(channel);
        let end = Instant::now() + Duration::from_secs(10);
        while running.counters().get(Counter::Abandoned) == 0 {
            assert!(Instant::now() < end, "{transport:?}: it goes on");
            tokio::task::yield_now().await;
        }
        assert_eq!(running.in_flight(), 0, "{transport:?}");
    }
}
