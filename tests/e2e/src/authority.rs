//! An authority of certificates, for tests.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType, date_time_ymd, string,
};

/// Authorities so far: each has a name of its own.
static NUMBER: AtomicUsize = AtomicUsize::new(1);

/// Somebody who signs certificates, and the folder that they are written to.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

/// A certificate and its key, in files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The certificate.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Authority {
    /// A new one, trusted by nobody yet.
    pub fn new(folder: &Path) -> Self {
        let mut params = CertificateParams::default();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        params.distinguished_name.push(DnType::CommonName, format!("authority {number}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, folder: folder.to_owned() }
    }

    /// Writes its own certificate to a file, for those who trust it.
    pub fn trust(&self, file: &str) -> PathBuf {
        write(&self.folder.join(file), &self.issuer.pem())
    }

    /// Writes `<name>.pem` and `<name>.key`, for a host that is reached under `names`. The common name is `name`, and
    /// a URI stands beside the names.
    pub fn sign(&self, name: &str, names: &[&str]) -> Identity {
        self.write(name, names, 4096)
    }

    /// The same for one whose time is over.
    pub fn sign_expired(&self, name: &str, names: &[&str]) -> Identity {
        self.write(name, names, 2021)
    }

    fn write(&self, name: &str, names: &[&str], last_year: i32) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let uri = string::Ia5String::try_from(format!("spiffe://kites/{name}")).unwrap();
        params.subject_alt_names.push(SanType::URI(uri));
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(last_year, 1, 1));
        let signed = params.signed_by(&key, &self.issuer).unwrap();
        Identity {
            cert: write(&self.folder.join(format!("{name}.pem")), &signed.pem()),
            key: write(&self.folder.join(format!("{name}.key")), &key.serialize_pem()),
        }
    }
}

fn write(path: &Path, text: &str) -> PathBuf {
    std::fs::write(path, text).unwrap();
    path.to_owned()
}
