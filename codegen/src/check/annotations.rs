//! Annotations of ours (`rust.…`): unknown, with a value that is none, or where they do nothing.

use crate::diag::{Diagnostics, catalogue::rules};
use crate::ir::draft::{Annotation, Field, File, Item, Type, TypeKind};
use crate::options::{On, Options, annotated};

pub(super) fn check(file: &File, found: &mut Diagnostics) {
    for item in &file.items {
        let on = match item {
            Item::Struct(_) => Some(On::Struct),
            Item::Enum(_) => Some(On::Enum),
            Item::Service(_) => Some(On::Service),
            Item::Typedef(_) | Item::Const(_) => None,
        };
        each(&item.head().annotations, on, found);
        match item {
            Item::Struct(it) => fields(&it.fields, found),
            Item::Enum(it) => it.members.iter().for_each(|it| each(&it.head.annotations, None, found)),
            Item::Typedef(it) => types(&it.target, found),
            Item::Const(it) => types(&it.ty, found),
            Item::Service(it) => {
                for method in &it.methods {
                    each(&method.head.annotations, Some(On::Service), found);
                    fields(&method.arguments, found);
                    fields(&method.throws, found);
                    method.result.iter().for_each(|it| types(it, found));
                }
            }
        }
    }
}

fn fields(fields: &[Field], found: &mut Diagnostics) {
    for field in fields {
        each(&field.head.annotations, Some(On::Field), found);
        types(&field.ty, found);
    }
}

fn types(ty: &Type, found: &mut Diagnostics) {
    each(&ty.annotations, Some(On::Field), found);
    match &ty.kind {
        TypeKind::List(item) | TypeKind::Set(item) => types(item, found),
        TypeKind::Map(key, value) => {
            types(key, found);
            types(value, found);
        }
        TypeKind::Base(_) | TypeKind::Named(_) => {}
    }
}

fn each(annotations: &[Annotation], on: Option<On>, found: &mut Diagnostics) {
    for annotation in annotations {
        let key = &annotation.key;
        if !key.text.starts_with("rust.") || key.text == "rust.name" {
            continue;
        }
        let Some(spec) = annotated(&key.text) else {
            found.push(rules::unknown_annotation(key));
            continue;
        };
        if !on.is_some_and(|on| spec.on.contains(&on)) {
            found.push(rules::misplaced_annotation(key));
        }
        let value = annotation.value.as_ref();
        if let Err(wanted) = spec.set(&mut Options::default(), value.map_or("true", |it| &it.text)) {
            found.push(rules::annotation_value(key, value.map_or(key.span, |it| it.span), &wanted));
        }
    }
}
