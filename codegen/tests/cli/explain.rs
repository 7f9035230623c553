//! `kiteline --explain CODE`.

use std::process::Command;

/// Exit code, standard output, standard error.
fn explain(args: &[&str]) -> (i32, String, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_kiteline")).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (run.status.code().unwrap(), text(run.stdout), text(run.stderr))
}

#[test]
fn a_code_is_explained_with_an_example_and_a_mend() {
    let text = "A oneway method has a result.\n    oneway i32 fire()\nThe caller of a oneway method waits for no answer. Write `oneway void`, or leave `oneway` out.\n";
    for code in ["TH0107", "th0107"] {
        assert_eq!(explain(&["--explain", code]), (0, text.to_owned(), String::new()));
    }
}

#[test]
fn an_unknown_code_is_an_error_that_names_a_near_one() {
    let said = |code: &str| {
        let (exit, out, said) = explain(&["--explain", code]);
        assert_eq!((exit, out.as_str()), (2, ""), "{said}");
        said
    };
    assert_eq!(said("TH0130"), "error: there is no code `TH0130`: did you mean `TH0129`?\n");
    assert_eq!(said("PB1"), "error: there is no code `PB1`: did you mean `PB0001`?\n");
    let form = "a code is written as in `error[TH0102]`: two letters and four digits";
    assert_eq!(said("E0277"), format!("error: there is no code `E0277`: {form}\n"));
}
