//! Handshakes of a server.

use std::io;
use std::sync::Arc;

use kiteline_core::certificate::PeerCertificate;
use kiteline_core::error::Error;
use tokio::net::TcpStream;

use crate::settings::ServerTls;
use crate::stream::Stream;

#[cfg(feature = "rustls")]
type Inner = crate::files::Files<ServerTls>;
#[cfg(not(feature = "rustls"))]
type Inner = std::convert::Infallible;

/// A connection after its handshake, and the certificate of its caller.
type Accepted = (Stream, Option<Arc<PeerCertificate>>);

/// Makes TLS of connections that a server accepted.
#[derive(Debug)]
pub struct Acceptor(Inner);

impl Acceptor {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// For files that are not there or cannot be used, with their setting; for every setting in a build without TLS.
    #[cfg(feature = "rustls")]
    pub fn open(settings: &ServerTls) -> Result<Self, Error> {
        crate::files::Files::open(settings.clone()).map(Self)
    }

    /// As above, without TLS.
    #[cfg(not(feature = "rustls"))]
    pub fn open(_: &ServerTls) -> Result<Self, Error> {
        Err(crate::not_built("`[server.tls]`"))
    }

    /// The handshake on a connection, with the files of now, and the certificate of a caller that showed one.
    ///
    /// # Errors
    ///
    /// When the peer does not speak TLS, speaks none that is understood, or is refused; it has been told why on the
    /// connection that is given back.
    #[cfg(feature = "rustls")]
    pub async fn accept(&self, stream: TcpStream) -> Result<Accepted, (io::Error, TcpStream)> {
        let stream = tokio_rustls::TlsAcceptor::from(self.0.now()).accept(stream).into_fallible().await?;
        let chain = stream.get_ref().1.peer_certificates();
        let certificate = chain.and_then(<[_]>::first).map(|der| Arc::new(crate::certificate::read(der)));
        Ok((Stream::secure(stream.into()), certificate))
    }

    /// As above, without TLS.
    #[cfg(not(feature = "rustls"))]
    pub async fn accept(&self, _: TcpStream) -> Result<Accepted, (io::Error, TcpStream)> {
        match self.0 {}
    }
}
