//! Rows 23 to 25: servers that end in order, one after the other, or at once, under load.

use std::time::{Duration, Instant};

use etcd_client::Client;
use runtime::Idl;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::Failure;
use crate::attacker;
use crate::registry::etcd::count;
use crate::registry::fleet::{Callers, Fleet, SERVERS, SERVICES};
use crate::registry::health::Watching;
use crate::registry::stage::seconds;
use crate::report::Line;
use crate::rows::Scale;

/// Callers of short calls: with the pause two thousand calls a second.
const CALLERS: usize = 40;
const PAUSE: Duration = Duration::from_millis(20);
/// Callers of calls that take two seconds.
const LONG: usize = 20;

/// Row 23: SIGTERM.
pub(super) async fn terminated(scale: Scale) -> Result<Vec<Line>, Failure> {
    let rounds = scale.rounds.unwrap_or(scale.of(100, 1));
    let mut fleet = Fleet::start().await?;
    let callers = Callers::start(&fleet, Idl::Thrift, CALLERS, PAUSE, LONG)?;
    let (mut ended, mut slowest) = (0, Duration::ZERO);
    let (mut told, mut latest) = (0, Duration::ZERO);
    for round in 0..rounds {
        let place = round % SERVERS;
        let silent = silent(&fleet, place).await?;
        let watching = Watching::start(fleet.address(place)?).await?;
        let start = Instant::now();
        let (well, took) = fleet.terminate(place).await?;
        ended += usize::from(well);
        slowest = slowest.max(took);
        if let Some(leaving) = watching.end().await? {
            told += 1;
            latest = latest.max(leaving.saturating_duration_since(start));
        }
        drop(silent);
        fleet.again(place).await?;
    }
    let (calls, failed) = callers.end().await?;
    let what = format!(
        "SIGTERM at 2k calls/s with 2 s calls, idle and half-open connections, a stream of `Watch`, {rounds} times"
    );
    let well = format!("{ended} exits with 0, the slowest after {slowest:.1?}");
    let streams = format!("{told} streams, NOT_SERVING {latest:.1?} after SIGTERM at most");
    Ok(vec![
        Line::new("23", &what, "no failed call", format!("{failed} of {calls} failed"), failed == 0 && calls > 0),
        Line::new("23", &what, "exit 0 within 6 s + 30 s", well, ended == rounds && slowest <= seconds(36)),
        Line::new(
            "23",
            &what,
            "SERVING, NOT_SERVING ≤ 1 s after SIGTERM, end of the stream",
            streams,
            told == rounds && latest <= seconds(1),
        ),
    ])
}

/// Connections that say nothing, or a part of a message.
async fn silent(fleet: &Fleet, place: usize) -> Result<Vec<TcpStream>, Failure> {
    let target = fleet.address(place)?;
    let mut streams = Vec::new();
    for number in 0..100 {
        let mut stream = attacker::connect(target, number).await?;
        if number % 2 == 0 {
            stream.write_all(&[0, 0, 0, 42, 0x80]).await?;
        }
        streams.push(stream);
    }
    Ok(streams)
}

/// Row 24: all three servers in turn, again and again.
pub(super) async fn rolling(scale: Scale) -> Result<Vec<Line>, Failure> {
    let rounds = scale.rounds.unwrap_or(scale.of(10, 1));
    let mut fleet = Fleet::start().await?;
    // Five thousand calls a second over each.
    let start = |idl| Callers::start(&fleet, idl, 50, Duration::from_millis(10), 0);
    let callers = [("Thrift", start(Idl::Thrift)?), ("gRPC", start(Idl::Proto)?)];
    let mut done = 0;
    while done < rounds || callers.iter().any(|(_, callers)| callers.calls() < scale.calls) {
        for place in 0..SERVERS {
            fleet.terminate(place).await?;
            fleet.again(place).await?;
        }
        done += 1;
    }
    let mut lines = Vec::new();
    for (name, callers) in callers {
        let (calls, failed) = callers.end().await?;
        let what = format!("rolling restart of {SERVERS} servers, {done} rounds, {name}, clients through etcd");
        let required = format!("0 failed of ≥ {}", scale.calls);
        let ok = failed == 0 && calls >= scale.calls;
        lines.push(Line::new("24", what, required, format!("{failed} of {calls} failed"), ok));
    }
    Ok(lines)
}

/// Row 25: kill -9.
pub(super) async fn killed(scale: Scale) -> Result<Vec<Line>, Failure> {
    let rounds = scale.rounds.unwrap_or(scale.of(20, 1));
    let mut fleet = Fleet::start().await?;
    let mut client = fleet.etcd.client().await?;
    let callers = Callers::start(&fleet, Idl::Thrift, CALLERS, PAUSE, LONG)?;
    let (mut most, mut late, mut slowest) = (0, 0, Duration::ZERO);
    for round in 0..rounds {
        // The calls of two seconds are on all servers by then.
        tokio::time::sleep(seconds(2)).await;
        let start = Instant::now();
        fleet.kill(round % SERVERS).await?;
        slowest = slowest.max(gone(&mut client, start).await);
        let failures = callers.failures();
        most = most.max(failures.len());
        late += failures.iter().filter(|at| at.duration_since(start) > seconds(1)).count();
        fleet.again(round % SERVERS).await?;
    }
    let (calls, rest) = callers.end().await?;
    let what = format!("kill -9 of one of {SERVERS} at 2k calls/s, {rounds} times");
    let in_flight = format!("at most {most} a kill of {calls} calls, by {} callers", CALLERS + LONG);
    let late = late + rest;
    Ok(vec![
        Line::new("25", &what, "failures only in flight", in_flight, most <= CALLERS + LONG),
        Line::new("25", &what, "0 failures after 1 s", late, late == 0 && calls > 0),
        Line::new("25", &what, "key gone ≤ 16 s", format!("{slowest:.1?}"), slowest <= seconds(16)),
    ])
}

/// How long until the keys of one server are gone.
async fn gone(client: &mut Client, start: Instant) -> Duration {
    while count(client).await != i64::try_from((SERVERS - 1) * SERVICES).ok() && start.elapsed() < seconds(30) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    start.elapsed()
}
