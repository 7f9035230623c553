//! TLS for serving and calling: settings, certificates in files that are read again when they change, and [`Stream`],
//! a connection that is plain TCP or TLS. Knows no protocol above.
//!
//! Programs use it through `runtime::tls`:
//!
//! ```no_run
//! # fn open() -> runtime::Result<()> {
//! use runtime::tls::ClientTls;
//!
//! let roots = ClientTls::new().ca("ca.pem").identity("client.pem", "client.key");
//! let channel = runtime::Channel::builder("add").tls(roots);
//! # let _ = channel;
//! # Ok(())
//! # }
//! ```
//!
//! | items | are |
//! |---|---|
//! | [`ServerTls`], [`ClientTls`], [`Pem`] | the settings `[server.tls]` and `[client.tls]` |
//! | [`Acceptor`], [`Connector`], [`Alpn`] | handshakes of servers and of clients |
//! | [`Stream`], [`Writer`], [`Reader`] | a connection, and its two halves |
//!
//! The feature `rustls` is TLS itself. Without it the settings are still read, and [`Acceptor::open`] and
//! [`Connector::open`] say that this build has no TLS.

mod acceptor;
#[cfg(feature = "rustls")]
mod certificate;
mod connector;
#[cfg(feature = "rustls")]
mod files;
#[cfg(feature = "rustls")]
mod material;
#[cfg(feature = "rustls")]
mod secure;
mod settings;
mod stream;

pub use acceptor::Acceptor;
pub use connector::{Alpn, Connector};
pub use settings::{ClientTls, Pem, ServerTls};
pub use stream::{Reader, Stream, Writer};

/// The error of a build without TLS whose settings ask for it.
#[cfg(not(feature = "rustls"))]
fn not_built(setting: &str) -> kiteline_core::Error {
    let text = format!("{setting} asks for TLS, and this build has none; add the feature `tls` of `runtime`");
    kiteline_core::Error::new(kiteline_core::Code::FailedPrecondition, text)
}
