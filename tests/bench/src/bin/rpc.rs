//! Calls a second over loopback: ours, volo-thrift, ping-pongs by hand, one with our codec and one that decodes nothing,
//! and what the system calls of a ping-pong take alone.
//!
//! Server and callers share one process and its two worker threads; the candidates take turns.
//! `rpc [ROUNDS] [SECONDS] [ROWS]`: the rounds' medians are printed; ROWS chooses the rows that
//! begin so, such as `"16 B | 128 | ours framed"`.

use std::net::SocketAddr;
use std::time::Duration;

use bench::by_hand;
use bench::load::{Candidate, Echo, Figures, Row, middle, ours, request, round, serve_ours, serve_raw};
use peers::volo_gen::bench as theirs;
use runtime::client::Transport;
use tokio::net::{TcpListener, TcpStream};

async fn serve_volo() -> SocketAddr {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    tokio::spawn(async move {
        theirs::BenchServer::new(Echo).run(volo::net::Address::from(free)).await.expect("serves");
    });
    while TcpStream::connect(free).await.is_err() {
        tokio::task::yield_now().await;
    }
    free
}

fn volo(at: SocketAddr, text: &str) -> Candidate {
    let client = theirs::BenchClientBuilder::new("bench").address(volo::net::Address::from(at));
    let client = client.make_codec(volo_thrift::codec::default::DefaultMakeCodec::framed()).build();
    Candidate::Volo(client, text.to_owned().into())
}

fn raw(at: SocketAddr, text: &str) -> Candidate {
    Candidate::Raw(at, request(text).into())
}

fn main() {
    let mut arguments = std::env::args().skip(1).take(2).map(|it| it.parse::<f64>().expect("a number"));
    let wanted = std::env::args().nth(3).unwrap_or_default();
    let rounds = arguments.next().unwrap_or(5.0) as usize;
    let time = Duration::from_secs_f64(arguments.next().unwrap_or(1.5));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let (our, their) = (serve_ours().await, serve_volo().await);
        let (by_hand, with_codec) = (serve_raw().await, by_hand::serve().await);
        println!("| payload | callers | | calls/s | CPU µs/call | p50 µs | p99 µs | of volo |\n|---|---|---|---|---|---|---|---|");
        for (size, callers) in [16, 1024, 16 << 10].into_iter().flat_map(|it| [1, 16, 128].map(|of| (it, of))) {
            let text = "x".repeat(size);
            let candidates = [
                ("volo-thrift framed", volo(their, &text)),
                ("ours framed", ours(our, Transport::Framed, &text)),
                ("ours TTHeader+Framed", ours(our, Transport::TtheaderFramed, &text)),
                ("ours multiplexed", ours(our, Transport::Multiplexed, &text)),
                ("by hand, our codec", Candidate::Codec(with_codec, text.clone())),
                ("by hand, no codec", raw(by_hand, &text)),
            ];
            let candidates = candidates.map(|(name, candidate)| (name, Row::Calls(candidate)));
            let floor = ("the system calls alone", Row::Floor(request(&text).len()));
            let rows = candidates.into_iter().chain([floor]).filter(|(name, _)| format!("{size} B | {callers} | {name}").starts_with(&wanted));
            let candidates: Vec<_> = rows.collect();
            if candidates.is_empty() {
                continue;
            }
            let mut figures: Vec<Vec<Figures>> = candidates.iter().map(|_| Vec::new()).collect();
            for (_, candidate) in &candidates {
                round(candidate, callers, Duration::from_millis(400), true).await;
            }
            for _ in 0..rounds {
                for (figures, (_, candidate)) in figures.iter_mut().zip(&candidates) {
                    figures.push(round(candidate, callers, time, true).await);
                }
            }
            let of = middle;
            let base = of(&figures[0], |it| it.calls);
            for (figures, (name, _)) in figures.iter().zip(&candidates) {
                let calls = of(figures, |it| it.calls);
                let time = |figure| Some(of(figures, figure)).filter(|it| it.is_finite()).map(|it| format!("{it:.0}"));
                println!(
                    "| {size} B | {callers} | {name} | {calls:.0} | {:.2} | {} | {} | {:.2}x |",
                    of(figures, |it| it.cpu),
                    time(|it| it.p50).unwrap_or_default(),
                    time(|it| it.p99).unwrap_or_default(),
                    calls / base
                );
            }
        }
    });
}
