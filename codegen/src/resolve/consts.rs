//! The third pass: constants and default values, evaluated to the shape of their types.

use super::define::{TypedConst, Unvalued};
use super::scope::Scope;
use super::values::Evaluator;
use crate::diag::Diagnostics;
use crate::ir::draft::{self, Draft, Item, Language};
use crate::ir::model::{Const, DefKind, Field, Model};

/// Gives the model its constants and default values; one that has none is a finding.
pub(super) fn evaluate(draft: &Draft, scope: &Scope, unvalued: Unvalued, model: &mut Model, found: &mut Diagnostics) {
    let written = written(draft);
    let (mut values, mut defaults) = (Vec::new(), Vec::new());
    {
        let mut evaluator = Evaluator::new(model, &unvalued, scope, &written, found);
        for (at, (file, _)) in written.iter().enumerate() {
            values.push(evaluator.constant(at, *file));
        }
        for (list, file, fields) in field_lists(draft) {
            let known = list.fields(model);
            for (at, field) in fields.iter().enumerate() {
                let (Some(literal), Some(known)) = (&field.default, known.get(at)) else { continue };
                if let Some(value) = evaluator.default(known, literal, file) {
                    defaults.push((list, at, value));
                }
            }
        }
    }
    let consts = unvalued.consts.into_iter().zip(values);
    model.consts.extend(
        consts.filter_map(|(TypedConst { head, module, ty }, value)| Some(Const { head, module, ty, value: value? })),
    );
    for (list, at, value) in defaults {
        if let Some(field) = list.fields_mut(model).get_mut(at) {
            field.default = Some(value);
        }
    }
}

/// Whose fields may have defaults: a struct's by its place in the model, a method's by its service's.
#[derive(Clone, Copy)]
enum List {
    Struct(usize),
    Arguments(usize, usize),
}

impl List {
    fn fields(self, model: &Model) -> &[Field] {
        match self {
            Self::Struct(def) => match &model.defs[def].kind {
                DefKind::Struct(it) => &it.fields,
                _ => &[],
            },
            Self::Arguments(service, method) => &model.services[service].methods[method].arguments,
        }
    }

    fn fields_mut(self, model: &mut Model) -> &mut [Field] {
        match self {
            Self::Struct(def) => match &mut model.defs[def].kind {
                DefKind::Struct(it) => &mut it.fields,
                _ => &mut [],
            },
            Self::Arguments(service, method) => &mut model.services[service].methods[method].arguments,
        }
    }
}

/// The fields and arguments of every Thrift file as written, each list with its file.
fn field_lists(draft: &Draft) -> Vec<(List, usize, &[draft::Field])> {
    let (mut lists, mut def, mut service) = (Vec::new(), 0, 0);
    for (file, it) in draft.files.iter().enumerate() {
        let thrift = it.language == Language::Thrift;
        for item in &it.items {
            match item {
                Item::Const(_) => continue,
                Item::Service(item) => {
                    let methods = item.methods.iter().enumerate().filter(|_| thrift);
                    lists.extend(methods.map(|(at, it)| (List::Arguments(service, at), file, &*it.arguments)));
                    service += 1;
                    continue;
                }
                Item::Struct(item) if thrift => lists.push((List::Struct(def), file, &item.fields)),
                _ => {}
            }
            def += 1;
        }
    }
    lists
}

/// Every constant as written, with its file, in the model's order.
fn written(draft: &Draft) -> Vec<(usize, &draft::Const)> {
    let mut consts = Vec::new();
    for (file, it) in draft.files.iter().enumerate() {
        consts.extend(it.items.iter().filter_map(|item| match item {
            Item::Const(it) => Some((file, it)),
            _ => None,
        }));
    }
    consts
}
