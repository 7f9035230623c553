//! What metrics cost a server: its CPU per call with them and without.
//!
//! Two servers, each a process of its own, take turns; the callers are in this one. `metrics [ROUNDS] [SECONDS]`: of each
//! round's pair the ratio is taken, and the median of those is printed.

use std::env;
use std::process::Command;
use std::time::Duration;

use bench::load::{Echo, Figures, Row, ours, round};
use bench::measure::median;
use bench::ours::bench::BenchServer;
use bench::process::Server;
use runtime::client::Transport;

/// Serves until it is killed.
async fn serve(with: &str) {
    let mut config = runtime::Config::local();
    config.server.http.metrics = with == "on";
    let running = runtime::Server::new(config).add(BenchServer::new(Echo)).start().await.expect("listens");
    println!("{}", running.addr());
    std::future::pending::<()>().await;
}

/// One round against a server: its CPU in µs per call, and the callers' figures.
async fn turn(server: &Server, row: &Row, callers: usize, time: Duration) -> (f64, Figures) {
    let before = server.cpu();
    let figures = round(row, callers, time, false).await;
    let calls = figures.calls * time.as_secs_f64();
    ((server.cpu() - before) as f64 / calls / 1000.0, figures)
}

fn main() {
    let workers = |count| tokio::runtime::Builder::new_multi_thread().worker_threads(count).enable_all().build();
    let arguments: Vec<_> = env::args().skip(1).collect();
    if let [serve_with, with] = &arguments[..]
        && serve_with == "serve"
    {
        return workers(2).expect("a runtime").block_on(serve(with));
    }
    let number = |at: usize, default: f64| arguments.get(at).map_or(default, |it| it.parse().expect("a number"));
    let (rounds, time) = (number(0, 9.0) as usize, Duration::from_secs_f64(number(1, 1.0)));
    let start = |with| Server::start(Command::new(env::current_exe().expect("a path")).args(["serve", with]));
    workers(2).expect("a runtime").block_on(async {
        let servers = ["off", "on"].map(start);
        println!("| callers | | CPU µs of the server/call, off | on | on of off |\n|---|---|---|---|---|");
        let transports = [("framed", Transport::Framed), ("multiplexed", Transport::Multiplexed)];
        for (callers, (name, transport)) in [1, 16, 128].into_iter().flat_map(|it| transports.map(|of| (it, of))) {
            let rows = [0, 1].map(|at: usize| Row::Calls(ours(servers[at].at, transport, "0123456789abcdef")));
            for (server, row) in servers.iter().zip(&rows) {
                turn(server, row, callers, Duration::from_millis(400)).await;
            }
            let (mut cpu, mut ratios) = ([Vec::new(), Vec::new()], Vec::new());
            for at in 0..rounds {
                let mut pair = [0.0; 2];
                for side in [at % 2, 1 - at % 2] {
                    pair[side] = turn(&servers[side], &rows[side], callers, time).await.0;
                    cpu[side].push(pair[side]);
                }
                ratios.push(pair[1] / pair[0]);
            }
            let [off, on] = cpu.map(median);
            println!("| {callers} | {name} | {off:.2} | {on:.2} | {:.3}x |", median(ratios));
        }
    });
}
