//! What a registry URL says about who is who: passwords, which no text shows, and TLS files. Reads none.

use std::fmt;
use std::path::PathBuf;

/// Where a password comes from. Its text is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Password {
    Text(String),
    /// Read at each authentication, so that it may be rotated.
    File(PathBuf),
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text(***)"),
            Self::File(path) => write!(f, "File({})", path.display()),
        }
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// What `etcds://` says about TLS. All files are PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// Whose certificates are trusted.
    pub(crate) ca: PathBuf,
    /// Our own certificate and its key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
    /// The name in the members' certificates; their host when `None`.
    pub(crate) server_name: Option<String>,
}
