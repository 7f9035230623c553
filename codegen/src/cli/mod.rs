//! The command line: arguments in, status lines and an exit code out.
//!
//! Exit codes: 0 done, 1 findings or a conflict or something stale, 2 usage, 3 reading or writing.

mod args;
mod place;
mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use codegen::output::{self, Plan, Policy};
use codegen::scaffold::{self, Crate, Existing};
use codegen::{Builder, Error, Loaded, emit};

use args::{Command, Invocation};
use report::Report;

const FINDINGS: u8 = 1;
const IO: u8 = 3;

/// Runs the command.
pub(crate) fn main() -> ExitCode {
    let invocation = match args::parse(std::env::args_os()) {
        Ok(invocation) => invocation,
        Err(error) => error.exit(),
    };
    let report = Report::new(invocation.quiet, invocation.color);
    match run(&invocation, &report) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            match &error {
                Error::Findings(found, text) => {
                    report.text(text);
                    report.findings(found);
                }
                Error::Io(text) => report.error(text),
            }
            ExitCode::from(if matches!(error, Error::Findings(..)) { FINDINGS } else { IO })
        }
    }
}

fn run(it: &Invocation, report: &Report) -> Result<u8, Error> {
    let start = Instant::now();
    let mut builder = Builder::new().options(it.options.clone());
    for idl in &it.idls {
        builder = builder.idl(idl);
    }
    let loaded = builder.load(report.color())?;
    report.text(&loaded.render(report.color()));
    let root = place::root(it)?;
    let existing = existing(&loaded, &root)?;
    let (files, missing) = match it.command {
        Command::Crate => {
            let shape = place::shape(it, &loaded, &root, &existing)?;
            let names: Vec<String> = shape.idls.iter().map(|it| it.path.clone()).collect();
            let mut made = scaffold::scaffold(&loaded.model, &shape, &existing);
            made.files.extend(tree(it, &loaded, &names));
            if let Some((path, text)) = place::member(it, &root)? {
                made.files.add(path, text, output::Owner::Edited);
            }
            (made.files, made.missing)
        }
        Command::Generate => {
            let names: Vec<String> =
                loaded.model.files.iter().map(|file| loaded.sources.path(file.id).to_owned()).collect();
            (tree(it, &loaded, &names), Vec::new())
        }
    };
    let plan = output::plan(&root, &files, Policy { prune: it.prune, force: it.force }).map_err(io)?;
    finish(it, report, &loaded, &plan, &missing, start)
}

fn tree(it: &Invocation, loaded: &Loaded, names: &[String]) -> output::FileSet {
    codegen::tree(&loaded.model, emit::emit(&loaded.model, it.options.sides), names)
}

fn existing(loaded: &Loaded, root: &Path) -> Result<Existing, Error> {
    let mut existing = Existing::new();
    for path in scaffold::wanted(&loaded.model) {
        if let Some(text) = output::read(&root.join(&path)).map_err(io)? {
            existing.insert(path, text);
        }
    }
    Ok(existing)
}

fn io(error: output::Error) -> Error {
    Error::Io(error.to_string())
}

fn finish(
    it: &Invocation,
    report: &Report,
    loaded: &Loaded,
    plan: &Plan,
    missing: &[(PathBuf, String)],
    start: Instant,
) -> Result<u8, Error> {
    let blocked = plan.conflicts().next().is_some();
    if !(it.check || it.dry_run || blocked) {
        output::apply(plan).map_err(io)?;
    }
    report.plan(plan);
    report.missing(plan, missing);
    if it.check {
        return Ok(report.checked(plan));
    }
    if blocked {
        report.error("nothing was written: settle the conflicts first");
        return Ok(FINDINGS);
    }
    report.summary(it, loaded, plan, start.elapsed());
    Ok(0)
}

/// The crate's name: what its manifest says, else the folder's.
fn crate_name(root: &Path) -> String {
    let folder = root.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    scaffold::package_name(&folder)
}

/// What a crate is made of, for [`place::shape`].
type Shape = Crate;
