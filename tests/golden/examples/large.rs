//! Writes a large program as Thrift files, to measure generation and what the compiler makes of it:
//! `cargo run -p golden --example large -- DIR FILES STRUCTS METHODS`.
#![forbid(unsafe_code)]

use std::fmt::Write;
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

/// The field types in turn; `{}` is a struct before this one.
const TYPES: &[&str] =
    &["i32", "string", "i64", "bool", "list<string>", "optional double", "map<string, i64>", "optional {}", "list<{}>"];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, counts @ ..] = arguments.as_slice() else { return Err(usage()) };
    let counts: Vec<usize> = counts.iter().filter_map(|it| it.parse().ok()).collect();
    let [files, structs, methods] = counts[..] else { return Err(usage()) };
    let files = files.max(1);
    std::fs::create_dir_all(folder)?;
    for file in 0..files {
        let text = program(file, structs / files, methods / files);
        std::fs::write(Path::new(folder).join(format!("part{file}.thrift")), text)?;
    }
    Ok(())
}

fn usage() -> Error {
    Error::new(ErrorKind::InvalidInput, "large DIR FILES STRUCTS METHODS")
}

/// One file: structs of eight fields, and a service.
fn program(file: usize, structs: usize, methods: usize) -> String {
    let mut out = format!("namespace rs large.part{file}\n\n");
    for at in 0..structs {
        out.push_str(&structure(at));
    }
    let _ = writeln!(out, "service Part{file}Service {{");
    for at in 0..methods {
        let (from, to) = (at % structs.max(1), (at * 7 + 1) % structs.max(1));
        let _ = writeln!(out, "    /** Does the work of number {at}. */");
        let _ = writeln!(out, "    Record{to} doWork{at}(1: Record{from} req)");
    }
    out.push_str("}\n");
    out
}

fn structure(at: usize) -> String {
    let mut out = format!("/** A record of kind {at}. */\nstruct Record{at} {{\n");
    for field in 0..8 {
        let ty = TYPES[(at + field) % TYPES.len()].replace("{}", &format!("Record{}", at.saturating_sub(1)));
        // Nothing comes before the first record.
        let ty = if at == 0 && ty.contains("Record") { "i32".to_owned() } else { ty };
        let _ = writeln!(out, "    {}: {ty} field_{field}", field + 1);
    }
    out.push_str("}\n\n");
    out
}
