//! The table of what was measured.

use std::fmt::{Display, Write};

/// One measured bound.
#[derive(Clone, Debug)]
pub struct Line {
    /// The row of the list of faults.
    pub row: String,
    /// What was done.
    pub what: String,
    /// What must hold.
    pub required: String,
    /// What was seen.
    pub measured: String,
    /// Whether it held.
    pub ok: bool,
    /// Whether a pause of the machine alone can break it, as far as it is broken: then the row runs again.
    pub timed: bool,
}

impl Line {
    /// A line.
    pub fn new(
        row: impl Display,
        what: impl Display,
        required: impl Display,
        measured: impl Display,
        ok: bool,
    ) -> Self {
        let [row, what, required, measured] =
            [&row as &dyn Display, &what, &required, &measured].map(ToString::to_string);
        Self { row, what, required, measured, ok, timed: false }
    }

    /// Says that it is a bound on time, of which nothing else is broken.
    pub fn timed(self, timed: bool) -> Self {
        Self { timed, ..self }
    }
}

/// Bytes as people read them.
pub fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

/// The lines as a table in Markdown.
pub fn table(lines: &[Line]) -> String {
    let mut out = "| row | fault | required | measured | ok |\n|---|---|---|---|---|\n".to_owned();
    for Line { row, what, required, measured, ok, .. } in lines {
        let ok = if *ok { "yes" } else { "NO" };
        // Writing to a text cannot fail.
        let _ = writeln!(out, "| {row} | {what} | {required} | {measured} | {ok} |");
    }
    out
}
