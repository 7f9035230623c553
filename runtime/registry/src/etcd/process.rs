//! A real etcd for tests: started on free ports, ended by its id.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use e2e::{PATIENCE, Release, free_address};

pub(crate) struct EtcdProcess {
    child: Option<Child>,
    /// Flags beside the usual ones.
    pub(super) flags: Vec<String>,
    /// `http`, or `https` with certificates among the flags.
    pub(super) scheme: &'static str,
    release: Release,
    dir: tempfile::TempDir,
    client: u16,
    peer: u16,
}

fn free_port() -> u16 {
    free_address().rsplit_once(':').unwrap().1.parse().unwrap()
}

fn done(command: &mut Command) {
    let done = command.env("ETCDCTL_API", "3").output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

impl EtcdProcess {
    /// An etcd of the usual release that is not started yet; `None` where there is none.
    pub(crate) fn prepare() -> Option<Self> {
        Release::usual().map(Self::of)
    }

    /// One of each release, not started yet: for what has to hold on all of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Release::all().into_iter().map(Self::of)
    }

    /// One of the release that the embedded registry says it is, started.
    pub(crate) fn as_embedded() -> Option<Self> {
        let mut etcd = Release::Installed.is_there().then(|| Self::of(Release::Installed))?;
        etcd.start();
        Some(etcd)
    }

    fn of(release: Release) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (client, peer) = (free_port(), free_port());
        Self { child: None, flags: Vec::new(), scheme: "http", release, dir, client, peer }
    }

    pub(crate) fn started() -> Option<Self> {
        let mut etcd = Self::prepare()?;
        etcd.start();
        Some(etcd)
    }

    pub(crate) fn start(&mut self) {
        let client = format!("{}://127.0.0.1:{}", self.scheme, self.client);
        let peer = format!("http://127.0.0.1:{}", self.peer);
        let child = self
            .release
            .server()
            .args(["--data-dir", &self.data().display().to_string()])
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("default={peer}"), "--log-level", "error"])
            .args(&self.flags)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let child = self.child.insert(child);
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.client)).is_err() {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < end, "etcd did not start, ended: {ended:?}");
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Sends a signal, such as `STOP`.
    pub(super) fn signal(&self, name: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([format!("-{name}"), id]).status().unwrap().success());
    }

    /// Writes a copy of its data.
    pub(super) fn save(&self) {
        let endpoint = format!("127.0.0.1:{}", self.client);
        done(Command::new("etcdctl").args(["--endpoints", &endpoint, "snapshot", "save", &self.copy()]));
    }

    /// Takes the copy back; not while it runs.
    pub(super) fn restore(&self) {
        self.wipe();
        let (peer, data) = (format!("http://127.0.0.1:{}", self.peer), self.data());
        let (data, cluster) = (data.display().to_string(), format!("default={peer}"));
        let own = ["--initial-cluster", &cluster, "--initial-advertise-peer-urls", &peer];
        done(self.release.restorer().args(["snapshot", "restore", &self.copy(), "--data-dir", &data]).args(own));
    }

    fn copy(&self) -> String {
        self.dir.path().join("copy").display().to_string()
    }

    pub(super) fn wipe(&self) {
        std::fs::remove_dir_all(self.data()).unwrap();
    }

    fn data(&self) -> std::path::PathBuf {
        Path::new(self.dir.path()).join("data")
    }

    /// `host:port` of its clients.
    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.client)
    }

    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// How many authentications it was asked for, by its metrics.
    pub(super) fn authentications(&self) -> u64 {
        use std::io::{Read, Write};
        let mut stream = TcpStream::connect(self.address()).unwrap();
        write!(stream, "GET /metrics HTTP/1.0\r\nHost: etcd\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let started = |line: &&str| line.starts_with("grpc_server_started_total") && line.contains("\"Authenticate\"");
        let count = text.lines().find(started).and_then(|line| line.rsplit(' ').next());
        count.unwrap().parse().unwrap()
    }

    pub(crate) fn url(&self) -> String {
        format!("etcd://127.0.0.1:{}?ttl=2", self.client)
    }

    pub(crate) async fn client(&self) -> etcd_client::Client {
        let address = format!("127.0.0.1:{}", self.client);
        etcd_client::Client::connect([address], None).await.unwrap()
    }
}

impl Drop for EtcdProcess {
    fn drop(&mut self) {
        self.kill();
    }
}
