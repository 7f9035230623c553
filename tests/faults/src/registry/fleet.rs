//! Three servers in processes of their own, registered in a real etcd, and callers who never stop.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use runtime::registry::Resolver;
use runtime::{Channel, Error, Idl};
use tokio::task::JoinHandle;

use super::etcd::{Etcd, free, signal};
use super::stage::seconds;
use super::world::until;
use crate::Failure;
use crate::generated::faults::TargetClient;
use crate::generated::faults::twin::{Count, TwinClient};
use crate::process::{Settings, Target};

/// Processes.
pub const SERVERS: usize = 3;
/// Services of each process, one for Thrift and one for gRPC: as many keys.
pub const SERVICES: usize = 2;
/// Their names.
const NAMES: [&str; SERVICES] = ["fleet", "fleet-grpc"];
/// Handles of the registry that the callers share.
const CLIENTS: usize = 5;

/// The processes and what resolvers see of them.
#[derive(Debug)]
pub struct Fleet {
    /// Where they register.
    pub etcd: Etcd,
    /// How resolvers see each service.
    resolvers: Vec<Resolver>,
    servers: Vec<(Settings, Target)>,
}

impl Fleet {
    /// Starts etcd and the servers, and waits until they are found.
    ///
    /// # Errors
    ///
    /// When that fails.
    pub async fn start() -> Result<Self, Failure> {
        let etcd = Etcd::single().await?;
        let mut servers = Vec::new();
        for _ in 0..SERVERS {
            let [thrift, grpc] = NAMES;
            let names = format!("Target = \"{thrift}\"\nTwin = \"{grpc}\"");
            let config = format!("[server]\nlisten = \"{}\"\n[names]\n{names}\n", free()?);
            let settings = Settings { config, registry: Some(url(&etcd)), ..Settings::default() };
            let target = Target::start(&settings).await?;
            servers.push((settings, target));
        }
        let registry = runtime::Registry::open_alone(&url(&etcd))?;
        let resolvers = NAMES.iter().map(|name| registry.resolve(name)).collect::<Result<_, _>>()?;
        let fleet = Self { etcd, resolvers, servers };
        fleet.found(SERVERS, seconds(10)).await.ok_or("the servers are not found")?;
        Ok(fleet)
    }

    /// Waits until that many are found; the time that it took.
    pub async fn found(&self, count: usize, most: Duration) -> Option<Duration> {
        until(most, || {
            self.resolvers.iter().all(|resolver| {
                let seen = resolver.snapshot();
                seen.trusted() == count && seen.instances.len() == count
            })
        })
        .await
    }

    /// Where a server listens.
    ///
    /// # Errors
    ///
    /// When there is no such server.
    pub fn address(&self, place: usize) -> Result<std::net::SocketAddr, Failure> {
        Ok(self.servers.get(place).ok_or("no such server")?.1.address)
    }

    /// Asks a server to end, and waits for that; whether it ended well, and after what time.
    ///
    /// # Errors
    ///
    /// When there is no such server.
    pub async fn terminate(&mut self, place: usize) -> Result<(bool, Duration), Failure> {
        let (_, target) = self.servers.get_mut(place).ok_or("no such server")?;
        let start = Instant::now();
        signal(target.id(), "TERM")?;
        Ok((target.end().await?, start.elapsed()))
    }

    /// Kills a server.
    ///
    /// # Errors
    ///
    /// When there is no such server.
    pub async fn kill(&mut self, place: usize) -> Result<(), Failure> {
        self.servers.get_mut(place).ok_or("no such server")?.1.kill().await
    }

    /// Starts a server again where it was.
    ///
    /// # Errors
    ///
    /// When it does not start, or is not found.
    pub async fn again(&mut self, place: usize) -> Result<(), Failure> {
        let (settings, target) = self.servers.get_mut(place).ok_or("no such server")?;
        *target = Target::start(settings).await?;
        self.found(SERVERS, seconds(10)).await.ok_or("the server is not found again")?;
        Ok(())
    }
}

fn url(etcd: &Etcd) -> String {
    format!("etcd://{}", etcd.address)
}

/// How the servers are called.
#[derive(Clone)]
enum Client {
    Thrift(TargetClient),
    Grpc(TwinClient),
}

impl Client {
    fn open(idl: Idl, registry: &runtime::Registry) -> Result<Self, Error> {
        let [thrift, grpc] = NAMES;
        Ok(match idl {
            Idl::Thrift => Self::Thrift(TargetClient::new(Channel::builder(thrift).registry(registry).build()?)),
            Idl::Proto => Self::Grpc(TwinClient::new(Channel::builder(grpc).registry(registry).build()?)),
        })
    }

    async fn number(&self, number: i64) -> Result<i64, Error> {
        match self {
            Self::Thrift(client) => client.number(number).await,
            Self::Grpc(client) => client.number(Count { number }).await.map(|count| count.number),
        }
    }

    async fn slow(&self, number: i64) -> Result<i64, Error> {
        match self {
            Self::Thrift(client) => client.slow(number).await,
            Self::Grpc(client) => client.slow(Count { number }).await.map(|count| count.number),
        }
    }
}

/// Callers at a steady rate.
#[derive(Debug)]
pub struct Callers {
    stop: Arc<AtomicBool>,
    calls: Arc<AtomicUsize>,
    failed: Arc<Mutex<Vec<Instant>>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Callers {
    /// So many callers in one language with one call at a time, each with that pause from one to the
    /// next; some of them call what takes two seconds.
    ///
    /// # Errors
    ///
    /// When the registry cannot be used.
    pub fn start(fleet: &Fleet, idl: Idl, callers: usize, pause: Duration, long: usize) -> Result<Self, Failure> {
        let (stop, calls, failed, tasks) = Default::default();
        let mut all = Self { stop, calls, failed, tasks };
        let registries = (0..CLIENTS).map(|_| runtime::Registry::open_alone(&url(&fleet.etcd)));
        let registries = registries.collect::<Result<Vec<_>, _>>()?;
        let clients = registries.iter().map(|registry| Client::open(idl, registry));
        let clients = clients.collect::<Result<Vec<_>, _>>()?;
        for (number, client) in clients.iter().cycle().take(callers + long).enumerate() {
            let one = Caller {
                client: client.clone(),
                pause,
                long: number >= callers,
                stop: Arc::clone(&all.stop),
                calls: Arc::clone(&all.calls),
                failed: Arc::clone(&all.failed),
            };
            all.tasks.push(tokio::spawn(one.run()));
        }
        Ok(all)
    }

    /// Calls so far.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// When calls failed, since the last time that this was asked.
    pub fn failures(&self) -> Vec<Instant> {
        std::mem::take(&mut *self.failed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends them; how many calls there were, and how many failed since one last asked.
    ///
    /// # Errors
    ///
    /// When a caller panicked.
    pub async fn end(self) -> Result<(usize, usize), Failure> {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await?;
        }
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).len();
        Ok((self.calls.load(Ordering::Relaxed), failed))
    }
}

struct Caller {
    client: Client,
    pause: Duration,
    long: bool,
    stop: Arc<AtomicBool>,
    calls: Arc<AtomicUsize>,
    failed: Arc<Mutex<Vec<Instant>>>,
}

impl Caller {
    async fn run(self) {
        let mut due = Instant::now();
        let mut number = 0;
        while !self.stop.load(Ordering::Relaxed) {
            number += 1;
            let outcome = match self.long {
                true => self.client.slow(2_000).await.map(|_| number),
                false => self.client.number(number).await,
            };
            self.calls.fetch_add(1, Ordering::Relaxed);
            if outcome.as_ref().ok() != Some(&number) {
                let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
                if failed.len() < 3 {
                    eprintln!("a call failed: {outcome:?}");
                }
                failed.push(Instant::now());
            }
            due = (due + self.pause).max(Instant::now());
            tokio::time::sleep_until(due.into()).await;
        }
    }
}
