//! `faults [--short] [--calls N] [--row NAME]... [--write FILE]`: attacks servers that it starts,
//! prints what was measured, and fails when a bound is broken. The server is the program
//! `faults-server` beside this one.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::Instant;

use faults::Failure;
use faults::report::{Line, table};
use faults::rows::{ROWS, Scale};

/// What was asked for.
#[derive(Default)]
struct Wanted {
    short: bool,
    calls: Option<usize>,
    rows: Vec<String>,
    write: Option<String>,
}

fn wanted() -> Result<Wanted, Failure> {
    let mut wanted = Wanted::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--short" => wanted.short = true,
            "--calls" => wanted.calls = Some(value()?.parse()?),
            "--row" => wanted.rows.push(value()?),
            "--write" => wanted.write = Some(value()?),
            other => return Err(format!("unknown flag {other}").into()),
        }
    }
    if let Some(unknown) = wanted.rows.iter().find(|it| ROWS.iter().all(|(name, _)| name != it)) {
        return Err(format!("no row {unknown}; there are {:?}", ROWS.map(|(name, _)| name)).into());
    }
    Ok(wanted)
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

async fn run(wanted: &Wanted) -> Result<Vec<Line>, Failure> {
    let short = wanted.short;
    let calls = wanted.calls.unwrap_or(if short { 50_000 } else { 1_000_000 });
    let mut lines = Vec::new();
    for (name, row) in ROWS {
        if !wanted.rows.is_empty() && !wanted.rows.iter().any(|it| it == name) {
            continue;
        }
        let start = Instant::now();
        let measured = row(Scale { short, calls }).await.map_err(|error| format!("row {name}: {error}"))?;
        eprintln!("row {name}: {:.1?}", start.elapsed());
        lines.extend(measured);
    }
    Ok(lines)
}

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let wanted = wanted()?;
    raise()?;
    let lines = run(&wanted).await?;
    let table = table(&lines);
    println!("{table}");
    if let Some(path) = &wanted.write {
        std::fs::write(path, page(&table, &wanted))?;
    }
    Ok(if lines.iter().all(|line| line.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The page of the documentation.
fn page(table: &str, wanted: &Wanted) -> String {
    let command = if wanted.short { " -- --short" } else { "" };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!(
        "# What a server takes when it is attacked\n\n\
         Measured from outside: another process on the same machine ({cores} cores, loopback) attacks a server with\n\
         the default limits and reads its memory, time and descriptors from the kernel. The program exits with 1 when\n\
         a bound is broken:\n\n```sh\ncargo build --profile attack -p faults\n\
         cargo run --profile attack -p faults --bin faults{command}\n```\n\n{table}"
    )
}
