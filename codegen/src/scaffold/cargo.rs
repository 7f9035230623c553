//! `Cargo.toml` and its `[package.metadata.kiteline]`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use askama::Template;
use toml_edit::{Array, DocumentMut, Item, Table, Value, value};

use super::{Crate, Scaffold};
use crate::ir::model::Model;
use crate::options::{TABLE, Takes};
use crate::output::{Owner, hash};

/// The source of `runtime` in the crate's manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// A folder, relative to the crate or absolute.
    Path(String),
    /// A repository and, if known, a commit.
    Git(String, Option<String>),
}

impl Runtime {
    /// The keys of the dependency and their values.
    pub(super) fn keys(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Path(path) => vec![("path", path)],
            Self::Git(url, None) => vec![("git", url)],
            Self::Git(url, Some(rev)) => vec![("git", url), ("rev", rev)],
        }
    }

    pub(super) fn render(&self) -> String {
        let keys =
            self.keys().into_iter().map(|(key, text)| format!("{key} = {}", Value::from(text).to_string().trim()));
        keys.collect::<Vec<_>>().join(", ")
    }
}

#[derive(Template)]
#[template(path = "Cargo.toml.j2", escape = "none")]
struct Fresh<'a> {
    name: &'a str,
    runtime: String,
    features: String,
    own_workspace: bool,
    server: bool,
}

/// A new manifest, or the one that is there with our own table brought up to date.
pub(super) fn manifest(model: &Model, it: &Crate, known: &BTreeMap<String, u64>, out: &mut Scaffold) {
    let path = PathBuf::from("Cargo.toml");
    let features: Vec<String> = super::features(model).into_iter().map(|it| format!("\"{it}\"")).collect();
    let fresh = Fresh {
        name: &it.name,
        runtime: it.runtime.render(),
        features: features.join(", "),
        own_workspace: it.own_workspace,
        server: it.server,
    };
    let mut manifest = match &it.manifest {
        Some(before) => {
            let mut manifest = before.document();
            super::dependencies::update(&mut manifest, model, it);
            manifest
        }
        // A template that is not TOML is our own bug; its text says so where the file is read.
        None => match (fresh.render().unwrap_or_default() + "\n").parse::<DocumentMut>() {
            Ok(manifest) => manifest,
            Err(error) => return out.files.add(path, format!("kiteline could not render it: {error}\n"), Owner::User),
        },
    };
    record(&mut manifest, it, known);
    out.files.add(path, manifest.to_string(), Owner::Edited);
}

/// `[package.metadata.kiteline]`: the version, the IDL files, and the hash of each copy.
fn record(manifest: &mut DocumentMut, it: &Crate, known: &BTreeMap<String, u64>) {
    let mut own = Table::new();
    own.insert("version", value(env!("CARGO_PKG_VERSION")));
    let roots: Array = it.idls.iter().filter(|it| it.root).map(|it| it.path.as_str()).collect();
    own.insert("idl", value(roots));
    if !it.include.is_empty() {
        own.insert("include", value(it.include.iter().map(String::as_str).collect::<Array>()));
    }
    if it.gateway {
        own.insert("gateway", value(true));
    }
    for spec in TABLE {
        let values = spec.get(&it.options);
        match (spec.takes, values.as_slice()) {
            (_, []) => {}
            (Takes::Word(_), [word, ..]) => drop(own.insert(spec.name, value(word))),
            (Takes::Switch, _) => drop(own.insert(spec.name, value(true))),
            (Takes::Paths, paths) => {
                own.insert(spec.name, value(paths.iter().map(String::as_str).collect::<Array>()));
            }
        }
    }
    let mut hashes = Table::new();
    for idl in &it.idls {
        // An edit of the crate's own copy is none of what it was copied from.
        let known = known.get(&idl.path).copied().filter(|_| idl.own);
        hashes.insert(&idl.path, value(format!("{:016x}", known.unwrap_or_else(|| hash(&idl.text)))));
    }
    own.insert("hashes", Item::Table(hashes));
    let package = manifest.entry("package").or_insert_with(|| Item::Table(Table::new()));
    let Some(package) = package.as_table_like_mut() else { return };
    let metadata = package.entry("metadata").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let Some(metadata) = metadata.as_table_like_mut() else { return };
    let kept = metadata.get("kiteline").and_then(|it| it.as_table()).map(Table::position);
    if let Some(position) = kept {
        own.set_position(position);
    }
    let same = metadata.get("kiteline").is_some_and(|before| plain(before) == plain(&Item::Table(own.clone())));
    if !same {
        metadata.insert("kiteline", Item::Table(own));
    }
}

/// A table's content without its decoration, tables inside of it too.
fn plain(item: &Item) -> Vec<(String, String)> {
    let Some(table) = item.as_table_like() else { return vec![(String::new(), item.to_string().trim().to_owned())] };
    let inner = |(key, item): (&str, &Item)| {
        let key = key.to_owned();
        plain(item).into_iter().map(move |(below, text)| (format!("{key}\n{below}"), text))
    };
    table.iter().flat_map(inner).collect()
}
