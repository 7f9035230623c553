//! R16: an etcd that shows another certificate than the one that is trusted.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use runtime::Registry;
use runtime::registry::{Endpoint, Instance, Reason, Registration, Resolver, Status};
use tempfile::TempDir;

use super::elsewhere;
use crate::Failure;
use crate::process;
use crate::registry::etcd::Etcd;
use crate::registry::stage::seconds;
use crate::report::Line;
use crate::rows::Scale;

const SERVICE: &str = "untrusted";
/// Longer than etcd takes to start.
const PATIENCE: Duration = seconds(60);
/// Of one core.
const MOST: f64 = 0.01;

/// R16: what tests show, and what it costs to be refused.
pub(super) async fn refused(scale: Scale) -> Result<Vec<Line>, Failure> {
    let time = seconds(scale.of(10, 3));
    let folder = TempDir::new()?;
    let [ca, stranger, cert, key] = certificates(folder.path())?;
    let mut etcd = Etcd::reserve(1)?.pop().ok_or("no member")?;
    etcd.scheme = "https";
    etcd.flags = vec!["--cert-file".to_owned(), cert, "--key-file".to_owned(), key];
    etcd.spawn()?;
    let ways =
        [("wrong authority", format!("ca={stranger}")), ("wrong name", format!("ca={ca}&server_name=example.org"))];
    let mut asking = Vec::new();
    for (what, query) in ways {
        asking.push((what, Asking::start(&format!("etcds://{}?{query}", etcd.address))?));
    }
    for (_, one) in &asking {
        one.untrusted().await?;
    }
    let load = process::load("self", time).await?;
    let mut lines = elsewhere::shown("R16", scale).await?;
    for (what, one) in asking {
        let (ok, shown) = one.end().await;
        lines.push(Line::new("R16", format!("a certificate with a {what}"), "typed errors", shown, ok));
    }
    let what = format!("a registrar and a resolver at each of both for {} s", time.as_secs());
    let measured = format!("{:.2} % of a core", load * 100.0);
    lines.push(Line::new("R16", what, "CPU < 1 %", measured, load < MOST));
    Ok(lines)
}

/// A service that registers and calls.
struct Asking {
    kept: Registration,
    resolver: Resolver,
}

impl Asking {
    fn start(url: &str) -> Result<Self, Failure> {
        let registry = Registry::open_alone(url)?;
        let kept = registry.register(vec![Instance::new(SERVICE, Endpoint::new("thrift", "127.0.0.1", 1))])?;
        Ok(Self { kept, resolver: registry.resolve(SERVICE)? })
    }

    /// Waits until the handshake was refused.
    async fn untrusted(&self) -> Result<(), Failure> {
        let mut status = self.kept.status();
        tokio::time::timeout(PATIENCE, status.wait_for(is_untrusted)).await??;
        Ok(())
    }

    /// Whether both were told of it, and what.
    async fn end(self) -> (bool, String) {
        let status = self.kept.status().borrow().clone();
        let ready = self.resolver.ready(Duration::ZERO).await;
        let ok = is_untrusted(&status) && matches!(ready, Err(runtime::registry::Error::NotReady { .. }));
        let reason = match &status {
            Status::Refused(why) => format!("{:?}", why.reason),
            other => format!("{other:?}"),
        };
        let found = if ready.is_ok() { "a list" } else { "`NotReady`" };
        self.kept.deregister().await;
        (ok, format!("registrar: `{reason}`; resolver: {found}"))
    }
}

fn is_untrusted(status: &Status) -> bool {
    matches!(status, Status::Refused(why) if why.reason == Reason::Untrusted)
}

/// Files: an authority, another one, and what the first one signed for 127.0.0.1 with its key.
fn certificates(folder: &Path) -> Result<[String; 4], Failure> {
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text)?;
        Ok::<_, Failure>(path.display().to_string())
    };
    let authority = || {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Ok::<_, Failure>(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
    };
    let (trusted, other, key) = (authority()?, authority()?, KeyPair::generate()?);
    let signed = CertificateParams::new(["127.0.0.1".to_owned()])?.signed_by(&key, &trusted)?;
    Ok([
        write("ca.pem", trusted.pem())?,
        write("other.pem", other.pem())?,
        write("server.pem", signed.pem())?,
        write("server.key", key.serialize_pem())?,
    ])
}
