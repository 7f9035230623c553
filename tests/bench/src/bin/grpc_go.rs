//! Our server and tonic's under a client of grpc-go, each in a process of its own; the servers take turns.
//!
//! The client is built from `go-grpc/`. CPU is that of client and server together, and beside it the server's.
//! `grpc_go [ROUNDS] [SECONDS]`.

use std::path::{Path, PathBuf};
use std::process::Command;

use bench::echo::{serve_ours, serve_tonic};
use bench::measure::median;
use bench::process::{Server, counted};
use runtime::Registry;

/// Serves until it is ended.
fn serve(which: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let at = match which {
            "ours" => serve_ours(&Registry::open("memory").expect("a registry")).await,
            _ => serve_tonic().await,
        };
        println!("{at}");
        std::future::pending::<()>().await;
    });
}

fn build() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let client = here.join("target/grpcclient");
    let done =
        Command::new("go").args(["build", "-o"]).arg(&client).arg(".").current_dir(here.join("go-grpc")).status();
    assert!(done.expect("go is there").success());
    client
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next();
    if let (Some("serve"), Some(which)) = (first.as_deref(), arguments.next()) {
        return serve(&which);
    }
    let number = |text: String| text.parse::<f64>().expect("a number");
    let rounds = first.map_or(5.0, number) as usize;
    let seconds = std::env::args().nth(2).map_or(1.5, number);
    let (client, own) = (build(), std::env::current_exe().expect("a path"));
    let servers = ["tonic", "ours"].map(|which| Server::start(Command::new(&own).args(["serve", which])));
    println!("| size | connections | callers | | calls/s | CPU µs/call | the server's | of tonic | server's CPU |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for size in [16, 1024] {
        for (connections, callers) in [(1, 1), (1, 16), (1, 128), (2, 128)] {
            let mut figures: [Vec<[f64; 3]>; 2] = Default::default();
            for _ in 0..rounds {
                for (server, figures) in servers.iter().zip(&mut figures) {
                    let mut client = Command::new(&client);
                    client.arg(server.at.to_string());
                    client.args([connections, callers, size].map(|number: i32| number.to_string()));
                    figures.push(counted(client.arg(seconds.to_string()), server));
                }
            }
            let of = |which: usize, figure: usize| median(figures[which].iter().map(|it| it[figure]).collect());
            for (which, name) in ["tonic's server", "our server"].into_iter().enumerate() {
                let [calls, cpu, server] = [0, 1, 2].map(|figure| of(which, figure));
                let (base, base_cpu) = (of(0, 0), of(0, 2));
                println!(
                    "| {size} B | {connections} | {callers} | {name} | {calls:.0} | {cpu:.2} | {server:.2} | {:.2}x | {:.2}x |",
                    calls / base,
                    server / base_cpu,
                );
            }
        }
    }
}
