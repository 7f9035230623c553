//! How deep types are nested in each other. rustc follows them down to `recursion_limit`, 128 when not set, to see
//! whether a type is `Send` and what its drop has to do.

use std::collections::BTreeMap;

use prost::Message;
use prost_types::field_descriptor_proto::Label;
use prost_types::{DescriptorProto, FileDescriptorSet};

use crate::ir::model::{DefId, DefKind, Field, Model, Ty};
use crate::resolve::{inside_first, strongly_connected};

/// rustc's own limit, less what futures and services around a type take of it.
const USUAL: usize = 96;

/// The steps of a field: its type, and the `Option` or `Box` around it.
const FIELD: usize = 3;

/// The steps of one collection, whose parts rustc follows too.
const COLLECTION: usize = 4;

/// The `recursion_limit` that a crate with these types needs; `None` where rustc's own will do.
pub(super) fn recursion_limit(model: &Model) -> Option<usize> {
    let depth = deepest(&edges(model));
    (depth > USUAL).then(|| (depth + USUAL).next_power_of_two().max(256))
}

/// The types in each type, with the steps to get there.
type Edges = Vec<Vec<(usize, usize)>>;

fn edges(model: &Model) -> Edges {
    let descriptors = FileDescriptorSet::decode(model.descriptors.as_slice()).unwrap_or_default();
    let mut messages = BTreeMap::new();
    for file in &descriptors.file {
        let scope = if file.package().is_empty() { String::new() } else { format!(".{}", file.package()) };
        collect(&scope, &file.message_type, &mut messages);
    }
    let known = model.defs.iter().enumerate().filter_map(|(at, def)| match &def.kind {
        DefKind::Proto(it) => Some((it.full.as_str(), at)),
        _ => None,
    });
    let known: BTreeMap<&str, usize> = known.collect();
    let of = |kind: &DefKind| match kind {
        DefKind::Struct(it) => of_fields(model, &it.fields),
        DefKind::Union(fields) => of_fields(model, fields),
        DefKind::Proto(it) => messages.get(&it.full).map(|it| of_message(it, &known)).unwrap_or_default(),
        DefKind::Typedef(_) | DefKind::Enum(_) => Vec::new(),
    };
    model.defs.iter().map(|it| of(&it.kind)).collect()
}

fn of_fields(model: &Model, fields: &[Field]) -> Vec<(usize, usize)> {
    let mut reached = Vec::new();
    let mut open: Vec<(&Ty, usize)> = fields.iter().map(|it| (&it.ty, FIELD)).collect();
    while let Some((ty, steps)) = open.pop() {
        match model.real(ty) {
            Ty::Def(DefId(at)) => reached.push((*at, steps)),
            Ty::List(inner) | Ty::Set(_, inner) => open.push((inner, steps + COLLECTION)),
            Ty::Map(_, key, value) => open.extend([(&**key, steps + COLLECTION), (value, steps + COLLECTION)]),
            Ty::Base(_) | Ty::WellKnown(_) => {}
        }
    }
    reached
}

fn of_message(message: &DescriptorProto, known: &BTreeMap<&str, usize>) -> Vec<(usize, usize)> {
    let entry = |name: &str| {
        let is = |it: &&DescriptorProto| it.options.as_ref().is_some_and(|it| it.map_entry());
        let last = name.rsplit('.').next();
        message.nested_type.iter().filter(is).find(|it| Some(it.name()) == last)
    };
    let value = |name: &str| entry(name).and_then(|it| it.field.last()).map(|it| it.type_name().to_owned());
    let of = |field: &prost_types::FieldDescriptorProto| {
        let around = if field.label() == Label::Repeated { COLLECTION } else { 0 };
        let name = field.type_name();
        // One more of a `oneof`, whose members are in an enum of their own.
        let steps = FIELD + around + usize::from(field.oneof_index.is_some());
        let to = known.get(name).copied().or_else(|| known.get(value(name)?.as_str()).copied());
        to.map(|to| (to, steps))
    };
    message.field.iter().filter_map(of).collect()
}

fn collect<'a>(scope: &str, messages: &'a [DescriptorProto], found: &mut BTreeMap<String, &'a DescriptorProto>) {
    for message in messages {
        let full = format!("{scope}.{}", message.name());
        collect(&full, &message.nested_type, found);
        found.insert(full, message);
    }
}

/// The most steps from any type to the innermost one; types that lead back to themselves count once each.
fn deepest(edges: &Edges) -> usize {
    let next: Vec<Vec<usize>> = edges.iter().map(|it| it.iter().map(|(to, _)| *to).collect()).collect();
    let groups = strongly_connected(&next);
    let mut own = vec![0; edges.len()];
    let mut outward = vec![Vec::new(); edges.len()];
    for (at, edges) in edges.iter().enumerate() {
        own[groups[at]] += edges.iter().map(|(_, steps)| *steps).max().unwrap_or_default();
        outward[groups[at]].extend(next[at].iter().map(|to| groups[*to]).filter(|to| *to != groups[at]));
    }
    let mut depths = vec![0_usize; edges.len()];
    for at in inside_first(&outward) {
        depths[at] = own[at] + outward[at].iter().map(|to| depths[*to]).max().unwrap_or_default();
    }
    depths.into_iter().max().unwrap_or_default()
}
