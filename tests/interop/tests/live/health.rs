//! A client of Kratos leaves a server that says that it is on its way out, before the registry says so.

use std::collections::BTreeSet;
use std::future::ready;
use std::net::SocketAddr;
use std::time::Duration;

use e2e::{Process, wait_for};
use interop::generated::interop::greeter::{Greeter, GreeterClient, GreeterServer, Text};
use runtime::registry::{Endpoint, Instance};
use runtime::server::{Registering, Registrar, Registration, Running};
use runtime::{Channel, Config, Context, Error, Registry, Server, ServiceInfo};

use crate::outcomes::Site;

/// Answers with its name.
struct Named(&'static str);

impl Greeter for Named {
    async fn greet(&self, _: &Context, req: Text) -> Result<Text, Error> {
        Ok(Text { text: format!("{} from {}", req.text, self.0) })
    }
}

/// Somebody else registers the server, and leaves it there for longer than the test takes.
struct Stays;

impl Registrar for Stays {
    fn register(&self, _: SocketAddr, _: &[&'static ServiceInfo]) -> Registering<Result<Box<dyn Registration>, Error>> {
        Box::pin(ready(Ok(Box::new(Self) as Box<dyn Registration>)))
    }
}

impl Registration for Stays {
    fn deregister(self: Box<Self>) -> Registering<Duration> {
        Box::pin(ready(Duration::from_secs(3600)))
    }
}

async fn named(name: &'static str) -> Running {
    Server::new(Config::local()).registrar(Stays).add(GreeterServer::new(Named(name))).start().await.unwrap()
}

/// Waits for calls in a row that reach these servers and nobody else.
fn reaches(caller: &Process, wanted: &[&str]) {
    let wanted: BTreeSet<_> = wanted.iter().map(|name| format!("hi from {name}")).collect();
    let from = caller.printed().len();
    wait_for("calls in a row", || {
        let lines = caller.printed();
        let last = lines[from..].last_chunk::<20>()?;
        (last.iter().cloned().collect::<BTreeSet<_>>() == wanted).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn kratos_leaves_a_server_that_is_told_to_leave() {
    let Some(site) = Site::start("kratos") else { return };
    let (one, two) = (named("one").await, named("two").await);
    let registry = Registry::open(&format!("{}?layout=kratos", site.etcd.url())).unwrap();
    let instance = |server: &Running| {
        let address = Endpoint::parse(&server.addr().to_string()).unwrap();
        Instance::new("ours", Endpoint { scheme: "grpc".to_owned(), ..address })
    };
    let registrations = [&one, &two].map(|server| registry.register(vec![instance(server)]).unwrap());
    let addresses = [one.addr().to_string(), two.addr().to_string()];
    let stand = |lines: Vec<String>| {
        addresses.iter().all(|address| lines.iter().any(|line| line.contains(address))).then_some(())
    };
    wait_for("both registrations", || site.etcd.get("/microservices/ours/").and_then(stand));
    let caller = Process::start("Kratos", site.go.program("greeter").args(["call", &site.etcd.address, "ours"]));
    reaches(&caller, &["one", "two"]);
    let stopping = tokio::spawn(one.stop());
    reaches(&caller, &["two"]);
    assert!(caller.printed().iter().all(|line| !line.starts_with("failed: ")), "{:?}", caller.printed());
    // It is registered all the same, and answers who calls it.
    assert!(site.etcd.get("/microservices/ours/").and_then(stand).is_some());
    let direct = Registry::open(&format!("static:one={}", addresses[0])).unwrap();
    let client = GreeterClient::new(Channel::builder("one").registry(&direct).build().unwrap());
    assert_eq!(client.greet(Text { text: "hi".to_owned() }).await.unwrap().text, "hi from one");
    stopping.abort();
    drop(registrations);
}
