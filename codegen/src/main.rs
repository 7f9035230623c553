//! The `kiteline` command. The only place that prints and exits.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
