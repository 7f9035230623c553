//! Lines on standard error for the person who started the program.

use std::io::Write;

/// Writes one line. A closed standard error must not end the program.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Logs a warning; in a program that has set up no logging it is written all the same.
pub fn warn(line: &str) {
    if tracing::dispatcher::has_been_set() {
        tracing::warn!(target: "runtime::say", "{line}");
    } else {
        say(&format!("warning: {line}"));
    }
}
