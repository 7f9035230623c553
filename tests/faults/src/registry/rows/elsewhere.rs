//! Rows that tests show exactly; this program only says which.

use crate::Failure;
use crate::report::Line;
use crate::rows::Scale;

/// A row, its fault, what must hold, the file of the tests, and their names.
type Shown = (&'static str, &'static str, &'static str, &'static str, &'static [&'static str]);

/// What is shown by tests.
const SHOWN: [Shown; 8] = [
    (
        "R12",
        "a batch cut in half or told twice, connections reset while things happen",
        "idempotent",
        "runtime/registry/src/dev/tests/faulty.rs",
        &["a_batch_that_is_cut_or_told_twice_changes_nothing"],
    ),
    (
        "R4",
        "older data, or those of another etcd, between a list and its watch",
        "one more list",
        "runtime/registry/src/dev/tests/faulty.rs",
        &[
            "other_data_between_a_list_and_its_watch_are_noticed",
            "a_watch_on_a_member_that_lags_is_kept_after_one_more_list",
        ],
    ),
    (
        "R14",
        "tokens ended by their time and by a new password, etcd restarted and stopped, a password rotated in its file, a wrong one",
        "≤ 1 authentication a process and event; no loop",
        "runtime/registry/src/etcd/tests_auth.rs",
        &[
            "one_authentication_serves_a_process_and_each_event",
            "a_token_that_was_not_used_ends_and_costs_one_authentication",
            "a_token_that_is_used_ends_and_costs_one_authentication",
            "a_restart_of_etcd_costs_one_authentication_at_most",
            "an_etcd_that_was_stopped_costs_no_authentication",
            "a_password_may_be_rotated_in_its_file",
            "a_wrong_password_is_told_and_tried_rarely",
        ],
    ),
    (
        "R15",
        "authentication with leases",
        "every lease call carries the token",
        "runtime/registry/src/etcd/tests_auth.rs",
        &["every_lease_call_carries_the_token"],
    ),
    (
        "R16",
        "certificates: rotated, expired, of a wrong authority, with a wrong name",
        "typed error, ≤ 1 connect in 5 s",
        "runtime/registry/src/etcd/tests_tls.rs",
        &[
            "an_etcd_that_is_not_the_trusted_one_is_refused",
            "files_are_read_again_when_they_are_rotated",
            "a_handshake_that_fails_is_not_tried_in_a_loop",
        ],
    ),
    (
        "28",
        "a password in the URL, everything logged while etcd is away",
        "in no text of the process",
        "runtime/registry/src/etcd/tests_auth.rs",
        &["no_text_shows_a_password"],
    ),
    (
        "28",
        "a password in a URL that is wrong",
        "not in the error",
        "runtime/registry/src/tests.rs",
        &["a_password_is_never_shown"],
    ),
    (
        "28",
        "a password in the environment and in the user's own files while crates are made and brought up to date",
        "in no generated file",
        "codegen/tests/cli/secrets.rs",
        &["no_generated_file_holds_a_password"],
    ),
];

/// The lines of one row.
pub(super) async fn shown(row: &str, _: Scale) -> Result<Vec<Line>, Failure> {
    let lines = SHOWN.iter().filter(|(name, ..)| *name == row).map(|(_, what, required, file, tests)| {
        let tests: Vec<String> = tests.iter().map(|test| format!("`{test}`")).collect();
        Line::new(row, what, required, format!("tests of `{file}`: {}", tests.join(", ")), true)
    });
    Ok(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_is_there() {
        for (row, .., file, tests) in SHOWN {
            let path = format!("{}/../../{file}", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(path).unwrap();
            for test in tests {
                assert!(text.contains(&format!("fn {test}()")), "row {row}: no {test} in {file}");
            }
        }
    }
}
