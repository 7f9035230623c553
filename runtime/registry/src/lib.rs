//! Service discovery: registering and finding instances, with one handle for every registry. This crate owns instances,
//! their layout in a registry, watches and leases. It knows no protocol and chooses no instance.
//!
//! | URL | registry |
//! |---|---|
//! | `etcd://[user:password@]h1:2379[,h2:2379][?layout=kitex&prefix=…&ttl=15&user=…]` | etcd v3 |
//! | `etcds://…?ca=ca.pem[&cert=c.pem&key=k.pem][&server_name=…]` | the same over TLS; feature `tls` |
//! | `dev`, `dev://127.0.0.1:2379[?layout=…]` | the embedded one: joins what listens there, else starts it |
//! | `memory` | this handle alone; for tests |
//! | `none` | nothing is registered, nothing is found |
//! | `static:add=h:p,h:p?mux;echo=h:p` | fixed addresses; `?mux` behind one says that it answers out of order, so that calls share connections |
//!
//! The layouts of etcd, written and read together when several stand there (`layout=kitex,kratos`):
//!
//! | layout | key | protocols |
//! |---|---|---|
//! | `kitex` | `kitex/registry-etcd/add/10.0.0.1:8888` | any |
//! | `kratos` | `/microservices/add/<id>` | by scheme |
//! | `go-micro` | `/micro/registry/add/add-<id>` | by `protocol` |
//! | `go-kit` | `add/10.0.0.1:8888` | any |
//! | `grpc` | `add/10.0.0.1:8888` | any |
//! | `go-zero` | `add/<lease id>` | any |
//!
//! `prefix=` replaces what stands before the service's name, `layout=kitex,grpc:naming` says it for
//! one of several. An instance that stands in several layouts is one instance: what shares an
//! address is the same.
//!
//! ```
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use runtime::registry::{Endpoint, Instance, Registry};
//!
//! let registry = Registry::open("memory")?;
//! let kept = registry.register(vec![Instance::new("add", Endpoint::new("thrift", "127.0.0.1", 8888))])?;
//! let found = registry.resolve("add")?.ready(std::time::Duration::from_secs(1)).await?;
//! assert_eq!(found.instances[0].id, "127.0.0.1:8888");
//! kept.deregister().await;
//! # Ok::<(), runtime::Error>(()) });
//! ```
//!
//! | items | are |
//! |---|---|
//! | [`Registry`], [`Registration`], [`Status`] | the handle, and what was registered with it |
//! | [`Resolver`], [`Snapshot`], [`Instance`], [`Endpoint`] | what is found |
//! | [`Listing`], [`Listed`] | everything that stands in a registry, for people |
//! | [`Backend`], [`Announcement`], [`View`], [`Scheme`], [`Url`] | how another registry plugs in |
//!
//! Features: `etcd`, `tls` (etcd over TLS), `dev` (the embedded registry, which has `etcd`).

mod announcement;
mod backend;
mod common;
#[cfg(feature = "dev")]
pub mod dev;
mod error;
#[cfg(feature = "etcd")]
mod etcd;
mod fixed;
mod instance;
#[cfg(feature = "etcd")]
mod layout;
mod listing;
mod memory;
mod password;
mod registration;
mod resolver;
mod schemes;
mod snapshot;
#[cfg(test)]
mod tests;
mod url;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use kiteline_core::lock::lock;

pub use announcement::Announcement;
pub use backend::{Backend, Looking, Task};
pub use error::Error;
#[cfg(feature = "etcd")]
pub use etcd::Etcd;
pub use instance::{DEFAULT_WEIGHT, Endpoint, Instance};
#[cfg(feature = "etcd")]
pub use layout::{Entry, Layout};
pub use listing::{Listed, Listing};
pub use registration::{Reason, Refused, Registered, Registration, Status};
pub use resolver::Resolver;
pub use schemes::Scheme;
pub use snapshot::{Snapshot, View};
pub use url::{Url, UrlError};

pub use url::without_password;

use announcement::Wanted;
use common::Common;
pub use password::Password;
use resolver::Shared;
use schemes::BUILT_IN;

/// The registries that a process shares, by URL and by what the environment holds as a password.
static OPEN: Common<(u64, String, Option<Password>), Inner> = Common::new();

/// A registry. Cheap to clone; all clones share watches and connections, and so do the registries
/// of etcd that a process opens with one URL.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    backend: Box<dyn Backend>,
    resolvers: Mutex<HashMap<String, Weak<Shared>>>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Registry({})", self.0.backend.name())
    }
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.backend.name())
    }
}

impl Registry {
    /// Opens the registry that `url` names (the module's table lists them). Connects to nothing: the
    /// registry may come later, or go and come back.
    ///
    /// The password of an etcd user stands in the URL (`etcd://user:password@host:2379`, `%XX` for
    /// odd bytes) or, better, in `KITELINE_ETCD_PASSWORD`, or in the file that
    /// `KITELINE_ETCD_PASSWORD_FILE` names, which is read again at each authentication; it is never
    /// shown. The PEM files of `etcds://` are read now, unless the registry is open in this process
    /// already, and again for each new connection.
    ///
    /// # Errors
    /// [`Error::File`] names the setting and the file that cannot be read or is not what it should be.
    /// [`Error::Url`] shows the place that is wrong and what may stand there.
    pub fn open(url: &str) -> Result<Self, Error> {
        Self::open_as(0, &BUILT_IN, url)
    }

    /// Opens a registry as another process would: nothing is shared with what was opened before.
    /// For tests in which one process stands for several.
    ///
    /// # Errors
    /// As [`Registry::open`].
    pub fn open_alone(url: &str) -> Result<Self, Error> {
        static PROCESSES: AtomicU64 = AtomicU64::new(1);
        Self::open_as(PROCESSES.fetch_add(1, Ordering::Relaxed), &BUILT_IN, url)
    }

    /// Opens the registry that `url` names, by schemes of the program's own or by those that are
    /// built in. One of its own takes the place of a built-in one of its name.
    ///
    /// # Errors
    /// As [`Registry::open`]; what the scheme gives.
    pub fn open_with(schemes: &[Scheme], url: &str) -> Result<Self, Error> {
        let all: Vec<Scheme> = schemes.iter().copied().chain(BUILT_IN).collect();
        Self::open_as(0, &all, url)
    }

    /// A registry of the program's own.
    pub fn of(backend: impl Backend) -> Self {
        Self::new(Box::new(backend))
    }

    fn new(backend: Box<dyn Backend>) -> Self {
        Self(Arc::new(Inner { backend, resolvers: Mutex::default() }))
    }

    fn open_as(process: u64, schemes: &[Scheme], text: &str) -> Result<Self, Error> {
        let environment = schemes::password_of_environment();
        let (shown, secret) = url::hide(text);
        let url = Url::new(&shown, secret.as_ref().or(environment.as_ref()), process);
        let scheme = schemes::find(&url, schemes)?;
        if !scheme.shared {
            return (scheme.open)(&url).map(Self::new);
        }
        let key = (process, text.to_owned(), environment.clone());
        OPEN.get(key, |_| Ok(Inner { backend: (scheme.open)(&url)?, resolvers: Mutex::default() })).map(Self)
    }

    /// Whether registering here lets anybody find anything: not so for `none` and `static:`.
    pub fn registers(&self) -> bool {
        self.0.backend.registers()
    }

    /// How long a server goes on answering after it left, unless its settings say otherwise.
    pub fn propagation(&self) -> std::time::Duration {
        self.0.backend.propagation()
    }

    /// Registers the instances and keeps them registered until the handle is dropped or
    /// [`Registration::deregister`] is called. Works in the background: a registry that is away is
    /// tried until it is there.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::Duplicate`], [`Error::Instance`], [`Error::NoRuntime`].
    pub fn register(&self, instances: Vec<Instance>) -> Result<Registration, Error> {
        for instance in &instances {
            self.0.backend.check(&instance.service)?;
        }
        check(&instances)?;
        let runtime = Handle::try_current().map_err(|_| Error::NoRuntime)?;
        let (sender, status) = watch::channel(Status::Registering);
        let stop = CancellationToken::new();
        let (wanted, keeper) = watch::channel(Wanted { instances, paused: false });
        let announcement = Announcement { wanted: keeper, status: sender, stop: stop.clone() };
        let task = runtime.spawn(self.0.backend.keep(announcement));
        Ok(Registration { status, wanted, stop, task: Some(task) })
    }

    /// Looks once at everything that stands in the registry, or at one service: for people, not for calls.
    ///
    /// # Errors
    /// [`Error::NotListed`] where the registry is away or cannot be listed, [`Error::Name`].
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// let registry = runtime::Registry::open("static:add=10.0.0.1:8888")?;
    /// let found = registry.list(None).await?;
    /// assert_eq!((found.entries[0].service.as_str(), found.entries[0].layout.as_str()), ("add", "static"));
    /// # Ok::<(), runtime::Error>(()) });
    /// ```
    pub async fn list(&self, service: Option<&str>) -> Result<Listing, Error> {
        if let Some(service) = service {
            check_name(service).map_err(|why| Error::Name { name: service.to_owned(), why })?;
        }
        self.0.backend.list(service).await
    }

    /// A handle that sees the instances of `service`.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::NoRuntime`].
    pub fn resolve(&self, service: &str) -> Result<Resolver, Error> {
        self.0.backend.check(service)?;
        let mut resolvers = lock(&self.0.resolvers);
        if let Some(shared) = resolvers.get(service).and_then(Weak::upgrade) {
            return Ok(Resolver::new(shared));
        }
        let view = View::new(service);
        let task = match self.0.backend.follow(service, &view) {
            Some(task) => Some(Handle::try_current().map_err(|_| Error::NoRuntime)?.spawn(task).abort_handle()),
            None => None,
        };
        let source = self.0.backend.place(service);
        let shared = Arc::new(Shared { view, source, task, _registry: Some(self.clone()) });
        resolvers.retain(|_, old| old.strong_count() > 0);
        resolvers.insert(service.to_owned(), Arc::downgrade(&shared));
        Ok(Resolver::new(shared))
    }
}

/// What no registry takes as a service name.
fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("must not be empty");
    }
    if name.contains('/') {
        return Err("must not hold `/`");
    }
    if name.chars().any(char::is_control) {
        return Err("must not hold control characters");
    }
    Ok(())
}

fn check(instances: &[Instance]) -> Result<(), Error> {
    for (place, instance) in instances.iter().enumerate() {
        let name = &instance.service;
        if instances.iter().take(place).any(|other| other.service == *name) {
            return Err(Error::Duplicate(name.clone()));
        }
        let fail = |why: &str| Err(Error::Instance { service: name.clone(), why: why.to_owned() });
        if instance.endpoints.is_empty() {
            return fail("it has no endpoint");
        }
        for endpoint in &instance.endpoints {
            if Endpoint::parse(&endpoint.address()).is_none() {
                return fail(&format!("`{}` is no address that others can dial", endpoint.address()));
            }
            if matches!(endpoint.host.as_str(), "0.0.0.0" | "::") {
                return fail(&format!("`{}` is no address that others can dial; set `advertise`", endpoint.address()));
            }
        }
    }
    Ok(())
}
