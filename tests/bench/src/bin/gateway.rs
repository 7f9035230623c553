//! Gateways from HTTP to a server of Kitex: ours, as `kiteline gateway` makes one, and one of Hertz with Kitex's client; both over shared
//! connections and one call at a time. Requests a second and the CPU of the gateway for each, which is a process of its
//! own; they take turns.
//!
//! `gateway [ROUNDS] [SECONDS]`.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bench::go;
use bench::load::measure;
use bench::measure::median;
use bench::ours::bench::{Bench, BenchClient, BenchServer, Message};
use bench::process::Server;
use bench::web::{call, request};
use runtime::{Channel, Config, Context, Error, Registry};

/// What `kiteline gateway` writes for the method.
struct Gateway {
    bench: BenchClient,
}

impl Bench for Gateway {
    async fn echo(&self, cx: &Context, req: Message) -> Result<Message, Error> {
        self.bench.echo(req).with(cx).await
    }
}

/// A back end of ours, until it is ended.
async fn back() {
    println!("{}", bench::load::serve_ours().await);
    std::future::pending().await
}

/// A gateway, until it is ended.
async fn serve(back: &str) {
    let registry = Registry::open(&format!("static:bench={back}")).expect("a registry");
    let channel = Channel::builder("bench").registry(&registry).build().expect("a channel");
    let gateway = Gateway { bench: BenchClient::new(channel) };
    let running = runtime::Server::new(Config::local()).add(BenchServer::new(gateway)).start().await.expect("listens");
    println!("{}", running.addr());
    std::future::pending::<()>().await;
    drop(running);
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    if let (Some("serve"), Some(back)) = (first.as_deref(), arguments.next()) {
        return runtime.block_on(serve(&back));
    }
    if first.as_deref() == Some("back") {
        return runtime.block_on(back());
    }
    let number = |text: String| text.parse::<f64>().expect("a number");
    let rounds = first.map_or(5.0, number) as usize;
    let time = Duration::from_secs_f64(std::env::args().nth(2).map_or(1.0, number));
    let (own, bin) = (std::env::current_exe().expect("a path"), go::build());
    let back = |mode: &str| Server::start(Command::new(bin.join("server")).arg(mode));
    let (plain, mux) = (back("framed"), back("mux"));
    let hertz =
        |back: &Server, mode: &str| Server::start(Command::new(bin.join("gateway")).args([&back.at.to_string(), mode]));
    let ours = |back: String| Server::start(Command::new(&own).args(["serve", &back]));
    let our_back = Server::start(Command::new(&own).arg("back"));
    // Each with the place of what it is compared with.
    let gateways = [
        ("Hertz and Kitex, shared connections", hertz(&mux, "mux"), 0),
        ("ours, shared connections", ours(format!("{}?mux", mux.at)), 0),
        ("ours before ours, shared connections", ours(format!("{}?mux", our_back.at)), 0),
        ("Hertz and Kitex, one call at a time", hertz(&plain, "framed"), 3),
        ("ours, one call at a time", ours(plain.at.to_string()), 3),
    ];
    println!("| payload | callers | | a second | gateway's CPU µs | of Hertz | CPU |\n|---|---|---|---|---|---|---|");
    runtime.block_on(async {
        for (size, callers) in [16, 1024].into_iter().flat_map(|size| [16, 128].map(|callers| (size, callers))) {
            let request = request("POST /echo", &format!("{{\"text\":\"{}\"}}", "x".repeat(size)));
            let mut figures: Vec<Vec<[f64; 2]>> = gateways.iter().map(|_| Vec::new()).collect();
            for round in 0..=rounds {
                for ((_, gateway, _), figures) in gateways.iter().zip(&mut figures) {
                    let before = gateway.cpu();
                    let figure = measure(callers, time, |_, stop| call(gateway.at, Arc::clone(&request), stop)).await;
                    let cpu = (gateway.cpu() - before) as f64 / (figure.calls * time.as_secs_f64()) / 1000.0;
                    if round > 0 {
                        figures.push([figure.calls, cpu]);
                    }
                }
            }
            let of = |which: usize, figure: usize| median(figures[which].iter().map(|row| row[figure]).collect());
            for (which, (name, _, base)) in gateways.iter().enumerate() {
                let (calls, cpu) = (of(which, 0), of(which, 1));
                println!(
                    "| {size} B | {callers} | {name} | {calls:.0} | {cpu:.1} | {:.2}x | {:.2}x |",
                    calls / of(*base, 0),
                    cpu / of(*base, 1),
                );
            }
        }
    });
}
