//! Defaults that make themselves, or more than anybody has memory for: a value that generated code builds
//! must have an end.

use super::large::inside_first;
use super::shape::strongly_connected;
use crate::diag::{Diagnostics, catalogue::names as text};
use crate::ir::draft::Name;
use crate::ir::model::{DefId, DefKind, Field, Model, Ty, Value, Wrap};

/// The most structs that a default may build.
const MOST: u64 = 1 << 16;

/// Finds fields whose default leads back to the same default. A default that builds a struct takes
/// the defaults of those of its fields that it does not give.
pub(super) fn check(model: &Model, found: &mut Diagnostics) {
    let starts = starts(model);
    let (mut next, mut counts): (Vec<Vec<usize>>, Vec<u64>) = (Vec::new(), Vec::new());
    for def in 0..model.defs.len() {
        for field in fields(model, def) {
            let mut built = Vec::new();
            match &field.default {
                Some(value) => structs(value, &mut built),
                None => built.extend(by_value(model, field).map(|id| (id, &[][..]))),
            }
            counts.push(built.len() as u64);
            let left = built.into_iter().flat_map(|(DefId(id), given)| {
                let left = (0..fields(model, id).len()).filter(|at| !given.iter().any(|(index, _)| index == at));
                left.map(move |at| (id, at))
            });
            next.push(left.map(|(id, at)| starts[id] + at).collect());
        }
    }
    let group = strongly_connected(&next);
    for at in inside_first(&next) {
        counts[at] = next[at].iter().fold(counts[at], |sum, to| sum.saturating_add(counts[*to]));
    }
    for (def, start) in starts.iter().enumerate() {
        for (index, field) in fields(model, def).iter().enumerate() {
            let node = start + index;
            if field.default.is_none() {
                continue;
            }
            let head = &model.defs[def].head;
            let name = Name { text: head.name.clone(), span: head.span };
            if next[node].iter().any(|to| group[*to] == group[node]) {
                found.push(text::endless_default(&name, &field.head.name, field.head.span));
            } else if counts[node] > MOST && next[node].iter().all(|to| counts[*to] <= MOST) {
                found.push(text::large_default(&name, &field.head.name, field.head.span, counts[node]));
            }
        }
    }
}

/// The number of fields before those of each def.
fn starts(model: &Model) -> Vec<usize> {
    let mut count = 0;
    let start = |def| {
        let start = count;
        count += fields(model, def).len();
        start
    };
    (0..model.defs.len()).map(start).collect()
}

fn fields(model: &Model, def: usize) -> &[Field] {
    match &model.defs[def].kind {
        DefKind::Struct(it) => &it.fields,
        _ => &[],
    }
}

/// The struct that a field without a default holds, made by `Default`.
fn by_value(model: &Model, field: &Field) -> Option<DefId> {
    match model.real(&field.ty) {
        Ty::Def(id) if matches!(field.wrap, Wrap::Plain | Wrap::Box) => Some(*id),
        _ => None,
    }
}

/// Every struct that a value builds, with the fields that it gives.
fn structs<'a>(value: &'a Value, built: &mut Vec<(DefId, &'a [(usize, Value)])>) {
    match value {
        Value::List(items) | Value::Set(items) => items.iter().for_each(|item| structs(item, built)),
        Value::Map(pairs) => pairs.iter().for_each(|(key, value)| {
            structs(key, built);
            structs(value, built);
        }),
        Value::Struct(id, given) => {
            built.push((*id, given));
            given.iter().for_each(|(_, value)| structs(value, built));
        }
        Value::Union(_, _, value) => structs(value, built),
        _ => {}
    }
}
