//! The certificate of a caller.

/// The certificate that a caller proved to have (mutual TLS), which an authority signed that the server trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    der: Vec<u8>,
    common_name: Option<String>,
    names: Vec<String>,
}

impl PeerCertificate {
    /// For servers: a certificate that was verified, and what it says.
    pub fn new(der: Vec<u8>, common_name: Option<String>, names: Vec<String>) -> Self {
        Self { der, common_name, names }
    }

    /// The certificate itself in DER (RFC 5280), for programs that read more of it.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The common name of its subject; the last one, where there are several.
    pub fn common_name(&self) -> Option<&str> {
        self.common_name.as_deref()
    }

    /// Its alternative names: those of DNS (`orders.internal`), then URIs (`spiffe://cluster/ns/orders`).
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}
