//! Checks messages of `checks.proto` or `older.proto` for another implementation to compare with: reads messages from
//! standard input, each behind its length (4 bytes, big-endian), and writes a line per message: path and rule of each
//! violation, in order. With `descriptors` it writes the descriptors of the file and of what that imports.
//!
//! Usage: `violations checks|older [descriptors]`

use std::io::{self, BufRead, Read, Write};

use golden::generated::{checks, older};
use runtime::prost::Message;
use runtime::validate::Validate;

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["checks"] => judge::<checks::All>(),
        ["older"] => judge::<older::All>(),
        [name, "descriptors"] => {
            let idl = format!("{}/idl/{name}.proto", env!("CARGO_MANIFEST_DIR"));
            let loaded = codegen::Builder::new().idl(idl).load(false);
            let loaded = loaded.map_err(|error| io::Error::other(error.to_string()))?;
            io::stdout().write_all(&loaded.model.descriptors)
        }
        _ => Err(io::Error::other("which file: checks or older?")),
    }
}

fn judge<M: Message + Default + Validate>() -> io::Result<()> {
    let (mut input, mut out) = (io::stdin().lock(), io::BufWriter::new(io::stdout().lock()));
    while !input.fill_buf()?.is_empty() {
        let mut length = [0; 4];
        input.read_exact(&mut length)?;
        let mut bytes = Vec::new();
        (&mut input).take(u32::from_be_bytes(length).into()).read_to_end(&mut bytes)?;
        let message = M::decode(bytes.as_slice()).map_err(io::Error::other)?;
        let mut found: Vec<String> = runtime::validate::violations(&message)
            .into_iter()
            .map(|violation| format!("{} {}", violation.field, violation.rule))
            .collect();
        found.sort();
        writeln!(out, "{}", found.join("\t"))?;
    }
    out.flush()
}
