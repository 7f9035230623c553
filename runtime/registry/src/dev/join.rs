//! The registry `dev`: the etcd registry, on a server that one of its users hosts. Whoever comes
//! first, or is there when the host ends, binds the port and serves; all others join.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::transport::Endpoint;
use tower::ServiceExt;

use super::messages::{StatusRequest, StatusResponse};
use super::server::Embedded;
use crate::announcement::Announcement;
use crate::backend::{Backend, Looking, Task};
use crate::error::Error;
use crate::etcd::api::{Channel, unary};
use crate::snapshot::View;
use kiteline_core::say::say;

/// Between two looks at whether the port is free.
const PROBE: Duration = Duration::from_millis(300);
/// How long what listens may take to show that it is a registry.
const ANSWER: Duration = Duration::from_secs(3);

/// The registry behind `dev`.
#[derive(Debug)]
pub(crate) struct Dev<B> {
    address: String,
    etcd: B,
    /// Serves, or waits until it can, from the first use until the registry and all that was made
    /// of it, registrations and resolvers, are gone.
    hosting: OnceLock<Arc<DropGuard>>,
}

impl<B: Backend> Dev<B> {
    /// Serves at `address` if nobody does; `etcd` is the registry there.
    pub(crate) fn new(address: String, etcd: B) -> Self {
        Self { address, etcd, hosting: OnceLock::new() }
    }

    fn host(&self) -> Option<Arc<DropGuard>> {
        let runtime = Handle::try_current().ok()?;
        let guard = self.hosting.get_or_init(|| {
            let stop = CancellationToken::new();
            let guard = stop.clone().drop_guard();
            let address = self.address.clone();
            runtime.spawn(async move { stop.run_until_cancelled(host(&address)).await });
            Arc::new(guard)
        });
        Some(Arc::clone(guard))
    }

    /// The host stays as long as this work does, though every handle of the registry may be gone.
    fn hosted(&self, task: Task) -> Task {
        let host = self.host();
        Box::pin(async move {
            task.await;
            drop(host);
        })
    }
}

impl<B: Backend> Backend for Dev<B> {
    fn name(&self) -> String {
        self.etcd.name()
    }

    fn place(&self, service: &str) -> String {
        self.etcd.place(service)
    }

    fn follow(&self, service: &str, view: &Arc<View>) -> Option<Task> {
        self.etcd.follow(service, view).map(|task| self.hosted(task))
    }

    /// Does not serve: where nobody does, nothing is registered.
    fn list(&self, service: Option<&str>) -> Looking {
        self.etcd.list(service)
    }

    fn propagation(&self) -> Duration {
        Duration::ZERO
    }

    fn check(&self, service: &str) -> Result<(), Error> {
        self.etcd.check(service)
    }

    fn keep(&self, announcement: Announcement) -> Task {
        self.hosted(self.etcd.keep(announcement))
    }
}

/// Serves as soon as the port is free, and then for ever.
async fn host(address: &str) {
    let mut told = false;
    loop {
        match Embedded::bind(address).await {
            Ok(_serving) => {
                say(&format!(
                    "development registry served here on {address}: not durable, everything in it is lost when \
                     this process ends"
                ));
                return std::future::pending().await;
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                if !told {
                    told = true;
                    look(address).await;
                }
            }
            Err(error) if !told => {
                told = true;
                tracing::warn!(target: "runtime::registry::dev::join", %error, "the development registry cannot listen on {address}");
            }
            Err(_) => {}
        }
        sleep(PROBE).await;
    }
}

/// Says so when what listens there is no registry.
async fn look(address: &str) {
    let asked = async {
        let line = Endpoint::from_shared(format!("http://{address}")).ok()?.connect_lazy();
        let line = Channel::new(line.map_err(|error| tonic::Status::from_error(error.into())));
        unary::<_, StatusResponse>(&line, "/etcdserverpb.Maintenance/Status", StatusRequest {}, None).await.ok()
    };
    match tokio::time::timeout(ANSWER, asked).await {
        Ok(Some(_)) => tracing::info!(target: "runtime::registry::dev::join", "joined the registry on {address}"),
        _ => {
            tracing::warn!(target: "runtime::registry::dev::join", "what listens on {address} does not answer as a registry; registry `dev` waits for it")
        }
    }
}
