//! R20: every server is replaced while a client calls that polls the registry.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use runtime::Channel;
use runtime::registry::Resolver;
use tokio::task::JoinHandle;

use crate::Failure;
use crate::generated::faults::TargetClient;
use crate::registry::etcd::Etcd;
use crate::registry::stage::{Stage, seconds};
use crate::registry::world::{SERVICES, Served, World, name, open};
use crate::report::Line;
use crate::rows::Scale;

/// As Kitex's resolver does.
const POLL: Duration = seconds(5);
/// The default wait of a server between deregistering and the end of accepting.
const PROPAGATION: Duration = seconds(6);
/// Services replaced at a time.
const TOGETHER: usize = 10;

/// Clients that see the registry as it was at their last poll, and dial that alone.
struct Pollers {
    tasks: Vec<JoinHandle<Result<(), Failure>>>,
    stop: Arc<AtomicBool>,
    calls: Arc<AtomicUsize>,
    failed: Arc<AtomicUsize>,
}

impl Pollers {
    fn start(etcd: &Etcd) -> Result<Self, Failure> {
        let (tasks, stop, calls, failed) = Default::default();
        let mut pollers = Self { tasks, stop, calls, failed };
        for service in 0..SERVICES {
            let resolver = open(service, &etcd.address)?.resolve(&name(service))?;
            let counts = [Arc::clone(&pollers.calls), Arc::clone(&pollers.failed)];
            // Not all in the same moment.
            let offset = POLL.mul_f64(service as f64 / SERVICES as f64);
            pollers.tasks.push(tokio::spawn(poll(resolver, offset, counts, Arc::clone(&pollers.stop))));
        }
        Ok(pollers)
    }

    async fn end(self) -> Result<(usize, usize), Failure> {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await??;
        }
        Ok((self.calls.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed)))
    }
}

/// Calls each address of the last poll in turn, on a channel that knows no other.
async fn poll(
    resolver: Resolver,
    offset: Duration,
    [calls, failed]: [Arc<AtomicUsize>; 2],
    stop: Arc<AtomicBool>,
) -> Result<(), Failure> {
    resolver.ready(seconds(10)).await?;
    let mut channels: BTreeMap<String, TargetClient> = BTreeMap::new();
    let mut due = Instant::now();
    let mut next = due + offset;
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        if channels.is_empty() || next <= due {
            let instances = &resolver.snapshot().instances;
            let found = instances.iter().filter_map(|one| one.endpoint("thrift")).map(|it| it.address());
            let found: Vec<String> = found.collect();
            channels.retain(|address, _| found.contains(address));
            for address in found {
                let channel = TargetClient::new(Channel::to(&address)?);
                channels.entry(address).or_insert(channel);
            }
            next = due.max(next) + POLL;
        }
        number += 1;
        let place = usize::try_from(number)? % channels.len().max(1);
        let Some(client) = channels.values().nth(place) else { return Err("nobody is found".into()) };
        let outcome = client.number(number).await;
        calls.fetch_add(1, Ordering::Relaxed);
        if outcome.as_ref().ok() != Some(&number) && failed.fetch_add(1, Ordering::Relaxed) < 5 {
            eprintln!("a poller's call failed: {outcome:?}");
        }
        due = (due + Duration::from_millis(100)).max(Instant::now());
        tokio::time::sleep_until(due.into()).await;
    }
    Ok(())
}

/// R20.
pub(super) async fn restarted(scale: Scale) -> Result<Vec<Line>, Failure> {
    let etcd = Etcd::single().await?;
    let address = etcd.address.clone();
    let world = World::start_polite(|_| address.clone(), |_| address.clone(), PROPAGATION).await?;
    let mut stage = Stage::settled(vec![etcd], world).await?;
    let pollers = Pollers::start(stage.etcd()?)?;
    let services: Vec<usize> = (0..scale.of(SERVICES, TOGETHER)).collect();
    for together in services.chunks(TOGETHER) {
        let (mut ending, before) = (Vec::new(), stage.world.keys());
        for service in together {
            let old = stage.world.take(*service).ok_or("no such server")?;
            stage.world.serve(*service, &address).await?;
            ending.push(old);
        }
        // As a platform that rolls does: the new ones are found before the old ones are told.
        let both = before + ending.iter().map(Served::keys).sum::<i64>();
        stage.until_keys(both, seconds(10)).await?;
        tokio::time::sleep(POLL).await;
        let ended: Vec<_> = ending.into_iter().map(|old| tokio::spawn(old.stop())).collect();
        for ended in ended {
            ended.await??;
        }
    }
    let (calls, failed) = pollers.end().await?;
    let what = format!("rolling restart of {} services", services.len());
    let poller = Line::new(
        "R20",
        format!("{what}, clients that poll every 5 s"),
        "0 failed calls",
        format!("{failed} of {calls} calls failed"),
        failed == 0 && calls > 0,
    );
    Ok(vec![poller, stage.end("R20", &what).await?])
}
