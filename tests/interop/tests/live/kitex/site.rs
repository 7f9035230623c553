//! One etcd, and servers of both kinds that are found through it.

use std::time::Duration;

use e2e::{Etcd, Process, free_address, wait_for};
use interop::generated::interop::InteropServer;
use interop::{Go, Handler, Watcher};
use runtime::client::Transport;
use runtime::server::Running;
use runtime::{Channel, Config, Registry, Server};
use serde_json::Value;

/// How a Kitex client may wrap its requests.
pub(crate) const TRANSPORTS: [&str; 5] = ["framed", "buffered", "ttheader", "ttheader_framed", "mux"];

/// How ours may; the name is that of the Kitex server to call.
pub(crate) const OURS: [(&str, Transport); 4] = [
    ("theirs", Transport::Framed),
    ("theirs", Transport::Buffered),
    ("theirs", Transport::TtheaderFramed),
    ("theirs.mux", Transport::Multiplexed),
];

/// The place of a test.
pub(crate) struct Site {
    go: &'static Go,
    etcd: Etcd,
    registry: Registry,
}

impl Site {
    /// `None` where the machine lacks Go or etcd.
    pub(crate) fn start() -> Option<Self> {
        let (go, etcd) = (Go::kitex()?, Etcd::start()?);
        let registry = Registry::open(&etcd.url()).unwrap();
        Some(Self { go, etcd, registry })
    }

    /// Serves `ours`; its `Hop` asks `theirs`.
    pub(crate) async fn ours(&self, notice: Duration) -> (Running, Watcher) {
        let (handler, watcher) = Handler::new(self.channel("theirs", Transport::default()));
        let mut config = Config::local();
        config.server.propagation = Some(notice);
        config.names.insert("Interop".to_owned(), "ours".to_owned());
        let server = Server::new(config).registry(&self.registry).add(InteropServer::new(handler));
        let running = server.start().await.unwrap();
        self.registered("ours", &running.addr().to_string());
        (running, watcher)
    }

    /// Serves with Kitex; its `Hop` asks `ours`. Multiplexed where the name says so.
    pub(crate) fn theirs(&self, name: &str) -> Process {
        let address = free_address();
        let mut command = self.go.program("sinkserver");
        command.args([&self.etcd.address, &address, name, "ours"]);
        if name.ends_with(".mux") {
            command.arg("mux");
        }
        let process = Process::start(name, &mut command);
        self.registered(name, &address);
        process
    }

    fn registered(&self, name: &str, address: &str) {
        let key = format!("kitex/registry-etcd/{name}/{address}");
        wait_for("a registration", || self.etcd.get(&key).filter(|found| !found.is_empty()));
    }

    pub(crate) fn channel(&self, name: &str, transport: Transport) -> Channel {
        Channel::builder(name).registry(&self.registry).transport(transport).build().unwrap()
    }

    /// Starts Kitex's client against `ours`.
    pub(crate) fn client(&self, transport: &str, work: &str) -> Process {
        Process::start("the client", self.go.program("sinkclient").args([&self.etcd.address, "ours", transport, work]))
    }

    /// Runs Kitex's client against `ours` to its end; gives what its callers got.
    pub(crate) fn called(&self, transport: &str, work: &str) -> Vec<Value> {
        let mut client = self.go.program("sinkclient");
        let output = client.args([&self.etcd.address, "ours", transport, work]).output().unwrap();
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{transport} {work}: {err}");
        out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
    }
}
