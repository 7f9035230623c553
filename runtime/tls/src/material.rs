//! What rustls needs, made of the settings and what their files hold.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use kiteline_core::error::Error;

use crate::files::{Material, unusable};
use crate::settings::{ClientTls, Pem, ServerTls};

/// The setting of each file.
const CERT: &str = "`cert` of `[server.tls]`";
const KEY: &str = "`key` of `[server.tls]`";
const CLIENT_CA: &str = "`client_ca` of `[server.tls]`";
const CA: &str = "`ca` of `[client.tls]`";
const OWN_CERT: &str = "`cert` of `[client.tls]`";
const OWN_KEY: &str = "`key` of `[client.tls]`";

/// Where systems have the authorities that they trust: Debian, Fedora, openSUSE, Alpine and macOS.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

impl Material for ServerTls {
    type Made = Arc<ServerConfig>;

    fn files(&self) -> Vec<(&'static str, &Pem)> {
        let authorities = self.client_ca.iter().map(|pem| (CLIENT_CA, pem));
        [(CERT, &self.cert), (KEY, &self.key)].into_iter().chain(authorities).collect()
    }

    fn make(&self, contents: &[Vec<u8>]) -> Result<Self::Made, Error> {
        let [cert, key, authorities @ ..] = contents else { return Err(missing()) };
        let own = identity((CERT, &self.cert, cert), (KEY, &self.key, key))?;
        let verifier = match (&self.client_ca, authorities) {
            (Some(pem), [text]) => {
                let roots = Arc::new(roots(CLIENT_CA, pem, text)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider()).build();
                verifier.map_err(|error| unusable(CLIENT_CA, pem, error))?
            }
            _ => WebPkiClientVerifier::no_client_auth(),
        };
        let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let mut config = builder
            .map_err(|error| Error::internal(error.to_string()))?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(own));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// A client's settings, with the place of the authorities that it trusts.
#[derive(Debug)]
pub(crate) struct Trust {
    ca: Pem,
    identity: Option<(Pem, Pem)>,
}

impl Trust {
    /// # Errors
    ///
    /// When half of an identity is missing, or the system has no authorities where they are looked for.
    pub(crate) fn new(settings: &ClientTls) -> Result<Self, Error> {
        let identity = match (&settings.cert, &settings.key) {
            (Some(cert), Some(key)) => Some((cert.clone(), key.clone())),
            (None, None) => None,
            (Some(cert), None) => return Err(unusable(OWN_CERT, cert, "`key` is needed too")),
            (None, Some(key)) => return Err(unusable(OWN_KEY, key, "`cert` is needed too")),
        };
        let ca = match &settings.ca {
            Some(ca) => ca.clone(),
            None => system()?,
        };
        Ok(Self { ca, identity })
    }
}

fn system() -> Result<Pem, Error> {
    if let Some(named) = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) {
        return Ok(Pem::File(named.into()));
    }
    let path = SYSTEM.into_iter().find(|path| Path::new(path).exists());
    path.map(Pem::from).ok_or_else(|| {
        let text = "this system has no authorities in the usual places (such as the package ca-certificates has them); \
                    name a file by `ca` of `[client.tls]`, `.tls(ClientTls::new().ca(…))` or SSL_CERT_FILE";
        Error::new(kiteline_core::Code::FailedPrecondition, text)
    })
}

impl Material for Trust {
    type Made = Arc<ClientConfig>;

    fn files(&self) -> Vec<(&'static str, &Pem)> {
        let identity = self.identity.iter().flat_map(|(cert, key)| [(OWN_CERT, cert), (OWN_KEY, key)]);
        std::iter::once((CA, &self.ca)).chain(identity).collect()
    }

    fn make(&self, contents: &[Vec<u8>]) -> Result<Self::Made, Error> {
        let [ca, own @ ..] = contents else { return Err(missing()) };
        let roots = Arc::new(roots(CA, &self.ca, ca)?);
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider()).build();
        let verifier = verifier.map_err(|error| unusable(CA, &self.ca, error))?;
        let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| Error::internal(error.to_string()))?.with_webpki_verifier(verifier);
        Ok(Arc::new(match (&self.identity, own) {
            (Some((cert, key)), [chain, secret]) => {
                let own = identity((OWN_CERT, cert, chain), (OWN_KEY, key, secret))?;
                builder.with_client_cert_resolver(Arc::new(own))
            }
            _ => builder.with_no_client_auth(),
        }))
    }
}

fn missing() -> Error {
    Error::internal("a file was not read")
}

/// A certificate chain and the key that goes with it.
fn identity(cert: (&str, &Pem, &[u8]), key: (&str, &Pem, &[u8])) -> Result<SingleCertAndKey, Error> {
    let (setting, place, text) = key;
    let chain = certificates(cert.0, cert.1, cert.2)?;
    let parsed = PrivateKeyDer::from_pem_slice(text)
        .map_err(|_| unusable(setting, place, "it holds no private key in PEM (PKCS#8, PKCS#1 or SEC1)"))?;
    let certified = CertifiedKey::from_der(chain, parsed, &provider())
        .map_err(|error| unusable(setting, place, format!("it does not go with {}: {error}", cert.1)))?;
    Ok(SingleCertAndKey::from(certified))
}

fn roots(setting: &str, place: &Pem, text: &[u8]) -> Result<RootCertStore, Error> {
    let all = certificates(setting, place, text)?;
    let mut roots = RootCertStore::empty();
    let (_, refused) = roots.add_parsable_certificates(all);
    // A bundle of the system may hold some of an unusual kind.
    if roots.is_empty() {
        return Err(unusable(setting, place, format!("none of its {refused} certificates is understood")));
    }
    Ok(roots)
}

fn certificates(setting: &str, place: &Pem, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) => Err(unusable(setting, place, "it holds no certificate in PEM")),
        Err(error) => Err(unusable(setting, place, error)),
    }
}
