//! Validation rules: those of proto as the front end read them, those of Thrift out of annotations; then which messages
//! have to be checked because of what is inside of them.

mod proto;
mod thrift;
mod vd;
mod vt;

use std::collections::{BTreeMap, BTreeSet};

use super::scope::Scope;
use crate::diag::Diagnostics;
use crate::ir::draft::{Annotation, Draft, Item};
use crate::ir::model::{DefId, Model};
use crate::ir::rules::{FieldRules, Kind, MessageRules, Node};

/// Fills the rules of the model, and finds those of Thrift that are wrong.
pub(super) fn fill(draft: &Draft, scope: &Scope, model: &mut Model, found: &mut Diagnostics) {
    let mut rules = BTreeMap::new();
    thrift::read(draft, model, &mut rules, found);
    proto::read(draft, scope, model, &mut rules);
    model.rules = pruned(rules);
}

/// Whether an annotation is a rule.
fn is_rule(annotation: &Annotation) -> bool {
    annotation.key.text == "api.vd" || annotation.key.text.starts_with("vt.")
}

/// Every definition of a type with its id, in the order of the model's arena.
fn types(draft: &Draft) -> impl Iterator<Item = (usize, &Item, DefId)> {
    let files = draft.files.iter().enumerate();
    let items = files.flat_map(|(at, file)| file.items.iter().map(move |item| (at, item)));
    let types = items.filter(|(_, item)| !matches!(item, Item::Const(_) | Item::Service(_)));
    types.zip(0..).map(|((file, item), at)| (file, item, DefId(at)))
}

/// The messages that have rules of their own or hold, by any way, messages that have; and of those only the fields that
/// matter.
fn pruned(mut rules: BTreeMap<DefId, MessageRules>) -> BTreeMap<DefId, MessageRules> {
    let mut holders: BTreeMap<DefId, Vec<DefId>> = BTreeMap::new();
    let mut open = Vec::new();
    for (id, message) in &rules {
        if has_own(message) {
            open.push(*id);
        }
        for field in &message.fields {
            held(&field.node, &mut |inner| holders.entry(inner).or_default().push(*id));
        }
    }
    let mut alive = BTreeSet::new();
    while let Some(id) = open.pop() {
        if alive.insert(id) {
            open.extend(holders.get(&id).into_iter().flatten());
        }
    }
    rules.retain(|id, _| alive.contains(id));
    for message in rules.values_mut() {
        message.fields.iter_mut().for_each(|field| forget(&mut field.node, &alive));
        message.fields.retain(|field| field.required || !field.absent.is_empty() || !field.node.is_empty());
    }
    rules
}

fn has_own(message: &MessageRules) -> bool {
    let tested = |field: &FieldRules| field.required || !field.absent.is_empty() || has_tests(&field.node);
    !message.groups.is_empty() || message.fields.iter().any(tested)
}

fn has_tests(node: &Node) -> bool {
    !node.tests.is_empty()
        || match &node.kind {
            Kind::List(item) | Kind::Set(item) => has_tests(item),
            Kind::Map(key, value) => has_tests(key) || has_tests(value),
            _ => false,
        }
}

/// Tells every message that a node reaches.
fn held(node: &Node, tell: &mut impl FnMut(DefId)) {
    match &node.kind {
        Kind::Message(id) if !node.skip => tell(*id),
        Kind::List(item) | Kind::Set(item) => held(item, tell),
        Kind::Map(key, value) => {
            held(key, tell);
            held(value, tell);
        }
        _ => {}
    }
}

/// Makes messages without rules opaque.
fn forget(node: &mut Node, alive: &BTreeSet<DefId>) {
    match &mut node.kind {
        Kind::Message(id) if node.skip || !alive.contains(id) => node.kind = Kind::Opaque,
        Kind::List(item) | Kind::Set(item) => forget(item, alive),
        Kind::Map(key, value) => {
            forget(key, alive);
            forget(value, alive);
        }
        _ => {}
    }
}
