//! TLS certificates for etcd: trusted roots and our own, from the files that `etcds://` names. Reads and checks them: what
//! is wrong with one is told at the start, with the setting and the file.

use std::path::Path;
use std::sync::Mutex;

use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::CertifiedKey;
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

use crate::error::Error;
use crate::etcd::url::TlsFiles;
use kiteline_core::lock::lock;

/// The files, and what they held when they were last sound.
#[derive(Debug)]
pub(super) struct Tls {
    files: TlsFiles,
    sound: Mutex<ClientTlsConfig>,
}

impl Tls {
    pub(super) fn open(files: &TlsFiles) -> Result<Self, Error> {
        let sound = Mutex::new(read(files)?);
        Ok(Self { files: files.clone(), sound })
    }

    /// For a new connection: the files of now, since they are rotated; while they are unsound (half
    /// written), those of before.
    pub(super) fn config(&self) -> ClientTlsConfig {
        let mut sound = lock(&self.sound);
        match read(&self.files) {
            Ok(config) => *sound = config,
            Err(error) => {
                tracing::warn!(target: "runtime::registry::etcd::tls", %error, "the TLS files of before are used")
            }
        }
        sound.clone()
    }
}

fn fail(setting: &'static str, path: &Path, why: impl ToString) -> Error {
    Error::File { setting, path: path.display().to_string(), why: why.to_string() }
}

fn read(files: &TlsFiles) -> Result<ClientTlsConfig, Error> {
    let bytes = |setting, path: &Path| std::fs::read(path).map_err(|error| fail(setting, path, error));
    let ca = bytes("ca", &files.ca)?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates("ca", &files.ca, &ca)? {
        roots.add(certificate).map_err(|error| fail("ca", &files.ca, error))?;
    }
    let mut config = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca));
    if let Some((certificate, key)) = &files.identity {
        let chain = bytes("cert", certificate)?;
        let secret = bytes("key", key)?;
        let own = certificates("cert", certificate, &chain)?;
        let parsed = PrivateKeyDer::from_pem_slice(&secret)
            .map_err(|_| fail("key", key, "it holds no private key in PEM (PKCS#8, PKCS#1 or SEC1)"))?;
        CertifiedKey::from_der(own, parsed, &ring::default_provider())
            .map_err(|error| fail("key", key, format!("it does not go with {}: {error}", certificate.display())))?;
        config = config.identity(Identity::from_pem(chain, secret));
    }
    if let Some(name) = &files.server_name {
        ServerName::try_from(name.as_str()).map_err(|error| fail("server_name", Path::new(name), error))?;
        config = config.domain_name(name);
    }
    Ok(config)
}

fn certificates(setting: &'static str, path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) => Err(fail(setting, path, "it holds no certificate in PEM")),
        Err(error) => Err(fail(setting, path, error)),
    }
}
