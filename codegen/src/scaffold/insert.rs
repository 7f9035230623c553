//! Finds what the user's files lack after the IDL changed: stubs, a handler's module, a mounted service. Inserted by
//! span with `--add-missing`, every other byte as it was; reported otherwise.

use std::collections::BTreeSet;
use std::path::PathBuf;

use quote::quote;
use syn::spanned::Spanned;

use super::clients;
use super::handler::{self, Words};
use super::{Crate, Existing, Scaffold};
use crate::emit::view::View;
use crate::ir::model::{Model, Service};
use crate::output::Owner;

/// A text to put at a byte offset.
struct Insertion {
    /// `None` when there is no place for it: it is reported then.
    at: Option<usize>,
    text: String,
}

/// Every file but `src/lib.rs`. `main` is the whole `src/main.rs` of a fresh crate, `limit` the
/// `recursion_limit` that its types need.
pub(super) fn missing(
    model: &Model,
    services: &[&Service],
    (main, limit): (&str, Option<usize>),
    it: &Crate,
    existing: &Existing,
    out: &mut Scaffold,
) {
    let insert = it.add_missing;
    for service in services {
        let path = PathBuf::from(handler::file(model, service));
        let Some(text) = existing.get(&path) else { continue };
        let behind = it.gateway.then(|| handler::module(model, service));
        let insertions = handler::chain(model, service)
            .into_iter()
            .filter_map(|owner| stubs(model, owner, text, behind.as_deref()))
            .collect();
        settle(path, text, insertions, insert, out);
    }
    let path = PathBuf::from("src/handler/mod.rs");
    if let Some(text) = existing.get(&path) {
        let wanted: Vec<String> = services.iter().map(|it| handler::module(model, it)).collect();
        settle(path, text, modules(wanted.iter().map(|it| (it.as_str(), "")), text), insert, out);
    }
    let path = PathBuf::from("src/main.rs");
    if let Some(text) = existing.get(&path) {
        let limit = limit.and_then(|it| recursion_limit(it, text));
        settle(
            path,
            text,
            limit.into_iter().chain(mounts(model, services, main, (text, it.gateway))).collect(),
            insert,
            out,
        );
    }
    let path = PathBuf::from(clients::FILE);
    if let Some(text) = existing.get(&path).filter(|_| it.gateway) {
        let lacking = clients::lacking(model, services, text);
        settle(path, text, lacking.into_iter().map(|(at, text)| Insertion { at, text }).collect(), insert, out);
    }
}

/// The modules of `src/lib.rs`.
pub(super) fn library(it: &Crate, limit: Option<usize>, existing: &Existing, out: &mut Scaffold) {
    let path = PathBuf::from("src/lib.rs");
    let Some(text) = existing.get(&path) else { return };
    let (clients, handler) = (it.gateway.then_some(("clients", "")), it.server.then_some(("handler", "")));
    let generated = ("generated", "#[rustfmt::skip] // formatted by kiteline\n");
    let wanted = clients.into_iter().chain([generated]).chain(handler);
    let limit = limit.and_then(|it| recursion_limit(it, text));
    settle(path, text, limit.into_iter().chain(modules(wanted, text)).collect(), it.add_missing, out);
}

/// The `recursion_limit` of a file that sets none, to go before its first item.
fn recursion_limit(limit: usize, text: &str) -> Option<Insertion> {
    let file = syn::parse_file(text).ok()?;
    let set = file.attrs.iter().any(|it| it.path().is_ident("recursion_limit"));
    let start = file.items.first().map_or(text.len(), |it| it.span().byte_range().start);
    (!set).then(|| Insertion { at: Some(start), text: format!("#![recursion_limit = \"{limit}\"]\n") })
}

/// Inserts, or reports.
fn settle(path: PathBuf, text: &str, mut found: Vec<Insertion>, insert: bool, out: &mut Scaffold) {
    if found.is_empty() {
        return;
    }
    // From the end; of several at one place, the last one first.
    found.reverse();
    found.sort_by_key(|it| std::cmp::Reverse(it.at));
    let (placed, homeless): (Vec<_>, Vec<_>) = found.into_iter().partition(|it| insert && it.at.is_some());
    let told: Vec<String> = homeless.into_iter().rev().map(|it| shown(&it.text)).collect();
    if !told.is_empty() {
        out.missing.push((path.clone(), told.join("\n")));
    }
    if placed.is_empty() {
        return;
    }
    let ends = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut text = text.to_owned();
    for it in placed {
        text.insert_str(it.at.unwrap_or(text.len()), &it.text.replace('\n', ends));
    }
    out.files.add(path, text, Owner::Edited);
}

/// A text by itself: without the indentation of the chain that its first line goes on.
fn shown(text: &str) -> String {
    let text = text.trim_end().trim_start_matches('\n');
    if text.starts_with('.') { text.replace("\n        ", "\n") } else { text.to_owned() }
}

/// The methods that `impl Trait for …` lacks, to go before its closing brace.
fn stubs(model: &Model, owner: &Service, text: &str, behind: Option<&str>) -> Option<Insertion> {
    let file: syn::File = syn::parse_file(text).ok()?;
    let name = &owner.head.rust;
    let block = file.items.iter().find_map(|item| match item {
        syn::Item::Impl(it) => {
            let (_, path, _) = it.trait_.as_ref()?;
            (path.segments.last()?.ident == name).then_some(it)
        }
        _ => None,
    })?;
    let written: BTreeSet<String> = block
        .items
        .iter()
        .filter_map(|item| match item {
            syn::ImplItem::Fn(it) => Some(it.sig.ident.to_string()),
            _ => None,
        })
        .collect();
    let view = View::outside(model, quote!(crate::generated), BTreeSet::new());
    let stubs: Vec<String> = owner
        .methods
        .iter()
        .filter(|it| !written.contains(&it.head.rust))
        .map(|method| format!("\n{}", handler::stub(&view, owner, method, &Words::FULL, behind)))
        .collect();
    let (open, close) =
        (block.brace_token.span.open().byte_range().end, block.brace_token.span.close().byte_range().start);
    let broken = text.get(open..close).is_some_and(|it| it.contains('\n'));
    let text = stubs.concat();
    let text = if written.is_empty() && broken { text.trim_start_matches('\n').to_owned() } else { text };
    (!stubs.is_empty()).then_some(Insertion { at: Some(close), text })
}

/// `pub mod` lines that are not there, with their attributes: each to go before the first that is
/// behind it in the alphabet, else before modules with a body, such as tests.
fn modules<'a>(wanted: impl Iterator<Item = (&'a str, &'a str)>, text: &str) -> Vec<Insertion> {
    let Ok(file) = syn::parse_file(text) else { return Vec::new() };
    let declared = file.items.iter().filter_map(|item| match item {
        syn::Item::Mod(it) => Some((it.ident.to_string(), it.span().byte_range().start, it.content.is_none())),
        _ => None,
    });
    let declared: Vec<(String, usize, bool)> = declared.collect();
    let lines = declared.iter().filter(|(_, _, line)| *line);
    // New lines go into a sorted list in order; an unsorted list is not sorted.
    let sorted = lines.clone().is_sorted_by_key(|(name, _, _)| name);
    let body = declared.iter().find(|(_, _, line)| !line).map(|(_, at, _)| *at);
    let mut missing = wanted.filter(|(name, _)| !declared.iter().any(|(other, _, _)| other == name)).peekable();
    let mut insertions = Vec::new();
    while let Some((name, attributes)) = missing.next() {
        let line = format!("{attributes}pub mod {name};\n");
        let next = lines.clone().find(|(other, _, _)| sorted && other.as_str() > name).map(|(_, at, _)| *at);
        insertions.push(match (next, body) {
            (Some(at), _) => Insertion { at: Some(at), text: line },
            (None, Some(at)) => {
                let end = if missing.peek().is_none() { "\n" } else { "" };
                Insertion { at: Some(at), text: format!("{line}{end}") }
            }
            (None, None) => {
                let start = if insertions.is_empty() && !text.is_empty() && !text.ends_with('\n') { "\n" } else { "" };
                Insertion { at: Some(text.len()), text: format!("{start}{line}") }
            }
        });
    }
    insertions
}

/// Whether a text names the server of one of the services.
pub(super) fn mounts_any(services: &[&Service], text: &str) -> bool {
    let names = identifiers(text);
    services.iter().any(|it| names.contains(&it.server))
}

/// `.add(…)` for the services that `main.rs` never names, to go before `.run()`; all of `main` for
/// a program that starts no server.
fn mounts(model: &Model, services: &[&Service], main: &str, (text, gateway): (&str, bool)) -> Vec<Insertion> {
    let names = identifiers(text);
    let lines: Vec<String> = services
        .iter()
        .filter(|it| !names.contains(&it.server))
        .map(|it| format!("{}\n        ", handler::mount(model, it, gateway).trim_start()))
        .collect();
    if lines.is_empty() {
        return Vec::new();
    }
    let offset = syn::parse_file(text).ok().and_then(|file| {
        let mut finder = Run(None);
        finder.file(&file);
        finder.0
    });
    let text = match offset {
        None if !names.contains("Server") => main.to_owned(),
        _ => lines.concat(),
    };
    vec![Insertion { at: offset, text }]
}

/// Every identifier of a text, comments left out.
fn identifiers(text: &str) -> BTreeSet<String> {
    fn collect(tokens: proc_macro2::TokenStream, names: &mut BTreeSet<String>) {
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Ident(it) => {
                    names.insert(it.to_string());
                }
                proc_macro2::TokenTree::Group(it) => collect(it.stream(), names),
                _ => {}
            }
        }
    }
    let mut names = BTreeSet::new();
    collect(text.parse().unwrap_or_default(), &mut names);
    names
}

/// Finds the dot of `.run()`.
struct Run(Option<usize>);

impl Run {
    fn file(&mut self, file: &syn::File) {
        for item in &file.items {
            if let syn::Item::Fn(it) = item {
                it.block.stmts.iter().for_each(|it| self.statement(it));
            }
        }
    }

    fn statement(&mut self, statement: &syn::Stmt) {
        match statement {
            syn::Stmt::Expr(it, _) => self.expression(it),
            syn::Stmt::Local(it) => {
                if let Some(init) = &it.init {
                    self.expression(&init.expr);
                }
            }
            _ => {}
        }
    }

    fn expression(&mut self, expression: &syn::Expr) {
        match expression {
            syn::Expr::Await(it) => self.expression(&it.base),
            syn::Expr::Try(it) => self.expression(&it.expr),
            syn::Expr::MethodCall(it) => {
                if it.method == "run" || it.method == "start" {
                    self.0 = Some(it.dot_token.span().byte_range().start);
                } else {
                    self.expression(&it.receiver);
                }
            }
            _ => {}
        }
    }
}
