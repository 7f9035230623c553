//! From the modules' tokens to the text of files: formatted once, header on top.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use proc_macro2::TokenStream;

use crate::emit::Modules;
use crate::ir::model::Model;
use crate::output::{FileSet, MARK, Owner};

/// What generated code may do that lints of the program around it are against.
const ALLOW: &str = "[allow(dead_code, missing_docs, unreachable_pub, reason = \"a program need not use all of an IDL, nor an IDL document all of it\")]";

/// The header of a generated file.
fn header(sources: &[String]) -> String {
    let sources = if sources.is_empty() { "the IDL".to_owned() } else { sources.join(", ") };
    // The name of a file may hold anything; this is one line.
    let sources = visible(&sources);
    format!("{MARK}{} from {sources}. Do not edit: changes are lost.\n\n", env!("CARGO_PKG_VERSION"))
}

/// The files that a generated file's header names: for the outermost one, those that were given.
pub fn made_from(text: &str) -> Vec<&str> {
    let line = text.lines().next().and_then(|it| it.strip_prefix(MARK));
    let from = line.and_then(|it| it.split_once(" from ")?.1.strip_suffix(". Do not edit: changes are lost."));
    from.into_iter().flat_map(|it| it.split(", ")).collect()
}

/// A text on one line, with nothing in it that changes how others look.
pub(crate) fn visible(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{2028}' | '\u{2029}')
    };
    text.chars().map(|c| if hidden(c) { '?' } else { c }).collect()
}

/// Formats a module. Tokens that are not Rust are our own bug, and stay readable as they are.
pub(crate) fn format(tokens: TokenStream) -> String {
    match syn::parse2::<syn::File>(tokens.clone()) {
        Ok(file) => spaced(&prettyplease::unparse(&file)),
        Err(_) => tokens.to_string(),
    }
}

/// How lines start that begin an item.
const ITEMS: &[&str] =
    &["///", "#[", "pub ", "impl", "fn ", "async fn ", "const ", "static ", "use ", "struct ", "mod "];

/// An empty line between items and between methods, as people write.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let (mut before, mut indent_before) = ("", 0);
    for line in text.lines() {
        let bare = line.trim_start();
        let indent = line.len() - bare.len();
        let same = |word: &str| before.starts_with(word) && bare.starts_with(word);
        let ended = (before.ends_with('}') || before.ends_with(';')) && !before.starts_with("//");
        let starts =
            ITEMS.iter().any(|it| bare.starts_with(it)) && !(bare.starts_with("#[") && before.starts_with("#["));
        let together = same("use ") || same("pub mod ") || same("const ") || same("pub const ");
        if ended && starts && indent == indent_before && !together {
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
        (before, indent_before) = (bare, indent);
    }
    out
}

/// `src/generated/**`: one file a module. `names[i]` is how file `i` of the model is named in headers.
pub fn tree(model: &Model, modules: &Modules<'_>, names: &[String]) -> FileSet {
    let mut files = FileSet::default();
    let paths: BTreeSet<Vec<String>> = modules.paths().cloned().collect();
    let all = prefixes(&paths);
    let roots = model.files.iter().zip(names).filter(|(file, _)| file.root).map(|(_, name)| name.clone());
    let mut root = header(&roots.collect::<Vec<_>>());
    root.push_str("//! What kiteline made of the IDL. Never edited by hand.\n\n");
    root.push_str("#![forbid(unsafe_code)]\n");
    root.push_str(&format!("#!{ALLOW}\n\n"));
    root.push_str(&children(&all, &[]));
    files.add(PathBuf::from("src/generated/mod.rs"), root, Owner::Generated);
    let texts = format_all(modules);
    for path in &all {
        let mut text = header(&sources(model, path, names));
        let content = texts.iter().find(|(it, _)| it == path).map_or("", |(_, text)| text.as_str());
        let modules = children(&all, path);
        text.push_str(content);
        if !modules.is_empty() {
            text.push_str(if content.is_empty() { "" } else { "\n" });
            text.push_str(&modules);
        }
        files.add(file_of(path), text, Owner::Generated);
    }
    files
}

/// Everything in one text, for `include!` from a build script's output.
pub fn single(modules: &Modules<'_>) -> String {
    let paths: BTreeSet<Vec<String>> = modules.paths().cloned().collect();
    let texts = format_all(modules);
    let mut out = String::from(MARK);
    out.push_str(env!("CARGO_PKG_VERSION"));
    out.push_str(".\n\n");
    nest(&prefixes(&paths), &texts, &[], &mut out);
    out
}

fn nest(all: &BTreeSet<Vec<String>>, texts: &[(Vec<String>, String)], outer: &[String], out: &mut String) {
    for path in all.iter().filter(|it| it.len() == outer.len() + 1 && it.starts_with(outer)) {
        let Some(name) = path.last() else { continue };
        if outer.is_empty() {
            out.push_str("#[forbid(unsafe_code)]\n");
            out.push_str(&format!("#{ALLOW}\n"));
        }
        out.push_str(&declaration(outer, name, " {\n"));
        if let Some((_, text)) = texts.iter().find(|(it, _)| it == path) {
            out.push_str(text);
        }
        nest(all, texts, path, out);
        out.push_str("}\n");
    }
}

/// Modules are emitted and formatted on every core: this is where generation spends its time.
fn format_all(modules: &Modules<'_>) -> Vec<(Vec<String>, String)> {
    let paths: Vec<&Vec<String>> = modules.paths().collect();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = paths.get(index) else { return done };
            done.push(((*path).clone(), format(modules.tokens(index))));
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores.min(paths.len())).map(|_| scope.spawn(work)).collect();
        let done = workers.into_iter().map(|it| it.join().unwrap_or_else(|bug| std::panic::resume_unwind(bug)));
        done.flatten().collect()
    })
}

/// Every path with all of its outer ones.
fn prefixes(paths: &BTreeSet<Vec<String>>) -> BTreeSet<Vec<String>> {
    paths.iter().flat_map(|path| (1..=path.len()).map(|length| path[..length].to_vec())).collect()
}

/// `pub mod` lines of a module's own children.
fn children(all: &BTreeSet<Vec<String>>, outer: &[String]) -> String {
    all.iter()
        .filter(|it| it.len() == outer.len() + 1 && it.starts_with(outer))
        .filter_map(|it| it.last())
        .map(|name| declaration(outer, name, ";\n"))
        .collect()
}

fn declaration(outer: &[String], name: &str, end: &str) -> String {
    let allow = if outer.last().map_or("generated", String::as_str) == name {
        "#[allow(clippy::module_inception, reason = \"the namespace is the IDL's\")]\n"
    } else {
        ""
    };
    format!("{allow}pub mod {name}{end}")
}

/// `["a", "b"]` is `src/generated/a/b.rs`; raw names lose their mark.
fn file_of(path: &[String]) -> PathBuf {
    let mut file = PathBuf::from("src/generated");
    file.extend(path.iter().map(|it| it.trim_start_matches("r#")));
    file.set_extension("rs");
    file
}

/// The IDL files that a module comes from.
fn sources(model: &Model, path: &[String], names: &[String]) -> Vec<String> {
    let of = |module: usize| model.modules[module].path == path;
    let files = model.files.iter().zip(names).filter(|(file, _)| of(file.module.0));
    files.map(|(_, name)| name.clone()).collect()
}
