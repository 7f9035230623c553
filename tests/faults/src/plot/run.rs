//! The run: calls at a steady rate to three servers that are found in etcd, and what is done to them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use runtime::{Channel, Metrics, Registry};

use super::scrape::{Sample, Series};
use super::svg::Mark;
use crate::Failure;
use crate::generated::faults::TargetClient;
use crate::process::{Settings, Target};
use crate::registry::etcd::{Etcd, free};

const SERVERS: usize = 3;
const NAME: &str = "target";
/// Callers, and the pause of each: 500 calls a second.
const CALLERS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);
/// The time between two scrapes.
const SCRAPE: Duration = Duration::from_millis(500);
/// Seconds from the beginning to the end.
const END: u64 = 45;

/// What is done, after so many seconds.
#[derive(Clone, Copy)]
enum Fault {
    InstanceKilled,
    EtcdKilled,
    EtcdStarted,
    InstanceStarted,
}

const FAULTS: [(u64, Fault, &str); 4] = [
    (5, Fault::InstanceKilled, "server 3 killed"),
    (24, Fault::EtcdKilled, "etcd killed"),
    (31, Fault::EtcdStarted, "etcd back"),
    (37, Fault::InstanceStarted, "server 3 back"),
];

struct Stage {
    etcd: Etcd,
    servers: Vec<(Settings, Target)>,
}

impl Stage {
    async fn start() -> Result<Self, Failure> {
        let etcd = Etcd::single().await?;
        let url = format!("etcd://{}", etcd.address);
        let mut servers = Vec::new();
        for _ in 0..SERVERS {
            let config = format!(
                "[server]\nlisten = \"{}\"\n[server.http]\nmetrics = true\n[names]\nTarget = \"{NAME}\"\nTwin = \"twin\"\n",
                free()?
            );
            let settings = Settings { config, registry: Some(url.clone()), ..Settings::default() };
            let target = Target::start(&settings).await?;
            servers.push((settings, target));
        }
        Ok(Self { etcd, servers })
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(|(_, target)| target.address).collect()
    }

    async fn apply(&mut self, fault: Fault) -> Result<(), Failure> {
        let (settings, last) = self.servers.last_mut().ok_or("no server")?;
        match fault {
            Fault::InstanceKilled => last.kill().await?,
            Fault::EtcdKilled => self.etcd.kill(),
            Fault::EtcdStarted => self.etcd.start().await?,
            Fault::InstanceStarted => *last = Target::start(settings).await?,
        }
        Ok(())
    }
}

/// Scrapes and marks of a run.
pub(super) async fn run() -> Result<(Vec<Sample>, Vec<Mark>), Failure> {
    let mut stage = Stage::start().await?;
    let metrics = Metrics::new();
    let registry = Registry::open(&format!("etcd://{}", stage.etcd.address))?;
    let channel = Channel::builder(NAME).registry(&registry).recorder(metrics.clone()).build()?;
    let resolver = registry.resolve(NAME)?;
    while resolver.snapshot().instances.len() < SERVERS {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let client = TargetClient::new(channel);
    client.lookup(0).await?;
    let begun = Instant::now();
    let callers: Vec<_> =
        (0..CALLERS).map(|number| tokio::spawn(call(client.clone(), begun + PAUSE * number / CALLERS))).collect();
    let samples = Arc::<Mutex<Vec<Sample>>>::default();
    let scraping = tokio::spawn(scrape(begun, metrics, stage.addresses(), Arc::clone(&samples)));
    let mut marks = Vec::new();
    for (after, fault, text) in FAULTS {
        tokio::time::sleep_until((begun + Duration::from_secs(after)).into()).await;
        marks.push(Mark { at: begun.elapsed().as_secs_f64(), text });
        stage.apply(fault).await?;
        eprintln!("{after} s: {text}");
    }
    tokio::time::sleep_until((begun + Duration::from_secs(END)).into()).await;
    callers.iter().for_each(tokio::task::JoinHandle::abort);
    scraping.abort();
    let samples = std::mem::take(&mut *samples.lock().unwrap_or_else(PoisonError::into_inner));
    Ok((samples, marks))
}

/// One caller with one call at a time. Half of the calls may be sent again, the others may not.
async fn call(client: TargetClient, mut due: Instant) {
    for number in 0.. {
        tokio::time::sleep_until(due.into()).await;
        // Failures are in the metrics.
        let _ = if number % 2 == 0 { client.lookup(number).await } else { client.number(number).await };
        due = (due + PAUSE).max(Instant::now());
    }
}

async fn scrape(begun: Instant, metrics: Metrics, servers: Vec<SocketAddr>, samples: Arc<Mutex<Vec<Sample>>>) {
    let mut ticks = tokio::time::interval(SCRAPE);
    loop {
        ticks.tick().await;
        let (at, client) = (begun.elapsed().as_secs_f64(), Series::read(&metrics.text()));
        let mut all = Vec::new();
        for server in &servers {
            all.push(Series::of(*server).await);
        }
        samples.lock().unwrap_or_else(PoisonError::into_inner).push(Sample { at, client, servers: all });
    }
}
