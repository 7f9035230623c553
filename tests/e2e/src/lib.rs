//! Processes of the tests: started on ports that the kernel chose, watched by what they print,
//! ended by the id with which they were started.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says what went wrong by panicking")]

/// The README's code, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// The same for the page on TLS.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/tls.md")]
struct Tls;

/// The same for the page on middleware.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/middleware.md")]
struct Middleware;

/// The same for the page on metrics, health and traces.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/observability.md")]
struct Observability;

mod address;
mod alone;
mod authority;
mod bad_details;
mod etcd;
mod go;
pub mod http;
mod load;
pub mod made;
mod release;
mod shown;
pub mod transcript;

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::{Duration, Instant};

pub use address::free_address;
pub use alone::ran_alone;
pub use authority::{Authority, Identity};
pub use bad_details::bad_details;
pub use etcd::Etcd;
pub use go::Go;
pub use load::Load;
pub use release::Release;
pub use shown::{shown, sort};

/// How long a condition may take to come true. Generous: it only bounds a failing test.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The packages whose programs are started.
const PROGRAMS: &[&str] =
    &["add", "codegen", "echo", "gateway", "hello-micro", "helloworld", "login", "music-gateway", "naming", "user"];

/// What the example `user` signs tokens with.
pub const JWT_SECRET: &str = "a secret of at least 32 characters";

/// Waits until `seen` gives something.
///
/// # Panics
///
/// When that takes longer than [`PATIENCE`].
pub fn wait_for<T>(what: &str, mut seen: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(it) = seen() {
            return it;
        }
        assert!(start.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// The folder of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The folder in which cargo puts the programs.
fn programs() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        // This test's own program stands in `deps`, below the folder that is wanted.
        let own = std::env::current_exe().unwrap();
        let folder = own.ancestors().nth(2).unwrap().to_owned();
        // CI has built them, together with all else.
        if std::env::var_os("PROGRAMS_ARE_BUILT").is_some() {
            return folder;
        }
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--bins"]).args(PROGRAMS.iter().flat_map(|it| ["-p", it]));
        if folder.file_name().is_some_and(|it| it == "release") {
            build.arg("--release");
        }
        build.env("CARGO_TARGET_DIR", folder.parent().unwrap()).current_dir(workspace());
        assert!(build.status().unwrap().success(), "the programs do not build");
        folder
    })
}

/// A program of the workspace.
pub fn program(name: &str) -> Command {
    Command::new(programs().join(name))
}

/// A process that is running; killed when dropped.
pub struct Process {
    name: String,
    child: Child,
    printed: Arc<(Mutex<Vec<String>>, Condvar)>,
}

impl Process {
    /// Starts it with both of its outputs read line by line.
    pub fn start(name: &str, command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
        let printed: Arc<(Mutex<Vec<String>>, Condvar)> = Arc::default();
        let outputs: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for output in outputs {
            let printed = Arc::clone(&printed);
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    printed.0.lock().unwrap().push(line);
                    printed.1.notify_all();
                }
            });
        }
        Self { name: name.to_owned(), child, printed }
    }

    /// Starts a server of the workspace on a free port; gives its address too.
    pub fn serve(name: &str, registry: &str) -> (Self, String) {
        Self::serve_by(&mut program(name), name, registry)
    }

    /// The same of an example with its own `service.toml`; what it writes lies in `folder`.
    pub fn serve_in(folder: &Path, name: &str, registry: &str) -> (Self, String) {
        let settings = workspace().join("examples").join(name).join("service.toml");
        let mut command = program(name);
        command.arg("--config").arg(settings).current_dir(folder).env("JWT_SECRET", JWT_SECRET);
        Self::serve_by(&mut command, name, registry)
    }

    fn serve_by(command: &mut Command, name: &str, registry: &str) -> (Self, String) {
        command.env("KITELINE_LISTEN", "127.0.0.1:0").env("KITELINE_REGISTRY", registry);
        let process = Self::start(name, command);
        let line = process.line("listening on");
        let address = line.split_whitespace().find(|word| word.contains("127.0.0.1:")).unwrap().to_owned();
        (process, address)
    }

    /// Waits for a line that holds `text`.
    ///
    /// # Panics
    ///
    /// When it does not come.
    pub fn line(&self, text: &str) -> String {
        let (lines, changed) = &*self.printed;
        let found = |lines: &Vec<String>| lines.iter().find(|line| line.contains(text)).cloned();
        let lines = lines.lock().unwrap();
        let (lines, _) = changed.wait_timeout_while(lines, PATIENCE, |lines| found(lines).is_none()).unwrap();
        found(&lines).unwrap_or_else(|| panic!("{} never printed `{text}`, but:\n{}", self.name, lines.join("\n")))
    }

    /// Every line so far.
    pub fn printed(&self) -> Vec<String> {
        self.printed.0.lock().unwrap().clone()
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Sends a signal by name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Sends SIGTERM and waits for the end.
    ///
    /// # Panics
    ///
    /// When it does not end well.
    pub fn stop(mut self) {
        self.signal("TERM");
        let status = self.child.wait().unwrap();
        let lines = self.printed.0.lock().unwrap().join("\n");
        assert!(status.success(), "{} ended with {status}:\n{lines}", self.name);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
