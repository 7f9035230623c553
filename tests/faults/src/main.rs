//! `faults [registry] [--short] [--row NAME]... [--calls N] [--rounds N] [--time SECONDS] [--write FILE]`:
//! attacks servers that it starts, or with `registry` the etcd that it starts; prints what was
//! measured, and fails when a bound is broken. The server is the program `faults-server` beside
//! this one.
//!
//! `--short` is what CI runs. `--calls`, `--rounds` and `--time` make rows that count calls or
//! repetitions, or whose fault lasts long, shorter or longer than they are in full. `--write` puts
//! the rows that ran in place of those on the page.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use faults::Failure;
use faults::page::Section;
use faults::registry;
use faults::report::{Line, table};
use faults::rows::{self, Row, Scale};

/// How often a row runs at most that breaks bounds on time alone.
const TRIES: usize = 3;

/// What was asked for.
#[derive(Default)]
struct Wanted {
    registry: bool,
    short: bool,
    calls: Option<usize>,
    rounds: Option<usize>,
    time: Option<Duration>,
    rows: Vec<String>,
    write: Option<String>,
}

fn wanted() -> Result<Wanted, Failure> {
    let mut wanted = Wanted::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "registry" => wanted.registry = true,
            "--short" => wanted.short = true,
            "--calls" => wanted.calls = Some(value()?.parse()?),
            "--rounds" => wanted.rounds = Some(value()?.parse()?),
            "--time" => wanted.time = Some(Duration::from_secs(value()?.parse()?)),
            "--row" => wanted.rows.push(value()?),
            "--write" => wanted.write = Some(value()?),
            other => return Err(format!("unknown flag {other}").into()),
        }
    }
    let names: Vec<&str> = wanted.rows().iter().map(|(name, _)| *name).collect();
    if let Some(unknown) = wanted.rows.iter().find(|it| !names.contains(&it.as_str())) {
        return Err(format!("no row {unknown}; there are {names:?}").into());
    }
    Ok(wanted)
}

impl Wanted {
    /// The rows of the table that was asked for.
    fn rows(&self) -> &'static [Row] {
        if self.registry { registry::ROWS } else { &rows::ROWS }
    }

    fn has(&self, name: &str) -> bool {
        match self.rows.is_empty() {
            true => !(self.registry && self.short) || registry::SHORT.contains(&name),
            false => self.rows.iter().any(|it| it == name),
        }
    }

    fn scale(&self) -> Scale {
        let calls = self.calls.unwrap_or(if self.short { 50_000 } else { 1_000_000 });
        Scale { short: self.short, calls, rounds: self.rounds, time: self.time }
    }
}

/// Runs this program again with as many descriptors as it may have, once.
fn raise() -> Result<(), Failure> {
    const RAISED: &str = "FAULTS_RAISED";
    if std::env::var_os(RAISED).is_some() {
        return Ok(());
    }
    let mut again = Command::new("sh");
    again.args(["-c", "ulimit -n $(ulimit -H -n) && exec \"$0\" \"$@\""]).arg(std::env::current_exe()?);
    Err(again.args(std::env::args().skip(1)).env(RAISED, "1").exec().into())
}

/// Grows this program's table of descriptors before anything is timed: each doubling of it stops
/// the threads that connect, which would look like a slow server.
fn make_room() {
    // With fewer allowed, the table grows as it is used.
    let _ = rustix::io::fcntl_dupfd_cloexec(std::io::stderr(), 16_000);
}

async fn run(wanted: &Wanted) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for (name, row) in wanted.rows().iter().filter(|(name, _)| wanted.has(name)) {
        for number in 1..=TRIES {
            let start = Instant::now();
            let measured = row(wanted.scale()).await.map_err(|error| format!("row {name}: {error}"))?;
            eprintln!("row {name}: {:.1?}", start.elapsed());
            let broken: Vec<Line> = measured.iter().filter(|line| !line.ok).cloned().collect();
            if number == TRIES || broken.is_empty() || !broken.iter().all(|line| line.timed) {
                lines.extend(measured);
                break;
            }
            eprintln!("row {name} again, since a pause of the machine breaks these, too:\n{}", table(&broken));
        }
    }
    Ok(lines)
}

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let wanted = wanted()?;
    raise()?;
    make_room();
    let lines = run(&wanted).await?;
    println!("{}", table(&lines));
    if let Some(path) = &wanted.write {
        let page = std::fs::read_to_string(path).unwrap_or_default();
        std::fs::write(path, section(&wanted).put(&page, &lines))?;
    }
    let broken: Vec<Line> = lines.into_iter().filter(|line| !line.ok).collect();
    if broken.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    // Again, at the end: of a long output people read that.
    eprintln!("bounds that are broken:\n{}", table(&broken));
    Ok(ExitCode::FAILURE)
}

/// The section of the documentation's page.
fn section(wanted: &Wanted) -> Section<'static> {
    if wanted.registry {
        return Section { title: registry::TITLE, text: registry::TEXT, order: registry::ORDER };
    }
    Section { title: rows::TITLE, text: rows::TEXT, order: &rows::ORDER }
}
