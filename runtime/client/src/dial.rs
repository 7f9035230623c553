//! Opening a connection to an instance: over TLS where the instance's scheme, or else the channel, asks for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;

use kiteline_core::error::Error;
use kiteline_registry::Endpoint;
use kiteline_tls::{Alpn, ClientTls, Connector, Stream};

/// How a channel opens connections.
#[derive(Clone, Debug)]
pub(super) struct Dialer {
    /// For one connection, its handshake included.
    pub(super) timeout: Duration,
    connector: Arc<Connector>,
    /// Whether the channel has settings of TLS.
    secure: bool,
}

impl Dialer {
    /// # Errors
    ///
    /// As [`Connector::open`].
    pub(super) fn new(timeout: Duration, settings: Option<&ClientTls>) -> Result<Self, Error> {
        let connector = Arc::new(Connector::open(settings)?);
        Ok(Self { timeout, connector, secure: settings.is_some() })
    }

    /// Whether an address is reached over TLS: its scheme says so, or it has none and the channel does.
    pub(super) fn is_secure(&self, to: &Endpoint) -> bool {
        to.is_secure() || self.secure && to.scheme.is_empty()
    }

    /// # Errors
    ///
    /// Why there is no connection, for people.
    pub(super) async fn dial(&self, to: &Endpoint, alpn: Alpn) -> Result<Stream, String> {
        let opened = tokio::time::timeout(self.timeout, self.open(to, alpn)).await;
        opened.unwrap_or_else(|_| Err(format!("no connection after {:?}", self.timeout)))
    }

    async fn open(&self, to: &Endpoint, alpn: Alpn) -> Result<Stream, String> {
        let stream = TcpStream::connect((to.host.as_str(), to.port)).await.map_err(|error| error.to_string())?;
        // Without it a small request may wait for the acknowledgement of the one before.
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        if !self.is_secure(to) {
            return Ok(stream.into());
        }
        // In a box: calls in plain text need not have room for it.
        Box::pin(self.connector.connect(stream, &to.host, alpn)).await.map_err(|error| format!("TLS: {error}"))
    }
}
