//! Tests that need a process of their own: the heap, the descriptors and the log of others would disturb them.

use std::process::Command;

/// The test that a process was started for, in its environment.
const ALONE: &str = "KITELINE_TEST_ALONE";

/// Runs a test again in a process of its own, and gives `true`: its caller, which is that test, returns. In that process
/// it gives `false`, and the caller goes on.
///
/// # Panics
///
/// When the test fails there, with what it said.
#[must_use]
pub fn ran_alone<T>(_test: T) -> bool {
    // A function's type is named as its path, which is the name of a test but for the program's.
    let (_, name) = std::any::type_name::<T>().split_once("::").unwrap();
    if std::env::var(ALONE).is_ok_and(|alone| alone == name) {
        return false;
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    let output = again.args(["--exact", name, "--nocapture"]).env(ALONE, name).output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    // A name that is no test's would pass.
    assert!(output.status.success() && said.contains(" 1 passed;"), "`{name}` in a process of its own:\n{said}");
    true
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn a_process_has_one_test() {
        if ran_alone(a_process_has_one_test) {
            return;
        }
        assert!(std::env::args().any(|argument| argument == "alone::tests::a_process_has_one_test"));
    }

    #[test]
    fn what_fails_there_fails_here_and_says_why() {
        let ended = catch_unwind(|| ran_alone(what_fails_there_fails_here_and_says_why));
        if matches!(ended, Ok(false)) {
            panic!("on purpose");
        }
        let why = ended.unwrap_err().downcast::<String>().unwrap();
        assert!(why.contains("on purpose"), "{why}");
    }

    #[test]
    #[ignore = "is not to run"]
    fn ignored() {}

    #[test]
    fn a_test_that_does_not_run_there_fails_here() {
        assert!(catch_unwind(|| ran_alone(ignored)).is_err());
    }
}
