//! The settings of TLS, for servers and for clients.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

/// Certificates or a private key in PEM.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "PathBuf")]
#[non_exhaustive]
pub enum Pem {
    /// A file, which is read again when it changes.
    File(PathBuf),
    /// The text itself.
    Text(Arc<[u8]>),
}

impl Pem {
    /// The text itself, for programs that have it from elsewhere than a file.
    pub fn text(text: impl AsRef<[u8]>) -> Self {
        Self::Text(text.as_ref().into())
    }

    fn beside(&mut self, folder: &Path) {
        if let Self::File(path) = self {
            *path = folder.join(&*path);
        }
    }
}

impl<P: Into<PathBuf>> From<P> for Pem {
    fn from(path: P) -> Self {
        Self::File(path.into())
    }
}

impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Text(_) => f.write_str("the text that was given"),
        }
    }
}

/// Never the text: it may be a key.
impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pem({self})")
    }
}

/// `[server.tls]`: a server with it speaks TLS alone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerTls {
    /// The server's certificate, and those of the authorities between it and the root, in this order.
    pub cert: Pem,
    /// Its private key: PKCS#8, PKCS#1 or SEC1.
    pub key: Pem,
    /// The authorities whose certificates callers must have (mutual TLS). Without them no caller is asked for one.
    #[serde(default)]
    pub client_ca: Option<Pem>,
}

impl ServerTls {
    /// A server with this certificate, which asks its callers for none.
    pub fn new(cert: impl Into<Pem>, key: impl Into<Pem>) -> Self {
        Self { cert: cert.into(), key: key.into(), client_ca: None }
    }

    /// Takes callers alone that have a certificate of these authorities.
    #[must_use]
    pub fn client_ca(mut self, authorities: impl Into<Pem>) -> Self {
        self.client_ca = Some(authorities.into());
        self
    }

    /// Takes relative paths as those of files in this folder.
    pub fn beside(&mut self, folder: &Path) {
        let all = [&mut self.cert, &mut self.key].into_iter().chain(&mut self.client_ca);
        all.for_each(|pem| pem.beside(folder));
    }
}

/// `[client.tls]`: whom a client trusts, and who it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientTls {
    /// The authorities that are trusted. Default: those of the system, which `SSL_CERT_FILE` may name.
    pub ca: Option<Pem>,
    /// The name that a server's certificate must have. Default: the host that is dialed.
    pub server_name: Option<String>,
    /// The client's own certificate, for servers that ask for one; together with `key`.
    pub cert: Option<Pem>,
    /// Its private key.
    pub key: Option<Pem>,
}

impl ClientTls {
    /// A client that trusts the authorities of the system and has no certificate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts these authorities alone.
    #[must_use]
    pub fn ca(mut self, authorities: impl Into<Pem>) -> Self {
        self.ca = Some(authorities.into());
        self
    }

    /// Asks servers for a certificate of this name.
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Shows this certificate to servers that ask for one.
    #[must_use]
    pub fn identity(mut self, cert: impl Into<Pem>, key: impl Into<Pem>) -> Self {
        (self.cert, self.key) = (Some(cert.into()), Some(key.into()));
        self
    }

    /// Takes relative paths as those of files in this folder.
    pub fn beside(&mut self, folder: &Path) {
        let all = [&mut self.ca, &mut self.cert, &mut self.key];
        all.into_iter().flatten().for_each(|pem| pem.beside(folder));
    }
}
