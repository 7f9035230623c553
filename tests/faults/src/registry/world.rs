//! The load: services in every layout, resolvers, and calls that never stop. Every server and every
//! resolver has a registry handle of its own, as processes have.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use runtime::server::Running;
use runtime::{Channel, Config, Registry, Server};
use tokio::task::JoinHandle;

use super::lookout::Lookout;
use super::sight::Model;
use crate::Failure;
use crate::generated::faults::{TargetClient, TargetServer};
use crate::handler::Handler;

/// Services; each second one has two instances.
pub const SERVICES: usize = 50;
/// Registry handles that resolve, each the services of one layout.
const RESOLVERS: usize = 20;
/// Between two calls to a service by one resolver.
const PAUSE: Duration = Duration::from_millis(100);
/// For one call, which is answered at once.
const CALL: Duration = Duration::from_secs(5);
/// The layouts, in which the services take turns.
pub const LAYOUTS: [&str; 7] = ["kitex", "kratos", "go-micro", "go-kit", "grpc", "go-zero", "kitex,kratos"];

/// A server in this process.
#[derive(Debug)]
pub struct Served {
    /// The service's number.
    pub service: usize,
    /// Where it listens.
    pub address: String,
    running: Running,
}

/// One service as one resolver sees it, and who calls it by that.
#[derive(Debug)]
struct View {
    lookout: Lookout,
    client: TargetClient,
}

/// What callers have met.
#[derive(Debug, Default)]
struct Calls {
    made: AtomicUsize,
    failed: AtomicUsize,
    stop: AtomicBool,
}

/// What came of it all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Calls that were made.
    pub calls: usize,
    /// Those of them that failed.
    pub failed: usize,
    /// How often a resolver lost an instance that ran.
    pub removals: usize,
    /// The longest time for which one was not to be seen.
    pub invisible: Duration,
}

/// Servers, resolvers and callers.
#[derive(Debug)]
pub struct World {
    /// What ought to be found.
    pub model: Arc<Model>,
    servers: Vec<Served>,
    retired: Vec<Served>,
    views: Vec<View>,
    calls: Arc<Calls>,
    callers: Vec<JoinHandle<()>>,
    propagation: Duration,
}

/// A service's name.
pub fn name(service: usize) -> String {
    format!("s{service:02}")
}

/// A service's layout.
pub fn layout(service: usize) -> &'static str {
    LAYOUTS.get(service % LAYOUTS.len()).copied().unwrap_or("kitex")
}

impl World {
    /// Starts all servers and resolvers; nobody calls yet. `servers` gives the members of etcd,
    /// `h:p,h:p`, that the server of this number knows, `resolvers` those of a resolver.
    ///
    /// # Errors
    ///
    /// When a server does not start.
    pub async fn start(
        servers: impl Fn(usize) -> String,
        resolvers: impl Fn(usize) -> String,
    ) -> Result<Self, Failure> {
        Self::start_polite(servers, resolvers, Duration::ZERO).await
    }

    /// The same with servers that go on serving for that long after they deregistered.
    ///
    /// # Errors
    ///
    /// When a server does not start.
    pub async fn start_polite(
        servers: impl Fn(usize) -> String,
        resolvers: impl Fn(usize) -> String,
        propagation: Duration,
    ) -> Result<Self, Failure> {
        let (model, retired, views, calls, callers) = Default::default();
        let mut world = Self { model, servers: Vec::new(), retired, views, calls, callers, propagation };
        for (number, service) in (0..SERVICES).chain((1..SERVICES).step_by(2)).enumerate() {
            world.serve(service, &servers(number)).await?;
        }
        for number in 0..RESOLVERS {
            let layout = number % LAYOUTS.len();
            let services = (layout..SERVICES).step_by(LAYOUTS.len());
            let registry = open(layout, &resolvers(number))?;
            for service in services {
                world.views.push(View::open(&registry, &name(service), &world.model)?);
            }
        }
        Ok(world)
    }

    /// Starts one more server of a service.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub async fn serve(&mut self, service: usize, members: &str) -> Result<(), Failure> {
        let served = serve(service, members, self.propagation).await?;
        self.model.add(&name(service), &served.address);
        self.servers.push(served);
        Ok(())
    }

    /// Takes a server of the service out of the world, if there is one, without ending it.
    pub fn take(&mut self, service: usize) -> Option<Served> {
        let place = self.servers.iter().position(|one| one.service == service)?;
        let served = self.servers.remove(place);
        self.model.remove(&name(service), &served.address);
        Some(served)
    }

    /// Starts a server of the service, then ends one that was there.
    ///
    /// # Errors
    ///
    /// When it does not start, or leaves calls behind.
    pub async fn swap(&mut self, service: usize, members: &str) -> Result<(), Failure> {
        let old = self.take(service).ok_or("no such server")?;
        self.serve(service, members).await?;
        old.stop().await
    }

    /// Starts a server of the service; one that was there leaves the registry and goes on serving
    /// those who have not heard of it.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub async fn retire(&mut self, service: usize, members: &str) -> Result<(), Failure> {
        let old = self.take(service).ok_or("no such server")?;
        self.serve(service, members).await?;
        old.running.pause();
        self.retired.push(old);
        Ok(())
    }

    /// Lets the callers begin.
    pub fn call(&mut self) {
        for view in &self.views {
            let (client, calls) = (view.client.clone(), Arc::clone(&self.calls));
            self.callers.push(tokio::spawn(caller(client, view.lookout.service.clone(), calls)));
        }
    }

    /// Keys in etcd when all is registered.
    pub fn keys(&self) -> i64 {
        self.servers.iter().map(Served::keys).sum()
    }

    /// Whether every resolver sees what runs, beyond doubt and freshly.
    pub fn is_right(&self) -> bool {
        self.views.iter().all(|view| view.lookout.is_right())
    }

    /// Whether every resolver sees freshly what runs, and perhaps what does not run any more.
    pub fn is_found(&self) -> bool {
        self.views.iter().all(|view| view.lookout.is_found())
    }

    /// Whether every list is right, or says that it may not be.
    pub fn is_marked_or_right(&self) -> bool {
        let marked = |lookout: &Lookout| lookout.resolver.snapshot().stale_since.is_some();
        self.views.iter().all(|view| marked(&view.lookout) || view.lookout.is_right())
    }

    /// How many resolvers' views are marked as stale, and how many there are.
    pub fn stale(&self) -> (usize, usize) {
        let stale = self.views.iter().filter(|view| view.lookout.resolver.snapshot().stale_since.is_some());
        (stale.count(), self.views.len())
    }

    /// Waits until [`World::is_right`]; the time that it took, `None` when it was over `most`.
    pub async fn right(&self, most: Duration) -> Option<Duration> {
        until(most, || self.is_right()).await
    }

    /// Ends the calls and everything else.
    ///
    /// # Errors
    ///
    /// When a caller panicked.
    pub async fn close(self) -> Result<Totals, Failure> {
        self.calls.stop.store(true, Ordering::Relaxed);
        for caller in self.callers {
            caller.await?;
        }
        let mut totals = Totals {
            calls: self.calls.made.load(Ordering::Relaxed),
            failed: self.calls.failed.load(Ordering::Relaxed),
            ..Totals::default()
        };
        for view in &self.views {
            let (removals, invisible) = view.lookout.seen();
            totals.removals += removals;
            totals.invisible = totals.invisible.max(invisible);
        }
        Ok(totals)
    }
}

/// Waits for a condition; the time that it took, `None` when it was over `most`.
pub async fn until(most: Duration, condition: impl Fn() -> bool) -> Option<Duration> {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > most {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Some(start.elapsed())
}

impl View {
    fn open(registry: &Registry, service: &str, model: &Arc<Model>) -> Result<Self, Failure> {
        let client = TargetClient::new(Channel::builder(service).registry(registry).timeout(CALL).build()?);
        Ok(Self { lookout: Lookout::open(registry, service, model)?, client })
    }
}

impl Served {
    /// Its keys in etcd, one a layout.
    pub fn keys(&self) -> i64 {
        layout(self.service).split(',').map(|_| 1).sum()
    }

    /// Ends it in order: deregisters, drains.
    ///
    /// # Errors
    ///
    /// When calls were left.
    pub async fn stop(self) -> Result<(), Failure> {
        Ok(self.running.stop().await?)
    }
}

/// A registry handle for a service's layout.
///
/// # Errors
///
/// When the members are no addresses.
pub fn open(service: usize, members: &str) -> Result<Registry, Failure> {
    Ok(Registry::open_alone(&format!("etcd://{members}?layout={}", layout(service)))?)
}

/// A server of a service, with a registry handle of its own.
///
/// # Errors
///
/// When it does not start.
async fn serve(service: usize, members: &str, propagation: Duration) -> Result<Served, Failure> {
    let mut config = Config::local();
    config.server.propagation = Some(propagation);
    config.names.insert("Target".to_owned(), name(service));
    let registry = open(service, members)?;
    let server = Server::new(config).registry(&registry).add(TargetServer::new(Handler::default()));
    let running = server.start().await?;
    Ok(Served { service, address: running.addr().to_string(), running })
}

async fn caller(client: TargetClient, service: String, calls: Arc<Calls>) {
    let mut due = Instant::now();
    let mut number = 0;
    while !calls.stop.load(Ordering::Relaxed) {
        tokio::time::sleep_until(due.into()).await;
        number += 1;
        let outcome = client.number(number).await;
        calls.made.fetch_add(1, Ordering::Relaxed);
        if outcome.as_ref().ok() != Some(&number) && calls.failed.fetch_add(1, Ordering::Relaxed) < 5 {
            eprintln!("a call to {service} failed: {outcome:?}");
        }
        due = (due + PAUSE).max(Instant::now());
    }
}
