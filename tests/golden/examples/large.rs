//! Writes a large program as Thrift files, to measure generation and what the compiler makes of it:
//! `cargo run -p golden --example large -- DIR FILES STRUCTS METHODS`.
#![forbid(unsafe_code)]

use std::fmt::Write;
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

/// The field types in turn; `{}` is a struct before this one, `{included}` one of an included file.
const TYPES: &[&str] = &[
    "i32",
    "string",
    "i64",
    "bool",
    "list<string>",
    "double",
    "map<string, i64>",
    "{}",
    "i16",
    "Kind",
    "list<{}>",
    "binary",
    "set<i32>",
    "{included}",
    "byte",
    "map<i32, list<{}>>",
];

/// Fields of a struct; of three in a row two are required and one is optional.
const FIELDS: usize = 10;

/// The most files that one includes.
const INCLUDES: usize = 3;

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

/// One file: an enum, structs of ten fields, and a service.
fn program(file: usize, structs: usize, methods: usize) -> String {
    let mut out = format!("namespace rs large.part{file}\n\n");
    // The files before this one.
    let included: Vec<usize> = (file.saturating_sub(file % (INCLUDES + 1))..file).collect();
    for other in &included {
        let _ = writeln!(out, "include \"part{other}.thrift\"");
    }
    out.push_str("\n/** What a record is. */\nenum Kind { PLAIN = 1, FANCY = 2, OTHER = 7 }\n\n");
    for at in 0..structs {
        out.push_str(&structure(at, &included));
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

fn structure(at: usize, included: &[usize]) -> String {
    let mut out = format!("/** A record of kind {at}. */\nstruct Record{at} {{\n");
    for field in 0..FIELDS {
        let before = format!("Record{}", at.saturating_sub(1));
        let other = included.get(at % included.len().max(1));
        let other = other.map_or_else(|| "string".to_owned(), |file| format!("part{file}.Record0"));
        let ty = TYPES[(at + field) % TYPES.len()].replace("{}", &before).replace("{included}", &other);
        // Nothing comes before the first record.
        let ty = if at == 0 && ty.contains("Record0") { "i32".to_owned() } else { ty };
        let word = if field % 3 == 2 { "optional" } else { "required" };
        let _ = writeln!(out, "    {}: {word} {ty} field_{field}", field + 1);
    }
    out.push_str("}\n\n");
    out
}
