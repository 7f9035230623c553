//! The releases of etcd that tests run on. The one place that says which these are and where their programs come from.

use std::process::Command;
use std::sync::OnceLock;

use crate::Go;

/// A release of etcd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// 3.6, built by Go from `tests/interop/go/etcd-server`.
    Newest,
    /// The one on the PATH: Debian's is 3.4.
    Installed,
}

impl Release {
    /// The one for tests that need any: the newest, and without Go, said in one line, the one that is installed.
    /// `None` where the machine has neither or lacks `etcdctl`, said in one line; under `CI` both have to be there.
    ///
    /// # Panics
    ///
    /// When a tool is missing under `CI`.
    pub fn usual() -> Option<Self> {
        let usual = if newest().is_some() { Self::Newest } else { Self::Installed };
        has("etcdctl", "version", "etcd-client").then_some(usual).filter(|it| it.is_there())
    }

    /// Those that this machine has, newest first, for what has to hold on every release; what is missing is said as by
    /// [`Release::usual`].
    ///
    /// # Panics
    ///
    /// When a tool is missing under `CI`.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::Newest, Self::Installed];
        all.retain(|it| it.is_there());
        all.retain(|_| has("etcdctl", "version", "etcd-client"));
        all
    }

    /// Whether this machine has it; if not, that is said.
    ///
    /// # Panics
    ///
    /// When it is missing under `CI`.
    pub fn is_there(self) -> bool {
        match self {
            Self::Newest => newest().is_some(),
            Self::Installed => has("etcd", "--version", "etcd-server"),
        }
    }

    /// Its server.
    ///
    /// # Panics
    ///
    /// On a machine that does not have it.
    pub fn server(self) -> Command {
        match self {
            Self::Newest => newest().unwrap().program("etcd"),
            Self::Installed => Command::new("etcd"),
        }
    }

    /// What `snapshot restore` is an order for.
    ///
    /// # Panics
    ///
    /// On a machine that does not have it.
    pub fn restorer(self) -> Command {
        match self {
            Self::Newest => newest().unwrap().program("etcdutl"),
            Self::Installed => Command::new("etcdctl"),
        }
    }
}

/// Whether the machine has the program of Debian's package.
fn has(program: &str, version: &str, package: &str) -> bool {
    let found = Command::new(program).env("ETCDCTL_API", "3").arg(version).output().is_ok();
    assert!(found || std::env::var_os("CI").is_none(), "{program} is missing");
    if !found {
        eprintln!("skipped: this test needs `{program}` on the PATH (apt-get install {package})");
    }
    found
}

/// Built once.
fn newest() -> Option<&'static Go> {
    static BUILT: OnceLock<Option<Go>> = OnceLock::new();
    let build = || {
        let go = Go::module("etcd-server")?;
        go.build("etcd", ".");
        go.build("etcdutl", "go.etcd.io/etcd/etcdutl/v3");
        Some(go)
    };
    BUILT.get_or_init(build).as_ref()
}
