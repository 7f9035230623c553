//! Calls a second of a proto service over loopback: ours and tonic's, over one connection and more, each with the other, and
//! our own calls over shared connections; then the messages a second of a stream of answers.
//!
//! Servers and callers share one process and its two worker threads; the candidates take turns.
//! `grpc [ROUNDS] [SECONDS] [ROWS]`: as `rpc`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bench::echo::{MESSAGES, serve_ours, serve_tonic};
use bench::load::{Figures, measure, middle};
use bench::ours::echo::{EchoClient, Text};
use bench::{TonicText, floor, tonics};
use runtime::client::Http;
use runtime::{Channel, Registry};
use tonic::transport;

type TonicClient = tonics::echo_client::EchoClient<transport::Channel>;

/// One way to call.
#[derive(Clone)]
enum Way {
    Ours(EchoClient),
    Tonic(TonicClient),
}

fn ours(registry: &Registry, http: Option<Http>) -> Vec<Way> {
    let mut builder = Channel::builder("echo").registry(registry);
    if let Some(http) = http {
        builder = builder.http(http);
    }
    vec![Way::Ours(EchoClient::new(builder.build().expect("a channel")))]
}

fn tonic_at(at: SocketAddr, channels: usize) -> Vec<Way> {
    let endpoint = transport::Endpoint::from_shared(format!("http://{at}")).expect("an address").tcp_nodelay(true);
    (0..channels).map(|_| Way::Tonic(TonicClient::new(endpoint.connect_lazy()))).collect()
}

impl Way {
    /// One call; gives the length of what came back.
    async fn say(&mut self, text: &str) -> usize {
        let text = text.to_owned();
        match self {
            Self::Ours(client) => client.say(Text { text }).await.expect("answers").text.len(),
            Self::Tonic(client) => client.say(TonicText { text }).await.expect("answers").into_inner().text.len(),
        }
    }

    /// One stream; gives the messages that came.
    async fn each(&mut self, text: &str) -> usize {
        let (text, mut count) = (text.to_owned(), 0);
        match self {
            Self::Ours(client) => {
                let mut replies = client.each(Text { text }).await.expect("answers");
                while let Some(reply) = replies.next().await {
                    count += usize::from(!reply.expect("a message").text.is_empty());
                }
            }
            Self::Tonic(client) => {
                let mut replies = client.each(TonicText { text }).await.expect("answers").into_inner();
                while let Some(reply) = replies.message().await.expect("a message") {
                    count += usize::from(!reply.text.is_empty());
                }
            }
        }
        count
    }
}

/// Calls until told to stop; a stream counts as its messages.
async fn run(mut way: Way, text: Arc<str>, streams: bool, stop: Arc<AtomicBool>) -> (usize, Vec<u32>) {
    let (mut times, mut calls) = (Vec::with_capacity(1 << 20), 0);
    while !stop.load(Ordering::Relaxed) {
        let begin = Instant::now();
        if streams {
            assert_eq!(way.each(&text).await, MESSAGES);
            calls += MESSAGES;
        } else {
            assert_eq!(way.say(&text).await, text.len());
            calls += 1;
        }
        times.push(begin.elapsed().as_nanos() as u32);
    }
    (calls, times)
}

fn main() {
    let mut arguments = std::env::args().skip(1).take(2).map(|it| it.parse::<f64>().expect("a number"));
    let wanted = std::env::args().nth(3).unwrap_or_default();
    let rounds = arguments.next().unwrap_or(5.0) as usize;
    let time = Duration::from_secs_f64(arguments.next().unwrap_or(1.5));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let registry = Registry::open("memory").expect("a registry");
        let (our, their) = (serve_ours(&registry).await, serve_tonic().await);
        let at_tonic = Registry::open(&format!("static:echo={their}")).expect("a registry");
        println!("| what | size | callers | | a second | CPU µs each | p50 µs | p99 µs | of tonic | CPU |\n|---|---|---|---|---|---|---|---|---|---|");
        let unary = [16, 1024].into_iter().flat_map(|size| [1, 16, 128].map(|callers| (false, size, callers)));
        for (streams, size, callers) in unary.chain([(true, 1024, 1), (true, 1024, 16)]) {
            let candidates = [
                ("tonic, one channel", Some(tonic_at(their, 1))),
                ("tonic, two channels", Some(tonic_at(their, 2))),
                ("ours over gRPC", Some(ours(&registry, Some(Http::grpc())))),
                ("ours as found", Some(ours(&registry, None))),
                ("tonic's client, our server", Some(tonic_at(our, 1))),
                ("our client, tonic's server", Some(ours(&at_tonic, None))),
                ("the system calls alone", None),
            ];
            let what = if streams { "stream" } else { "call" };
            let name = |it: &str| format!("{what} | {size} B | {callers} | {it}");
            let candidates: Vec<_> = candidates.into_iter().filter(|(it, _)| name(it).starts_with(&wanted)).collect();
            let candidates: Vec<_> = candidates.into_iter().filter(|(_, ways)| !streams || ways.is_some()).collect();
            let text: Arc<str> = "x".repeat(size).into();
            let round = async |ways: &Option<Vec<Way>>, time| match ways {
                Some(ways) => {
                    let start = |at: usize, stop| run(ways[at % ways.len()].clone(), Arc::clone(&text), streams, stop);
                    measure(callers, time, start).await
                }
                None => floor::round(size + 12, callers, time),
            };
            let mut figures: Vec<Vec<Figures>> = candidates.iter().map(|_| Vec::new()).collect();
            for (_, ways) in &candidates {
                round(ways, Duration::from_millis(400)).await;
            }
            for _ in 0..rounds {
                for (figures, (_, ways)) in figures.iter_mut().zip(&candidates) {
                    figures.push(round(ways, time).await);
                }
            }
            let Some(first) = figures.first() else { continue };
            let (base, base_cpu) = (middle(first, |it| it.calls), middle(first, |it| it.cpu));
            for (figures, (it, _)) in figures.iter().zip(&candidates) {
                let (calls, cpu) = (middle(figures, |it| it.calls), middle(figures, |it| it.cpu));
                let time = |figure| Some(middle(figures, figure)).filter(|it| it.is_finite()).map(|it| format!("{it:.0}"));
                println!(
                    "| {} | {calls:.0} | {cpu:.2} | {} | {} | {:.2}x | {:.2}x |",
                    name(it),
                    time(|it| it.p50).unwrap_or_default(),
                    time(|it| it.p99).unwrap_or_default(),
                    calls / base,
                    cpu / base_cpu,
                );
            }
        }
    });
}
