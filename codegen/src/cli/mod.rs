//! The command line: arguments in, status lines and an exit code out.

mod args;
mod call;
mod diff;
mod exit;
mod flags;
mod idls;
mod invocation;
mod net;
mod openapi;
mod order;
mod place;
mod registry;
mod report;
mod seen;
mod services;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use codegen::diag::{self, Severity};
use codegen::output::{self, FileSet, Plan, Policy};
use codegen::scaffold::{self, Existing};
use codegen::{Error, Loaded, emit};

use args::Asked;
use exit::{FINDINGS, IO, USAGE};
use flags::Color;
use invocation::{Command, Invocation};
use report::Report;

/// The files whose making is a crate's first time.
const FIRST: &[&str] = &["Cargo.toml", "src/generated/mod.rs"];
/// What other tools make a project with.
const WORDS: &[&str] = &["new", "init", "create", "build", "gen", "compile"];

/// Runs the command.
pub(crate) fn main() -> ExitCode {
    let invocation = match args::parse(std::env::args_os()) {
        Ok(Asked::Make(invocation)) => invocation,
        Ok(Asked::Registry { listen, say }) => return ExitCode::from(registry::serve(&listen, &Report::of(say))),
        Ok(Asked::Services(matches, say)) => return ExitCode::from(services::run(&matches, &Report::of(say))),
        Ok(Asked::Call(matches, say)) => return ExitCode::from(call::run(&matches, &Report::of(say))),
        Ok(Asked::OpenApi { idls, include, say }) => {
            let report = Report::of(say);
            return ExitCode::from(openapi::print(&idls, include, &report).unwrap_or_else(|it| failed(&it, &report)));
        }
        Ok(Asked::Explain(code)) => return ExitCode::from(explain(&code, &Report::new(false, Color::Auto))),
        Err(error) => error.exit(),
    };
    let report = Report::new(invocation.quiet, invocation.color);
    match run(&invocation, &report) {
        Ok(code) => ExitCode::from(code),
        Err(error) => ExitCode::from(failed(&error, &report)),
    }
}

/// Says why nothing was made.
fn failed(error: &Error, report: &Report) -> u8 {
    match error {
        Error::Findings(found, text) => {
            report.text(text);
            report.findings(found);
        }
        Error::Io(text) => report.error(text),
    }
    code(error)
}

/// Says what the code of a finding means, on standard output.
fn explain(code: &str, report: &Report) -> u8 {
    if let Some(text) = diag::explain(code) {
        // A closed pipe is nobody's fault.
        let _ = writeln!(std::io::stdout(), "{text}");
        return 0;
    }
    let help = match diag::nearest(code) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "a code is written as in `error[TH0102]`: two letters and four digits".to_owned(),
    };
    report.error(&format!("there is no code `{code}`: {help}"));
    USAGE
}

/// What could not be read is not a fault of the IDL, also where an include names it.
fn code(error: &Error) -> u8 {
    let Error::Findings(found, _) = error else { return IO };
    let errors: Vec<_> = found.sorted().into_iter().filter(|it| it.severity == Severity::Error).collect();
    let unread = !errors.is_empty() && errors.iter().all(|it| it.code.starts_with("SR"));
    if unread { IO } else { FINDINGS }
}

fn run(it: &Invocation, report: &Report) -> Result<u8, Error> {
    let start = Instant::now();
    let root = place::root(it)?;
    if let Some(word) = it.idls.first().and_then(|it| it.to_str()).filter(|it| WORDS.contains(it)) {
        let name = it.idls.get(1).map_or_else(|| "add".into(), |it| it.to_string_lossy());
        let stem = name.trim_end_matches(".thrift").trim_end_matches(".proto");
        report.error(&format!(
            "there is no command `{word}`: a crate is made of its IDL, such as `kiteline {stem}.thrift`"
        ));
        return Ok(USAGE);
    }
    let manifest = place::manifest(&root.join("Cargo.toml"))?;
    let (it, record) = &place::recorded(it, &root, manifest.as_ref())?;
    if it.idls.is_empty() && record.idls.is_empty() {
        report.error("name at least one IDL file, such as `kiteline idl/add.thrift`");
        return Ok(USAGE);
    }
    let gathered = idls::gather(it, &root, record, report.color())?;
    let loaded = &gathered.loaded;
    let existing = existing(loaded, &root)?;
    let names = idls::names(&gathered, &root, it.command == Command::Generate);
    let (tree, fresh) = tree(it, loaded, &names, &root);
    let (files, missing) = match it.command {
        Command::Crate | Command::Gateway => {
            let shape = place::shape(it, &gathered, &root, manifest.as_ref())?;
            let mut made = scaffold::scaffold(&loaded.model, &shape, &existing);
            made.files.extend(tree);
            report.useless(&root, &made.useless);
            (made.files, made.missing)
        }
        Command::Generate => (tree, place::lacking(loaded, &root, manifest.as_ref())?),
    };
    if it.command == Command::Generate && !it.prune && !it.force {
        let gone = place::dropped(&root, &names)?;
        if !gone.is_empty() {
            let gone = gone.join(", ");
            report.error(&format!(
                "src/generated holds what was made from {gone}: name that too, or drop it with --prune"
            ));
            return Ok(FINDINGS);
        }
    }
    let policy = Policy { prune: it.prune, force: it.force };
    let plan = output::plan(&root, &files, policy).map_err(io)?;
    if !it.quiet {
        // Notes are for those who see the crate for the first time.
        let first = plan
            .steps
            .iter()
            .any(|it| it.action == output::Action::Create && FIRST.iter().any(|first| it.path == Path::new(first)));
        report.text(
            &loaded.render_from(if first || it.verbose { Severity::Note } else { Severity::Warning }, report.color()),
        );
    }
    let mut plans = vec![plan];
    if let Some((folder, text)) = place::member(it, &root)? {
        let mut around = FileSet::default();
        around.add(PathBuf::from("Cargo.toml"), text, output::Owner::Edited);
        plans.push(output::plan(&folder, &around, Policy::default()).map_err(io)?);
    }
    let code = finish(it, report, loaded, &plans, &missing, start)?;
    if let (0, false, Some((key, tree))) = (code, it.dry_run, fresh) {
        seen::remember(&root, key, &tree);
    }
    Ok(code)
}

/// The generated files, and what is to be remembered of them where they were made anew.
fn tree(invocation: &Invocation, loaded: &Loaded, names: &[String], root: &Path) -> (FileSet, Option<(u64, FileSet)>) {
    let key = if invocation.check { None } else { seen::key(invocation, loaded, names) };
    if let Some(files) = key.and_then(|key| seen::recall(root, key)) {
        return (files, None);
    }
    let files = codegen::tree(&loaded.model, &emit::emit(&loaded.model, invocation.options.sides), names);
    let fresh = key.map(|key| (key, files.clone()));
    (files, fresh)
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
    invocation: &Invocation,
    report: &Report,
    loaded: &Loaded,
    plans: &[Plan],
    missing: &[(PathBuf, String)],
    start: Instant,
) -> Result<u8, Error> {
    let blocked = plans.iter().any(|plan| plan.conflicts().next().is_some());
    for plan in plans {
        if invocation.diff {
            report.diff(plan);
        }
        if !(invocation.check || invocation.dry_run || blocked) {
            output::apply(plan).map_err(io)?;
        }
        report.plan(plan, invocation.verbose);
    }
    report.missing(invocation, &plans[0], missing);
    if invocation.check {
        return Ok(report.checked(&plans[0]));
    }
    if blocked {
        report.error("nothing was written: settle the conflicts first");
        return Ok(FINDINGS);
    }
    report.summary(invocation, loaded, &plans[0], start.elapsed());
    Ok(0)
}
