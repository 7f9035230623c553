//! Refusals and timeouts between servers of ours and clients of Go, and the other way round.

use std::process::Command;
use std::time::Duration;

use e2e::{Etcd, Process, free_address, wait_for};
use interop::Go;
use interop::generated::interop::greeter::{Greeter, GreeterClient, GreeterServer, Text};
use runtime::server::{Counter, Running};
use runtime::{Channel, Code, Config, Context, Error, Registry, Server};

/// One etcd, and the registry of a layout in it.
pub(crate) struct Site {
    pub(crate) go: Go,
    pub(crate) etcd: Etcd,
    pub(crate) registry: Registry,
}

impl Site {
    /// `None` where the machine lacks Go or etcd.
    pub(crate) fn start(system: &str) -> Option<Self> {
        Self::of(system, Go::greeter(system)?)
    }

    /// The same with these programs of it.
    pub(crate) fn of(system: &str, go: Go) -> Option<Self> {
        let etcd = Etcd::start()?;
        let registry = Registry::open(&format!("{}?layout={system}", etcd.url())).unwrap();
        Some(Self { go, etcd, registry })
    }

    /// Serves `ours`.
    pub(crate) async fn ours(&self, keys: &str) -> Running {
        let mut config = Config::local();
        config.server.propagation = Some(Duration::ZERO);
        config.names.insert("Greeter".to_owned(), "ours".to_owned());
        let server = Server::new(config).registry(&self.registry).add(GreeterServer::new(Greets));
        let running = server.start().await.unwrap();
        self.stands(&format!("{keys}/ours/"), &running.addr().to_string());
        running
    }

    /// Serves `theirs` with the program of the system.
    pub(crate) fn theirs(&self, keys: &str) -> (Process, GreeterClient) {
        let address = free_address();
        let mut command = self.go.program("greeter");
        let process = Process::start("theirs", command.args(["serve", &self.etcd.address, "theirs", &address, "4"]));
        self.stands(&format!("{keys}/theirs/"), &address);
        let channel = Channel::builder("theirs").registry(&self.registry).build().unwrap();
        (process, GreeterClient::new(channel))
    }

    fn stands(&self, keys: &str, address: &str) {
        let stands = |lines: Vec<String>| lines.iter().any(|line| line.contains(address)).then_some(());
        wait_for("a registration", || self.etcd.get(keys).and_then(stands));
    }

    /// What their client says of one call to `ours`.
    pub(crate) async fn tries(&self, arguments: &[&str]) -> String {
        let mut command: Command = self.go.program("greeter");
        command.args(["try", &self.etcd.address, "ours"]).args(arguments);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }
}

/// Fails as it is told to.
struct Greets;

impl Greeter for Greets {
    async fn greet(&self, cx: &Context, req: Text) -> Result<Text, Error> {
        let missing = || Error::not_found("user x not found");
        match req.text.as_str() {
            "missing" => Err(missing().with_reason("USER_NOT_FOUND").with_pair("user", "x").with_pair("zone", "a")),
            "conflict" => Err(Error::new(Code::Aborted, "already there").with_reason("DUP")),
            "plain" => Err(missing()),
            "teapot" => {
                let error = Error::business(418, "teapot", [("size".to_owned(), "7".to_owned())]);
                Err(error.with_reason("TEAPOT"))
            }
            "biz" => Err(Error::business(40_404, "no <user> ✗", [])),
            "slow" => {
                cx.cancelled().await;
                Err(Error::internal("nobody waits"))
            }
            text => Ok(Text { text: format!("hi {text}") }),
        }
    }
}

/// A call to theirs that takes too long ends in time, and the next one is answered.
pub(crate) async fn ours_is_in_time(client: &GreeterClient) {
    let greet = |text: &str| client.greet(Text { text: text.to_owned() });
    let late = greet("slow").timeout(Duration::from_millis(300)).await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded, "{late:?}");
    assert!(greet("hi").await.unwrap().text.starts_with("hi from "));
}

/// The work that their client gave up is given up here.
pub(crate) fn given_up(running: &Running) {
    let gone = || running.counters().get(Counter::Deadlines) + running.counters().get(Counter::Abandoned);
    wait_for("the end of the work", || (gone() == 1 && running.in_flight() == 0).then_some(()));
}
