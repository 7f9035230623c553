//! Edits an existing manifest so that the crate compiles and is where it was asked to be: features of `runtime`, its
//! source, tokio. Every other byte stays.

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value, value};

use super::{Crate, needed};
use crate::ir::model::Model;

/// Brings the dependencies and the workspace of a manifest up to date.
pub(super) fn update(manifest: &mut DocumentMut, model: &Model, known: &Crate) {
    if known.member && manifest.get("workspace").and_then(Item::as_table).is_some_and(toml_edit::Table::is_empty) {
        manifest.remove("workspace");
    }
    let dependencies = manifest.entry("dependencies").or_insert_with(|| Item::Table(Table::new()));
    let Some(dependencies) = dependencies.as_table_like_mut() else { return };
    if known.server && !dependencies.contains_key("tokio") {
        let mut tokio = InlineTable::new();
        tokio.insert("version", "1".into());
        tokio.insert("features", Value::Array(["macros", "rt-multi-thread"].into_iter().collect()));
        dependencies.insert("tokio", value(tokio));
    }
    if !dependencies.contains_key("runtime") {
        let mut runtime = InlineTable::new();
        for (key, text) in known.runtime.keys() {
            runtime.insert(key, text.into());
        }
        let features = super::features(model).into_iter().collect();
        runtime.insert("features", Value::Array(features));
        dependencies.insert("runtime", value(runtime));
    }
    let Some(runtime) = dependencies.get_mut("runtime").and_then(Item::as_table_like_mut) else { return };
    if known.runtime_named {
        source(runtime, known);
    }
    // The workspace's line may have them.
    if !runtime.contains_key("workspace") {
        features(runtime, &needed(model));
    }
}

/// Replaces where `runtime` comes from.
fn source(runtime: &mut dyn TableLike, known: &Crate) {
    let keys = known.runtime.keys();
    for key in ["path", "git", "rev", "branch", "tag", "version", "workspace"] {
        if !keys.iter().any(|(wanted, _)| *wanted == key) {
            runtime.remove(key);
        }
    }
    for (key, text) in keys {
        if runtime.get(key).and_then(Item::as_str) != Some(text) {
            runtime.insert(key, value(text));
        }
    }
}

/// Adds those that are missing; those that are there stay.
fn features(runtime: &mut dyn TableLike, needed: &[&str]) {
    let list = runtime.entry("features").or_insert(value(Array::new()));
    let Some(list) = list.as_array_mut() else { return };
    let has = |list: &Array, name: &str| list.iter().any(|it| it.as_str() == Some(name));
    for feature in needed {
        if !has(list, feature) {
            list.push(*feature);
        }
    }
}
