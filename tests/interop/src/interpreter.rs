//! Which Python has a library.

use std::process::Command;

/// A Python of the user's may stand before the one that Debian's packages are for.
const INTERPRETERS: [&str; 2] = ["python3", "/usr/bin/python3"];

/// A Python that has a module.
pub fn interpreter(module: &str) -> Option<&'static str> {
    let has = |interpreter: &&str| {
        let output = Command::new(interpreter).args(["-c", &format!("import {module}")]).output();
        output.is_ok_and(|output| output.status.success())
    };
    INTERPRETERS.into_iter().find(has)
}
