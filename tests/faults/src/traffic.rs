//! Good traffic: calls at a steady rate, each timed from the moment at which it was due.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use runtime::Channel;
use tokio::task::JoinHandle;

use crate::Failure;
use crate::generated::faults::TargetClient;

/// Failures that each caller tells of.
const TOLD: usize = 2;
/// Callers of one stream of traffic, each with a hundredth of its calls.
const CALLERS: u32 = 10;

/// What came of good traffic.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Times of the calls that worked, sorted.
    pub times: Vec<Duration>,
    /// Calls that failed.
    pub failed: usize,
}

impl Seen {
    /// Counts a call that failed, and tells of the first ones.
    fn fail(&mut self, why: fmt::Arguments<'_>) {
        self.failed += 1;
        if self.failed <= TOLD {
            eprintln!("a call of others failed: {why}");
        }
    }

    /// The time that 99 of 100 calls do not exceed.
    pub fn p99(&self) -> Duration {
        self.times.get(self.times.len() * 99 / 100).copied().unwrap_or(Duration::MAX)
    }
}

/// Traffic that runs until it is stopped.
#[derive(Debug)]
pub struct Traffic {
    stop: Arc<AtomicBool>,
    callers: Vec<JoinHandle<Seen>>,
}

impl Traffic {
    /// Begins calling `rate` times a second.
    ///
    /// # Errors
    ///
    /// When the address is none.
    pub fn start(target: SocketAddr, rate: u32) -> Result<Self, Failure> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut callers = Vec::new();
        for number in 0..CALLERS {
            let client = TargetClient::new(Channel::to(&target.to_string())?);
            let pause = Duration::from_secs(1) * CALLERS / rate;
            callers.push(tokio::spawn(caller(client, pause, pause * number / CALLERS, Arc::clone(&stop))));
        }
        Ok(Self { stop, callers })
    }

    /// Ends it; what it has seen.
    ///
    /// # Errors
    ///
    /// When a caller panicked.
    pub async fn stop(self) -> Result<Seen, Failure> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Seen::default();
        for caller in self.callers {
            let seen = caller.await?;
            all.times.extend(seen.times);
            all.failed += seen.failed;
        }
        all.times.sort_unstable();
        Ok(all)
    }
}

async fn caller(client: TargetClient, pause: Duration, offset: Duration, stop: Arc<AtomicBool>) -> Seen {
    let mut seen = Seen::default();
    let mut due = Instant::now() + offset;
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        tokio::time::sleep_until(due.into()).await;
        number += 1;
        match client.number(number).await {
            Ok(answer) if answer == number => seen.times.push(due.elapsed()),
            Ok(answer) => seen.fail(format_args!("{answer}, not {number}")),
            Err(error) => seen.fail(format_args!("{error}")),
        }
        due += pause;
    }
    seen
}

/// Good traffic for a while.
///
/// # Errors
///
/// As [`Traffic::start`] and [`Traffic::stop`].
pub async fn during(target: SocketAddr, rate: u32, time: Duration) -> Result<Seen, Failure> {
    let traffic = Traffic::start(target, rate)?;
    tokio::time::sleep(time).await;
    traffic.stop().await
}
