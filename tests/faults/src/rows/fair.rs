//! Rows 41 and 45: peers that take much of what all share, beside others.

use std::time::{Duration, Instant};

use bytes::Bytes;
use runtime::thrift::{MessageType, Wire};
use runtime::{Channel, Code, Registry};
use tokio::io::AsyncWriteExt;

use super::{Scale, until, well};
use crate::Failure;
use crate::attacker::{self, Outcome};
use crate::corpus;
use crate::generated::faults::TargetClient;
use crate::process::{Settings, Target};
use crate::report::Line;

/// What requests may take at once in row 41.
const ROOM: usize = 64 << 20;
/// A good peer of row 41 sends so much every [`PAUSE`]: 10 MB/s.
const STEP: usize = 1_000_000;
const PAUSE: Duration = Duration::from_millis(100);

/// A call of `Echo` with so many bytes in its argument.
fn echo(size: usize) -> Result<Vec<u8>, Failure> {
    let length = u32::try_from(size)?.to_be_bytes();
    let body = [&[12, 0, 1, 11, 0, 5][..], &length, &vec![0; size], &[0, 0]].concat();
    Ok(corpus::call(Wire::Framed, "Echo", 1, &Bytes::from(body))?.to_vec())
}

/// Row 41: large frames that fit together, and small ones beside large ones that do not come.
pub(super) async fn frames(scale: Scale) -> Result<Vec<Line>, Failure> {
    let config = format!("[limits]\nin_flight_bytes = {ROOM}\n");
    let mut target = Target::start(&Settings { config, ..Settings::default() }).await?;
    let rounds = scale.of(5, 1);
    let (mut answered, mut slowest) = (0, Duration::ZERO);
    let large = echo(14_000_000)?;
    for _ in 0..rounds {
        let start = Instant::now();
        let peers: Vec<_> = (0..4).map(|number| tokio::spawn(slowly(target.address, number, large.clone()))).collect();
        for peer in peers {
            answered += usize::from(peer.await? == Outcome::Answered(MessageType::Reply));
        }
        slowest = slowest.max(start.elapsed());
    }
    let wanted = 4 * rounds;
    let said = format!("{answered} of {wanted}, the last after {slowest:.1?}");
    let what = "4 peers with 14 MB each at 10 MB/s, 64 MiB of room";
    let mut lines = vec![Line::new(41, what, "all answered", said, answered == wanted)];
    // Half of a frame each, of which no more comes.
    let huge = echo((16 << 20) - 64)?;
    let mut held = Vec::new();
    for number in 0..3 {
        let mut stream = attacker::connect(target.address, number).await?;
        stream.write_all(huge.get(..huge.len() / 2).unwrap_or_default()).await?;
        held.push(stream);
    }
    let small = echo(100 << 10)?;
    let (mut answered, mut slowest) = (0, Duration::ZERO);
    let calls = scale.of(200, 50);
    for _ in 0..calls {
        let start = Instant::now();
        let outcome = attacker::send(target.address, &small, Duration::from_secs(5)).await?;
        answered += usize::from(outcome == Outcome::Answered(MessageType::Reply));
        slowest = slowest.max(start.elapsed());
    }
    let said = format!("{answered} of {calls}, the slowest in {slowest:.1?}");
    let all = answered == calls && slowest < Duration::from_secs(1);
    lines.push(Line::new(41, "100 KiB beside 3 halves of 16 MiB", "all answered, each within 1 s", said, all));
    drop(held);
    lines.extend(well(41, &mut target).await?);
    Ok(lines)
}

/// Sends 10 MB a second on a connection of its own, and waits for the answer.
async fn slowly(target: std::net::SocketAddr, number: usize, bytes: Vec<u8>) -> Outcome {
    let Ok(mut stream) = attacker::connect(target, number).await else { return Outcome::Closed };
    for step in bytes.chunks(STEP) {
        if stream.write_all(step).await.is_err() {
            return Outcome::Closed;
        }
        tokio::time::sleep(PAUSE).await;
    }
    let answer = tokio::time::timeout(Duration::from_secs(30), attacker::answer(&mut stream)).await;
    answer.unwrap_or(Outcome::Silent)
}

/// Row 45: two connections with 1,024 slow calls each.
pub(super) async fn shares(scale: Scale) -> Result<Vec<Line>, Failure> {
    let config = "[limits]\nin_flight = 2000\n".to_owned();
    let mut target = Target::start(&Settings { config, ..Settings::default() }).await?;
    let registry = Registry::open(&format!("static:target={}", target.address))?;
    let time = scale.of(10_000, 3_000);
    let mut hogs = Vec::new();
    for _ in 0..2 {
        // A channel may have more than one connection; each of its calls counts for its address all the same.
        let hog = TargetClient::new(Channel::builder("target").registry(&registry).multiplex(true).build()?);
        for _ in 0..1024 {
            let call = hog.slow(time).timeout(Duration::from_secs(60));
            hogs.push(tokio::spawn(async move { call.await }));
        }
    }
    // Three quarters are for whoever comes first: these two fill them.
    let full = until(&target, Duration::from_secs(10), |gauges| gauges.in_flight >= 1_400).await?;
    let good = TargetClient::new(Channel::to(&target.address.to_string())?);
    let (calls, mut failed) = (scale.of(1_000, 200), 0);
    for _ in 0..calls {
        failed += usize::from(good.slow(1).await.is_err());
    }
    let (mut answered, mut refused, mut other) = (0, 0, 0);
    for hog in hogs {
        match hog.await? {
            Ok(_) => answered += 1,
            Err(error) if error.code() == Code::ResourceExhausted => refused += 1,
            Err(_) => other += 1,
        }
    }
    let what = "2,048 slow calls of two peers, 2,000 in work at once";
    let said = format!("{failed} of {calls} calls of another peer failed");
    let mut lines = vec![
        Line::new(45, what, "others go on: none fails", said, failed == 0 && full.is_some()),
        Line::new(
            45,
            what,
            "those over their share are refused, the others answered",
            format!("{answered} answered, {refused} refused, {other} failed"),
            answered >= 1_400 && other == 0,
        ),
    ];
    lines.extend(well(45, &mut target).await?);
    Ok(lines)
}
