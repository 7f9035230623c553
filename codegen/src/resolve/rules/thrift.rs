//! The rules of Thrift structs, out of the annotations of their fields.

use std::collections::BTreeMap;

use super::{is_rule, vd, vt};
use crate::diag::{Diagnostics, catalogue::validation as text};
use crate::ir::draft::{Annotation, Draft, Item, Language, Type};
use crate::ir::model::{DefId, DefKind, Field, Model, Ty, Wrap};
use crate::ir::rules::{FieldRules, Kind, MessageRules, Node, Reach};

/// Reads all of them. Messages are told apart only where there is any rule.
pub(super) fn read(draft: &Draft, model: &Model, rules: &mut BTreeMap<DefId, MessageRules>, found: &mut Diagnostics) {
    elsewhere(draft, found);
    for (file, item, id) in super::types(draft) {
        let Item::Struct(item) = item else { continue };
        if draft.files[file].language != Language::Thrift {
            continue;
        }
        let (fields, union) = match &model.def(id).kind {
            DefKind::Struct(it) => (&it.fields, false),
            DefKind::Union(fields) => (fields, true),
            _ => continue,
        };
        let read = item.fields.iter().zip(fields).map(|(written, field)| {
            let mut rules = plain(model, field, union);
            let annotations = written.head.annotations.iter().chain(&written.ty.annotations);
            for annotation in annotations.filter(|it| is_rule(it)) {
                if annotation.key.text == "api.vd" {
                    vd::read(annotation, vt::range(model, &field.ty), &mut rules, found);
                } else {
                    vt::read(annotation, (model, &field.ty), &mut rules, found);
                }
            }
            vt::check(&rules.node, written.head.name.span, found);
            rules
        });
        rules.insert(id, MessageRules { fields: read.collect(), groups: Vec::new() });
    }
}

/// A field without rules of its own.
fn plain(model: &Model, field: &Field, union: bool) -> FieldRules {
    let boxed = matches!(field.wrap, Wrap::Box | Wrap::OptionBox);
    let rust = field.head.rust.clone();
    FieldRules {
        name: field.head.name.clone(),
        required: false,
        unless_zero: false,
        deprecated: field.head.deprecated.is_some(),
        presence: union || matches!(field.wrap, Wrap::Option | Wrap::OptionBox),
        absent: Vec::new(),
        node: node(model, &field.ty),
        reach: if union { Reach::Variant { variant: rust, boxed } } else { Reach::Field { rust, boxed } },
    }
}

/// A value with the messages inside of it, of which nobody knows yet whether they have rules.
fn node(model: &Model, ty: &Ty) -> Node {
    match model.real(ty) {
        Ty::Def(id) if matches!(model.def(*id).kind, DefKind::Struct(_) | DefKind::Union(_)) => {
            Node::new(Kind::Message(*id))
        }
        Ty::List(item) => Node::new(Kind::List(Box::new(node(model, item)))),
        Ty::Set(_, item) => Node::new(Kind::Set(Box::new(node(model, item).as_key()))),
        Ty::Map(_, key, value) => {
            Node::new(Kind::Map(Box::new(node(model, key).as_key()), Box::new(node(model, value))))
        }
        other => model.node(other),
    }
}

/// Rules where they have no meaning here.
fn elsewhere(draft: &Draft, found: &mut Diagnostics) {
    for file in draft.files.iter().filter(|it| it.language == Language::Thrift) {
        for item in &file.items {
            say(&item.head().annotations, "rules stand behind the fields of structs", found);
            match item {
                Item::Service(service) => {
                    for method in &service.methods {
                        say(&method.head.annotations, "rules stand behind the fields of structs", found);
                        for argument in method.arguments.iter().chain(&method.throws) {
                            let why = "arguments are checked by the rules of their structs alone";
                            say(&argument.head.annotations, why, found);
                            say(&argument.ty.annotations, why, found);
                        }
                    }
                }
                Item::Struct(it) => it.fields.iter().for_each(|field| within(&field.ty, found)),
                Item::Typedef(it) => {
                    say(&it.target.annotations, "rules stand behind the fields of structs", found);
                }
                Item::Enum(it) => {
                    it.members.iter().for_each(|it| say(&it.head.annotations, "members of enums have no rules", found));
                }
                Item::Const(_) => {}
            }
        }
    }
}

/// Rules behind the element type of a container.
fn within(ty: &Type, found: &mut Diagnostics) {
    use crate::ir::draft::TypeKind;
    let parts: &[&Type] = match &ty.kind {
        TypeKind::List(item) | TypeKind::Set(item) => &[item],
        TypeKind::Map(key, value) => &[key, value],
        _ => &[],
    };
    for part in parts {
        say(&part.annotations, "write `vt.elem.`, `vt.key.` or `vt.value.` behind the field", found);
        within(part, found);
    }
}

fn say(annotations: &[Annotation], why: &str, found: &mut Diagnostics) {
    for annotation in annotations.iter().filter(|it| is_rule(it)) {
        found.push(text::not_checked(&annotation.key.text, why, annotation.key.span));
    }
}
