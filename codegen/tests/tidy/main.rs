//! The rooms stay small, and the invariants of `ARCHITECTURE.md` hold: counted, not believed.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

mod architecture;
mod dependencies;
mod interop_page;
mod rooms;

use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::Visit;

/// Every source file that people write, below the workspace's folder.
fn sources() -> Vec<(PathBuf, String)> {
    let mut all = every_source();
    all.retain(|(path, _)| !path.components().any(|part| part.as_os_str() == "generated"));
    all
}

/// The same, and what was generated.
fn every_source() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
            if path.is_dir() {
                if !["target", "vectors", "ui"].contains(&name.as_str()) && !name.starts_with('.') {
                    walk(&path, found);
                }
            } else if name.ends_with(".rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix("..").unwrap().to_owned(), text));
            }
        }
    }
    let mut found = Vec::new();
    for folder in ["../codegen", "../runtime", "../tests", "../examples"] {
        walk(Path::new(folder), &mut found);
    }
    assert!(found.len() > 100);
    found
}

/// The lengths of functions, with the names of the long ones.
#[derive(Default)]
struct Functions(Vec<(usize, String)>);

impl Functions {
    fn add(&mut self, name: &syn::Ident, block: &syn::Block) {
        let lines = block.brace_token.span.close().end().line - name.span().start().line + 1;
        self.0.push((lines, name.to_string()));
    }
}

impl<'a> Visit<'a> for Functions {
    fn visit_item_fn(&mut self, it: &'a syn::ItemFn) {
        self.add(&it.sig.ident, &it.block);
        syn::visit::visit_item_fn(self, it);
    }

    fn visit_impl_item_fn(&mut self, it: &'a syn::ImplItemFn) {
        self.add(&it.sig.ident, &it.block);
        syn::visit::visit_impl_item_fn(self, it);
    }
}

#[test]
fn rooms_are_small() {
    let mut lengths = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= 400, "{} has {lines} lines: what is it really about?", path.display());
        let mut functions = Functions::default();
        functions.visit_file(&syn::parse_file(&text).unwrap());
        for (length, name) in functions.0 {
            assert!(length <= 100, "{}: `{name}` has {length} lines", path.display());
            lengths.push(length);
        }
    }
    lengths.sort_unstable();
    let (median, most) = (lengths[lengths.len() / 2], lengths[lengths.len() * 95 / 100]);
    assert!(median <= 15, "the median function has {median} lines");
    assert!(most <= 50, "1 in 20 functions has more than {most} lines");
}

#[test]
fn the_core_is_pure() {
    let reads = ["fs::read", "File::open", "fs::metadata", "canonicalize("];
    let writes = ["fs::write", "File::create", "fs::rename", "fs::remove_", "create_dir"];
    let prints = ["println!", "eprintln!", "process::exit", "print!("];
    let may =
        |path: &Path, folders: &[&str]| folders.iter().any(|it| path.starts_with(Path::new("codegen/src").join(it)));
    for (path, text) in sources().into_iter().filter(|(path, _)| path.starts_with("codegen/src")) {
        let holds = |words: &[&'static str]| words.iter().find(|it| text.contains(**it)).copied();
        let readers = ["source", "output", "cli", "front"];
        for (words, folders) in
            [(&reads[..], &readers[..]), (&writes, &["output"]), (&prints, &["cli", "main.rs", "builder.rs"])]
        {
            if let Some(word) = holds(words) {
                assert!(may(&path, folders), "{} uses `{word}`", path.display());
            }
        }
    }
}

/// Benchmarks and tests, which may use both halves.
fn is_support(path: &Path) -> bool {
    path.components().any(|it| it.as_os_str() == "tests" || it.as_os_str() == "examples")
}

#[test]
fn nobody_looks_the_wrong_way() {
    for (path, text) in sources() {
        let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let sees = |word: &str| code.contains(word);
        let at = |folder: &str| path.starts_with(folder);
        // tonic has a module of that name.
        let of_ours = code.replace("tonic::codegen::", "");
        let wrong = at("runtime") && !is_support(&path) && of_ours.contains("codegen::")
            || at("codegen/src/emit") && (sees("draft::") || sees("Diagnostic"))
            || at("codegen/src/front") && (sees("TokenStream") || sees("quote!"));
        assert!(!wrong, "{} looks where it must not", path.display());
    }
}

#[test]
fn every_crate_forbids_unsafe() {
    let workspace = fs::read_to_string("../Cargo.toml").unwrap();
    assert!(workspace.contains("unsafe_code = \"forbid\""));
    let list = |key| workspace.lines().find_map(|line: &str| line.strip_prefix(key)).unwrap();
    let listed = [list("members = ["), list("exclude = [")].concat();
    for member in listed.split('"').skip(1).step_by(2).filter(|it| !matches!(*it, "tests/alloc" | "target")) {
        let text = fs::read_to_string(Path::new("..").join(member).join("Cargo.toml")).unwrap();
        let forbids = text.contains("[lints]\nworkspace = true") || text.contains("unsafe_code = \"forbid\"");
        assert!(forbids, "{member} does not forbid `unsafe`");
    }
}

/// Whether Rust's tokens hold the keyword, outside of texts and comments.
fn is_unsafe(tokens: proc_macro2::TokenStream) -> bool {
    tokens.into_iter().any(|tree| match tree {
        proc_macro2::TokenTree::Group(group) => is_unsafe(group.stream()),
        proc_macro2::TokenTree::Ident(word) => word == "unsafe",
        _ => false,
    })
}

#[test]
fn nothing_is_unsafe_that_was_written_or_generated() {
    let (mut generated, mut allowed) = (0, 0);
    for (path, text) in every_source() {
        generated += usize::from(path.components().any(|part| part.as_os_str() == "generated"));
        if is_unsafe(text.parse().unwrap()) {
            assert!(path.starts_with("tests/alloc/src"), "{} is unsafe", path.display());
            allowed += 1;
        }
    }
    assert!(generated > 10, "{generated}");
    assert_eq!(allowed, 1, "the counting allocator, and it alone");
}

#[test]
fn a_scaffold_forbids_unsafe() {
    let manifest = fs::read_to_string("../templates/Cargo.toml.j2").unwrap();
    assert!(manifest.contains("[lints.rust]\nunsafe_code = \"forbid\""));
}

#[test]
fn every_member_of_the_workspace_is_listed() {
    let workspace = fs::read_to_string("../Cargo.toml").unwrap();
    let list = |key| workspace.lines().find_map(|line: &str| line.strip_prefix(key)).unwrap();
    let listed = [list("members = ["), list("exclude = [")].concat();
    for folder in ["..", "../tests", "../examples"] {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let member = entry.path().strip_prefix("..").unwrap().to_owned();
            if !member.as_os_str().is_empty() && entry.path().join("Cargo.toml").exists() {
                assert!(listed.contains(&format!("\"{}\"", member.display())), "{}", member.display());
            }
        }
    }
}

#[test]
fn a_release_checks_its_arithmetic() {
    let workspace = fs::read_to_string("../Cargo.toml").unwrap();
    let section = |name: &str| {
        let (_, behind) = workspace.split_once(&format!("[profile.{name}]\n")).unwrap();
        behind.split("\n[").next().unwrap().to_owned()
    };
    assert!(section("release").contains("overflow-checks = true"));
    let attack = section("attack");
    assert!(attack.contains("inherits = \"release\"") && !attack.contains("overflow-checks"));
}

/// Users name one crate in `RUST_LOG`, as in `warn,runtime=debug`, however many there are below it.
#[test]
fn logs_have_the_name_of_the_facade() {
    let mut count = 0;
    for (path, text) in sources().into_iter().filter(|(path, _)| path.starts_with("runtime") && !is_support(path)) {
        for level in ["warn", "info", "debug", "error", "trace", "enabled", "info_span", "debug_span"] {
            for (_, behind) in
                text.match_indices(&format!("tracing::{level}!(")).map(|(at, it)| (at, &text[at + it.len()..]))
            {
                let own = path.starts_with("runtime/src");
                assert!(own || behind.trim_start().starts_with("target: \"runtime::"), "{}: {level}", path.display());
                count += 1;
            }
        }
    }
    assert!(count > 10, "{count}");
}

/// A crate or program without unit tests is not linked for them (`test = false`): nobody would notice that a new one
/// does not run.
#[test]
fn what_is_not_tested_has_no_tests() {
    let mut count = 0;
    let sources = sources();
    let has_tests = |text: &str| text.contains("#[test]") || text.contains("#[tokio::test");
    let workspace = fs::read_to_string("../Cargo.toml").unwrap();
    let members = workspace.lines().find_map(|line: &str| line.strip_prefix("members = [")).unwrap();
    for member in members.split('"').skip(1).step_by(2) {
        let manifest = fs::read_to_string(Path::new("..").join(member).join("Cargo.toml")).unwrap();
        let manifest: toml_edit::DocumentMut = manifest.parse().unwrap();
        let is_off = |target: &toml_edit::Table| target.get("test").and_then(toml_edit::Item::as_bool) == Some(false);
        let own = Path::new(member).join("src");
        if manifest.get("lib").and_then(toml_edit::Item::as_table).is_some_and(is_off) {
            let tested = sources.iter().find(|(path, text)| path.starts_with(&own) && has_tests(text));
            assert!(tested.is_none(), "{} is not run", tested.unwrap().0.display());
            count += 1;
        }
        let programs = manifest.get("bin").and_then(toml_edit::Item::as_array_of_tables);
        for program in programs.into_iter().flatten().filter(|program| is_off(program)) {
            let path = Path::new(member).join(program["path"].as_str().unwrap());
            let text = &sources.iter().find(|(other, _)| *other == path).unwrap().1;
            let modules = text.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
            let modules: Vec<_> = modules.map(|name| path.with_file_name(name)).collect();
            let is_part =
                |file: &Path| file == path || modules.iter().any(|it| file.with_extension("").starts_with(it));
            let tested = sources.iter().find(|(file, text)| is_part(file) && has_tests(text));
            assert!(tested.is_none(), "{} is not run", tested.unwrap().0.display());
            count += 1;
        }
    }
    assert!(count > 8, "{count}");
}

#[test]
fn tests_beside_code_are_shorter_than_the_code() {
    const SMALL: usize = 60;
    for (path, text) in sources() {
        let Some((code, tests)) = text.split_once("\n#[cfg(test)]\nmod tests {") else { continue };
        let (code, tests) = (code.lines().count(), tests.lines().count());
        assert!(
            tests <= SMALL.max(code),
            "{}: {tests} lines of tests of {code}: move them to `tests/`",
            path.display()
        );
    }
}
