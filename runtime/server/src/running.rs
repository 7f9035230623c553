//! A server that listens, and its end: not serving, deregistered, known to be gone, no new
//! connections, drained.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::accept::accept;
use super::counters::Counters;
use super::driver::Driver;
use super::registration::{Registrar, Registration, Standing};
use super::shared::Shared;
use super::stage::Stage;
use kiteline_core::error::{Code, Error};
use kiteline_core::limits::Limits;

/// A server that is bound and accepting. Dropping it ends it at once, without a drain.
pub struct Running {
    address: SocketAddr,
    /// The same of the port for HTTP alone.
    http: Option<SocketAddr>,
    shared: Arc<Shared>,
    accepting: Vec<JoinHandle<()>>,
    sweeping: JoinHandle<()>,
    registration: Option<Box<dyn Registration>>,
    ended: watch::Sender<bool>,
    /// Lives as long.
    beside: Option<Box<Running>>,
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Running {
    /// Accepts on bound listeners, that of the services first, then registers: whoever finds the entry is answered.
    pub(super) async fn start(
        ports: Vec<(TcpListener, Vec<Box<dyn Driver>>)>,
        shared: Arc<Shared>,
        registrar: Option<Box<dyn Registrar>>,
        beside: Option<Box<Self>>,
    ) -> Result<Self, Error> {
        let unknown = |error| Error::unavailable(format!("cannot read the address of a listener: {error}"));
        let addresses: Result<Vec<_>, _> = ports.iter().map(|(listener, _)| listener.local_addr()).collect();
        let mut addresses = addresses.map_err(unknown)?.into_iter();
        let address = addresses.next().ok_or_else(|| Error::internal("a server without a port"))?;
        let http = addresses.next();
        let accepts =
            |(listener, drivers): (_, Vec<_>)| tokio::spawn(accept(listener, drivers.into(), Arc::clone(&shared)));
        let accepting = ports.into_iter().map(accepts).collect();
        let sweeper = Arc::clone(&shared);
        let sweeping = tokio::spawn(async move {
            sweeper.connections.sweep(&sweeper.limits, sweeper.counters()).await;
        });
        let ended = watch::Sender::new(false);
        let mut running = Self { address, http, shared, accepting, sweeping, registration: None, ended, beside };
        let mut standing: Standing = Box::new(|| true);
        if let Some(registrar) = registrar {
            let services = running.shared.router.services();
            http.iter().for_each(|address| registrar.http(*address));
            let registration = registrar.register(address, services).await?;
            standing = registration.standing();
            running.registration = Some(registration);
        }
        // Nobody else sets it.
        let _ = running.shared.standing.set(standing);
        Ok(running)
    }

    /// The address that it listens on, with the final port.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The address of the port that is for HTTP alone, where there is one; see
    /// [`Builder::http_listen`](super::Builder::http_listen).
    pub fn http_addr(&self) -> Option<SocketAddr> {
        self.http
    }

    /// The server that was started with this one, with pages on a port of its own; see
    /// [`Builder::beside`](super::Builder::beside).
    pub fn beside(&self) -> Option<&Self> {
        self.beside.as_deref()
    }

    /// Counts of events so far.
    pub fn counters(&self) -> &Counters {
        self.shared.counters()
    }

    /// Calls in work now.
    pub fn in_flight(&self) -> usize {
        self.shared.admission.in_flight()
    }

    /// Bytes of requests in work now, and of frames over 64 KiB that have begun.
    pub fn in_flight_bytes(&self) -> usize {
        self.shared.admission.bytes()
    }

    /// Connections open now.
    pub fn connections(&self) -> usize {
        self.shared.connections.open()
    }

    /// The limits that it keeps.
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// Sets the weight that the registry tells others, of all services; 0 becomes the default of 10.
    /// Returns at once; without a registry it does nothing.
    pub fn set_weight(&self, weight: u32) {
        self.registration.iter().for_each(|known| known.set_weight(weight));
    }

    /// Leaves the registry until [`Running::resume`] and goes on serving: callers that still know the
    /// address are answered. The lease in the registry stays.
    pub fn pause(&self) {
        self.registration.iter().for_each(|known| known.pause());
    }

    /// Comes back to the registry after [`Running::pause`].
    pub fn resume(&self) {
        self.registration.iter().for_each(|known| known.resume());
    }

    /// Ends when the server has ended.
    pub fn wait(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut ended = self.ended.subscribe();
        async move {
            // A dropped sender is an ended server too.
            let _ = ended.wait_for(|ended| *ended).await;
        }
    }

    /// Ends in order: says that it does not serve to those who ask after its health, deregisters and
    /// goes on answering until clients have noticed, then takes no new connections, tells the peers,
    /// and waits for the calls in work. A frame that has begun by then has 5 s to become whole.
    ///
    /// # Errors
    ///
    /// [`Code::DeadlineExceeded`] when calls were still in work after [`kiteline_core::Limits::drain`];
    /// they are given up.
    pub async fn stop(self) -> Result<(), Error> {
        self.stop_aloud(|_| {}).await
    }

    /// Stops the server as [`Running::stop`] does; `say` is told each step before it is waited for.
    pub async fn stop_aloud(mut self, say: fn(&str)) -> Result<(), Error> {
        self.shared.stage.send_replace(Stage::Leaving);
        if let Some(registration) = self.registration.take() {
            let notice = registration.deregister().await;
            if !notice.is_zero() {
                say(&format!(
                    "stopping: left the registry; calls are answered for {notice:?} more, until clients know"
                ));
                tokio::time::sleep(notice).await;
            }
        }
        self.accepting.iter().for_each(JoinHandle::abort);
        let (calls, drain) = (self.shared.admission.in_flight(), self.shared.limits.drain);
        say(&format!("stopping: no new calls; {calls} in work have up to {drain:?}"));
        // Ends the watches of the health service: they would keep their connections open.
        self.shared.stage.send_replace(Stage::Draining);
        let connections = &self.shared.connections;
        connections.drain();
        let drained = tokio::time::timeout(self.shared.limits.drain, connections.empty()).await;
        let left = self.shared.admission.in_flight();
        if drained.is_ok() || left == 0 {
            return Ok(());
        }
        let message = format!("{left} calls were still in work and are given up");
        Err(Error::new(Code::DeadlineExceeded, message))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.accepting.iter().for_each(JoinHandle::abort);
        self.sweeping.abort();
        self.shared.connections.abort();
        self.ended.send_replace(true);
    }
}
