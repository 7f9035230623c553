//! The scenario that every system goes through: its server and ours stand under one name, its client and ours call
//! both; etcd is restarted, owners are killed and leave.

use std::collections::BTreeSet;
use std::process::Command;

use e2e::{Etcd, Process, free_address, wait_for};
use interop::Go;

/// The service's name in the registry.
const SERVICE: &str = "greeter";
/// Seconds for which a registration outlives its owner.
const TTL: u64 = 4;
/// That many calls in a row show who is called.
const CALLS: usize = 20;

/// A system of Go.
pub(crate) struct System<'a> {
    pub(crate) name: &'static str,
    /// What `layout=` of our registry URL says.
    pub(crate) layout: &'static str,
    /// What all keys of the service begin with in etcd.
    pub(crate) keys: &'static str,
    /// Its program `greeter`: `serve ETCD SERVICE LISTEN TTL` registers LISTEN and leaves at SIGTERM, `call ETCD SERVICE`
    /// says in a line what each call gave, `hi from ADDRESS` or `failed: …`.
    pub(crate) program: &'a Go,
    /// How many addresses of etcd its client is told, with commas between.
    pub(crate) hosts: usize,
}

/// Runs it all.
pub(crate) fn live(system: &System<'_>) {
    let Some(etcd) = Etcd::start() else { return };
    let mut place = Place { system, etcd };
    let (ours, theirs) = (place.ours(), place.theirs());
    let callers = place.callers();
    for caller in &callers {
        caller.reaches(&[&ours, &theirs]);
    }
    place.restart_etcd(&callers, [&ours, &theirs]);
    let [ours, theirs] = place.killed(&callers, ours, theirs);
    place.ours_leaves(&callers, ours, &theirs);
    let ours = place.ours();
    theirs.process.stop();
    place.is_gone(&theirs.address);
    callers.iter().for_each(|caller| caller.reaches(&[&ours]));
}

/// A server, and the address under which it is registered.
struct Server {
    process: Process,
    address: String,
}

/// A client that calls all the time.
struct Caller(Process);

impl Caller {
    /// What each call gave so far, without what the program says beside it.
    fn calls(&self) -> Vec<String> {
        let mut lines = self.0.printed();
        lines.retain(|line| line.starts_with("hi from ") || line.starts_with("failed: "));
        lines
    }

    /// Waits until calls in a row succeed and reach all of these servers, and nobody else.
    fn reaches(&self, servers: &[&Server]) {
        let wanted: BTreeSet<_> = servers.iter().map(|server| format!("hi from {}", server.address)).collect();
        let from = self.calls().len();
        wait_for(&format!("answers from {wanted:?} alone"), || {
            let calls = self.calls();
            let last = calls[from..].last_chunk::<CALLS>()?;
            (last.iter().cloned().collect::<BTreeSet<_>>() == wanted).then_some(())
        });
    }

    /// Waits for some more calls and says which failed since there were `from` of them.
    fn failed_since(&self, from: usize) -> Vec<String> {
        let now = self.calls().len();
        let calls = wait_for("more calls", || Some(self.calls()).filter(|calls| calls.len() > now + CALLS));
        calls[from..].iter().filter(|call| call.starts_with("failed: ")).cloned().collect()
    }
}

struct Place<'a> {
    system: &'a System<'a>,
    etcd: Etcd,
}

impl Place<'_> {
    fn start(&self, name: &str, mut command: Command, end: &[&str]) -> Server {
        let address = free_address();
        let process = Process::start(name, command.args([SERVICE, &address]).args(end));
        let server = Server { process, address };
        wait_for(&format!("the registration of {name}"), || self.stands(&server.address).then_some(()));
        let leases = self.etcd.leases(self.system.keys).unwrap();
        assert!(leases.iter().all(|ttl| *ttl == TTL), "{name}: {leases:?}");
        server
    }

    fn url(&self) -> String {
        format!("{}?layout={}&ttl={TTL}", self.etcd.url(), self.system.layout)
    }

    fn ours(&self) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greeter"));
        command.args(["serve", &self.url()]);
        self.start("ours", command, &[])
    }

    fn theirs(&self) -> Server {
        let mut command = self.system.program.program("greeter");
        command.args(["serve", &self.etcd.address]);
        self.start(self.system.name, command, &[&TTL.to_string()])
    }

    /// Their client and ours.
    fn callers(&self) -> [Caller; 2] {
        let mut theirs = self.system.program.program("greeter");
        theirs.args(["call", &vec![&*self.etcd.address; self.system.hosts].join(","), SERVICE]);
        let mut ours = Command::new(env!("CARGO_BIN_EXE_greeter"));
        ours.args(["call", &self.url(), SERVICE]);
        [("their client", theirs), ("our client", ours)].map(|(name, mut it)| Caller(Process::start(name, &mut it)))
    }

    /// Whether a key or a value of the service says the address.
    fn stands(&self, address: &str) -> bool {
        self.etcd.get(self.system.keys).is_some_and(|lines| lines.iter().any(|line| line.contains(address)))
    }

    fn is_gone(&self, address: &str) {
        wait_for("the end of a registration", || {
            let lines = self.etcd.get(self.system.keys)?;
            lines.iter().all(|line| !line.contains(address)).then_some(())
        });
    }

    /// While etcd is away the callers go on; when it is back, so are both servers, for whoever comes new too.
    fn restart_etcd(&mut self, callers: &[Caller], servers: [&Server; 2]) {
        let before: Vec<usize> = callers.iter().map(|caller| caller.calls().len()).collect();
        self.etcd.end();
        for (caller, from) in callers.iter().zip(&before) {
            assert_eq!(caller.failed_since(*from), [""; 0]);
        }
        self.etcd.resume();
        for server in servers {
            wait_for("a registration after the restart", || self.stands(&server.address).then_some(()));
        }
        for caller in callers.iter().chain(&self.callers()) {
            caller.reaches(&servers);
        }
        for (caller, from) in callers.iter().zip(&before) {
            assert_eq!(caller.failed_since(*from), [""; 0]);
        }
    }

    /// As with `kill -9`: nobody deregisters, the lease runs out, and the callers keep to who is left. Then another comes.
    fn killed(&self, callers: &[Caller], ours: Server, theirs: Server) -> [Server; 2] {
        let Server { process, address } = theirs;
        drop(process);
        self.is_gone(&address);
        callers.iter().for_each(|caller| caller.reaches(&[&ours]));
        let theirs = self.theirs();
        callers.iter().for_each(|caller| caller.reaches(&[&ours, &theirs]));
        let Server { process, address } = ours;
        drop(process);
        self.is_gone(&address);
        callers.iter().for_each(|caller| caller.reaches(&[&theirs]));
        let ours = self.ours();
        callers.iter().for_each(|caller| caller.reaches(&[&ours, &theirs]));
        [ours, theirs]
    }

    /// Our server ends as it is asked to: no call fails for it.
    fn ours_leaves(&self, callers: &[Caller], ours: Server, left: &Server) {
        let before: Vec<usize> = callers.iter().map(|caller| caller.calls().len()).collect();
        ours.process.stop();
        self.is_gone(&ours.address);
        for (caller, from) in callers.iter().zip(before) {
            caller.reaches(&[left]);
            assert_eq!(caller.failed_since(from), [""; 0]);
        }
    }
}
