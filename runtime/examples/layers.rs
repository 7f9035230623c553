//! What the layers that are ready cost a call of Thrift: `cargo run --release -p runtime --features thrift,jwt --example layers`.
//! Server and client are in one thread that never rests, so that the time of a call is its CPU, of both sides and the
//! kernel. Servers take turns, and each has the median of its turns.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program to be read")]

use std::io;
use std::time::{Duration, Instant};

use runtime::layers::jwt::{Claims, Jwt};
use runtime::layers::{Authentication, ConcurrencyLimit, Logging, RateLimit, RequestId, Timeout};
use runtime::server::Running;
use runtime::{Answer, Bytes, Call, Channel, Config, Context, Handling, Idl, Method, Server, Service, ServiceInfo};
use tracing::Level;

static METHODS: [Method; 1] = [Method::new(Idl::Thrift, "/Echo/Echo", 0)];
static ECHO: ServiceInfo =
    ServiceInfo { name: "Echo", package: "", registry_name: "echo", idl: Idl::Thrift, methods: &METHODS };

const CALLS: u32 = 20_000;
const AT_ONCE: u32 = 16;
const ROUNDS: usize = 31;

/// Gives each request back.
struct Echo;

impl Service for Echo {
    fn info(&self) -> &'static ServiceInfo {
        &ECHO
    }

    fn call(&self, call: Call) -> Handling {
        Box::pin(async move { Ok(Answer::new(&call.cx, call.body)) })
    }
}

/// One of the servers that are compared.
struct Candidate {
    name: &'static str,
    level: Level,
    channel: Channel,
    cx: Context,
    times: Vec<Duration>,
    _server: Running,
}

impl Candidate {
    async fn new(name: &'static str, level: Level, server: Server, token: Option<&str>) -> Self {
        let server = server.add(Echo).start().await.unwrap();
        let channel = Channel::builder("echo");
        let registry = runtime::Registry::open(&format!("static:echo={}", server.addr())).unwrap();
        let channel = channel.registry(&registry).multiplex(true).build().unwrap();
        let cx = Context::new().with_method(&METHODS[0]);
        let cx = match token {
            Some(token) => cx.with_header("authorization", format!("Bearer {token}")),
            None => cx,
        };
        Self { name, level, channel, cx, times: Vec::new(), _server: server }
    }

    async fn turn(&mut self) {
        let subscriber = tracing_subscriber::fmt().with_max_level(self.level).with_writer(io::sink);
        let _log = tracing::subscriber::set_default(subscriber.finish());
        let begun = Instant::now();
        let calls = (0..AT_ONCE).map(|_| {
            let (channel, cx) = (self.channel.clone(), self.cx.clone());
            tokio::spawn(async move {
                for _ in 0..CALLS / AT_ONCE {
                    let body = Bytes::from_static(b"\x08\0\x01\0\0\0\x07\0");
                    let call = Call::new(&METHODS[0], cx.clone(), body, Default::default());
                    channel.call(call, None).await.unwrap();
                }
            })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap();
        }
        self.times.push(begun.elapsed() / CALLS);
    }

    fn median(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort();
        times[times.len() / 2].as_nanos() as f64
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let server = || Server::new(Config::local());
    let rate = || RateLimit::per_second(1e9);
    let jwt = Jwt::hs256("0123456789abcdef0123456789abcdef").unwrap();
    let token = jwt.sign(&Claims::new("ann", Duration::from_secs(3600))).unwrap();
    let (warn, info) = (Level::WARN, Level::INFO);
    let long = Duration::from_secs(60);
    let all = |server: Server| server.layer(RequestId::new()).layer(Logging::new()).layer(rate().per_peer());
    let mut candidates = vec![
        Candidate::new("no layers", warn, server(), None).await,
        Candidate::new("RequestId", warn, server().layer(RequestId::new()), None).await,
        Candidate::new("Logging, at warn", warn, server().layer(Logging::new()), None).await,
        Candidate::new("RateLimit of all", warn, server().layer(rate()), None).await,
        Candidate::new("RateLimit per peer", warn, server().layer(rate().per_peer()), None).await,
        Candidate::new("ConcurrencyLimit", warn, server().layer(ConcurrencyLimit::new(64)), None).await,
        Candidate::new("Timeout", warn, server().layer(Timeout::after(long)), None).await,
        Candidate::new("JWT, HS256", warn, server().layer(Authentication::new(jwt)), Some(&token)).await,
        Candidate::new("id, logging, rate; at warn", warn, all(server()), None).await,
        Candidate::new("no layers, at info", info, server(), None).await,
        Candidate::new("id, logging, rate; at info", info, all(server()), None).await,
    ];
    for round in 0..ROUNDS {
        for candidate in &mut candidates {
            candidate.turn().await;
        }
        if round == 0 {
            candidates.iter_mut().for_each(|candidate| candidate.times.clear());
        }
    }
    let none = candidates[0].median();
    for candidate in &candidates {
        let median = candidate.median();
        println!(
            "{:28} {median:6.0} ns per call {:+6.0} ns {:+5.1} %",
            candidate.name,
            median - none,
            (median / none - 1.0) * 100.0
        );
    }
}
