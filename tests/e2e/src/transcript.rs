//! Transcripts of a page: blocks of `console` whose commands are run, and print what stands there.

use std::path::Path;
use std::process::Command;

/// What stands between the outputs of two commands.
const END: &str = "-- end of a step";

/// Runs the first transcript of a page in one shell. `shown` is an address of the page, `own` the one in its place. A token is
/// shown as `eyJ…`.
///
/// # Panics
///
/// When a command fails or prints something else.
pub fn runs(page: impl AsRef<Path>, shown: &str, own: &str) {
    let page = std::fs::read_to_string(page).unwrap();
    let steps = steps(&page);
    let script: String = steps.iter().map(|(command, _)| format!("{command}\necho '{END}'\n")).collect();
    let output = Command::new("bash").args(["-euc", &script.replace(shown, own)]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let printed: Vec<&str> = printed.split_terminator(&format!("{END}\n")).collect();
    assert_eq!(printed.len(), steps.len(), "{printed:?} {}", String::from_utf8_lossy(&output.stderr));
    for ((command, shown), printed) in steps.iter().zip(printed) {
        assert!(is_shown(printed, shown), "$ {command}\n{printed}\nand the page shows\n{shown}");
    }
}

/// The commands, each with the line that it prints.
fn steps(page: &str) -> Vec<(&str, String)> {
    let mut steps: Vec<(&str, String)> = Vec::new();
    let transcript = page.split("```console\n").nth(1).unwrap().split("```").next().unwrap();
    for line in transcript.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => steps.push((command, String::new())),
            None => steps.last_mut().unwrap().1.push_str(line),
        }
    }
    steps
}

fn is_shown(printed: &str, shown: &str) -> bool {
    match shown.split_once("eyJ…") {
        Some((start, end)) => printed.starts_with(&format!("{start}eyJ")) && printed.ends_with(end),
        None => printed == shown,
    }
}
