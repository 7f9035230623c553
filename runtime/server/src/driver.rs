//! Protocols plug in here: a [`Driver`] claims connections by their first bytes and serves them.
//!
//! The accept loop knows no protocol. It asks its drivers in order, those that the program added
//! ([`Server::driver`](super::Server::driver)) first.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::admission::Entry;
use super::connections::{ConnectionGuard, Phase};
use super::shared::Shared;
use kiteline_core::body::Body;
use kiteline_core::context::Context;
use kiteline_core::error::Error;
use kiteline_core::limits::Limits;
use kiteline_core::reading::{Reading, Reads};
use kiteline_core::router::{Route, Router};
use kiteline_core::service::{Answer, BoxFuture, Call};
use kiteline_tls::Stream;

/// The claim of a driver on a connection, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It serves the connection.
    Yes,
    /// Another driver may.
    No,
    /// More bytes are needed to tell; drivers behind this one are not asked until then.
    More,
}

impl Claim {
    /// Whether bytes begin as a text does, as far as they go.
    pub fn beginning(bytes: &[u8], text: &[u8]) -> Self {
        match bytes.len() >= text.len() {
            true if bytes.starts_with(text) => Self::Yes,
            false if text.starts_with(bytes) => Self::More,
            _ => Self::No,
        }
    }
}

/// The future of a connection that is served.
pub type Serving = BoxFuture<()>;

/// One protocol.
pub trait Driver: Send + Sync + 'static {
    /// Whether a connection that begins with these bytes (one at least) speaks this protocol.
    fn claim(&self, first: &[u8]) -> Claim;

    /// Serves a connection that was claimed until it ends. Dropped, the connection ends at once.
    fn serve(&self, connection: Connection) -> Serving;
}

/// A connection that a driver has claimed.
pub struct Connection {
    pub(super) shared: Arc<Shared>,
    pub(super) guard: ConnectionGuard,
    pub(super) stream: Stream,
    pub(super) peer: SocketAddr,
    /// The first bytes, which are no longer in the stream.
    pub(super) first: BytesMut,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl Connection {
    /// Splits it into its bytes, the first ones included, and what the server has to do with it. The bytes may come
    /// over TLS, of which a driver knows nothing; what it writes is sent when it flushes.
    pub fn open(self) -> (impl AsyncRead + AsyncWrite + Unpin + Send + 'static, Calls) {
        let Self { shared, guard, stream, peer, first } = self;
        (whole(first, stream), Calls { shared, guard, peer })
    }
}

/// A stream whose first bytes were read already and are read again.
pub(super) fn whole(first: BytesMut, stream: Stream) -> Reading<Stream, First> {
    Reading::new(stream, First(first))
}

/// The first bytes, as long as they are not read again.
pub(super) struct First(BytesMut);

impl Reads<Stream> for First {
    fn poll_read(
        &mut self,
        stream: Pin<&mut Stream>,
        task: &mut Task<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.0.is_empty() {
            return stream.poll_read(task, into);
        }
        let count = self.0.len().min(into.remaining());
        into.put_slice(&self.0.split_to(count));
        if self.0.is_empty() {
            self.0 = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

/// How the driver of a connection makes calls, and says what it waits for.
pub struct Calls {
    shared: Arc<Shared>,
    guard: ConnectionGuard,
    peer: SocketAddr,
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl Calls {
    /// The other side.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The services by the names that wires have for their methods.
    pub fn router(&self) -> &Router {
        &self.shared.router
    }

    /// The limits of the server; those of calls are kept by [`Calls::call`], those of connections by
    /// [`Calls::waits_for`].
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// Says what the connection waits for from now on: the limit of that time ends it.
    pub fn waits_for(&self, phase: Phase) {
        self.guard.enter(phase);
    }

    /// Whether the server drains: no other request should be read.
    pub fn draining(&self) -> bool {
        self.shared.connections.draining()
    }

    /// Makes a call: counted, admitted, through the layers to its service, a panic caught.
    ///
    /// # Errors
    ///
    /// What the service gives; [`Code::ResourceExhausted`](kiteline_core::Code::ResourceExhausted) when too
    /// many calls or bytes are in work, [`Code::DeadlineExceeded`](kiteline_core::Code::DeadlineExceeded)
    /// when it takes longer than [`Limits::handler`].
    pub async fn call(&self, route: &Route, cx: Context, body: impl Into<Body>) -> Result<Answer, Error> {
        let limit = tokio::time::Instant::now() + self.shared.handler_limit(route.method);
        let cx = cx.with_peer(self.peer).with_limit(limit.into_std());
        let end = cx.deadline().map_or(limit, Into::into);
        let call = Call::new(route.method, cx, body, self.shared.limits.decode);
        let mut running =
            self.shared.start(route, call, Entry { share: self.guard.share(), held: None, read: None })?;
        running.count(self.guard.share());
        tokio::time::timeout_at(end, running).await.unwrap_or_else(|_| Err(super::running_call::late()))
    }

    /// Makes a call of one message by the names on a wire; see [`Router::find`].
    ///
    /// # Errors
    ///
    /// As [`Calls::call`]; [`Code::Unimplemented`](kiteline_core::Code::Unimplemented) for a method that is
    /// not served.
    pub async fn call_by_path(&self, path: &str, cx: Context, message: Bytes) -> Result<Answer, Error> {
        match self.shared.router.by_path(path) {
            Some(route) => self.call(route, cx, message).await,
            None => Err(kiteline_core::router::unknown_method(path)),
        }
    }
}
