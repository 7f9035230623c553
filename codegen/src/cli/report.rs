//! Status lines, in cargo's style, on standard error.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use codegen::Loaded;
use codegen::diag::{Diagnostics, Severity};
use codegen::output::{Action, Plan};

use super::diff;
use super::flags::{Color, Say};
use super::invocation::{Command, Invocation};

/// Prints to standard error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report {
    quiet: bool,
    color: bool,
}

impl Report {
    pub(super) fn new(quiet: bool, color: Color) -> Self {
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty())
            }
        };
        Self { quiet, color }
    }

    pub(super) fn of(say: Say) -> Self {
        Self::new(say.quiet, say.color)
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    pub(super) fn color(&self) -> bool {
        self.color
    }

    /// A text as it is; a closed pipe is nobody's fault.
    pub(super) fn text(&self, text: &str) {
        if !text.is_empty() {
            let _ = writeln!(std::io::stderr(), "{}", text.trim_end_matches('\n'));
        }
    }

    pub(super) fn error(&self, text: &str) {
        let word = self.paint("error", "1;31");
        self.text(&format!("{word}: {text}"));
    }

    pub(super) fn warning(&self, text: &str) {
        let word = self.paint("warning", "1;33");
        self.text(&format!("{word}: {text}"));
    }

    /// A server is there.
    #[cfg(feature = "net")]
    pub(super) fn listening(&self, place: &str) {
        self.status("listening", "1;32", place);
    }

    /// How many findings there were.
    pub(super) fn findings(&self, found: &Diagnostics) {
        let count = |severity, word: &str| match found.count(severity) {
            0 => None,
            1 => Some(format!("1 {word}")),
            many => Some(format!("{many} {word}s")),
        };
        let parts: Vec<String> =
            [count(Severity::Error, "error"), count(Severity::Warning, "warning")].into_iter().flatten().collect();
        self.error(&format!("nothing was written: {}", parts.join(", ")));
    }

    fn paint(&self, text: &str, code: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn status(&self, word: &str, code: &str, rest: &str) {
        if !self.quiet {
            let padded = format!("{word:>12}");
            self.text(&format!("{} {rest}", self.paint(&padded, code)));
        }
    }

    /// Prints one line per file.
    pub(super) fn plan(&self, plan: &Plan, verbose: bool) {
        for step in &plan.steps {
            let path = shown(&plan.root, &step.path);
            match step.action {
                Action::Create => self.status("create", "1;32", &path),
                Action::Update => self.status("update", "1;32", &path),
                Action::Insert => self.status("insert", "1;32", &path),
                Action::Remove => self.status("remove", "1;33", &path),
                Action::Identical | Action::Keep if !verbose => {}
                Action::Identical => self.status("identical", "2", &path),
                Action::Keep => self.status("kept", "2", &path),
                Action::Stale => self.status("leftover", "1;33", &format!("{path} (remove it with --prune)")),
                Action::Conflict => self.error(&format!("conflict at {path}: {}", step.why)),
            }
        }
    }

    /// Prints the changes as a patch on standard output.
    pub(super) fn diff(&self, plan: &Plan) {
        for step in &plan.steps {
            let path = shown(&plan.root, &step.path);
            let text = match (step.action, &step.wanted) {
                (Action::Create, Some(wanted)) => diff::patch(&path, "", &wanted.text, true),
                (Action::Update | Action::Insert, Some(wanted)) => {
                    diff::patch(&path, &step.before, &wanted.text, false)
                }
                _ => continue,
            };
            let _ = write!(std::io::stdout(), "{text}");
        }
    }

    /// Prints what the user's files lack.
    pub(super) fn missing(&self, invocation: &Invocation, plan: &Plan, missing: &[(PathBuf, String)]) {
        let what = match invocation.command {
            Command::Crate | Command::Gateway if !invocation.add_missing => "add it, or run again with --add-missing",
            Command::Crate | Command::Gateway | Command::Generate => "add it",
        };
        for (path, text) in missing {
            self.warning(&format!("{} lacks what follows; {what}\n{text}", shown(&plan.root, path)));
        }
    }

    /// The user's files that will no longer compile.
    pub(super) fn useless(&self, root: &Path, files: &[PathBuf]) {
        for path in files {
            let path = shown(root, path);
            self.warning(&format!("{path} uses the server that is no longer made: it is yours to remove"));
        }
    }

    /// The verdict of `--check`, as an exit code.
    pub(super) fn checked(&self, plan: &Plan) -> u8 {
        if plan.is_clean() {
            self.status("fresh", "1;32", &format!("{}: nothing to do", name(&plan.root)));
            return 0;
        }
        self.error(&format!("{} is stale: run kiteline again without --check", name(&plan.root)));
        super::exit::FINDINGS
    }

    /// The last lines: what was made, and the next command.
    pub(super) fn summary(&self, invocation: &Invocation, loaded: &Loaded, plan: &Plan, took: Duration) {
        let count =
            |count: usize, word: &str| if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") };
        let services: Vec<_> = loaded.model.root_services().collect();
        let methods = services.iter().map(|it| loaded.model.all_methods(it).len()).sum();
        let what = format!(
            "{}: {}, {}, {} in {} ms",
            name(&plan.root),
            count(services.len(), "service"),
            count(methods, "method"),
            count(plan.steps.len(), "file"),
            took.as_millis()
        );
        if plan.is_clean() {
            self.status("unchanged", "1;32", &what);
            return;
        }
        let word = if invocation.dry_run { "would make" } else { "finished" };
        self.status(word, "1;32", &what);
        if services.is_empty() {
            self.status("note", "1;36", "the IDL has no service: the crate holds types alone");
        }
        let fresh = plan.steps.iter().any(|it| it.action == Action::Create && it.path == Path::new("src/main.rs"));
        if invocation.command != Command::Generate && fresh && !invocation.dry_run {
            self.status("next", "1;36", &format!("cd {} && cargo run", plan.root.display()));
        }
    }
}

fn shown(root: &Path, path: &Path) -> String {
    let path = if root == Path::new(".") { path.to_owned() } else { root.join(path) };
    path.display().to_string()
}

/// The crate's folder by its own name.
fn name(root: &Path) -> String {
    let full = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
    let clean: PathBuf = full.components().collect();
    clean.file_name().map_or_else(|| clean.display().to_string(), |it| it.to_string_lossy().into_owned())
}
