//! Annotations of ours (`rust.…`): unknown, with a value that is none, or where they do nothing.

use crate::diag::{Diagnostics, catalogue::rules};
use crate::ir::draft::{Annotation, Field, File, Item, Type, TypeKind};
use crate::options::{IDEMPOTENT, On, Options, annotated};

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
                    of_method(&method.head.annotations, found);
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

/// Those of a method may say that it is idempotent, too.
fn of_method(annotations: &[Annotation], found: &mut Diagnostics) {
    let (idempotent, others): (Vec<_>, Vec<_>) =
        annotations.iter().partition(|annotation| annotation.key.text == IDEMPOTENT);
    for Annotation { key, value } in idempotent {
        if let Some(value) = value.as_ref().filter(|value| !["true", "false"].contains(&&*value.text)) {
            found.push(rules::annotation_value(key, value.span, "it is `true` or `false`"));
        }
    }
    each(others, Some(On::Service), found);
}

fn each<'a>(annotations: impl IntoIterator<Item = &'a Annotation>, on: Option<On>, found: &mut Diagnostics) {
    for annotation in annotations {
        let key = &annotation.key;
        if key.text == IDEMPOTENT {
            found.push(rules::misplaced_annotation(key));
            continue;
        }
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
