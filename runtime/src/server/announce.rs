//! Makes a server known in a [`Registry`], and says so once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::registration::{Registering, Registrar, Registration};
use crate::config::Config;
use crate::error::Error;
use crate::registry::{Endpoint, Instance, Registration as Kept, Registry, Status};
use crate::service::{Idl, ServiceInfo};

/// Registers every service of a server under its name, at the address that others dial.
pub(super) struct Announce {
    pub(super) registry: Registry,
    pub(super) config: Config,
    /// Whether a person is told on standard error; tests are not.
    pub(super) aloud: bool,
}

impl Registrar for Announce {
    fn register(
        &self,
        address: SocketAddr,
        services: &[&'static ServiceInfo],
    ) -> Registering<Result<Box<dyn Registration>, Error>> {
        let registered = self.instances(address, services).and_then(|instances| Ok(self.registry.register(instances)?));
        let propagation = if self.registry.registers() { self.config.server.propagation } else { Duration::ZERO };
        if let (true, true, Ok(registration)) = (self.aloud, self.registry.registers(), &registered) {
            let names: Vec<&str> = services.iter().map(|it| self.name(it)).collect();
            tokio::spawn(tell(names.join(", "), registration.status()));
        }
        Box::pin(async move { Ok(Box::new(Announced { registration: registered?, propagation }) as Box<dyn Registration>) })
    }
}

impl Announce {
    fn name(&self, service: &'static ServiceInfo) -> &str {
        self.config.registry_name(service.name, service.registry_name)
    }

    /// One instance a service. Services of one name, as one proto and one Thrift service may be,
    /// are an error of the registry.
    fn instances(&self, address: SocketAddr, services: &[&'static ServiceInfo]) -> Result<Vec<Instance>, Error> {
        let dialed = self.config.advertised(address)?;
        let mut instances = BTreeMap::new();
        for service in services {
            let scheme = match service.idl {
                Idl::Thrift => "thrift",
                Idl::Proto => "grpc",
            };
            let endpoint = Endpoint::new(scheme, dialed.host.clone(), dialed.port);
            let name = self.name(service);
            if instances.insert(name, Instance::new(name, endpoint)).is_some() {
                return Err(Error::invalid(format!(
                    "two services would be registered as `{name}`: give one of them another name under [names]"
                )));
            }
        }
        Ok(instances.into_values().collect())
    }
}

struct Announced {
    registration: Kept,
    propagation: Duration,
}

impl Registration for Announced {
    fn deregister(self: Box<Self>) -> Registering<Duration> {
        Box::pin(async move {
            // Clients that never saw an entry need no time to notice that it is gone.
            let known = self.registration.is_registered();
            self.registration.deregister().await;
            if known { self.propagation } else { Duration::ZERO }
        })
    }
}

/// One line when it is registered, and one when the registry is not there.
async fn tell(names: String, mut status: tokio::sync::watch::Receiver<Status>) {
    let mut away = false;
    loop {
        match &*status.borrow_and_update() {
            Status::Registered(registered) => {
                eprintln!("{names} {registered}");
                return;
            }
            Status::Away(why) if !away => {
                away = true;
                eprintln!("{why}: serving all the same, registering as soon as it is there");
            }
            Status::Stopped => return,
            _ => {}
        }
        if status.changed().await.is_err() {
            return;
        }
    }
}
