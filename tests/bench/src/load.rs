//! Callers that call as fast as they can, and what that took.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use runtime::client::Transport;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::by_hand::Side;
use crate::floor;
use crate::measure::median;
use crate::ours::bench as ours;
use peers::volo_gen::bench as theirs;

/// The handler of both.
pub struct Echo;

impl ours::Bench for Echo {
    async fn echo(&self, _: &runtime::Context, req: ours::Message) -> Result<ours::Message, runtime::Error> {
        Ok(req)
    }
}

impl theirs::Bench for Echo {
    async fn echo(&self, req: theirs::Message) -> Result<theirs::Message, volo_thrift::ServerError> {
        Ok(req)
    }
}

/// One way to call.
#[derive(Clone)]
pub enum Candidate {
    /// Ours.
    Ours(ours::BenchClient, String),
    /// volo's.
    Volo(theirs::BenchClient, pilota::FastStr),
    /// A connection a caller, and our codec.
    Codec(SocketAddr, String),
    /// A connection a caller and a request's bytes.
    Raw(SocketAddr, Arc<[u8]>),
}

impl Candidate {
    /// Calls until told to stop; gives the calls, and the time of each in nanoseconds where `timed`.
    async fn run(self, stop: Arc<AtomicBool>, timed: bool) -> (usize, Vec<u32>) {
        let mut times = Vec::with_capacity(if timed { 1 << 20 } else { 0 });
        let mut calls = 0;
        let (mut caller, size) = Caller::new(self).await;
        while !stop.load(Ordering::Relaxed) {
            let begin = timed.then(Instant::now);
            assert_eq!(caller.call().await, size);
            times.extend(begin.map(|begin| begin.elapsed().as_nanos() as u32));
            calls += 1;
        }
        (calls, times)
    }
}

/// One that calls one way.
enum Caller {
    Ours(ours::BenchClient, String),
    Volo(theirs::BenchClient, pilota::FastStr),
    Codec(Side, ours::Message),
    Raw(TcpStream, Arc<[u8]>, BytesMut),
}

impl Caller {
    /// And what [`Caller::call`] gives each time.
    async fn new(way: Candidate) -> (Self, usize) {
        match way {
            Candidate::Ours(client, text) => {
                let size = text.len();
                (Self::Ours(client, text), size)
            }
            Candidate::Volo(client, text) => {
                let size = text.len();
                (Self::Volo(client, text), size)
            }
            Candidate::Codec(to, text) => {
                let size = text.len();
                (Self::Codec(Side::new(connect(to).await), ours::Message { text }), size)
            }
            Candidate::Raw(to, request) => {
                let size = request.len();
                (Self::Raw(connect(to).await, request, BytesMut::with_capacity(64 << 10)), size)
            }
        }
    }

    /// One call; gives the size of what came back.
    async fn call(&mut self) -> usize {
        match self {
            Self::Ours(client, text) => {
                let request = ours::Message { text: text.clone() };
                client.echo(request).await.expect("answers").text.len()
            }
            Self::Volo(client, text) => {
                let request = theirs::Message { text: Some(text.clone()) };
                client.echo(request).await.expect("answers").text.map_or(0, |text| text.len())
            }
            Self::Codec(side, message) => {
                let request = message.clone();
                side.call(&request).await.text.len()
            }
            Self::Raw(stream, request, answer) => {
                stream.write_all(request).await.expect("writes");
                answer.clear();
                while answer.len() < request.len() {
                    assert_ne!(stream.read_buf(answer).await.expect("reads"), 0);
                }
                answer.len()
            }
        }
    }
}

/// A framed request for `Echo` by hand. Its answer is as long: a result is a field of a struct, as an argument is.
pub fn request(text: &str) -> Vec<u8> {
    let mut frame = Vec::from(0x8001_0001_u32.to_be_bytes());
    frame.extend(4_u32.to_be_bytes());
    frame.extend(b"Echo");
    frame.extend(1_u32.to_be_bytes());
    // The struct of arguments: field 1 is the message, whose field 1 is the text.
    frame.extend([12, 0, 1, 11, 0, 1]);
    frame.extend((text.len() as u32).to_be_bytes());
    frame.extend(text.as_bytes());
    frame.extend([0, 0]);
    let mut request = Vec::from((frame.len() as u32).to_be_bytes());
    request.extend(frame);
    request
}

async fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).await.expect("connects");
    stream.set_nodelay(true).expect("a socket");
    stream
}

/// What one round of a candidate gave.
pub struct Figures {
    /// Calls a second.
    pub calls: f64,
    /// CPU of the whole process, both sides, a call.
    pub cpu: f64,
    /// Microseconds; not a number when the calls were not timed.
    pub p50: f64,
    /// Microseconds.
    pub p99: f64,
}

/// One row of a table.
pub enum Row {
    /// Callers that call one way.
    Calls(Candidate),
    /// The system calls alone, with messages of so many bytes.
    Floor(usize),
}

/// One round; each call is `timed`, or all of them together.
pub async fn round(row: &Row, callers: usize, time: Duration, timed: bool) -> Figures {
    match row {
        Row::Calls(candidate) => calls(candidate, callers, time, timed).await,
        Row::Floor(size) => floor::round(*size, callers, time),
    }
}

async fn calls(candidate: &Candidate, callers: usize, time: Duration, timed: bool) -> Figures {
    measure(callers, time, |_, stop| candidate.clone().run(stop, timed)).await
}

/// Starts callers, each a future that calls until told to stop and gives its calls and their times in nanoseconds,
/// and tells them to after a time.
pub async fn measure<F>(callers: usize, time: Duration, start: impl Fn(usize, Arc<AtomicBool>) -> F) -> Figures
where
    F: Future<Output = (usize, Vec<u32>)> + Send + 'static,
{
    let stop = Arc::new(AtomicBool::new(false));
    let (begin, cpu) = (Instant::now(), cpu());
    let callers: Vec<_> = (0..callers).map(|at| tokio::spawn(start(at, Arc::clone(&stop)))).collect();
    tokio::time::sleep(time).await;
    stop.store(true, Ordering::Relaxed);
    let (mut calls, mut times) = (0, Vec::new());
    for caller in callers {
        let (own, mut its) = caller.await.expect("a caller");
        calls += own;
        times.append(&mut its);
    }
    let (wall, cpu) = (begin.elapsed().as_secs_f64(), self::cpu() - cpu);
    times.sort_unstable();
    let at = |part: f64| {
        let time = times.get((times.len().saturating_sub(1) as f64 * part) as usize);
        time.map_or(f64::NAN, |time| f64::from(*time) / 1000.0)
    };
    let calls = calls as f64;
    Figures { calls: calls / wall, cpu: cpu as f64 / calls / 1000.0, p50: at(0.5), p99: at(0.99) }
}

/// Nanoseconds on a CPU of all threads so far.
pub fn cpu() -> u64 {
    cpu_of("self")
}

/// The same of a process, by its id.
pub fn cpu_of(process: &str) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).expect("Linux");
    let of = |task: std::io::Result<std::fs::DirEntry>| {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    };
    tasks.filter_map(of).sum()
}

/// Starts our server; it runs until the process ends.
pub async fn serve_ours() -> SocketAddr {
    let mut config = runtime::Config::default();
    config.server.listen = "127.0.0.1:0".into();
    config.registry.url = "none".into();
    let server = runtime::Server::new(config).add(ours::BenchServer::new(Echo));
    let running = server.start().await.expect("listens");
    let at = running.addr();
    tokio::spawn(async move {
        std::future::pending::<()>().await;
        drop(running);
    });
    at
}

/// Starts a server that sends back what comes; it runs until the process ends.
pub async fn serve_raw() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a peer");
            stream.set_nodelay(true).expect("a socket");
            tokio::spawn(async move {
                let mut bytes = BytesMut::with_capacity(64 << 10);
                while stream.read_buf(&mut bytes).await.is_ok_and(|count| count > 0) {
                    // A frame's length decides when to answer, as in a server by hand.
                    while let Some(size) = bytes.first_chunk::<4>().map(|it| u32::from_be_bytes(*it) as usize + 4) {
                        if bytes.len() < size {
                            break;
                        }
                        let frame = bytes.split_to(size);
                        stream.write_all(&frame).await.expect("writes");
                    }
                }
            });
        }
    });
    at
}

/// The median of one figure.
pub fn middle(figures: &[Figures], get: fn(&Figures) -> f64) -> f64 {
    median(figures.iter().map(get).collect())
}

/// Our client.
pub fn ours(at: SocketAddr, transport: Transport, text: &str) -> Candidate {
    let registry = runtime::Registry::open(&format!("static:bench={at}")).expect("an address");
    let channel = runtime::Channel::builder("bench").registry(&registry).transport(transport).build();
    Candidate::Ours(ours::BenchClient::new(channel.expect("a channel")), text.to_owned())
}
