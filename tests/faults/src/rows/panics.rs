//! Row 18: panics in handlers, layers and `Drop`.

use std::time::{Duration, Instant};

use runtime::{Channel, Code};

use super::{Scale, gauges, until};
use crate::Failure;
use crate::attacker;
use crate::generated::faults::TargetClient;
use crate::process::{Settings, Target};
use crate::report::{Line, size};

const CALLERS: i64 = 10;

/// What callers of methods that panic saw.
#[derive(Default)]
struct Seen {
    fine: usize,
    internal: usize,
    other: usize,
}

impl Seen {
    fn add<T>(&mut self, outcome: Result<T, runtime::Error>, panics: bool) {
        match outcome {
            Ok(_) if !panics => self.fine += 1,
            Err(error) if panics && error.code() == Code::Internal => self.internal += 1,
            _ => self.other += 1,
        }
    }
}

/// Row 18.
pub(super) async fn rows(scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut target = Target::start(&Settings { layered: true, ..Settings::default() }).await?;
    let seconds = scale.of(60, 4);
    let client = TargetClient::new(Channel::to(&target.address.to_string())?);
    soak(&client, 1).await?;
    let before = target.resident()?;
    let seen = soak(&client, seconds).await?;
    let grown = target.resident()?.saturating_sub(before);
    let drops = dropped(&client).await;
    let calm = until(&target, Duration::from_millis(500), |it| it.in_flight == 0 && it.in_flight_bytes < 1024).await?;
    let counted = gauges(&target).await?.panics;
    let what = format!("panics in 1 of 10 calls at 1k calls/s, {seconds} s; in layers; in Drop");
    let said = format!("{} INTERNAL, {} answered, {} other", seen.internal, seen.fine, seen.other + drops);
    let ok = seen.other + drops == 0 && seen.internal > 0 && seen.fine > seen.internal;
    let lives = target.lives()? && attacker::ping(target.address).await.is_some();
    Ok(vec![
        Line::new(18, &what, "INTERNAL for them alone", said, ok),
        Line::new(
            18,
            &what,
            "no permit leaks",
            format!("{counted} panics, gauges 0: {}", calm.is_some()),
            calm.is_some(),
        ),
        Line::new(18, &what, "lives, RSS + < 4 MiB", size(grown), lives && grown < 4 << 20),
    ])
}

/// A thousand calls a second.
async fn soak(client: &TargetClient, seconds: u64) -> Result<Seen, Failure> {
    let end = Instant::now() + Duration::from_secs(seconds);
    let callers = (0..CALLERS).map(|caller| tokio::spawn(one_caller(client.clone(), caller, end)));
    let mut all = Seen::default();
    for caller in callers.collect::<Vec<_>>() {
        let seen = caller.await?;
        all.fine += seen.fine;
        all.internal += seen.internal;
        all.other += seen.other;
    }
    Ok(all)
}

async fn one_caller(client: TargetClient, caller: i64, end: Instant) -> Seen {
    let mut seen = Seen::default();
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    let mut turn = caller;
    while Instant::now() < end {
        ticks.tick().await;
        turn += 1;
        if turn % 50 == 7 {
            seen.add(client.number(turn).metadata("panic", "yes").await, true);
        } else {
            seen.add(client.flaky(turn).await, turn % 10 == 0);
        }
    }
    seen
}

/// Futures whose `Drop` panics: at their end, and when their caller leaves. How many outcomes were
/// not expected.
async fn dropped(client: &TargetClient) -> usize {
    let mut seen = Seen::default();
    for _ in 0..50 {
        seen.add(client.bomb(1).await, true);
        let left = client.bomb(10_000).timeout(Duration::from_millis(5)).await;
        seen.other += usize::from(left.err().map(|error| error.code()) != Some(Code::DeadlineExceeded));
    }
    seen.other + seen.fine
}
