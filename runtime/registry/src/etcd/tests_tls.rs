//! TLS and certificates, against a real etcd. Every certificate is made by the test that uses it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};

use tokio::io::AsyncWriteExt;

use super::api::RangeRequest;
use super::process::EtcdProcess;
use super::tests::settings;
use super::url::TlsFiles;
use super::*;
use crate::Status;
use crate::{Endpoint, Instance, Registration, Registry, Snapshot};

const LONG: Duration = Duration::from_secs(60);

/// Somebody who signs certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Writes `<name>.pem` and `<name>.key` for somebody at 127.0.0.1.
    fn sign(&self, dir: &Path, name: &str, expired: bool) -> [String; 2] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        if expired {
            (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
        }
        let signed = params.signed_by(&key, &self.0).unwrap();
        [write(dir, &format!("{name}.pem"), &signed.pem()), write(dir, &format!("{name}.key"), &key.serialize_pem())]
    }

    fn trust(&self, dir: &Path, name: &str) -> String {
        write(dir, name, &self.0.pem())
    }
}

fn write(dir: &Path, name: &str, text: &str) -> String {
    let path: PathBuf = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// An etcd with a certificate of `authority`, which asks for its clients' ones too when `mutual`.
fn secret(authority: &Authority, mutual: bool, expired: bool) -> Option<EtcdProcess> {
    let mut etcd = EtcdProcess::prepare()?;
    etcd.scheme = "https";
    let [cert, key] = authority.sign(etcd.dir(), "server", expired);
    let ca = authority.trust(etcd.dir(), "ca.pem");
    etcd.flags = vec!["--cert-file".to_owned(), cert, "--key-file".to_owned(), key];
    if mutual {
        etcd.flags.extend(["--client-cert-auth".to_owned(), "--trusted-ca-file".to_owned(), ca]);
    }
    etcd.start();
    Some(etcd)
}

fn open(etcd: &EtcdProcess, query: &str) -> Registry {
    Registry::open(&format!("etcds://{}?ttl=2&{query}", etcd.address())).unwrap()
}

fn register(registry: &Registry) -> Registration {
    registry.register(vec![Instance::new("add", Endpoint::new("thrift", "127.0.0.1", 8888))]).unwrap()
}

async fn refused(registry: &Registry) -> String {
    let kept = register(registry);
    let mut status = kept.status();
    let seen = tokio::time::timeout(LONG, status.wait_for(|status| matches!(status, Status::Refused(_))));
    let Status::Refused(why) = seen.await.unwrap().unwrap().clone() else { panic!() };
    assert_eq!(why.reason, crate::registration::Reason::Untrusted);
    why.text
}

#[tokio::test]
async fn both_sides_show_their_certificates() {
    let authority = Authority::new();
    let Some(etcd) = secret(&authority, true, false) else { return };
    let [cert, key] = authority.sign(etcd.dir(), "client", false);
    let ca = etcd.dir().join("ca.pem").display().to_string();
    let registry = open(&etcd, &format!("ca={ca}&cert={cert}&key={key}&server_name=localhost"));
    let kept = register(&registry);
    kept.registered().await.unwrap();
    let found = registry.resolve("add").unwrap().ready(LONG).await.unwrap();
    assert_eq!(found.instances.len(), 1);
    kept.deregister().await;
    // Nobody without one, and nobody with one of somebody else's.
    let text = refused(&open(&etcd, &format!("ca={ca}"))).await;
    assert!(text.contains("TLS") && text.contains("ertificate"), "{text}");
    let [cert, key] = Authority::new().sign(etcd.dir(), "stranger", false);
    let text = refused(&open(&etcd, &format!("ca={ca}&cert={cert}&key={key}"))).await;
    assert!(text.contains("TLS"), "{text}");
}

#[tokio::test]
async fn an_etcd_that_is_not_the_trusted_one_is_refused() {
    let authority = Authority::new();
    let Some(etcd) = secret(&authority, false, false) else { return };
    let Some(old) = secret(&authority, false, true) else { return };
    let ca = etcd.dir().join("ca.pem").display().to_string();
    let stranger = Authority::new().trust(etcd.dir(), "stranger.pem");
    let text = refused(&open(&etcd, &format!("ca={stranger}"))).await;
    assert!(text.contains("TLS: invalid peer certificate"), "{text}");
    let text = refused(&open(&etcd, &format!("ca={ca}&server_name=example.org"))).await;
    assert!(text.contains("not valid for name"), "{text}");
    let text = refused(&open(&old, &format!("ca={ca}"))).await;
    assert!(text.contains("expired"), "{text}");
    let kept = register(&open(&etcd, &format!("ca={ca}")));
    kept.registered().await.unwrap();
    kept.deregister().await;
}

#[tokio::test]
async fn files_are_read_again_when_they_are_rotated() {
    let (first, second) = (Authority::new(), Authority::new());
    let Some(mut etcd) = secret(&first, false, false) else { return };
    let ca = etcd.dir().join("ca.pem").display().to_string();
    let registry = open(&etcd, &format!("ca={ca}"));
    let kept = register(&registry);
    let add = registry.resolve("add").unwrap();
    let fresh = |snapshot: &Snapshot| snapshot.trusted() == 1 && snapshot.stale_since.is_none();
    add.wait(LONG, fresh).await.unwrap();
    etcd.kill();
    second.sign(etcd.dir(), "server", false);
    etcd.start();
    let stale = add.wait(LONG, |snapshot| snapshot.stale_since.is_some()).await.unwrap();
    assert_eq!(stale.instances.len(), 1);
    second.trust(etcd.dir(), "ca.pem");
    add.wait(LONG, fresh).await.unwrap();
    kept.deregister().await;
}

/// A peer that does not speak TLS is asked rarely, by everybody together.
#[tokio::test]
async fn a_handshake_that_fails_is_not_tried_in_a_loop() {
    let dir = tempfile::tempdir().unwrap();
    let ca = Authority::new().trust(dir.path(), "ca.pem");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("etcds://{}?ca={ca}", listener.local_addr().unwrap());
    let connects = Arc::new(AtomicUsize::new(0));
    let seen = connects.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            seen.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let url = settings(&url, None);
    let connection = Connection::new(&url).unwrap();
    let start = std::time::Instant::now();
    for _ in 0..1_000 {
        let get = connection.call(LONG, |client| async move { client.range(RangeRequest::default()).await });
        let error = get.await.unwrap_err();
        assert_eq!(error.pause(), Duration::from_secs(5));
        assert!(error.text().contains("TLS"), "{error:?}");
    }
    let (connects, most) = (connects.load(Ordering::SeqCst), 1 + start.elapsed().as_secs() / 5);
    assert!(connects as u64 <= most, "{connects} connects in {:?}", start.elapsed());
}

#[test]
fn half_a_file_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let ca = Authority::new().trust(dir.path(), "ca.pem");
    let files = TlsFiles { ca: ca.clone().into(), ..TlsFiles::default() };
    let tls = tls::Tls::open(&files).unwrap();
    let before = format!("{:?}", tls.config());
    write(dir.path(), "ca.pem", "-----BEGIN CERTIFICATE-----\n");
    assert_eq!(format!("{:?}", tls.config()), before);
    Authority::new().trust(dir.path(), "ca.pem");
    assert_ne!(format!("{:?}", tls.config()), before);
}

#[test]
fn a_file_that_cannot_be_used_is_told_at_the_start() {
    let authority = Authority::new();
    let dir = tempfile::tempdir().unwrap();
    let ca = authority.trust(dir.path(), "ca.pem");
    let [cert, key] = authority.sign(dir.path(), "one", false);
    let [_, other] = authority.sign(dir.path(), "other", false);
    let empty = write(dir.path(), "empty.pem", "");
    let broken = write(dir.path(), "broken.pem", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n");
    let garbage = write(dir.path(), "garbage.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let missing = dir.path().join("none.pem").display().to_string();
    for (query, setting, file) in [
        (format!("ca={missing}"), "ca", &missing),
        (format!("ca={empty}"), "ca", &empty),
        (format!("ca={broken}"), "ca", &broken),
        (format!("ca={garbage}"), "ca", &garbage),
        (format!("ca={ca}&cert={missing}&key={key}"), "cert", &missing),
        (format!("ca={ca}&cert={key}&key={key}"), "cert", &key),
        (format!("ca={ca}&cert={cert}&key={missing}"), "key", &missing),
        (format!("ca={ca}&cert={cert}&key={cert}"), "key", &cert),
        (format!("ca={ca}&cert={cert}&key={other}"), "key", &other),
        (format!("ca={ca}&server_name=a%20b"), "server_name", &"a b".to_owned()),
    ] {
        let error = Registry::open(&format!("etcds://h:1?{query}")).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with(&format!("{setting} names {file}, which cannot be used: ")), "{query}: {text}");
    }
    assert!(Registry::open(&format!("etcds://h:1?ca={ca}&cert={cert}&key={key}")).is_ok());
}
