//! Makes a server known as its configuration says. The one place that joins `server`, `config` and
//! `registry`, which know nothing of each other.

mod names;
mod uuid;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::config::{Config, Id, Start};
use crate::error::Error;
use crate::registry::{Endpoint, Instance, Registration, Registry, Status};
use crate::server::{Registering, Registrar, Registration as Known, Standing};
use crate::service::{Idl, ServiceInfo};
use kiteline_core::event::{Event, Recorders};
use kiteline_core::say::say;

/// The scheme of endpoints that answer by routes of HTTP, as Kratos writes it.
const HTTP: &str = "http";

/// Registers a server's services, each under its name of `[names]` or the IDL.
#[derive(Debug)]
pub(crate) struct ConfiguredRegistrar {
    registry: Registry,
    config: Config,
    recorders: Recorders,
    aloud: bool,
    /// Of the port that is for HTTP alone.
    http: OnceLock<SocketAddr>,
}

impl ConfiguredRegistrar {
    /// `aloud` where a person is to be told that it listens and what becomes of the registration.
    pub(crate) fn new(registry: Registry, config: &Config, recorders: Recorders, aloud: bool) -> Self {
        Self { registry, config: config.clone(), recorders, aloud, http: OnceLock::new() }
    }

    fn begin(&self, bound: SocketAddr, services: &[&'static ServiceInfo]) -> Result<ConfiguredRegistration, Error> {
        let names = names::names(&self.config.names, services)?;
        if self.aloud {
            let over = if self.config.server.tls.is_some() { " over TLS" } else { "" };
            say(&format!("{} listening on {bound} ({}{over})", names.join(", "), protocols(services)));
            self.http.get().iter().for_each(|http| say(&format!("HTTP on {http}")));
        }
        if !self.registry.registers() {
            let (recorders, known) = Default::default();
            return Ok(ConfiguredRegistration {
                names,
                registration: None,
                propagation: Duration::ZERO,
                recorders,
                known,
            });
        }
        let address = self.config.advertised(bound)?;
        let instances = services.iter().zip(&names).map(|(info, name)| self.instance(info, name, &address)).collect();
        let registration = self.registry.register(instances)?;
        let propagation = self.config.server.propagation.unwrap_or_else(|| self.registry.propagation());
        let (registration, recorders) = (Some((registration, Vec::new())), self.recorders.clone());
        Ok(ConfiguredRegistration { names, registration, propagation, recorders, known: Arc::default() })
    }

    fn instance(&self, info: &'static ServiceInfo, name: &str, address: &Endpoint) -> Instance {
        let secure = if self.config.server.tls.is_some() { "s" } else { "" };
        let endpoint = |scheme| Endpoint { scheme: format!("{scheme}{secure}"), ..address.clone() };
        let mut instance = Instance::new(name, endpoint(info.idl.scheme())).with_out_of_order(self.config.server.mux);
        if self.config.registry.id == Id::Random {
            instance.id = uuid::random();
        }
        if info.has_routes() {
            let port = self.http.get().map_or(address.port, SocketAddr::port);
            instance.endpoints.push(Endpoint { port, ..endpoint(HTTP) });
        }
        instance
    }
}

impl Registrar for ConfiguredRegistrar {
    fn http(&self, address: SocketAddr) {
        // A registrar is of one server.
        let _ = self.http.set(address);
    }

    fn register(
        &self,
        address: SocketAddr,
        services: &[&'static ServiceInfo],
    ) -> Registering<Result<Box<dyn Known>, Error>> {
        let begun = self.begin(address, services);
        let (registry, aloud, recorders) = (self.registry.to_string(), self.aloud, self.recorders.clone());
        let wait = match self.config.registry.start {
            Start::Background => None,
            Start::FailFast => Some(self.config.registry.start_timeout),
        };
        Box::pin(async move {
            let mut announced = begun?;
            if let Some((registration, telling)) = &mut announced.registration {
                if let Some(timeout) = wait {
                    registration.registered_within(timeout).await?;
                }
                let (mut status, known) = (registration.status(), Arc::clone(&announced.known));
                let noting = async move {
                    let registered = status.wait_for(|status| matches!(status, Status::Registered(_))).await.is_ok();
                    known.store(registered, Ordering::Relaxed);
                };
                telling.push(tokio::spawn(noting).abort_handle());
                let names = announced.names.join(", ");
                if aloud {
                    telling.push(tokio::spawn(tell(names, registry, registration.status())).abort_handle());
                }
                if !recorders.is_empty() {
                    let recording = record(announced.names.clone(), recorders, registration.status());
                    telling.push(tokio::spawn(recording).abort_handle());
                }
            }
            Ok(Box::new(announced) as Box<dyn Known>)
        })
    }
}

/// The wire protocols of the services, each once.
fn protocols(services: &[&'static ServiceInfo]) -> String {
    let named = |idl: Idl| services.iter().any(|info| info.idl == idl).then_some(idl.scheme());
    let http = services.iter().any(|info| info.has_routes()).then_some(HTTP);
    let found = [named(Idl::Thrift), named(Idl::Proto), http];
    found.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A server that is known, or is to be as soon as its registry is there.
struct ConfiguredRegistration {
    /// Of the services in the registry.
    names: Vec<String>,
    registration: Option<(Registration, Vec<AbortHandle>)>,
    propagation: Duration,
    recorders: Recorders,
    /// Whether it has been in the registry once.
    known: Arc<AtomicBool>,
}

impl Known for ConfiguredRegistration {
    fn standing(&self) -> Standing {
        let Some((registration, _)) = &self.registration else { return Box::new(|| true) };
        let (status, known) = (registration.status(), Arc::clone(&self.known));
        Box::new(move || stands(&status.borrow(), known.load(Ordering::Relaxed)))
    }

    fn set_weight(&self, weight: u32) {
        self.registration.iter().for_each(|(registration, _)| registration.set_weight(weight));
    }

    fn pause(&self) {
        self.registration.iter().for_each(|(registration, _)| registration.pause());
    }

    fn resume(&self) {
        self.registration.iter().for_each(|(registration, _)| registration.resume());
    }

    fn deregister(self: Box<Self>) -> Registering<Duration> {
        Box::pin(async move {
            let Some((registration, telling)) = self.registration else { return Duration::ZERO };
            telling.iter().for_each(AbortHandle::abort);
            // A pause may be as short as clients are slow.
            let visible = matches!(*registration.status().borrow(), Status::Registered(_) | Status::Paused);
            registration.deregister().await;
            self.recorders.record(|| Event::Deregistered { services: &self.names });
            if visible { self.propagation } else { Duration::ZERO }
        })
    }
}

/// Whether a server is to be sent calls: from the first registration on, but for pauses. A registry that is away later is
/// not a reason to send calls elsewhere: clients go on with the list that they have, and all servers would leave at once.
fn stands(status: &Status, known: bool) -> bool {
    match status {
        Status::Registered(_) => true,
        Status::Paused | Status::Stopped => false,
        _ => known,
    }
}

/// Tells recorders whenever the services begin or cease to stand in the registry.
async fn record(services: Vec<String>, recorders: Recorders, mut status: watch::Receiver<Status>) {
    let mut stands = false;
    loop {
        let (now, paused) = match &*status.borrow_and_update() {
            Status::Registered(_) => (true, false),
            status => (false, matches!(status, Status::Paused)),
        };
        if now != stands {
            stands = now;
            let services = &services;
            recorders.record(|| match now {
                true => Event::Registered { services },
                false if paused => Event::Deregistered { services },
                false => Event::RegistrationLost { services },
            });
        }
        if status.changed().await.is_err() {
            return;
        }
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
                let text = format!("{registry} is not there yet: serving all the same, registering as soon as it is");
                Some((false, text))
            }
            Status::Refused(why) if !refused => {
                refused = true;
                let text = format!("{registry} refuses the registration ({why}): serving all the same");
                Some((false, text))
            }
            _ => None,
        };
        if let Some((done, text)) = text {
            say(&text);
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

    static ADD: ServiceInfo =
        ServiceInfo { name: "AddService", package: "", registry_name: "add", idl: Idl::Thrift, methods: &[] };

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
        let server = Server::new(config).registry(&registry).add(Add);
        let running = server.start().await.unwrap();
        let add = registry.resolve("add2").unwrap();
        let found = add.snapshot();
        let endpoint =
            Endpoint { scheme: "thrift".to_owned(), ..Endpoint::parse(&running.addr().to_string()).unwrap() };
        assert_eq!(found.instances[0].endpoints, [endpoint]);
        running.stop().await.unwrap();
        add.wait(Duration::from_secs(30), |seen| seen.instances.is_empty()).await.unwrap();
    }

    #[tokio::test]
    async fn routes_of_http_are_an_endpoint_of_their_own() {
        struct Routed;

        static METHODS: [crate::Method; 1] =
            [crate::Method::new(Idl::Proto, "/R/Get", 0).routes(&[crate::http_route::HttpRoute::new("GET", &[])])];
        static ROUTED: ServiceInfo =
            ServiceInfo { name: "R", package: "", registry_name: "r", idl: Idl::Proto, methods: &METHODS };

        impl Service for Routed {
            fn info(&self) -> &'static ServiceInfo {
                &ROUTED
            }

            fn call(&self, _: Call) -> Handling {
                Box::pin(async { Ok(Answer::default()) })
            }
        }

        let registry = Registry::open("memory").unwrap();
        let running = Server::new(Config::local()).registry(&registry).add(Routed).start().await.unwrap();
        let found = registry.resolve("r").unwrap().snapshot();
        let shown: Vec<_> = found.instances[0].endpoints.iter().map(ToString::to_string).collect();
        let at = running.addr();
        assert_eq!(shown, [format!("grpc://{at}"), format!("http://{at}")]);
        assert_eq!(protocols(&[&ADD, &ROUTED]), "thrift, grpc, http");
    }

    #[tokio::test]
    async fn a_running_server_changes_its_weight_and_pauses() {
        let registry = Registry::open("memory").unwrap();
        let running = Server::new(Config::local()).registry(&registry).add(Add).start().await.unwrap();
        let add = registry.resolve("add").unwrap();
        let long = Duration::from_secs(30);
        let weight =
            |wanted| move |seen: &crate::registry::Snapshot| seen.instances.iter().any(|one| one.weight == wanted);
        running.set_weight(70);
        add.wait(long, weight(70)).await.unwrap();
        running.pause();
        add.wait(long, |seen| seen.instances.is_empty()).await.unwrap();
        running.set_weight(20);
        running.resume();
        add.wait(long, weight(20)).await.unwrap();
        running.stop().await.unwrap();
        add.wait(long, |seen| seen.instances.is_empty()).await.unwrap();
    }

    #[cfg(feature = "etcd")]
    #[tokio::test]
    async fn a_server_that_must_be_registered_does_not_start_without() {
        let mut config = Config::local();
        // Nobody listens on port 1.
        config.registry.url = "etcd://127.0.0.1:1?ttl=2".to_owned();
        config.registry.start_timeout = Duration::from_millis(300);
        let serving = Server::new(config.clone()).add(Add).start().await.unwrap();
        serving.stop().await.unwrap();
        config.registry.start = Start::FailFast;
        let error = Server::new(config).add(Add).start().await.unwrap_err();
        assert_eq!(error.code(), crate::Code::Unavailable);
        assert!(error.message().starts_with("add could not be registered within 300ms"), "{error}");
        let registry = Registry::open("memory").unwrap();
        let mut config = Config::local();
        config.registry.start = Start::FailFast;
        Server::new(config).registry(&registry).add(Add).start().await.unwrap().stop().await.unwrap();
    }

    #[cfg(not(feature = "tls"))]
    #[tokio::test]
    async fn a_build_without_tls_serves_nothing_in_place_of_tls() {
        let mut config = Config::local();
        config.server.tls = Some(crate::tls::ServerTls::new("a.pem", "a.key"));
        let error = Server::new(config).add(Add).start().await.unwrap_err();
        let text = "`[server.tls]` asks for TLS, and this build has none; add the feature `tls` of `runtime`";
        assert_eq!(error.message(), text);
        let plain = crate::Channel::builder("add").tls(crate::tls::ClientTls::new());
        let plain = plain.registry(&Registry::open("static:add=127.0.0.1:1").unwrap()).build().unwrap_err();
        assert!(plain.message().starts_with("`[client.tls]` asks for TLS, and this build has none"), "{plain}");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let secure = crate::Channel::to(&format!("https://{}", listener.local_addr().unwrap())).unwrap();
        static METHOD: crate::Method = crate::Method::new(Idl::Thrift, "/Add/Add", 0);
        let call = Call::new(&METHOD, Default::default(), bytes::Bytes::new(), Default::default());
        let error = secure.call(call, None).await.unwrap_err();
        assert!(error.message().contains("the address asks for TLS, and this build has none"), "{error}");
    }

    #[test]
    fn a_registry_that_goes_away_later_takes_no_server_out() {
        let away = || Status::Away("no answer".to_owned());
        for (status, known, wanted) in [
            (Status::Registering, false, false),
            (away(), false, false),
            (away(), true, true),
            (Status::Lost, true, true),
            (Status::Paused, true, false),
            (Status::Stopped, true, false),
        ] {
            assert_eq!(stands(&status, known), wanted, "{status:?}");
        }
    }

    #[cfg(not(feature = "metrics"))]
    #[tokio::test]
    async fn a_build_without_metrics_does_not_start_as_if_it_had_some() {
        let mut config = Config::local();
        config.server.http.metrics = true;
        let error = Server::new(config).add(Add).start().await.unwrap_err();
        let text = "`[server.http]` asks for metrics, and this build has none; add the feature `metrics` of `runtime`";
        assert_eq!(error.message(), text);
    }

    #[tokio::test]
    async fn without_a_registry_nothing_is_waited_for() {
        let mut config = Config::local();
        config.server.propagation = Some(Duration::from_secs(3600));
        let server = Server::new(config).add(Add);
        server.start().await.unwrap().stop().await.unwrap();
    }
}
