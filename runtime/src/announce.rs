//! Makes a server known as its configuration says. The one place that joins `server`, `config` and
//! `registry`, which know nothing of each other.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::config::Config;
use crate::error::Error;
use crate::registry::{Endpoint, Instance, Registration, Registry, Status};
use crate::server::{Options, Registering, Registrar, Registration as Known};
use crate::service::{Idl, ServiceInfo};

impl From<&Config> for Options {
    fn from(config: &Config) -> Self {
        Self { listen: config.server.listen.clone(), limits: config.limits.clone() }
    }
}

/// Registers a server's services in the registry of its configuration.
///
/// ```no_run
/// # async fn run(add: impl runtime::Service) -> runtime::Result<()> {
/// let config = runtime::Config::load()?;
/// let known = runtime::announce::Announcer::open(&config)?;
/// runtime::Server::new((&config).into()).registrar(known).add(add).run().await
/// # }
/// ```
#[derive(Debug)]
pub struct Announcer {
    registry: Registry,
    config: Config,
}

impl Announcer {
    /// Opens the registry of `[registry] url`; connects to nothing.
    ///
    /// # Errors
    /// A URL that cannot be used, with its place.
    pub fn open(config: &Config) -> Result<Self, Error> {
        let registry = Registry::open(&config.registry.url)?;
        Ok(Self::with(registry, config))
    }

    /// Uses a registry that is open already, such as one that tests share with their clients.
    pub fn with(registry: Registry, config: &Config) -> Self {
        Self { registry, config: config.clone() }
    }

    fn begin(
        &self,
        bound: SocketAddr,
        services: &[&'static ServiceInfo],
    ) -> Result<Announced, Error> {
        if !self.registry.registers() {
            return Ok(Announced { registration: None, propagation: Duration::ZERO });
        }
        let address = self.config.advertised(bound)?;
        let instances = services.iter().map(|info| self.instance(info, &address)).collect();
        let registration = self.registry.register(instances)?;
        let names: Vec<&str> = services.iter().map(|info| self.name(info)).collect();
        let telling = tell(names.join(", "), self.registry.to_string(), registration.status());
        let telling = tokio::spawn(telling).abort_handle();
        let propagation = self.config.server.propagation;
        Ok(Announced { registration: Some((registration, telling)), propagation })
    }

    fn name(&self, info: &'static ServiceInfo) -> &str {
        self.config.registry_name(info.name, info.registry_name)
    }

    fn instance(&self, info: &'static ServiceInfo, address: &Endpoint) -> Instance {
        let scheme = match info.idl {
            Idl::Thrift => "thrift",
            Idl::Proto => "grpc",
        };
        let endpoint = Endpoint { scheme: scheme.to_owned(), ..address.clone() };
        Instance::new(self.name(info), endpoint)
    }
}

impl Registrar for Announcer {
    fn register(
        &self,
        address: SocketAddr,
        services: &[&'static ServiceInfo],
    ) -> Registering<Result<Box<dyn Known>, Error>> {
        let begun = self.begin(address, services);
        Box::pin(async move { begun.map(|announced| Box::new(announced) as Box<dyn Known>) })
    }
}

/// A server that is known, or is to be as soon as its registry is there.
struct Announced {
    registration: Option<(Registration, AbortHandle)>,
    propagation: Duration,
}

impl Known for Announced {
    fn deregister(self: Box<Self>) -> Registering<Duration> {
        Box::pin(async move {
            let Some((registration, telling)) = self.registration else { return Duration::ZERO };
            telling.abort();
            let visible = registration.is_registered();
            registration.deregister().await;
            if visible { self.propagation } else { Duration::ZERO }
        })
    }
}

/// Says once that it is registered, and once that the registry is awaited.
async fn tell(names: String, registry: String, mut status: watch::Receiver<Status>) {
    let (mut awaited, mut refused) = (false, false);
    loop {
        let text = match &*status.borrow_and_update() {
            Status::Registered(registered) => Some((true, format!("{names} {registered}"))),
            Status::Away(_) if !awaited => {
                awaited = true;
                let text = format!(
                    "{registry} is not there yet: serving all the same, registering as soon as it is"
                );
                Some((false, text))
            }
            Status::Refused(why) if !refused => {
                refused = true;
                let text =
                    format!("{registry} refuses the registration ({why}): serving all the same");
                Some((false, text))
            }
            _ => None,
        };
        if let Some((done, text)) = text {
            // A closed standard output must not end a server.
            let _ = writeln!(std::io::stdout(), "{text}");
            if done {
                return;
            }
        }
        if status.changed().await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::Server;
    use crate::service::{Answer, Call, Handling, Service};

    struct Add;

    static ADD: ServiceInfo = ServiceInfo {
        name: "AddService",
        package: "",
        registry_name: "add",
        idl: Idl::Thrift,
        methods: &[],
    };

    impl Service for Add {
        fn info(&self) -> &'static ServiceInfo {
            &ADD
        }

        fn call(&self, _: Call) -> Handling {
            Box::pin(async { Ok(Answer::default()) })
        }
    }

    #[tokio::test]
    async fn a_server_is_found_while_it_serves() {
        let mut config = Config::local();
        config.names.insert("AddService".to_owned(), "add2".to_owned());
        let registry = Registry::open("memory").unwrap();
        let known = Announcer::with(registry.clone(), &config);
        let server = Server::new((&config).into()).registrar(known).add(Add);
        let running = server.start().await.unwrap();
        let add = registry.resolve("add2").unwrap();
        let found = add.snapshot();
        let endpoint = Endpoint {
            scheme: "thrift".to_owned(),
            ..Endpoint::parse(&running.addr().to_string()).unwrap()
        };
        assert_eq!(found.instances[0].endpoints, [endpoint]);
        running.stop().await.unwrap();
        add.wait(Duration::from_secs(30), |seen| seen.instances.is_empty()).await.unwrap();
    }

    #[tokio::test]
    async fn without_a_registry_nothing_is_waited_for() {
        let mut config = Config::local();
        config.server.propagation = Duration::from_secs(3600);
        let known = Announcer::open(&config).unwrap();
        let server = Server::new((&config).into()).registrar(known).add(Add);
        server.start().await.unwrap().stop().await.unwrap();
    }
}
