//! Ours beside Kitex: each with its own server and client, and with Kitex's server our client and one by hand. For
//! comparison ping-pongs by hand, with our codec and nothing else, or without even that; what the system calls of a
//! ping-pong take alone shows what is left to gain.
//!
//! Kitex's programs are built from `go/` with what its own tools generate; the candidates take
//! turns, and no call is timed alone. CPU is that of client and server together, and beside it that
//! of Kitex's server. `kitex [ROUNDS] [SECONDS]`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bench::load::{Candidate, Figures, Row, middle, ours, request, round, serve_ours, serve_raw};
use bench::measure::median;
use bench::process::{Server, counted};
use bench::{by_hand, go};
use runtime::client::Transport;

fn kitex_server(bin: &Path, mode: &str) -> Server {
    Server::start(Command::new(bin.join("server")).arg(mode))
}

/// Calls a second, CPU µs a call, and what of it was the server's.
fn kitex(bin: &Path, server: &Server, mode: &str, callers: usize, size: usize, seconds: f64) -> [f64; 3] {
    let mut client = Command::new(bin.join("client"));
    client.arg(server.at.to_string()).args([mode, &callers.to_string(), &size.to_string(), &seconds.to_string()]);
    counted(&mut client, server)
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|it| it.parse::<f64>().expect("a number"));
    let rounds = arguments.next().unwrap_or(5.0) as usize;
    let seconds = arguments.next().unwrap_or(1.5);
    let time = Duration::from_secs_f64(seconds);
    let bin = go::build();
    let (plain, mux) = (kitex_server(&bin, "framed"), kitex_server(&bin, "mux"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let (our, raw, with_codec) = (serve_ours().await, serve_raw().await, by_hand::serve().await);
        println!(
            "| payload | callers | | calls/s | CPU µs/call | Kitex's server | of Kitex |\n|---|---|---|---|---|---|---|"
        );
        for (size, callers) in [16, 1024].into_iter().flat_map(|it| [16, 128].map(|of| (it, of))) {
            let text = "x".repeat(size);
            let ours = [
                ("ours framed", ours(our, Transport::Framed, &text), None),
                ("by hand, our codec", Candidate::Codec(with_codec, text.clone()), None),
                ("by hand, no codec", Candidate::Raw(raw, request(&text).into()), None),
                ("our client, Kitex's server, framed", ours(plain.at, Transport::Framed, &text), Some(&plain)),
                (
                    "by hand, no codec, Kitex's server, framed",
                    Candidate::Raw(plain.at, request(&text).into()),
                    Some(&plain),
                ),
                ("ours multiplexed", ours(our, Transport::Multiplexed, &text), None),
            ];
            let ours = ours.map(|(name, candidate, server)| (name, Row::Calls(candidate), server));
            let floor = ("the system calls alone", Row::Floor(request(&text).len()), None);
            let ours: Vec<_> = ours.into_iter().chain([floor]).collect();
            let mut figures: Vec<Vec<Figures>> = ours.iter().map(|_| Vec::new()).collect();
            let mut servers: Vec<Vec<f64>> = ours.iter().map(|_| Vec::new()).collect();
            let mut theirs: [Vec<[f64; 3]>; 2] = Default::default();
            for _ in 0..rounds {
                for ((figures, servers), (_, row, server)) in figures.iter_mut().zip(&mut servers).zip(&ours) {
                    // As long as Kitex's client does before it counts.
                    round(row, callers, Duration::from_millis(400), false).await;
                    let before = server.map_or(0, |it| it.cpu());
                    let mut figure = round(row, callers, time, false).await;
                    let cpu = server.map_or(0, |it| it.cpu()) - before;
                    let cpu = cpu as f64 / (figure.calls * seconds) / 1000.0;
                    figure.cpu += cpu;
                    figures.push(figure);
                    servers.push(cpu);
                }
                theirs[0].push(kitex(&bin, &plain, "framed", callers, size, seconds));
                theirs[1].push(kitex(&bin, &mux, "mux", callers, size, seconds));
            }
            let of = |theirs: &[[f64; 3]], figure: usize| median(theirs.iter().map(|it| it[figure]).collect());
            let base = [of(&theirs[0], 0), of(&theirs[1], 0)];
            let row = |name: &str, [calls, cpu, server]: [f64; 3]| {
                let base = base[usize::from(name.ends_with("mux") || name.ends_with("multiplexed"))];
                let server = if server > 0.0 { format!("{server:.2}") } else { String::new() };
                println!("| {size} B | {callers} | {name} | {calls:.0} | {cpu:.2} | {server} | {:.2}x |", calls / base);
            };
            for (name, theirs) in ["Kitex framed", "Kitex mux"].into_iter().zip(&theirs) {
                row(name, [of(theirs, 0), of(theirs, 1), of(theirs, 2)]);
            }
            for ((figures, servers), (name, ..)) in figures.iter().zip(servers).zip(&ours) {
                row(name, [middle(figures, |it| it.calls), middle(figures, |it| it.cpu), median(servers)]);
            }
        }
    });
}
