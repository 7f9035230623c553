//! Rows 19 and 20: deadlines over hops, and callers that leave.

use std::time::{Duration, Instant};

use bytes::Bytes;
use runtime::thrift::Wire;
use runtime::{Channel, Code};
use tokio::io::AsyncWriteExt;

use super::{Scale, until, well};
use crate::Failure;
use crate::attacker;
use crate::corpus;
use crate::generated::faults::TargetClient;
use crate::process::{Settings, Target};
use crate::report::Line;

/// How often a deadline is watched.
const ROUNDS: usize = 21;

/// Rows 19 and 20.
pub(super) async fn rows(scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut target = Target::start(&Settings::default()).await?;
    let mut lines = vec![hops(&target).await?, aborts(&target, scale.of(10_000, 500)).await?];
    lines.extend(well(20, &mut target).await?);
    Ok(lines)
}

/// Row 19: 50 ms over three hops.
async fn hops(target: &Target) -> Result<Line, Failure> {
    let client = TargetClient::new(Channel::to(&target.address.to_string())?);
    let mut times = Vec::new();
    let mut late = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let outcome = client.hop(2).timeout(Duration::from_millis(50)).await;
        late += usize::from(outcome.err().map(|error| error.code()) != Some(Code::DeadlineExceeded));
        late += usize::from(until(target, Duration::from_secs(1), |it| it.in_flight == 0).await?.is_none());
        times.push(start.elapsed());
    }
    times.sort_unstable();
    // Other programs of the machine may delay some rounds.
    let median = times.get(ROUNDS / 2).copied().unwrap_or(Duration::MAX);
    let measured = format!("all hops idle after {median:.1?} (median), {late} wrong");
    let ok = late == 0 && median <= Duration::from_millis(60);
    Ok(Line::new(
        19,
        format!("50 ms over three hops, {ROUNDS} times"),
        "cancelled ≤ 10 ms after the deadline",
        measured,
        ok,
    )
    .timed(late == 0))
}

/// Row 20: connections that close while their call is in work.
async fn aborts(target: &Target, count: usize) -> Result<Line, Failure> {
    let body = Bytes::from([&[10, 0, 1][..], &10_000_i64.to_be_bytes(), &[0]].concat());
    let request = corpus::call(Wire::Framed, "Slow", 1, &body)?;
    for number in 0..count {
        let mut stream = attacker::connect(target.address, number).await?;
        stream.write_all(&request).await?;
        if number % 100 == 99 {
            // Some calls are in work when their callers leave, others have not begun.
            until(target, Duration::from_secs(1), |it| it.in_flight > 0).await?;
        }
    }
    let time = until(target, Duration::from_secs(5), |it| it.in_flight == 0).await?;
    let measured = time.map_or("never".to_owned(), |time| format!("{time:.1?}"));
    let ok = time.is_some_and(|time| time <= Duration::from_millis(100));
    let what = format!("{count} callers that leave");
    Ok(Line::new(20, what, "no call in work ≤ 100 ms after the last", measured, ok).timed(time.is_some()))
}
