//! Servers come and go one after the other while clients call: no call may fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use runtime::client::Request;
use runtime::limits::DecodeLimits;
use runtime::server::{Running, Server};
use runtime::{Answer, Call, Channel, Config, Handling, Idl, Method, Registry, Service, ServiceInfo};

const fn method(idl: Idl, path: &'static str) -> Method {
    Method::new(idl, path, 0)
}

const fn info(idl: Idl, registry_name: &'static str, methods: &'static [Method]) -> ServiceInfo {
    ServiceInfo { name: "Adder", package: "", registry_name, idl, methods }
}

static THRIFT_METHODS: [Method; 1] = [method(Idl::Thrift, "/Adder/Add")];
static THRIFT: ServiceInfo = info(Idl::Thrift, "add", &THRIFT_METHODS);
static PROTO_METHODS: [Method; 1] = [method(Idl::Proto, "/Adder/Add")];
static PROTO: ServiceInfo = info(Idl::Proto, "greeter", &PROTO_METHODS);

struct Echo(&'static ServiceInfo);

impl Service for Echo {
    fn info(&self) -> &'static ServiceInfo {
        self.0
    }

    fn call(&self, call: Call) -> Handling {
        Box::pin(async move { Ok(Answer::from(call.body)) })
    }
}

async fn started(registry: &Registry, info: &'static ServiceInfo) -> Running {
    let mut config = Config::local();
    config.server.propagation = Some(Duration::from_millis(50));
    Server::new(config).registry(registry).add(Echo(info)).start().await.unwrap()
}

async fn roll(info: &'static ServiceInfo) {
    let registry = Registry::open("memory").unwrap();
    let mut servers = Vec::new();
    for _ in 0..3 {
        servers.push(started(&registry, info).await);
    }
    let channel = Channel::builder(info.registry_name).registry(&registry).build().unwrap();
    let (done, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let callers: Vec<_> = (0..16)
        .map(|_| {
            let (channel, done, calls) = (channel.clone(), done.clone(), calls.clone());
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    let decode = |body: Bytes, _: DecodeLimits| runtime::Result::<Bytes>::Ok(body);
                    let body = Ok(Bytes::from_static(&[0]));
                    Request::new(&channel, &info.methods[0], body, decode).await?;
                    calls.fetch_add(1, Ordering::Relaxed);
                }
                runtime::Result::<()>::Ok(())
            })
        })
        .collect();
    for _ in 0..9 {
        let before = calls.load(Ordering::Relaxed);
        let fresh = started(&registry, info).await;
        servers.push(fresh);
        servers.remove(0).stop().await.unwrap();
        while calls.load(Ordering::Relaxed) < before + 100 && callers.iter().all(|one| !one.is_finished()) {
            tokio::task::yield_now().await;
        }
    }
    done.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_thrift_call_fails_while_servers_restart() {
    roll(&THRIFT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_grpc_call_fails_while_servers_restart() {
    roll(&PROTO).await;
}
