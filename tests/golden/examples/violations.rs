//! Checks messages of `checks.proto` for another implementation to compare with: reads messages from standard input, each
//! behind its length (4 bytes, big-endian), and writes a line per message: path and rule of each violation, in order.
//! With `--descriptors` it writes the descriptors of the file and of what that imports.

use std::io::{self, BufRead, Read, Write};

use golden::generated::checks::All;
use runtime::prost::Message;

fn main() -> io::Result<()> {
    if std::env::args().any(|argument| argument == "--descriptors") {
        let idl = concat!(env!("CARGO_MANIFEST_DIR"), "/idl/checks.proto");
        let loaded =
            codegen::Builder::new().idl(idl).load(false).map_err(|error| io::Error::other(error.to_string()))?;
        return io::stdout().write_all(&loaded.model.descriptors);
    }
    let (mut input, mut out) = (io::stdin().lock(), io::BufWriter::new(io::stdout().lock()));
    while !input.fill_buf()?.is_empty() {
        let mut length = [0; 4];
        input.read_exact(&mut length)?;
        let mut bytes = Vec::new();
        (&mut input).take(u32::from_be_bytes(length).into()).read_to_end(&mut bytes)?;
        let message = All::decode(bytes.as_slice()).map_err(io::Error::other)?;
        let mut found: Vec<String> = runtime::validate::violations(&message)
            .into_iter()
            .map(|violation| format!("{} {}", violation.field, violation.rule))
            .collect();
        found.sort();
        writeln!(out, "{}", found.join("\t"))?;
    }
    out.flush()
}
