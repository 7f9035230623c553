//! A real etcd on free ports, with its data in a temp folder.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{PATIENCE, Process, Release, free_address};

/// An etcd that is running; ended when dropped.
pub struct Etcd {
    /// `host:port` of its clients.
    pub address: String,
    peer: String,
    data: tempfile::TempDir,
    release: Release,
    process: Option<Process>,
}

impl Etcd {
    /// Starts one of the [usual](Release::usual) release. `None` where the machine has no etcd.
    ///
    /// # Panics
    ///
    /// When a tool is missing under `CI`; when it does not start.
    pub fn start() -> Option<Self> {
        let mut etcd = Self::reserve()?;
        etcd.resume();
        Some(etcd)
    }

    /// Chooses its ports and starts nothing yet. `None` where the machine has no etcd.
    ///
    /// # Panics
    ///
    /// When a tool is missing under `CI`; without free ports or a temp folder.
    pub fn reserve() -> Option<Self> {
        Release::usual().map(Self::of)
    }

    /// The same, of this release.
    ///
    /// # Panics
    ///
    /// Without free ports or a temp folder.
    pub fn of(release: Release) -> Self {
        let (address, peer) = (free_address(), free_address());
        Self { address, peer, data: tempfile::tempdir().unwrap(), release, process: None }
    }

    /// Starts it, with the data that are there.
    ///
    /// # Panics
    ///
    /// When it ends or does not answer; that names what it and `etcdctl` said.
    pub fn resume(&mut self) {
        let (client, peer) = (format!("http://{}", self.address), format!("http://{}", self.peer));
        let mut command = self.release.server();
        let data: &Path = self.data.path();
        command.arg("--data-dir").arg(data);
        command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
        command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        command.args(["--initial-cluster", &format!("default={peer}"), "--unsafe-no-fsync"]);
        command.env_remove("ETCD_UNSUPPORTED_ARCH");
        let mut process = Process::start("etcd", &mut command);
        let start = Instant::now();
        while let Err(reason) = self.ask(&["get", "ready"]) {
            let ended = process.ended();
            let lines = process.printed();
            assert!(
                ended.is_none() && start.elapsed() < PATIENCE,
                "no answer of etcd within {:?}, ended: {ended:?}\netcdctl: {reason}\netcd:\n{}",
                start.elapsed(),
                lines[lines.len().saturating_sub(30)..].join("\n")
            );
            std::thread::park_timeout(Duration::from_millis(20));
        }
        self.process = Some(process);
    }

    /// Ends it as `kill -9` does; its data stay.
    pub fn end(&mut self) {
        self.process = None;
    }

    /// The registry's URL.
    pub fn url(&self) -> String {
        format!("etcd://{}", self.address)
    }

    /// Keys and values below a prefix, one after the other; `None` while it does not answer.
    pub fn get(&self, prefix: &str) -> Option<Vec<String>> {
        Some(self.ask(&["get", "--prefix", prefix]).ok()?.lines().map(str::to_owned).collect())
    }

    /// For how many seconds each key below a prefix outlives its owner; `None` while it does not answer, and when a key
    /// stands without a lease.
    pub fn leases(&self, prefix: &str) -> Option<Vec<u64>> {
        let found: Value = serde_json::from_str(&self.ask(&["get", "--prefix", prefix, "-w", "json"]).ok()?).ok()?;
        let granted = |kv: &Value| {
            let id = format!("{:x}", kv["lease"].as_i64()?);
            let left = self.ask(&["lease", "timetolive", &id, "-w", "json"]).ok()?;
            let lease: Value = serde_json::from_str(&left).ok()?;
            lease["granted-ttl"].as_u64()
        };
        found["kvs"].as_array()?.iter().map(granted).collect()
    }

    /// What `etcdctl` prints, or why it fails.
    fn ask(&self, args: &[&str]) -> Result<String, String> {
        let mut command = Command::new("etcdctl");
        command.env("ETCDCTL_API", "3").args(["--endpoints", &self.address]).args(args);
        let output = command.output().map_err(|error| error.to_string())?;
        let printed = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(printed(&output.stdout)) } else { Err(printed(&output.stderr)) }
    }
}
