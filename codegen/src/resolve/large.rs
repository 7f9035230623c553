//! How many bytes a struct or message takes where it stands. Structs within structs may double at each level, and
//! a stack has no room for them: what Thrift's hold is boxed, and proto's are a finding.

use std::collections::BTreeMap;

use super::shape;
use crate::ir::draft::{self, Requiredness, Struct, TypeKind};
use crate::ir::model::{Base, DefKind, Field, Model, Ty, Wrap};
use crate::source::Span;

/// What a struct or union of Thrift may take before what it holds is boxed. Nested calls of a decoder
/// hold one each.
const MOST: u64 = 8 * 1024;

/// What is left where it stands: boxes cost, too.
const SMALL: u64 = 256;

/// What a message of proto may take. prost boxes what leads back to itself, and nothing else.
const MOST_OF_PROTO: u64 = 256 * 1024;

/// A message of proto: what it takes beside messages, and those that it holds by value.
#[derive(Default)]
pub(super) struct Message {
    plain: u64,
    held: Vec<Held>,
}

struct Held {
    to: usize,
    field: Span,
    oneof: Option<usize>,
}

impl Message {
    /// A message whose fields hold what `find` says.
    pub(super) fn new(structure: &Struct, find: impl Fn(&str) -> Option<usize>) -> Self {
        let mut message = Self { plain: 8, held: Vec::new() };
        for field in &structure.fields {
            let to = match &field.ty.kind {
                TypeKind::Named(name) if !field.of_enum => find(name),
                _ => None,
            };
            match (to, field.oneof) {
                (Some(to), oneof) => message.held.push(Held { to, field: field.head.name.span, oneof }),
                (None, None) => message.plain += bytes_of_proto(field),
                (None, Some(_)) => {}
            }
        }
        // The largest member of a `oneof` is not a message, or larger than this.
        message.plain += 48 * structure.oneofs.len() as u64;
        message
    }
}

fn bytes_of_proto(field: &draft::Field) -> u64 {
    let number = match &field.ty.kind {
        TypeKind::Map(..) => return 48,
        TypeKind::List(_) | TypeKind::Base(Base::String | Base::Binary) => return 24,
        TypeKind::Named(_) if !field.of_enum => return 64,
        TypeKind::Base(Base::Bool) => return 1,
        TypeKind::Named(_) | TypeKind::Base(Base::I32) => 4,
        _ => 8,
    };
    // Whether it is there takes as much as the number, by which the next one has to stand.
    if field.requiredness == Requiredness::Optional { 2 * number } else { number }
}

/// The messages that are too large although what they hold is not, each with the field that takes
/// the most, and the bytes.
pub(super) fn too_large(messages: &[Message]) -> Vec<(usize, Span, u64)> {
    let edges = |it: &Message| it.held.iter().map(|held| held.to).collect();
    let groups = shape::strongly_connected(&messages.iter().map(edges).collect::<Vec<_>>());
    let groups = &groups;
    let by_value = |at: usize| messages[at].held.iter().filter(move |it| groups[it.to] != groups[at]);
    let next: Vec<Vec<usize>> = (0..messages.len()).map(|at| by_value(at).map(|it| it.to).collect()).collect();
    let (mut sizes, mut found) = (vec![0_u64; messages.len()], Vec::new());
    for at in inside_first(&next) {
        let mut oneofs: BTreeMap<usize, u64> = BTreeMap::new();
        let mut total = messages[at].plain;
        for held in by_value(at) {
            let size = sizes[held.to].saturating_add(8);
            match held.oneof {
                None => total = total.saturating_add(size),
                Some(of) => drop(oneofs.entry(of).and_modify(|it| *it = size.max(*it)).or_insert(size)),
            }
        }
        sizes[at] = oneofs.into_values().fold(total, u64::saturating_add);
        let most = by_value(at).max_by_key(|it| sizes[it.to]).filter(|it| sizes[it.to] <= MOST_OF_PROTO);
        if let Some(most) = most.filter(|_| sizes[at] > MOST_OF_PROTO) {
            found.push((at, most.field, sizes[at]));
        }
    }
    found
}

/// Boxes the fields by which structs and unions would become too large, from the inside.
pub(super) fn box_large(model: &mut Model) {
    let next = |at: usize| shape::fields(model, at).iter().filter_map(|it| by_value(model, it)).collect();
    let next: Vec<Vec<usize>> = (0..model.defs.len()).map(next).collect();
    let mut sizes = vec![0; next.len()];
    for at in inside_first(&next) {
        let union = matches!(model.defs[at].kind, DefKind::Union(_));
        let total = |sizes: &[u64], model: &Model| {
            let parts = shape::fields(model, at).iter().map(|it| bytes(model, it, sizes));
            if union { parts.max().unwrap_or_default() } else { parts.fold(0, u64::saturating_add) }
        };
        if total(&sizes, model) > MOST {
            let large = |it: &Field| by_value(model, it).is_some_and(|to| sizes[to] > SMALL);
            let fields = shape::fields(model, at).iter().enumerate();
            let boxed: Vec<usize> = fields.filter(|(_, it)| large(it)).map(|(index, _)| index).collect();
            boxed.into_iter().for_each(|index| shape::box_field(model, at, index));
        }
        sizes[at] = total(&sizes, model).saturating_add(8);
    }
}

/// The struct or union that a field holds where the field stands.
fn by_value(model: &Model, field: &Field) -> Option<usize> {
    shape::held(model, &field.ty).filter(|_| matches!(field.wrap, Wrap::Plain | Wrap::Option))
}

/// About what a field takes.
fn bytes(model: &Model, field: &Field, sizes: &[u64]) -> u64 {
    match by_value(model, field) {
        Some(to) => sizes[to].saturating_add(8),
        None => match model.real(&field.ty) {
            Ty::Base(Base::String | Base::Binary) | Ty::List(_) => 32,
            Ty::Set(..) | Ty::Map(..) => 48,
            _ => 16,
        },
    }
}

/// Every node of a graph without circles, after all that its edges lead to.
pub(crate) fn inside_first(next: &[Vec<usize>]) -> Vec<usize> {
    let (mut order, mut seen) = (Vec::with_capacity(next.len()), vec![false; next.len()]);
    for start in 0..next.len() {
        let mut work = vec![(start, 0)];
        while let Some((at, edge)) = work.pop() {
            if edge == 0 && std::mem::replace(&mut seen[at], true) {
                continue;
            }
            match next[at].get(edge) {
                Some(to) => work.extend([(at, edge + 1), (*to, 0)]),
                None => order.push(at),
            }
        }
    }
    order
}
