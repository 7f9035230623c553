//! The life of a server: layers, registration, and running out of descriptors.

use std::io::BufRead;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::add::{AddRequest, AddServer};
use crate::peer::{Peer, frame};
use runtime::Config;
use runtime::server::{Counter, Registering, Registrar, Registration};
use runtime::thrift::{self, MessageType};
use runtime::{Answer, Call, Error, Handling, Limits, Server, ServiceInfo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::{Layer, Service};

fn options() -> Config {
    Config::local()
}

async fn add_on(peer: &mut Peer) -> MessageType {
    let body = thrift::body(&[(1, &AddRequest { first: 1, second: 2 })]).unwrap();
    peer.call("Add", 1, &body).await.kind
}

/// Writes its name down for every call, and refuses calls when told to.
#[derive(Clone)]
struct Named<S> {
    name: &'static str,
    refuses: bool,
    seen: Arc<Mutex<Vec<&'static str>>>,
    inner: S,
}

struct Naming(Named<()>);

impl<S> Layer<S> for Naming {
    type Service = Named<S>;

    fn layer(&self, inner: S) -> Named<S> {
        let Named { name, refuses, seen, .. } = &self.0;
        Named { name, refuses: *refuses, seen: Arc::clone(seen), inner }
    }
}

impl<S> Service<Call> for Named<S>
where
    S: Service<Call, Response = Answer, Error = Error>,
    S::Future: Send + 'static,
{
    type Response = Answer;
    type Error = Error;
    type Future = Handling;

    fn poll_ready(&mut self, task: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, call: Call) -> Handling {
        self.seen.lock().unwrap().push(self.name);
        if self.refuses {
            return Box::pin(async { Err(Error::invalid("refused")) });
        }
        Box::pin(self.inner.call(call))
    }
}

#[tokio::test]
async fn layers_see_calls_in_the_order_in_which_they_were_added() {
    let seen = Arc::default();
    let named = |name, refuses| Naming(Named { name, refuses, seen: Arc::clone(&seen), inner: () });
    let server = Server::new(options()).add(AddServer::default());
    let running = server.layer(named("outer", false)).layer(named("inner", false)).start();
    let running = running.await.unwrap();
    let mut peer = Peer::connect(running.addr()).await;
    assert_eq!(add_on(&mut peer).await, MessageType::Reply);
    assert_eq!(*seen.lock().unwrap(), ["outer", "inner"]);
    assert_eq!(peer.call("Panic", 2, &[0]).await.kind, MessageType::Exception);
    let server = Server::new(options()).add(AddServer::default());
    let running = server.layer(named("only", true)).start().await.unwrap();
    let mut peer = Peer::connect(running.addr()).await;
    assert_eq!(add_on(&mut peer).await, MessageType::Exception);
}

/// Calls the server while it registers and while it is deregistered.
struct Directory(Arc<Mutex<Vec<&'static str>>>);

struct Entry(SocketAddr, Arc<Mutex<Vec<&'static str>>>);

impl Registrar for Directory {
    fn register(
        &self,
        address: SocketAddr,
        services: &[&'static ServiceInfo],
    ) -> Registering<Result<Box<dyn Registration>, Error>> {
        assert_eq!(services[0].registry_name, "add");
        let log = Arc::clone(&self.0);
        Box::pin(async move {
            assert_eq!(add_on(&mut Peer::connect(address).await).await, MessageType::Reply);
            log.lock().unwrap().push("registered");
            Ok(Box::new(Entry(address, log)) as Box<dyn Registration>)
        })
    }
}

impl Registration for Entry {
    fn deregister(self: Box<Self>) -> Registering<Duration> {
        Box::pin(async move {
            assert_eq!(add_on(&mut Peer::connect(self.0).await).await, MessageType::Reply);
            self.1.lock().unwrap().push("deregistered");
            Duration::ZERO
        })
    }
}

#[tokio::test]
async fn a_server_answers_for_as_long_as_it_is_registered() {
    let log = Arc::default();
    let server = Server::new(options()).add(AddServer::default());
    let running = server.registrar(Directory(Arc::clone(&log))).start().await.unwrap();
    assert_eq!(*log.lock().unwrap(), ["registered"]);
    running.stop().await.unwrap();
    assert_eq!(*log.lock().unwrap(), ["registered", "deregistered"]);
}

#[tokio::test]
async fn a_taken_address_names_the_setting() {
    let running = Server::new(options()).add(AddServer::default()).start().await.unwrap();
    let mut taken = options();
    taken.server.listen = running.addr().to_string();
    let error = Server::new(taken).add(AddServer::default()).start().await.unwrap_err();
    assert!(error.message().contains("KITELINE_LISTEN"), "{error}");
}

/// A connect that the kernel has no room for tries again only after a second (RFC 6298, section 2).
#[tokio::test]
async fn connections_that_come_at_once_find_room() {
    let running = Server::new(options()).add(AddServer::default()).start().await.unwrap();
    let address = running.addr();
    // Nothing is accepted meanwhile: this thread is the server's, too.
    let connect = |_| std::net::TcpStream::connect_timeout(&address, Duration::from_secs(10)).unwrap();
    let streams: Vec<_> = (0..300).map(connect).collect();
    let mut peer = Peer::connect(address).await;
    assert_eq!(add_on(&mut peer).await, MessageType::Reply);
    assert_eq!(running.counters().get(Counter::Accepted), streams.len() as u64 + 1);
}

#[tokio::test]
async fn a_peer_that_never_reads_is_closed() {
    let write = Duration::from_millis(100);
    let limits = Limits { write, ..Limits::default() };
    let server = Server::new(Config { limits, ..options() }).add(AddServer::default());
    let running = server.start().await.unwrap();
    let mut stream = TcpStream::connect(running.addr()).await.unwrap();
    let request = frame(MessageType::Call, &"n".repeat(60_000), 1, &[0]);
    while stream.write_all(&request).await.is_ok() {}
    assert_eq!(running.counters().get(Counter::WriteTimeouts), 1);
}

/// The limit of descriptors of the process that the next test starts.
const DESCRIPTORS: &str = "64";

#[test]
fn a_server_without_descriptors_recovers() {
    let test = std::env::current_exe().unwrap();
    let script = format!("ulimit -n {DESCRIPTORS} && exec \"$0\" --ignored --exact server::life::starved");
    let run = std::process::Command::new("sh").arg("-c").arg(script).arg(test).output().unwrap();
    let text = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{text}\n{}", String::from_utf8_lossy(&run.stderr));
    assert!(text.contains("1 passed"), "{text}");
}

/// Run by the test above, in a process with few descriptors: client and server share them.
#[tokio::test]
#[ignore = "needs a low limit of descriptors"]
async fn starved() {
    let running = Server::new(options()).add(AddServer::default()).start().await.unwrap();
    let mut held = Vec::new();
    while let Ok(stream) = TcpStream::connect(running.addr()).await {
        held.push(stream);
    }
    // Every descriptor is a client's by now: at the latest now the server has none for them.
    while running.counters().get(Counter::AcceptErrors) < 3 {
        tokio::task::yield_now().await;
    }
    assert!(running.counters().get(Counter::AcceptErrors) < 100);
    held.truncate(held.len() / 4);
    let mut peer = Peer::connect(running.addr()).await;
    assert_eq!(add_on(&mut peer).await, MessageType::Reply);
    peer.stream.shutdown().await.unwrap();
    let mut rest = Vec::new();
    peer.stream.read_to_end(&mut rest).await.unwrap();
}

/// Ends in the order of a deployment: a line on start, SIGTERM, exit 0.
#[test]
fn sigterm_drains_and_exits() {
    let test = std::env::current_exe().unwrap();
    let mut server = std::process::Command::new(test)
        .args(["--ignored", "--exact", "--nocapture", "server::life::served"])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(server.stderr.take().unwrap()).lines();
    let started = lines.find(|line| line.as_ref().unwrap().contains("listening on")).unwrap();
    let started = started.unwrap();
    let address = started.split(' ').nth(3).unwrap();
    let _idle = std::net::TcpStream::connect(address).unwrap();
    let pid = server.id().to_string();
    let kill = std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(kill.success());
    assert!(lines.any(|line| line.unwrap().starts_with("stopping")));
    assert!(server.wait().unwrap().success());
}

/// Run by the test above.
#[tokio::test]
#[ignore = "serves until a signal comes"]
async fn served() {
    Server::new(options()).add(AddServer::default()).run().await.unwrap();
}

/// tower's own layers fail with a box; both ends take them as they are.
#[tokio::test]
async fn towers_own_layers_fit_a_server() {
    let layers = tower::ServiceBuilder::new()
        .load_shed()
        .concurrency_limit(64)
        .timeout(std::time::Duration::from_secs(60))
        .into_inner();
    let running = Server::new(options()).add(AddServer::default()).layer(layers).start().await.unwrap();
    assert_eq!(add_on(&mut Peer::connect(running.addr()).await).await, MessageType::Reply);
    let layers = tower::timeout::TimeoutLayer::new(std::time::Duration::ZERO);
    let running = Server::new(options()).add(AddServer::default()).layer(layers).start().await.unwrap();
    let answer = Peer::connect(running.addr()).await.call("Wait", 1, &[0]).await;
    assert_eq!(answer.kind, MessageType::Exception);
}
