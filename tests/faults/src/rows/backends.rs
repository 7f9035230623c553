//! Row 22: one of three backends fails under the calls of a channel. No call waits for another, so
//! that one which hangs does not slow down who makes more of them.

use std::time::{Duration, Instant};

use runtime::client::{Counter, Transport};
use runtime::{Channel, Registry};
use tokio::task::JoinSet;

use super::Scale;
use crate::Failure;
use crate::backend::{Backends, Fault};
use crate::generated::faults::TargetClient;
use crate::report::Line;

const BACKENDS: usize = 3;
/// Each fault is met by two channels.
const TRANSPORTS: [Transport; 2] = [Transport::TtheaderFramed, Transport::Multiplexed];
/// Calls a second of both.
const RATE: u32 = 2_000;
/// What may fail of them: 0.1 % of a minute's calls.
const LOST: usize = 60 * RATE as usize / 1_000;
/// Who makes them on one channel.
const CALLERS: u32 = 4;
/// The deadline of a call. That somebody hangs is known by it alone, so a third of the calls that
/// begin within one are lost.
const TIMEOUT: Duration = Duration::from_millis(100);
/// Calls go well for so long before the fault.
const BEFORE: Duration = Duration::from_secs(1);
/// An instance that is left out is called again after 20 s: what comes later than this is a probe.
const PROBES: Duration = Duration::from_secs(15);
const FAULTS: [(Fault, &str); 4] = [
    (Fault::Errors, "answers with errors"),
    (Fault::Closes, "closes the connection behind each request"),
    (Fault::Hangs, "hangs: reads nothing"),
    (Fault::Swallows, "swallows: takes each request and never answers"),
];

/// What came of a fault.
#[derive(Default)]
struct Seen {
    calls: usize,
    failed: usize,
    retries: u64,
    /// The most often that an idempotent call, and another one, was seen by backends.
    most: [usize; 2],
    /// Until the bad one got its last call but for probes.
    out: Duration,
    probes: usize,
}

impl Seen {
    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.failed += other.failed;
        self.retries += other.retries;
        self.most = [0, 1].map(|at: usize| self.most[at].max(other.most[at]));
        self.out = self.out.max(other.out);
        self.probes += other.probes;
    }
}

/// Row 22.
pub(super) async fn rows(scale: Scale) -> Result<Vec<Line>, Failure> {
    let time = scale.time.unwrap_or(Duration::from_secs(scale.of(60, 8)));
    let run = |fault| TRANSPORTS.map(|transport| tokio::spawn(run(fault, transport, time)));
    let running: Vec<_> = FAULTS.into_iter().map(|(fault, name)| (name, run(fault))).collect();
    let mut lines = Vec::new();
    for (name, runs) in running {
        let mut seen = Seen::default();
        for run in runs {
            seen.add(&run.await??);
        }
        let what = format!("one of {BACKENDS} {name}; {RATE} calls/s for {time:?}, {TIMEOUT:?} for each");
        lines.extend(judged(&what, &seen));
    }
    Ok(lines)
}

fn judged(what: &str, seen: &Seen) -> [Line; 3] {
    let Seen { calls, failed, retries, most: [idempotent, other], out, probes } = seen;
    let part = |count: f64| 100.0 * count / (*calls).max(1) as f64;
    let success = part(calls.saturating_sub(*failed) as f64);
    let again = part(*retries as f64);
    let told = format!("{failed} of {calls} failed ({success:.3} % success)");
    let sent = format!("{again:.2} %, {} at most; others {other} times at most", idempotent.saturating_sub(1));
    let well = again <= 20.0 && (1..=3).contains(idempotent) && *other == 1;
    let left = format!("{out:.1?}, then {probes} calls to try it");
    [
        Line::new(
            22,
            what,
            format!("≤ {LOST} failed: 0.1 % of a minute's calls"),
            told,
            *failed <= LOST && *calls > LOST,
        )
        .timed(*calls > LOST),
        Line::new(22, what, "retries ≤ 20 % and ≤ 2 a call, what is not idempotent sent once", sent, well),
        Line::new(22, what, "left out < 3 s", left, *out < Duration::from_secs(3) && *probes <= 2 * TRANSPORTS.len()),
    ]
}

/// One channel: calls go on while its first backend fails.
async fn run(fault: Fault, transport: Transport, time: Duration) -> Result<Seen, Failure> {
    let backends = Backends::start(BACKENDS).await?;
    let registry = Registry::open(&format!("static:target={}", backends.addresses))?;
    let channel = Channel::builder("target").registry(&registry).transport(transport).build()?;
    let begin = Instant::now() + BEFORE;
    let mut running = JoinSet::new();
    for number in 0..CALLERS {
        running.spawn(call(TargetClient::new(channel.clone()), number.into(), begin + time));
    }
    tokio::time::sleep_until(begin.into()).await;
    backends.fail(fault);
    let calls: Vec<Made> = running.join_all().await.into_iter().flatten().collect();
    let failed: Vec<&Made> = calls.iter().filter(|call| !call.well).collect();
    let calls = calls.iter().filter(|call| call.start >= begin).count();
    let asked = backends.asked();
    // What nobody read was sent to who reads nothing.
    let unread = failed.iter().filter(|call| !asked.numbers.contains_key(&call.number)).map(|call| &call.start);
    let bad = asked.bad.iter().chain(unread).map(|at| at.saturating_duration_since(begin));
    let (probes, bad): (Vec<Duration>, Vec<Duration>) = bad.partition(|after| *after >= PROBES);
    let mut seen = Seen { calls, failed: failed.len(), ..Seen::default() };
    seen.retries = channel.counters().get(Counter::Retries);
    for (number, times) in asked.numbers {
        let most = &mut seen.most[usize::from(!is_idempotent(number))];
        *most = times.max(*most);
    }
    seen.out = bad.into_iter().max().ok_or("the bad one was never called")?;
    seen.probes = probes.len();
    Ok(seen)
}

/// A call and what came of it.
struct Made {
    number: i64,
    start: Instant,
    well: bool,
}

/// Calls with a number of its own each time.
async fn call(client: TargetClient, first: i64, end: Instant) -> Vec<Made> {
    let pause = Duration::from_secs(TRANSPORTS.len() as u64) * CALLERS / RATE;
    let (mut number, mut due) = (first, Instant::now());
    let (mut running, mut ended) = (JoinSet::new(), Vec::new());
    while due < end {
        let client = client.clone();
        running.spawn(async move {
            let start = Instant::now();
            let answer = match is_idempotent(number) {
                true => client.lookup(number).timeout(TIMEOUT).await,
                false => client.number(number).timeout(TIMEOUT).await,
            };
            Made { number, start, well: answer.ok() == Some(number) }
        });
        while let Some(Ok(one)) = running.try_join_next() {
            ended.push(one);
        }
        number += i64::from(CALLERS);
        due += pause;
        tokio::time::sleep_until(due.into()).await;
    }
    ended.extend(running.join_all().await);
    ended
}

/// Nine of ten calls are.
fn is_idempotent(number: i64) -> bool {
    number % 10 != 7
}
