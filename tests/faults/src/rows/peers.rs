//! Rows 42, 43, 44 and 48: what a channel takes of the services that it calls over gRPC.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use runtime::client::Transport;
use runtime::{Channel, Registry};

use super::Scale;
use crate::Failure;
use crate::generated::faults::TargetClient;
use crate::generated::faults::twin::{Count, TwinClient};
use crate::process::{Settings, Target};
use crate::registry::proxy::{Mode, Proxy};
use crate::report::Line;
use crate::scripted::{self, Script};

/// Row 42.
pub(super) async fn silence(_: Scale) -> Result<Vec<Line>, Failure> {
    let target = Target::start(&Settings::default()).await?;
    let mut lines = Vec::new();
    let ways: [(&str, Option<Transport>); 3] = [
        ("gRPC", None),
        ("Thrift", Some(Transport::TtheaderFramed)),
        ("Thrift, multiplexed", Some(Transport::Multiplexed)),
    ];
    for (name, transport) in ways {
        for timeout in [100, 500, 2_000] {
            let proxy = Proxy::start(&target.address.to_string()).await?;
            let registry = Registry::open(&format!("static:target={}", proxy.address()))?;
            let mut channel = Channel::builder("target").registry(&registry);
            if let Some(transport) = transport {
                channel = channel.transport(transport);
            }
            let channel = channel.timeout(Duration::from_millis(timeout)).build()?;
            let (twin, thrift) = (TwinClient::new(channel.clone()), TargetClient::new(channel));
            let call = async || match transport {
                None => twin.number(Count { number: 1 }).await.is_ok(),
                Some(_) => thrift.number(1).await.is_ok(),
            };
            let before = call().await && call().await;
            proxy.set_open(Mode::Hole);
            let (mut failed, start) = (0, Instant::now());
            while failed < 20 && !call().await {
                failed += 1;
            }
            let what = format!("{name}: a connection goes silent, calls with {timeout} ms");
            let said = format!("{failed} failed, {:.1?}", start.elapsed());
            lines.push(Line::new(42, what, "≤ 3 calls fail", said, before && failed <= 3));
        }
    }
    Ok(lines)
}

/// What steady callers saw.
#[derive(Default)]
struct Steady {
    made: AtomicUsize,
    failed: AtomicUsize,
}

/// So many callers, each with a call after the other, for a while.
async fn steady(client: &TwinClient, callers: usize, time: Duration) -> Result<Arc<Steady>, Failure> {
    let (seen, end) = (Arc::<Steady>::default(), Instant::now() + time);
    let mut tasks = Vec::new();
    for _ in 0..callers {
        let (client, seen) = (client.clone(), Arc::clone(&seen));
        tasks.push(tokio::spawn(async move {
            let mut last = String::new();
            while Instant::now() < end {
                let number = seen.made.fetch_add(1, Ordering::Relaxed);
                match client.number(Count { number: i64::try_from(number).unwrap_or_default() }).await {
                    Ok(_) => {}
                    Err(error) => {
                        seen.failed.fetch_add(1, Ordering::Relaxed);
                        last = error.to_string();
                    }
                }
            }
            last
        }));
    }
    for task in tasks {
        let last = task.await?;
        if !last.is_empty() {
            eprintln!("a call failed: {last}");
        }
    }
    Ok(seen)
}

/// Row 43.
pub(super) async fn endings(scale: Scale) -> Result<Vec<Line>, Failure> {
    let time = Duration::from_secs(scale.of(20, 4));
    let mut lines = Vec::new();
    let config = "[limits]\nconnection_age = 1\n".to_owned();
    let target = Target::start(&Settings { config, ..Settings::default() }).await?;
    let client = TwinClient::new(Channel::to(&target.address.to_string())?);
    let seen = steady(&client, 32, time).await?;
    let [made, failed] = [&seen.made, &seen.failed].map(|count| count.load(Ordering::Relaxed));
    let said = format!("{failed} of {made} failed");
    lines.push(Line::new(
        43,
        "our server with a maximum age of 1 s",
        "0 calls fail",
        said,
        failed == 0 && made > 1_000,
    ));
    for (what, script) in [
        ("a peer that ends each connection after 50 ms by GOAWAY, streams behind its last one unread", Script::Goaway),
        ("a peer that refuses one of 50 streams", Script::Refuse),
        ("a peer that does both", Script::Both),
    ] {
        let peer = scripted::start(script).await?;
        let client = TwinClient::new(Channel::to(&peer.address.to_string())?);
        let seen = steady(&client, 32, time).await?;
        let [made, failed] = [&seen.made, &seen.failed].map(|count| count.load(Ordering::Relaxed));
        let (connections, refused, twice) = peer.seen();
        let said = format!(
            "{failed} of {made} failed, {twice} done twice; {connections} connections, {refused} not looked at"
        );
        let ok = failed == 0 && twice == 0 && refused > 10 && made > 1_000;
        lines.push(Line::new(43, what, "0 calls fail, none is done twice", said, ok));
    }
    Ok(lines)
}

/// Row 44.
pub(super) async fn many(_: Scale) -> Result<Vec<Line>, Failure> {
    let targets = [Target::start(&Settings::default()).await?, Target::start(&Settings::default()).await?];
    let mut lines = Vec::new();
    for count in [1, 2] {
        let addresses: Vec<String> = targets.iter().take(count).map(|target| target.address.to_string()).collect();
        let client = TwinClient::new(Channel::to(&addresses.join(","))?);
        let start = Instant::now();
        let calls: Vec<_> = (0..300)
            .map(|_| {
                let call = client.slow(Count { number: 1_000 }).timeout(Duration::from_millis(2_500));
                tokio::spawn(async move { call.await.is_ok() })
            })
            .collect();
        let mut answered = 0;
        for call in calls {
            answered += usize::from(call.await?);
        }
        let mut connections = Vec::new();
        for target in targets.iter().take(count) {
            // The one that asks is one.
            connections.push(super::gauges(target).await?.connections - 1);
        }
        let what = format!("300 calls of 1 s at once on one channel to {count} of our servers, deadline 2.5 s");
        let said = format!("{answered} answered in {:.1?}, on {connections:?} connections", start.elapsed());
        let ok = answered == 300 && connections.iter().all(|count| *count > 0);
        lines.push(Line::new(44, what, "all answered, no instance left out", said, ok));
    }
    Ok(lines)
}

/// Row 48.
pub(super) async fn hostile(scale: Scale) -> Result<Vec<Line>, Failure> {
    let peer = scripted::start(Script::Hostile).await?;
    let client = TwinClient::new(Channel::to(&peer.address.to_string())?);
    let mut wrong = Vec::new();
    for (number, (name, wanted)) in scripted::ANSWERS.iter().enumerate() {
        let made = call(&client, number).await;
        let code = made.map_or_else(|error| Some(error.code()), |_| None);
        if code != *wanted {
            wrong.push(format!("{name}: {code:?}, not {wanted:?}"));
        }
        if call(&client, scripted::GOOD).await.is_err() {
            wrong.push(format!("the call behind {name} failed"));
        }
    }
    let said = if wrong.is_empty() { format!("{} of them", scripted::ANSWERS.len()) } else { wrong.join("; ") };
    let mut lines =
        vec![Line::new(48, "hostile answers", "the specified code, the next call works", said, wrong.is_empty())];
    let panics = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&panics);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    }));
    let blocks = scale.of(10_000, 2_000);
    let (mut slow, mut behind, mut answered) = (0, 0, 0);
    for number in 0..blocks {
        let start = Instant::now();
        let made = call(&client, scripted::FUZZ + number).await;
        answered += usize::from(made.is_ok());
        slow += usize::from(start.elapsed() > Duration::from_secs(1));
        behind += usize::from(number % 10 == 0 && call(&client, scripted::GOOD).await.is_err());
    }
    std::panic::set_hook(hook);
    let panics = panics.load(Ordering::Relaxed);
    let said =
        format!("{panics} panics, {slow} took over 1 s, {behind} calls behind failed, {answered} read as answers");
    let ok = panics + slow + behind == 0;
    lines.push(Line::new(48, format!("{blocks} fuzzed blocks of headers"), "no panic, the next call works", said, ok));
    Ok(lines)
}

async fn call(client: &TwinClient, number: usize) -> Result<Count, runtime::Error> {
    client.number(Count { number: i64::try_from(number).unwrap_or_default() }).timeout(Duration::from_secs(5)).await
}
