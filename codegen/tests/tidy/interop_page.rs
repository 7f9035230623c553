//! `docs/interop.md` names tests that are there.

use std::fs;

#[test]
fn every_test_that_the_page_names_is_there() {
    let page = fs::read_to_string("../docs/interop.md").unwrap();
    let named: Vec<_> = page.split('`').filter_map(|it| it.split_once(".rs::")).collect();
    assert!(named.len() > 20);
    for (file, name) in named {
        let text = fs::read_to_string(format!("../{file}.rs")).unwrap();
        assert!(text.contains(&format!("fn {name}()")), "{file}.rs has no test {name}");
    }
}
