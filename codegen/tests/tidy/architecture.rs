//! `ARCHITECTURE.md` is true: what it names exists, and crates know only what its table lets them know.

use std::fs;
use std::path::{Path, PathBuf};

use super::sources;

pub(super) fn text() -> String {
    fs::read_to_string("../ARCHITECTURE.md").unwrap()
}

/// The parts of a line in backticks.
pub(super) fn quoted(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

/// The cells of the tables below a heading that begins with `heading`, one row each.
pub(super) fn rows<'a>(text: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let (_, behind) = text.split_once(&format!("\n{heading}")).unwrap();
    let section = behind.split("\n#").next().unwrap();
    let lines = section.lines().filter(|it| it.starts_with("| "));
    lines.skip(1).map(|it| it.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

/// `a/{b,c/d}.rs` as `a/b.rs` and `a/c/d.rs`.
fn alternatives(path: &str) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else { return vec![path.to_owned()] };
    let (inside, behind) = rest.split_once('}').unwrap();
    inside.split(',').map(|it| format!("{before}{}{behind}", it.trim())).collect()
}

/// Every path in a line. A bare file name is beside the path that stands before it.
fn paths(line: &str) -> Vec<PathBuf> {
    let mut folder = PathBuf::new();
    let mut found = Vec::new();
    for word in quoted(line).into_iter().filter(|it| !it.contains([' ', '*', '…', '<']) && !it.contains("::")) {
        let file = [".rs", ".md", ".txt", ".j2"].iter().any(|it| word.ends_with(it));
        if word.contains('/') {
            let all = alternatives(word);
            let last = Path::new(&all[all.len() - 1]);
            folder = if file { last.parent().unwrap().to_owned() } else { last.to_owned() };
            found.extend(all.iter().map(PathBuf::from));
        } else if file && folder.components().next().is_some() {
            found.push(folder.join(word));
        }
    }
    found
}

#[test]
fn every_path_exists() {
    let text = text();
    let all: Vec<PathBuf> = text.lines().flat_map(paths).collect();
    assert!(all.len() > 100, "{}", all.len());
    let missing: Vec<_> = all.iter().filter(|it| !Path::new("..").join(it).exists()).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md names what is not there: {missing:?}");
}

#[test]
fn paths_are_read_as_people_read_them() {
    let line = "| x | `a/{b,c/d}.rs`, `e.rs`; then `cargo test -p x`, `Some::name`, `f/g`, `h.rs` |";
    assert_eq!(paths(line), ["a/b.rs", "a/c/d.rs", "a/c/e.rs", "f/g", "f/g/h.rs"].map(PathBuf::from));
}

/// The folders of the runtime's crates, by the names of the table.
pub(super) fn crates() -> Vec<(String, PathBuf)> {
    let text = text();
    let rows = rows(&text, "## runtime: crates");
    let folder =
        |name: &str| PathBuf::from(if name == "runtime" { name.to_owned() } else { format!("runtime/{name}") });
    rows.iter().map(|row| (quoted(row[0])[0].to_owned(), folder(quoted(row[0])[0]))).collect()
}

#[test]
fn every_crate_of_the_runtime_is_listed() {
    let mut listed: Vec<_> = crates().into_iter().map(|(_, folder)| folder).collect();
    let folders = fs::read_dir("../runtime").unwrap().map(|it| it.unwrap().path());
    let mut there: Vec<_> = folders.filter(|it| it.join("Cargo.toml").exists()).collect();
    there.push(PathBuf::from("../runtime"));
    let mut there: Vec<_> = there.iter().map(|it| it.strip_prefix("..").unwrap().to_owned()).collect();
    listed.sort();
    there.sort();
    assert_eq!(listed, there);
}

#[test]
fn every_module_of_its_tables_exists() {
    let text = text();
    let mut count = 0;
    for (_, folder) in crates() {
        for row in rows(&text, &format!("### `{}`", folder.display())) {
            for module in quoted(row[0]) {
                let at = Path::new("..").join(&folder).join("src").join(module);
                assert!(at.is_dir() || at.with_extension("rs").exists(), "`{module}` of {}", folder.display());
                count += 1;
            }
        }
    }
    assert!(count > 80, "{count}");
}

/// The names in a table of dependencies, as the manifest spells them.
fn dependencies(manifest: &Path) -> Vec<String> {
    let text = fs::read_to_string(manifest).unwrap();
    let document: toml_edit::DocumentMut = text.parse().unwrap();
    let table = document.get("dependencies").and_then(|it| it.as_table_like());
    table.map(|it| it.iter().map(|(name, _)| name.to_owned()).collect()).unwrap_or_default()
}

#[test]
fn no_crate_knows_what_it_must_not() {
    let text = text();
    let names: Vec<String> = crates().into_iter().map(|(name, _)| name).collect();
    let mut checked = 0;
    for (row, (name, folder)) in rows(&text, "## runtime: crates").iter().zip(crates()) {
        let needs = dependencies(&Path::new("..").join(&folder).join("Cargo.toml"));
        let own = folder.join("src");
        let code: Vec<_> = sources().into_iter().filter(|(path, _)| path.starts_with(&own)).collect();
        assert!(!code.is_empty());
        for hidden in quoted(row[2]) {
            checked += 1;
            if hidden.contains("::") {
                let product = code.iter().filter(|(path, _)| !is_test(path));
                let sees: Vec<_> = product.filter(|(_, text)| mentions(text, hidden)).map(|(path, _)| path).collect();
                assert!(sees.is_empty(), "{name} must not know `{hidden}`: {sees:?}");
            } else {
                assert!(names.contains(&hidden.to_owned()) || hidden == "codegen", "`{hidden}` is no crate");
                let package = if hidden == "codegen" { "codegen".to_owned() } else { format!("kiteline-{hidden}") };
                assert!(!needs.contains(&package), "{name} depends on {package}");
            }
        }
    }
    assert!(checked > 25, "{checked}");
}

/// Whether a file holds tests alone.
pub(super) fn is_test(path: &Path) -> bool {
    path.components()
        .any(|it| it.as_os_str().to_str().is_some_and(|it| it.starts_with("tests") || it.ends_with("_tests.rs")))
}

/// Whether code names a path, in one piece or in a `use` with braces.
fn mentions(text: &str, path: &str) -> bool {
    let product = text.split("\nmod tests {").next().unwrap_or_default();
    let code: String = product.lines().filter(|it| !it.trim_start().starts_with("//")).collect();
    let (module, item) = path.rsplit_once("::").unwrap();
    let open = format!("{module}::{{");
    let grouped = code.split(&open).skip(1).filter_map(|it| it.split(';').next());
    let mut words = grouped.flat_map(|it| it.split(|c: char| !c.is_alphanumeric() && c != '_'));
    code.contains(path) || words.any(|it| it == item)
}

#[test]
fn a_path_is_found_in_any_spelling() {
    for code in ["use a::b::C;", "use a::b::{D, C};", "let x = a::b::C::new();", "use a::{b::C, d};"] {
        assert!(mentions(code, "a::b::C") || mentions(code, "b::C"), "{code}");
    }
    assert!(!mentions("// a::b::C\nuse a::b::{Cat};", "a::b::C"));
}
