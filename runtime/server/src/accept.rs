//! Takes connections in and hands each to the driver that claims it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};

use super::connections::ConnectionGuard;
use super::counters::Counter;
use super::driver::{Claim, Connection, Driver};
use super::shared::Shared;
use super::tls;
use kiteline_core::error::Error;
use kiteline_core::event::Event;
use kiteline_tls::Stream;

/// Room for the first read, which for most calls is the whole first request.
const FIRST_READ: usize = 4 << 10;

/// Connections that wait to be accepted; the kernel holds fewer where `net.core.somaxconn` is
/// less than this default of it (`listen(2)`).
const BACKLOG: u32 = 4096;

/// Waits between failures of the listener: out of descriptors, it fails again at once.
#[derive(Default)]
struct Backoff {
    failures: u32,
}

impl Backoff {
    /// 10 ms, doubled up to 320 ms.
    fn next(&mut self) -> Duration {
        let wait = Duration::from_millis(10 << self.failures.min(5));
        self.failures += 1;
        wait
    }
}

/// Listens on the address that a setting says.
///
/// # Errors
///
/// With the setting, where another program listens there.
pub(super) async fn bind(listen: &str, setting: &str) -> Result<TcpListener, Error> {
    self::listen(listen).await.map_err(|error| {
        let taken = error.kind() == io::ErrorKind::AddrInUse;
        let hint = if taken { format!("; {setting} sets another address") } else { String::new() };
        Error::unavailable(format!("cannot listen on {listen}: {error}{hint}"))
    })
}

/// Listens on the first address that can be listened on.
async fn listen(address: &str) -> io::Result<TcpListener> {
    let mut failure = io::Error::new(io::ErrorKind::InvalidInput, "it stands for no address");
    for address in lookup_host(address).await? {
        match listen_on(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A server that starts again finds the port that its old connections still hold. On Windows
    // the option would let two servers share it.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts until it is dropped.
pub(super) async fn accept(listener: TcpListener, drivers: Arc<[Box<dyn Driver>]>, shared: Arc<Shared>) {
    let mut backoff = Backoff::default();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                backoff.failures = 0;
                connect(&shared, &drivers, stream, peer);
            }
            Err(error) if of_one_connection(&error) => {}
            Err(error) => {
                shared.count(Counter::AcceptErrors);
                if backoff.failures == 0 {
                    tracing::warn!(target: "runtime::server::accept", %error, "cannot accept connections; trying again");
                }
                tokio::time::sleep(backoff.next()).await;
            }
        }
    }
}

/// Whether accepting failed because of the connection that was accepted (`accept(2)`).
fn of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

fn connect(shared: &Arc<Shared>, drivers: &Arc<[Box<dyn Driver>]>, stream: TcpStream, peer: SocketAddr) {
    let Some(guard) = shared.connections.admit(peer.ip(), &shared.limits) else {
        shared.count(Counter::Refused);
        return;
    };
    shared.count(Counter::Accepted);
    let id = guard.id();
    let task = tokio::spawn(serve(Arc::clone(shared), Arc::clone(drivers), guard, stream, peer));
    shared.connections.runs_in(id, task.abort_handle());
}

/// Tells recorders of a connection and, when it is dropped, of its end.
struct Connected(Option<(Arc<Shared>, SocketAddr)>);

impl Connected {
    fn new(shared: &Arc<Shared>, peer: SocketAddr) -> Self {
        shared.admission.recorders.record(|| Event::Connected { peer });
        let told = !shared.admission.recorders.is_empty();
        Self(told.then(|| (Arc::clone(shared), peer)))
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        if let Some((shared, peer)) = self.0.take() {
            shared.admission.recorders.record(|| Event::Disconnected { peer });
        }
    }
}

async fn serve(
    shared: Arc<Shared>,
    drivers: Arc<[Box<dyn Driver>]>,
    guard: ConnectionGuard,
    stream: TcpStream,
    peer: SocketAddr,
) {
    let _connected = Connected::new(&shared, peer);
    // A socket that refuses the option still works, only slower.
    let _ = stream.set_nodelay(true);
    let Some(mut stream) = tls::open(&shared, &guard, stream).await else { return };
    let Some((driver, first)) = first_bytes(&mut stream, &drivers).await else { return };
    match driver {
        Some(driver) => driver.serve(Connection { shared, guard, stream, peer, first }).await,
        None => {
            shared.count(Counter::UnknownProtocol);
            tracing::debug!(target: "runtime::server::accept", %peer, first = ?first.first(), "closed: no protocol that is served here");
        }
    }
}

/// Reads until it is known who serves the connection, if anybody; `None` when the peer left before.
async fn first_bytes<'a>(
    stream: &mut Stream,
    drivers: &'a [Box<dyn Driver>],
) -> Option<(Option<&'a dyn Driver>, BytesMut)> {
    let mut read = BytesMut::new();
    loop {
        if stream.read_more(&mut read, FIRST_READ).await.ok()? == 0 {
            return None;
        }
        let mut claims = drivers.iter().map(|driver| (&**driver, driver.claim(&read)));
        match claims.find(|(_, claim)| *claim != Claim::No) {
            Some((_, Claim::More)) => {}
            Some((driver, _)) => return Some((Some(driver), read)),
            None => return Some((None, read)),
        }
    }
}
