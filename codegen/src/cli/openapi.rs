//! `kiteline openapi`: the document on standard output, findings on standard error.

use std::io::Write as _;
use std::path::PathBuf;

use codegen::diag::Severity;
use codegen::options::Options;
use codegen::{Builder, Error, openapi};

use super::report::Report;

/// Prints the document of some IDL files; gives the exit code.
pub(super) fn print(idls: &[PathBuf], include: Vec<PathBuf>, report: &Report) -> Result<u8, Error> {
    let builder = Builder::new().options(Options { include, ..Options::default() });
    let loaded = idls.iter().fold(builder, Builder::idl).load(report.color())?;
    if !report.is_quiet() {
        report.text(&loaded.render_from(Severity::Warning, report.color()));
    }
    // A closed pipe is nobody's fault.
    let _ = std::io::stdout().write_all(openapi::document(&loaded.model).as_bytes());
    Ok(0)
}
