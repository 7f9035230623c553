//! Rows 23 to 25: servers that end in order, one after the other, or at once, under load.

use std::time::{Duration, Instant};

use etcd_client::Client;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::Failure;
use crate::attacker;
use crate::registry::etcd::count;
use crate::registry::fleet::{Callers, Fleet, SERVERS};
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
    let callers = Callers::start(&fleet, CALLERS, PAUSE, LONG)?;
    let (mut ended, mut slowest) = (0, Duration::ZERO);
    for round in 0..rounds {
        let silent = silent(&fleet, round % SERVERS).await?;
        let (well, took) = fleet.terminate(round % SERVERS).await?;
        ended += usize::from(well);
        slowest = slowest.max(took);
        drop(silent);
        fleet.again(round % SERVERS).await?;
    }
    let (calls, failed) = callers.end().await?;
    let what =
        format!("SIGTERM at 2k calls/s with 2 s calls, idle and half-open connections, no streams, {rounds} times");
    let well = format!("{ended} exits with 0, the slowest after {slowest:.1?}");
    Ok(vec![
        Line::new("23", &what, "no failed call", format!("{failed} of {calls} failed"), failed == 0 && calls > 0),
        Line::new("23", &what, "exit 0 within 6 s + 30 s", well, ended == rounds && slowest <= seconds(36)),
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
    // Five thousand calls a second.
    let callers = Callers::start(&fleet, 50, Duration::from_millis(10), 0)?;
    let mut done = 0;
    while done < rounds || callers.calls() < scale.calls {
        for place in 0..SERVERS {
            fleet.terminate(place).await?;
            fleet.again(place).await?;
        }
        done += 1;
    }
    let (calls, failed) = callers.end().await?;
    let what = format!("rolling restart of {SERVERS} servers, {done} rounds, Thrift, clients through etcd");
    let required = format!("0 failed of ≥ {}", scale.calls);
    let ok = failed == 0 && calls >= scale.calls;
    Ok(vec![Line::new("24", what, required, format!("{failed} of {calls} failed"), ok)])
}

/// Row 25: kill -9.
pub(super) async fn killed(scale: Scale) -> Result<Vec<Line>, Failure> {
    let rounds = scale.rounds.unwrap_or(scale.of(20, 1));
    let mut fleet = Fleet::start().await?;
    let mut client = fleet.etcd.client().await?;
    let callers = Callers::start(&fleet, CALLERS, PAUSE, LONG)?;
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

/// How long until one of the keys is gone.
async fn gone(client: &mut Client, start: Instant) -> Duration {
    while count(client).await != i64::try_from(SERVERS - 1).ok() && start.elapsed() < seconds(30) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    start.elapsed()
}
