//! Dependencies are used, come from crates.io alone, and have licenses that `deny.toml` allows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What cargo says of the workspace and of all that it depends on, for this machine.
fn metadata() -> Value {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut command = Command::new(env!("CARGO"));
    command.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &target]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Whether a license expression of SPDX can be met with `allowed` licenses. `/` is an old spelling of `OR`.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = expression.split_whitespace().collect();
    let (met, rest) = any(&words, allowed);
    met && rest.is_empty()
}

fn any<'a, 'b>(words: &'a [&'b str], allowed: &BTreeSet<String>) -> (bool, &'a [&'b str]) {
    let (mut met, mut rest) = all(words, allowed);
    while let ["OR", behind @ ..] = rest {
        let (other, more) = all(behind, allowed);
        (met, rest) = (met || other, more);
    }
    (met, rest)
}

fn all<'a, 'b>(words: &'a [&'b str], allowed: &BTreeSet<String>) -> (bool, &'a [&'b str]) {
    let (mut met, mut rest) = one(words, allowed);
    while let ["AND", behind @ ..] = rest {
        let (other, more) = one(behind, allowed);
        (met, rest) = (met && other, more);
    }
    (met, rest)
}

fn one<'a, 'b>(words: &'a [&'b str], allowed: &BTreeSet<String>) -> (bool, &'a [&'b str]) {
    match words {
        ["(", inside @ ..] => match any(inside, allowed) {
            (met, [")", behind @ ..]) => (met, behind),
            (_, rest) => (false, rest),
        },
        [license, "WITH", exception, behind @ ..] => (allowed.contains(&format!("{license} WITH {exception}")), behind),
        [license, behind @ ..] => (allowed.contains(*license), behind),
        [] => (false, words),
    }
}

#[test]
fn licenses_are_read_as_spdx_says() {
    let allowed = ["MIT", "ISC", "A WITH E"].map(str::to_owned).into();
    for (expression, met) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("(GPL-3.0 OR MIT) AND ISC", true),
        ("GPL-3.0 OR MIT AND ISC", true),
        ("A WITH E OR GPL-3.0", true),
        ("A", false),
        ("", false),
        ("(MIT", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), met, "{expression}");
    }
}

#[test]
fn licenses_and_sources_are_those_that_are_allowed() {
    let rules: toml_edit::DocumentMut = fs::read_to_string("../deny.toml").unwrap().parse().unwrap();
    let allowed = rules["licenses"]["allow"].as_array().unwrap();
    let allowed: BTreeSet<String> = allowed.iter().map(|it| it.as_str().unwrap().to_owned()).collect();
    let metadata = metadata();
    let packages = list(&metadata, "packages");
    let foreign: Vec<_> = packages.iter().filter(|it| !it["source"].is_null()).collect();
    assert!(foreign.len() > 100, "{}", foreign.len());
    for package in foreign {
        let (name, license) = (text(package, "name"), text(package, "license"));
        assert!(is_allowed(license, &allowed), "{name} has the license `{license}`, which deny.toml does not allow");
        let source = text(package, "source");
        assert_eq!(source, "registry+https://github.com/rust-lang/crates.io-index", "{name}");
    }
}

/// Dependencies that a package uses in the files of another one.
/// README's code is compiled in `e2e`.
const ELSEWHERE: [(&str, &str); 2] = [("golden-2021", "runtime"), ("e2e", "tower")];

/// All Rust below folders of a package.
fn code(package: &Path, folders: &[&str]) -> String {
    fn walk(at: &Path, found: &mut String) {
        if at.is_dir() {
            fs::read_dir(at).unwrap().for_each(|it| walk(&it.unwrap().path(), found));
        } else if at.extension().is_some_and(|it| it == "rs") {
            found.push_str(&fs::read_to_string(at).unwrap());
        }
    }
    let mut found = String::new();
    folders.iter().map(|it| package.join(it)).filter(|it| it.exists()).for_each(|it| walk(&it, &mut found));
    found
}

fn names(code: &str) -> BTreeSet<&str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').collect()
}

#[test]
fn every_dependency_is_used() {
    let metadata = metadata();
    let mut unused = Vec::new();
    for package in list(&metadata, "packages").iter().filter(|it| it["source"].is_null()) {
        let manifest = PathBuf::from(text(package, "manifest_path"));
        let folder = manifest.parent().unwrap();
        let own = code(folder, &["src"]);
        let tests = code(folder, &["src", "tests", "examples", "benches"]);
        let build = code(folder, &["build.rs", "build"]);
        let (own, tests, build) = (names(&own), names(&tests), names(&build));
        for dependency in list(package, "dependencies") {
            let name = dependency["rename"].as_str().unwrap_or(text(dependency, "name"));
            let seen = match dependency["kind"].as_str() {
                Some("dev") => &tests,
                Some("build") => &build,
                _ => &own,
            };
            let known = (text(package, "name"), name);
            if !seen.contains(name.replace('-', "_").as_str()) && !ELSEWHERE.contains(&known) {
                unused.push(known);
            }
        }
    }
    assert!(unused.is_empty(), "nobody uses these dependencies: {unused:?}");
}
