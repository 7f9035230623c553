//! Handshakes of a client.

use std::io;

use kiteline_core::error::Error;
use tokio::net::TcpStream;

use crate::settings::ClientTls;
use crate::stream::Stream;

/// The protocol that a client wants to speak over TLS (RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alpn {
    /// `h2`.
    Http2,
    /// `http/1.1`.
    Http1,
    /// One that has no name there: Thrift.
    Unnamed,
}

#[cfg(feature = "rustls")]
mod inner {
    use std::sync::OnceLock;

    use super::*;
    use crate::files::Files;
    use crate::material::Trust;

    /// What clients without settings share.
    static OF_THE_SYSTEM: OnceLock<Result<Files<Trust>, Error>> = OnceLock::new();

    #[derive(Debug)]
    pub(super) struct Inner {
        /// `None` without settings.
        files: Option<Files<Trust>>,
        server_name: Option<rustls::pki_types::ServerName<'static>>,
    }

    impl Inner {
        pub(super) fn open(settings: Option<&ClientTls>) -> Result<Self, Error> {
            let Some(settings) = settings else { return Ok(Self { files: None, server_name: None }) };
            let name = settings.server_name.as_ref().map(|name| name_of(name));
            Ok(Self { files: Some(Files::open(Trust::new(settings)?)?), server_name: name.transpose()? })
        }

        fn files(&self) -> Result<&Files<Trust>, Error> {
            if let Some(files) = &self.files {
                return Ok(files);
            }
            let open = || Files::open(Trust::new(&ClientTls::default())?);
            OF_THE_SYSTEM.get_or_init(open).as_ref().map_err(Error::clone)
        }

        pub(super) async fn connect(&self, stream: TcpStream, host: &str, alpn: Alpn) -> io::Result<Stream> {
            let files = self.files().map_err(|error| io::Error::other(error.message().to_owned()))?;
            let name = match &self.server_name {
                Some(name) => name.clone(),
                None => name_of(host).map_err(|error| io::Error::other(error.message().to_owned()))?,
            };
            let mut config = rustls::ClientConfig::clone(&files.now());
            config.alpn_protocols = match alpn {
                Alpn::Http2 => vec![b"h2".to_vec()],
                Alpn::Http1 => vec![b"http/1.1".to_vec()],
                Alpn::Unnamed => Vec::new(),
            };
            let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
            let stream = connector.connect(name, stream).await.map_err(explained)?;
            Ok(Stream::secure(stream.into()))
        }
    }

    /// An error of a handshake with what a person can do about it.
    #[cold]
    fn explained(error: io::Error) -> io::Error {
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
        let hint = match cause {
            Some(rustls::Error::InvalidCertificate(_)) => {
                "`[client.tls]` or `.tls(…)` says who is trusted, and by which name"
            }
            Some(rustls::Error::InvalidMessage(_)) => "the peer does not speak TLS",
            None if error.kind() == io::ErrorKind::UnexpectedEof => "the peer may not speak TLS",
            _ => return error,
        };
        io::Error::new(error.kind(), format!("{error}; {hint}"))
    }

    fn name_of(host: &str) -> Result<rustls::pki_types::ServerName<'static>, Error> {
        rustls::pki_types::ServerName::try_from(host.to_owned())
            .map_err(|_| Error::invalid(format!("`{host}` is no name that a certificate can have")))
    }
}

#[cfg(not(feature = "rustls"))]
mod inner {
    use super::*;

    #[derive(Debug)]
    pub(super) struct Inner;

    impl Inner {
        pub(super) fn open(settings: Option<&ClientTls>) -> Result<Self, Error> {
            if settings.is_some() { Err(crate::not_built("`[client.tls]`")) } else { Ok(Self) }
        }

        pub(super) async fn connect(&self, _: TcpStream, _: &str, _: Alpn) -> io::Result<Stream> {
            Err(io::Error::other(crate::not_built("the address").message().to_owned()))
        }
    }
}

/// Makes TLS of connections that a client opened.
#[derive(Debug)]
pub struct Connector(inner::Inner);

impl Connector {
    /// Reads the files. Without settings the authorities of the system are trusted, and read when they are needed.
    ///
    /// # Errors
    ///
    /// For files that are not there or cannot be used, with their setting; for settings in a build without TLS.
    pub fn open(settings: Option<&ClientTls>) -> Result<Self, Error> {
        inner::Inner::open(settings).map(Self)
    }

    /// The handshake on a connection to `host`, with the files of now.
    ///
    /// # Errors
    ///
    /// When the peer is not who it should be, does not speak TLS, or refuses; or in a build without TLS.
    pub async fn connect(&self, stream: TcpStream, host: &str, alpn: Alpn) -> io::Result<Stream> {
        self.0.connect(stream, host, alpn).await
    }
}
