//! A real etcd on free ports of loopback, with its data in a temporary folder: one member or three,
//! killed, stopped, wiped, put back.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use etcd_client::{Client, GetOptions};
use tempfile::TempDir;

use super::proxy::Proxy;
use crate::Failure;

/// Longer than any start takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// One member; killed when dropped.
#[derive(Debug)]
pub struct Etcd {
    /// `host:port` for its clients.
    pub address: String,
    /// Flags beside the usual ones.
    pub flags: Vec<String>,
    /// `http`, or `https` with a certificate among the flags: clients alone.
    pub scheme: &'static str,
    /// Where it listens for the others of its cluster, who reach it at `advertised`.
    peer: String,
    advertised: String,
    name: String,
    cluster: String,
    folder: Arc<TempDir>,
    child: Option<Child>,
}

/// A free port of 127.0.0.1, as `host:port`, given once in this process and to nobody's own end of a
/// connection: it lies below those that the system takes for them (32768 and up on Linux).
///
/// # Errors
///
/// When none is free.
pub fn free() -> Result<String, Failure> {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    // Programs that run at once begin at different places.
    let start = std::process::id().wrapping_mul(97);
    let next = || 10_000 + start.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % 20_000;
    let mut addresses = std::iter::repeat_with(|| format!("127.0.0.1:{}", next())).take(20_000);
    let free = addresses.find(|address| TcpListener::bind(address).is_ok());
    free.ok_or_else(|| "no port of 127.0.0.1 is free".into())
}

impl Etcd {
    /// A cluster of so many members, none of them started.
    ///
    /// # Errors
    ///
    /// Without free ports or a temporary folder.
    pub fn reserve(members: usize) -> Result<Vec<Self>, Failure> {
        let peers = (0..members).map(|_| free().map(|peer| (peer.clone(), peer)));
        Self::with(peers.collect::<Result<_, _>>()?)
    }

    /// A cluster of so many members who reach each other through a proxy each, none of them started.
    ///
    /// # Errors
    ///
    /// Without free ports or a temporary folder.
    pub async fn behind_proxies(members: usize) -> Result<(Vec<Self>, Vec<Proxy>), Failure> {
        let (mut peers, mut proxies) = (Vec::new(), Vec::new());
        for _ in 0..members {
            let peer = free()?;
            let proxy = Proxy::start(&peer).await?;
            peers.push((peer, proxy.address()));
            proxies.push(proxy);
        }
        Ok((Self::with(peers)?, proxies))
    }

    /// Members that listen at the one address and are reached at the other.
    fn with(peers: Vec<(String, String)>) -> Result<Vec<Self>, Failure> {
        let folder = Arc::new(TempDir::new()?);
        let named = peers.iter().enumerate().map(|(number, (_, advertised))| format!("m{number}=http://{advertised}"));
        let cluster = named.collect::<Vec<_>>().join(",");
        let member = |(number, (peer, advertised)): (usize, (String, String))| {
            let (name, cluster, folder) = (format!("m{number}"), cluster.clone(), Arc::clone(&folder));
            Ok(Self {
                address: free()?,
                flags: Vec::new(),
                scheme: "http",
                peer,
                advertised,
                name,
                cluster,
                folder,
                child: None,
            })
        };
        peers.into_iter().enumerate().map(member).collect()
    }

    /// Starts all members, and waits until each answers.
    ///
    /// # Errors
    ///
    /// When one does not start.
    pub async fn start_all(members: &mut [Self]) -> Result<(), Failure> {
        members.iter_mut().try_for_each(Self::spawn)?;
        for member in members {
            member.answers().await?;
        }
        Ok(())
    }

    /// One etcd that is running.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub async fn single() -> Result<Self, Failure> {
        let mut etcd = Self::reserve(1)?.pop().ok_or("no member")?;
        etcd.start().await?;
        Ok(etcd)
    }

    /// Starts it with the data that are there, and waits until it answers.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub async fn start(&mut self) -> Result<(), Failure> {
        self.spawn()?;
        self.answers().await
    }

    /// Starts it; others of its cluster may have to be there before it answers.
    ///
    /// # Errors
    ///
    /// When there is no program `etcd`.
    pub fn spawn(&mut self) -> Result<(), Failure> {
        let (client, peer) = (format!("{}://{}", self.scheme, self.address), format!("http://{}", self.peer));
        let advertised = format!("http://{}", self.advertised);
        let mut command = Command::new("etcd");
        command.arg("--data-dir").arg(self.data()).args(["--name", &self.name]);
        command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
        command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &advertised]);
        command.args(["--initial-cluster", &self.cluster, "--unsafe-no-fsync", "--log-level", "error"]);
        command.args(&self.flags).env_remove("ETCD_UNSUPPORTED_ARCH");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().map_err(|error| format!("etcd does not start: {error}"))?);
        Ok(())
    }

    /// Waits until it answers a linearizable read.
    ///
    /// # Errors
    ///
    /// When that takes a minute.
    pub async fn answers(&self) -> Result<(), Failure> {
        let start = Instant::now();
        while !self.reads().await {
            if start.elapsed() > PATIENCE {
                return Err("etcd does not answer".into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    async fn reads(&self) -> bool {
        let read = async {
            let mut client = Client::connect([&self.address], None).await?;
            client.get("up", None).await
        };
        matches!(tokio::time::timeout(Duration::from_secs(1), read).await, Ok(Ok(_)))
    }

    /// Ends it as `kill -9` does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // A child that is gone already is what is wanted.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Sends it a signal by name, such as `STOP`.
    ///
    /// # Errors
    ///
    /// When it does not run.
    pub fn signal(&self, name: &str) -> Result<(), Failure> {
        let child = self.child.as_ref().ok_or("etcd does not run")?;
        signal(child.id(), name)
    }

    /// Throws its data away; it must not run.
    ///
    /// # Errors
    ///
    /// When the disk does not let us.
    pub fn wipe(&self) -> Result<(), Failure> {
        Ok(fs::remove_dir_all(self.data())?)
    }

    /// Writes a copy of its data while it runs.
    ///
    /// # Errors
    ///
    /// What `etcdctl` says.
    pub fn save(&self) -> Result<(), Failure> {
        ctl(&["--endpoints", &self.address, "snapshot", "save", &self.copy()])
    }

    /// Puts the copy in place of its data; it must not run.
    ///
    /// # Errors
    ///
    /// What `etcdctl` says.
    pub fn restore(&self) -> Result<(), Failure> {
        self.wipe()?;
        let (peer, data) = (format!("http://{}", self.advertised), self.data().display().to_string());
        let own = ["--name", &self.name, "--initial-cluster", &self.cluster, "--initial-advertise-peer-urls", &peer];
        ctl(&[&["snapshot", "restore", &self.copy(), "--data-dir", &data], &own[..]].concat())
    }

    /// A client of this member alone.
    ///
    /// # Errors
    ///
    /// When there is no way to it.
    pub async fn client(&self) -> Result<Client, Failure> {
        Ok(Client::connect([&self.address], None).await?)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    fn copy(&self) -> String {
        self.folder.path().join("copy").display().to_string()
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How many keys there are; `None` while nobody answers.
pub async fn count(client: &mut Client) -> Option<i64> {
    let options = GetOptions::new().with_all_keys().with_count_only();
    let get = client.get("", Some(options));
    tokio::time::timeout(Duration::from_secs(1), get).await.ok()?.ok().map(|got| got.count())
}

fn ctl(args: &[&str]) -> Result<(), Failure> {
    let done = Command::new("etcdctl").env("ETCDCTL_API", "3").args(args).output()?;
    if done.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&done.stderr).into()) }
}

/// Sends a signal to a process that we started.
///
/// # Errors
///
/// When there is none.
pub fn signal(process: u32, name: &str) -> Result<(), Failure> {
    let sent = Command::new("kill").args([format!("-{name}"), process.to_string()]).status()?;
    if sent.success() { Ok(()) } else { Err(format!("no SIG{name} to {process}").into()) }
}
