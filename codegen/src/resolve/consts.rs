//! The third pass: constants and default values, evaluated to the shape of their types.

use super::scope::Scope;
use super::values::Evaluator;
use crate::diag::Diagnostics;
use crate::ir::draft::{Draft, Item, Language};
use crate::ir::model::{DefKind, Model, Value};

pub(super) fn evaluate(draft: &Draft, scope: &Scope, model: &mut Model, found: &mut Diagnostics) {
    let written = written(draft);
    let mut values = Vec::new();
    let mut defaults = Vec::new();
    {
        let mut evaluator = Evaluator::new(model, scope, &written, found);
        for (at, (file, _)) in written.iter().enumerate() {
            values.push(evaluator.constant(at, *file));
        }
        let mut def = 0;
        for (file, it) in draft.files.iter().enumerate() {
            for item in &it.items {
                if let (Item::Struct(item), Language::Thrift) = (item, it.language) {
                    for (at, field) in item.fields.iter().enumerate() {
                        let Some(literal) = &field.default else { continue };
                        if let Some(value) = evaluator.default(def, at, literal, file) {
                            defaults.push((def, at, value));
                        }
                    }
                }
                def += usize::from(!matches!(item, Item::Const(_) | Item::Service(_)));
            }
        }
    }
    for (constant, value) in model.consts.iter_mut().zip(values) {
        constant.value = value.unwrap_or(Value::Bool(false));
    }
    for (def, at, value) in defaults {
        if let DefKind::Struct(it) = &mut model.defs[def].kind {
            it.fields[at].default = Some(value);
        }
    }
}

/// Every constant as written, with its file, in the model's order.
fn written(draft: &Draft) -> Vec<(usize, &crate::ir::draft::Const)> {
    let mut consts = Vec::new();
    for (file, it) in draft.files.iter().enumerate() {
        consts.extend(it.items.iter().filter_map(|item| match item {
            Item::Const(it) => Some((file, it)),
            _ => None,
        }));
    }
    consts
}
