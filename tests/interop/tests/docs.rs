//! `docs/interop.md` names tests that are there.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

use std::fs;

#[test]
fn every_test_that_the_page_names_is_there() {
    let page = fs::read_to_string(e2e::workspace().join("docs/interop.md")).unwrap();
    let named: Vec<_> = page.split('`').filter_map(|it| it.split_once(".rs::")).collect();
    assert!(named.len() > 20);
    for (file, name) in named {
        let text = fs::read_to_string(e2e::workspace().join(format!("{file}.rs"))).unwrap();
        assert!(text.contains(&format!("fn {name}()")), "{file}.rs has no test {name}");
    }
}
