//! The rows, one function each: starts a server, attacks it, measures.

mod backends;
mod burst;
mod calls;
mod descriptors;
mod fair;
mod http2;
mod idle;
mod micro;
mod panics;
mod peers;
mod requests;
mod routes;
mod slow;
mod time;
mod tiny;
mod tls;
mod untaken;
mod wire;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::Failure;
use crate::attacker;
use crate::generated::faults::{Gauges, TargetClient};
use crate::process::Target;
use crate::report::Line;

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// A minute in all, for CI.
    pub short: bool,
    /// Calls where they are counted (rows 8 and 24).
    pub calls: usize,
    /// Repetitions in place of a row's own number (rows 23 and 25).
    pub rounds: Option<usize>,
    /// How long a fault lasts that lasts long, in place of a row's own time (rows 22, 26, R2, R9, R25).
    pub time: Option<Duration>,
}

impl Scale {
    /// One of two numbers.
    pub fn of<T>(self, full: T, short: T) -> T {
        if self.short { short } else { full }
    }
}

/// What a row gives.
pub type Outcome = Pin<Box<dyn Future<Output = Result<Vec<Line>, Failure>>>>;

/// A row's name and what runs it.
pub type Row = (&'static str, fn(Scale) -> Outcome);

/// Every row of this program.
pub const ROWS: [Row; 26] = [
    ("1-5", |scale| Box::pin(wire::corpus(scale))),
    ("6", |scale| Box::pin(wire::lengths(scale))),
    ("8", |scale| Box::pin(calls::rows(scale))),
    ("11", |scale| Box::pin(slow::drips(scale))),
    ("12", |scale| Box::pin(slow::never_reads(scale))),
    ("13", |scale| Box::pin(idle::rows(scale))),
    ("14", |scale| Box::pin(descriptors::rows(scale))),
    ("15", |scale| Box::pin(http2::floods_of_frames(scale))),
    ("16", |scale| Box::pin(untaken::bombs(scale))),
    ("17", |scale| Box::pin(tls::refusals(scale))),
    ("18", |scale| Box::pin(panics::rows(scale))),
    ("19-20", |scale| Box::pin(time::rows(scale))),
    ("22", |scale| Box::pin(backends::rows(scale))),
    ("35", |scale| Box::pin(routes::rows(scale))),
    ("39", |scale| Box::pin(untaken::requests(scale))),
    ("40", |scale| Box::pin(untaken::answers(scale))),
    ("41", |scale| Box::pin(fair::frames(scale))),
    ("42", |scale| Box::pin(peers::silence(scale))),
    ("43", |scale| Box::pin(peers::endings(scale))),
    ("44", |scale| Box::pin(peers::many(scale))),
    ("45", |scale| Box::pin(fair::shares(scale))),
    ("46", |scale| Box::pin(burst::rows(scale))),
    ("47", |scale| Box::pin(tiny::rows(scale))),
    ("48", |scale| Box::pin(peers::hostile(scale))),
    ("49", |scale| Box::pin(tls::attacks(scale))),
    ("50", |scale| Box::pin(micro::rows(scale))),
];

/// What the lines of the table are called, in their order.
pub const ORDER: [&str; 31] = [
    "1", "2", "3", "4", "5", "6", "8", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "22", "35", "39",
    "40", "41", "42", "43", "44", "45", "46", "47", "48", "49", "50",
];

/// The heading of the table.
pub const TITLE: &str = "What a server takes when it is attacked";

/// What stands above the table.
pub const TEXT: &str = "\
Measured from outside: another process on the same machine (2 cores, loopback) attacks a server with
the default limits and reads its memory, time and descriptors from the kernel. In row 22 a channel of that
process meets three backends there, one of which fails. The program exits with 1 when a bound is broken, of
bounds on time in each of three runs of the row, since a pause of the machine breaks one, too:

```sh
cargo build --profile attack -p faults
cargo run --profile attack -p faults --bin faults
```";

/// Whether the server lives, pings within 100 ms, and told of no panic.
async fn well(row: u8, target: &mut Target) -> Result<Vec<Line>, Failure> {
    let lives = target.lives()?;
    let ping = attacker::ping(target.address).await;
    let shown = ping.map_or("none".to_owned(), |time| format!("{time:.1?}"));
    let panics = target.panic_lines()?;
    let said = format!("ping {shown}, {panics} panics");
    let well = lives && panics == 0;
    let line = Line::new(row, "afterwards", "lives, ping in 100 ms, no panic", said, well && ping.is_some());
    Ok(vec![line.timed(well)])
}

/// What the server counts; asked on a connection of its own.
async fn gauges(target: &Target) -> Result<Gauges, Failure> {
    gauges_of(runtime::Channel::to(&target.address.to_string())?).await
}

async fn gauges_of(channel: runtime::Channel) -> Result<Gauges, Failure> {
    Ok(TargetClient::new(channel).gauges().await?)
}

/// Waits until the gauges fit; the time that it took, `None` when it was longer than `most`.
async fn until(target: &Target, most: Duration, fits: fn(&Gauges) -> bool) -> Result<Option<Duration>, Failure> {
    let start = std::time::Instant::now();
    while !fits(&gauges(target).await?) {
        if start.elapsed() > most {
            return Ok(None);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(Some(start.elapsed()))
}
