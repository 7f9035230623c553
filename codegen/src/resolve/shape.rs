//! The Rust shape of structs: what is boxed because it reaches itself, what has a `Default`,
//! what is a map key.

use super::define::Unvalued;
use super::large;
use crate::diag::{Diagnostics, catalogue::names as text};
use crate::ir::draft::Name;
use crate::ir::model::{DefId, DefKind, Field, Model, Presence, Requiredness, Ty, Wrap};
use crate::source::Span;

pub(super) fn shape(model: &mut Model, unvalued: &Unvalued, found: &mut Diagnostics) {
    let groups = components(model);
    endless(model, found);
    box_recursion(model, &groups);
    large::box_large(model);
    defaults(model, unvalued);
    keys(model, unvalued);
}

/// The fields of a def that holds any.
pub(super) fn fields(model: &Model, def: usize) -> &[Field] {
    match &model.defs[def].kind {
        DefKind::Struct(it) => &it.fields,
        DefKind::Union(fields) => fields,
        _ => &[],
    }
}

/// The struct or union that a field holds by value.
pub(super) fn held(model: &Model, ty: &Ty) -> Option<usize> {
    match model.real(ty) {
        Ty::Def(DefId(id)) if !fields(model, *id).is_empty() => Some(*id),
        _ => None,
    }
}

/// The strongly connected component of each def, by value containment.
fn components(model: &Model) -> Vec<usize> {
    let next = |at| fields(model, at).iter().filter_map(|it| held(model, &it.ty)).collect();
    strongly_connected(&(0..model.defs.len()).map(next).collect::<Vec<_>>())
}

/// The strongly connected component of each node, by where its edges lead (Tarjan, without recursion).
pub(crate) fn strongly_connected(next: &[Vec<usize>]) -> Vec<usize> {
    const NONE: usize = usize::MAX;
    let count = next.len();
    let (mut order, mut low) = (vec![NONE; count], vec![0; count]);
    let (mut group, mut stack, mut counter) = (vec![NONE; count], Vec::new(), 0);
    for start in 0..count {
        let mut work = if order[start] == NONE { vec![(start, 0)] } else { Vec::new() };
        while let Some((at, edge)) = work.pop() {
            if edge == 0 {
                order[at] = counter;
                low[at] = counter;
                counter += 1;
                stack.push(at);
            } else {
                low[at] = low[at].min(low[next[at][edge - 1]]);
            }
            let fresh = (edge..next[at].len()).find(|&edge| {
                let to = next[at][edge];
                if order[to] != NONE && group[to] == NONE {
                    low[at] = low[at].min(order[to]);
                }
                order[to] == NONE
            });
            if let Some(edge) = fresh {
                work.push((at, edge + 1));
                work.push((next[at][edge], 0));
            } else if low[at] == order[at] {
                while let Some(member) = stack.pop() {
                    group[member] = at;
                    if member == at {
                        break;
                    }
                }
            }
        }
    }
    group
}

/// Required fields in a circle: no value could ever be complete.
fn endless(model: &Model, found: &mut Diagnostics) {
    let structs = |at: usize| matches!(model.defs[at].kind, DefKind::Struct(_));
    let held = |at| {
        let fields = required(model, at).filter(|_| structs(at));
        fields.filter_map(|(_, it)| Some((held(model, &it.ty)?, it.head.span))).collect()
    };
    let held: Vec<Vec<(usize, Span)>> = (0..model.defs.len()).map(held).collect();
    for (at, field) in circles(&held) {
        let head = &model.defs[at].head;
        let name = Name { text: head.name.clone(), span: head.span };
        found.push(text::endless_struct(&name, field));
    }
}

/// Every step by which something leads back to where it started, with its start; `next` is where
/// each one leads, by which places.
pub(super) fn circles(next: &[Vec<(usize, Span)>]) -> Vec<(usize, Span)> {
    let mut circles = Vec::new();
    for (start, steps) in next.iter().enumerate() {
        let mut seen = vec![false; if steps.is_empty() { 0 } else { next.len() }];
        for &(first, by) in steps {
            let mut open = vec![first];
            let mut circle = false;
            while let (Some(at), false) = (open.pop(), circle) {
                circle = at == start;
                if !std::mem::replace(&mut seen[at], true) {
                    open.extend(next[at].iter().map(|(to, _)| *to));
                }
            }
            if circle {
                circles.push((start, by));
            }
        }
    }
    circles
}

fn required(model: &Model, def: usize) -> impl Iterator<Item = (usize, &Field)> {
    fields(model, def).iter().enumerate().filter(|(_, it)| it.requiredness == Requiredness::Required)
}

fn box_recursion(model: &mut Model, groups: &[usize]) {
    let mut boxed = Vec::new();
    for at in 0..model.defs.len() {
        for (index, field) in fields(model, at).iter().enumerate() {
            if held(model, &field.ty).is_some_and(|to| groups[to] == groups[at]) {
                boxed.push((at, index));
            }
        }
    }
    for (at, index) in boxed {
        box_field(model, at, index);
    }
}

/// Puts what a field of a def holds behind a `Box`.
pub(super) fn box_field(model: &mut Model, at: usize, index: usize) {
    match &mut model.defs[at].kind {
        DefKind::Struct(it) => {
            let field = &mut it.fields[index];
            if field.requiredness == Requiredness::Required {
                field.wrap = Wrap::Box;
            } else {
                field.wrap = Wrap::OptionBox;
                field.presence = Presence::WhenSome;
            }
        }
        DefKind::Union(fields) => fields[index].wrap = Wrap::Box,
        _ => {}
    }
}

/// Which structs have a `Default`; a field of the others' types that is not required becomes an
/// `Option`. Unions have none: there is no member that nobody chose.
fn defaults(model: &mut Model, unvalued: &Unvalued) {
    let defaulted = |model: &Model, def, field, ty: &Ty| unvalued.has_default(def, field) || defaultable(model, ty);
    for def in &mut model.defs {
        def.defaultable = !matches!(def.kind, DefKind::Union(_));
    }
    loop {
        let blocked: Vec<usize> = (0..model.defs.len())
            .filter(|&at| model.defs[at].defaultable)
            .filter(|&at| {
                required(model, at).any(|(index, it)| !defaulted(model, at, index, &it.ty) || it.wrap == Wrap::Box)
            })
            .collect();
        if blocked.is_empty() {
            break;
        }
        for at in blocked {
            model.defs[at].defaultable = false;
        }
    }
    let plain = |at| {
        let fields = fields(model, at).iter().enumerate();
        fields.map(|(index, it)| defaulted(model, at, index, &it.ty)).collect()
    };
    let plain: Vec<Vec<bool>> = (0..model.defs.len()).map(plain).collect();
    for (def, plain) in model.defs.iter_mut().zip(plain) {
        let DefKind::Struct(it) = &mut def.kind else { continue };
        for (field, plain) in it.fields.iter_mut().zip(plain) {
            if !plain && field.requiredness == Requiredness::Default && field.wrap == Wrap::Plain {
                field.wrap = Wrap::Option;
                field.presence = Presence::WhenSome;
            }
        }
    }
}

/// Whether a type has a `Default`.
pub(crate) fn defaultable(model: &Model, ty: &Ty) -> bool {
    match model.real(ty) {
        Ty::Def(id) => model.def(*id).defaultable,
        _ => true,
    }
}

/// Marks what is used as a map key or set element, with all that is inside it.
fn keys(model: &mut Model, unvalued: &Unvalued) {
    let mut open: Vec<usize> = Vec::new();
    let mut roots: Vec<&Ty> = Vec::new();
    for at in 0..model.defs.len() {
        roots.extend(fields(model, at).iter().map(|it| &it.ty));
        if let DefKind::Typedef(target) = &model.defs[at].kind {
            roots.push(target);
        }
    }
    roots.extend(unvalued.consts.iter().map(|it| &it.ty));
    for method in model.services.iter().flat_map(|it| &it.methods) {
        let arguments = method.arguments.iter().map(|it| &it.ty);
        roots.extend(arguments.chain(&method.result));
    }
    for ty in roots {
        find_keys(model, ty, false, &mut open);
    }
    let mut marked = vec![false; model.defs.len()];
    while let Some(at) = open.pop() {
        if std::mem::replace(&mut marked[at], true) {
            continue;
        }
        for field in fields(model, at) {
            find_keys(model, &field.ty, true, &mut open);
        }
    }
    for (def, marked) in model.defs.iter_mut().zip(marked) {
        def.key = marked;
    }
}

/// Collects the defs of `ty` that are keys: all of them when it stands inside a key itself.
fn find_keys(model: &Model, ty: &Ty, key: bool, open: &mut Vec<usize>) {
    match ty {
        Ty::Base(_) | Ty::WellKnown(_) => {}
        Ty::Def(id) => match &model.def(*id).kind {
            DefKind::Typedef(target) => find_keys(model, target, key, open),
            _ if key => open.push(id.0),
            _ => {}
        },
        Ty::List(item) => find_keys(model, item, key, open),
        Ty::Set(_, item) => find_keys(model, item, true, open),
        Ty::Map(_, of, value) => {
            find_keys(model, of, true, open);
            find_keys(model, value, key, open);
        }
    }
}
