//! The embedded registry on a socket: HTTP/2 by hyper, calls by tonic, one function a
//! service of etcd's.

mod calls;
mod connection;
mod hub;
mod streams;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};
// What tonic offers to generated servers.
use tonic::codegen as generated;

pub(super) use hub::Hub;

use super::faults::Faults;
use super::store::Bounds;
use connection::Connection;

/// Connections that are open at once; others wait in the kernel.
const CONNECTIONS: usize = 1000;

/// An embedded registry that serves until this handle is dropped.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let dev = runtime::registry::dev::Embedded::bind("127.0.0.1:0").await?;
/// let registry = runtime::Registry::open(&format!("etcd://{}", dev.address()))?;
/// # drop(registry);
/// # Ok::<(), Box<dyn std::error::Error>>(()) });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Embedded {
    address: SocketAddr,
    hub: Arc<Hub>,
    stop: CancellationToken,
    _guard: DropGuard,
    serving: tokio::task::JoinHandle<()>,
}

impl Embedded {
    /// Listens at `address` and serves, empty at first. Wants a tokio runtime around it.
    ///
    /// # Errors
    /// The address cannot be listened on, most often because somebody does.
    pub async fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        Self::bounded(address, Bounds::default()).await
    }

    pub(super) async fn bounded(address: impl ToSocketAddrs, bounds: Bounds) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let hub = Arc::new(Hub::new(address, bounds));
        let stop = CancellationToken::new();
        let guard = stop.clone().drop_guard();
        let serving = tokio::spawn(serve(listener, Arc::clone(&hub), stop.clone()));
        Ok(Self { address, hub, stop, _guard: guard, serving })
    }

    /// The address at which it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The faults that make it misbehave, for tests.
    #[doc(hidden)]
    pub fn faults(&self) -> Faults {
        Faults(Arc::clone(&self.hub))
    }

    /// Stops listening and breaks every connection; the port is free afterwards.
    pub async fn stop(self) {
        self.stop.cancel();
        let _ = self.serving.await;
    }
}

/// Accepts until `stop`; leases end meanwhile.
async fn serve(listener: TcpListener, hub: Arc<Hub>, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = accept(&listener, &hub, &stop) => {}
        () = hub.expire_leases() => {}
    }
}

async fn accept(listener: &TcpListener, hub: &Arc<Hub>, stop: &CancellationToken) {
    let seats = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        hub.thawed().await;
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let serving = Connection::new(Arc::clone(hub), stop.child_token()).serve(stream);
                tokio::spawn(async move {
                    serving.await;
                    drop(seat);
                });
            }
            Err(error) => {
                // Out of descriptors, most likely: at once would be a busy loop.
                tracing::debug!(target: "runtime::registry::dev::server", %error, "the development registry could not accept");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}
