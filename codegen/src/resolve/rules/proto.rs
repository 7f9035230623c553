//! The rules of proto messages, with their definitions and their names in Rust.

use std::collections::BTreeMap;

use super::super::scope::{Scope, Symbol};
use super::super::{messages, modules, names};
use crate::ir::draft::{Draft, Field, File, Item, Language, Struct, TypeKind};
use crate::ir::model::{DefId, DefKind, Model};
use crate::ir::rules::{Kind, Members, MessageRules, Node, Reach};

/// Takes over what the front end read.
pub(super) fn read(draft: &Draft, scope: &Scope, model: &Model, rules: &mut BTreeMap<DefId, MessageRules>) {
    if draft.rules.is_empty() {
        return;
    }
    for (at, item, id) in super::types(draft) {
        let file = &draft.files[at];
        let (Item::Struct(item), Language::Proto) = (item, file.language) else { continue };
        let full = format!("{}.{}", modules::full_package(file), item.head.name.text);
        let Some(mut message) = draft.rules.get(&full).cloned() else { continue };
        let inner = match &model.def(id).kind {
            DefKind::Proto(proto) => proto.inner.as_deref().unwrap_or_default(),
            _ => continue,
        };
        let reach = |name: &str| reach(file, item, inner, name);
        for field in &mut message.fields {
            find(&mut field.node, at, scope);
            field.reach = reach(&field.name);
        }
        for group in &mut message.groups {
            match &mut group.members {
                Members::Oneof(name) => *name = names::proto_field(name),
                Members::Fields(fields) => {
                    fields.iter_mut().for_each(|(name, _, place)| *place = reach(name));
                }
            }
        }
        rules.insert(id, message);
    }
}

/// The definitions behind full names.
fn find(node: &mut Node, file: usize, scope: &Scope) {
    match &mut node.kind {
        Kind::Named(name) => {
            node.kind = match scope.find(file, name) {
                Some(Symbol::Def(id)) => Kind::Message(id),
                _ => Kind::Opaque,
            };
        }
        Kind::List(item) | Kind::Set(item) => find(item, file, scope),
        Kind::Map(key, value) => {
            find(key, file, scope);
            find(value, file, scope);
        }
        _ => {}
    }
}

/// The place of a field in what prost makes.
fn reach(file: &File, structure: &Struct, inner: &str, name: &str) -> Reach {
    let field = structure.fields.iter().find(|it| it.head.name.text == name);
    let oneof = field.and_then(|it| it.oneof).and_then(|at| structure.oneofs.get(at));
    let Some(oneof) = oneof else {
        let map = field.is_some_and(|it| it.of_enum && matches!(it.ty.kind, TypeKind::Map(..)));
        let rust = if map { names::proto_enum_map(name) } else { names::proto_field(name) };
        return Reach::Field { rust, boxed: false };
    };
    let nested = messages::nested(file, structure);
    let ty = format!("{inner}::{}", names::proto_oneof(&oneof.text, nested));
    let variant = names::proto_type(field.map_or(name, |it: &Field| &it.head.name.text));
    Reach::Member { field: names::proto_field(&oneof.text), ty, variant, boxed: false }
}
