//! A server in a process of its own, and what the kernel says of it (`proc(5)`).

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::Failure;

/// Ticks of the processor's time a second, the same on every Linux that Rust runs on.
const TICKS: f64 = 100.0;

/// How a server is started.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The text of its `service.toml`.
    pub config: String,
    /// Its limit of descriptors; the hard limit without one.
    pub descriptors: Option<usize>,
    /// Whether a layer stands between driver and handler.
    pub layered: bool,
    /// The URL of the registry where it registers; then it listens where its configuration says.
    pub registry: Option<String>,
}

/// A running server; dropped it is killed.
#[derive(Debug)]
pub struct Target {
    child: Child,
    errors: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
    pid: u32,
}

impl Target {
    /// Starts a server that was built beside this program.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub async fn start(settings: &Settings) -> Result<Self, Failure> {
        let program = std::env::current_exe()?.with_file_name("faults-server");
        let descriptors = settings.descriptors.map_or("$(ulimit -H -n)".to_owned(), |count| count.to_string());
        let errors = std::env::temp_dir().join(format!("faults-{}-{}", std::process::id(), number()));
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("ulimit -n {descriptors} && exec \"$0\"")).arg(program);
        command.env("FAULTS_CONFIG", &settings.config).stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(fs::File::create(&errors)?).kill_on_drop(true);
        if settings.layered {
            command.env("FAULTS_LAYER", "1");
        }
        if let Some(url) = &settings.registry {
            command.env("FAULTS_REGISTRY", url);
        }
        let mut child = command.spawn()?;
        let pid = child.id().ok_or("the server has no process id")?;
        let output = child.stdout.take().ok_or("the server has no output")?;
        let line = BufReader::new(output).lines().next_line().await?;
        let Some(line) = line else { return Err(fs::read_to_string(&errors)?.into()) };
        Ok(Self { child, errors, address: line.parse()?, pid })
    }

    /// Whether it lives.
    ///
    /// # Errors
    ///
    /// When the kernel does not say.
    pub fn lives(&mut self) -> Result<bool, Failure> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.pid
    }

    /// Kills it, and waits until it is gone.
    ///
    /// # Errors
    ///
    /// When the kernel does not let us.
    pub async fn kill(&mut self) -> Result<(), Failure> {
        Ok(self.child.kill().await?)
    }

    /// Waits for its end; whether it ended well.
    ///
    /// # Errors
    ///
    /// When the kernel does not say.
    pub async fn end(&mut self) -> Result<bool, Failure> {
        Ok(self.child.wait().await?.success())
    }

    /// Lines of its standard error that tell of a panic.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub fn panic_lines(&self) -> Result<usize, Failure> {
        Ok(fs::read_to_string(&self.errors)?.lines().filter(|line| line.contains("panicked")).count())
    }

    /// Bytes of memory that are resident now.
    ///
    /// # Errors
    ///
    /// When the kernel does not say.
    pub fn resident(&self) -> Result<usize, Failure> {
        self.status("VmRSS:")
    }

    /// The most bytes that were resident since [`Target::forget_peak`].
    ///
    /// # Errors
    ///
    /// When the kernel does not say.
    pub fn peak(&self) -> Result<usize, Failure> {
        self.status("VmHWM:")
    }

    /// Begins the search for the peak anew.
    ///
    /// # Errors
    ///
    /// When the kernel does not let us.
    pub fn forget_peak(&self) -> Result<(), Failure> {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.pid), "5")?)
    }

    fn status(&self, key: &str) -> Result<usize, Failure> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = text.lines().find_map(|line| line.strip_prefix(key)).ok_or("no such line")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse::<usize>()? << 10)
    }

    /// Open descriptors.
    ///
    /// # Errors
    ///
    /// When the kernel does not say.
    pub fn descriptors(&self) -> Result<usize, Failure> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.pid))?.count())
    }

    /// The processor's time that it has taken.
    ///
    /// # Errors
    ///
    /// When the kernel does not say.
    pub fn time(&self) -> Result<Duration, Failure> {
        processor(&self.pid.to_string())
    }

    /// The part of one core that it takes while `time` passes.
    ///
    /// # Errors
    ///
    /// When the kernel does not say.
    pub async fn load(&self, time: Duration) -> Result<f64, Failure> {
        load(&self.pid.to_string(), time).await
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // A file of a temporary folder that stays there harms nobody.
        let _ = fs::remove_file(&self.errors);
    }
}

/// The processor's time that a process has taken; `self` is this one.
fn processor(process: &str) -> Result<Duration, Failure> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in parentheses may hold anything; user and system time are fields 14 and 15.
    let (_, fields) = text.rsplit_once(") ").ok_or("no name")?;
    let ticks: Vec<f64> = fields.split(' ').skip(11).take(2).filter_map(|it| it.parse().ok()).collect();
    Ok(Duration::from_secs_f64(ticks.iter().sum::<f64>() / TICKS))
}

/// The part of one core that a process takes while `time` passes; `self` is this one.
///
/// # Errors
///
/// When the kernel does not say.
pub async fn load(process: &str, time: Duration) -> Result<f64, Failure> {
    let (start, before) = (Instant::now(), processor(process)?);
    tokio::time::sleep(time).await;
    Ok((processor(process)? - before).as_secs_f64() / start.elapsed().as_secs_f64())
}

/// A number that no other server of this process has.
fn number() -> usize {
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}
