//! Schemas of Thrift's types: plain JSON, enums as numbers.

use super::json::Json;
use super::shape::{Component, Kind, Property, component_name, formatted, of};
use crate::ir::model::{DefId, DefKind, Field, Head, Member, Model, Requiredness};

pub(super) fn components(model: &Model) -> Vec<(String, Component)> {
    let ids = (0..model.defs.len()).map(DefId);
    ids.filter_map(|id| Some((component_name(model, id), component(model, id)?))).collect()
}

fn component(model: &Model, id: DefId) -> Option<Component> {
    let def = model.def(id);
    let fields = |all: &[Field]| all.iter().map(|it| property(model, it)).collect();
    let (docs, kind) = match &def.kind {
        DefKind::Enum(members) => {
            let numbers = members.iter().map(|it| Json::Int(i64::from(it.number)));
            let schema = formatted("integer", "int32").with("enum", Json::List(numbers.collect()));
            (with_members(&def.head, members), Kind::Enum(schema))
        }
        DefKind::Struct(it) => (def.head.docs.clone(), Kind::Object(fields(&it.fields))),
        DefKind::Union(all) => (def.head.docs.clone(), Kind::Union(fields(all))),
        DefKind::Typedef(_) | DefKind::Proto(_) => return None,
    };
    Some(Component { docs, deprecated: def.head.deprecated.is_some(), kind })
}

pub(super) fn property(model: &Model, field: &Field) -> Property {
    let Head { name, docs, deprecated, .. } = &field.head;
    Property {
        name: name.clone(),
        json: name.clone(),
        docs: docs.clone(),
        deprecated: deprecated.is_some(),
        required: field.requiredness == Requiredness::Required,
        shape: of(model, &field.ty),
    }
}

/// The comment of an enum, and what its numbers are called.
fn with_members(head: &Head, members: &[Member]) -> String {
    let list = members.iter().map(|it| format!("- {}: {}", it.number, it.head.name));
    let list = list.collect::<Vec<_>>().join("\n");
    [head.docs.trim(), &list].into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join("\n\n")
}
