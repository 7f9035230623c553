//! Checks on messages and enums that prost makes: names that are one in Rust, messages that must contain themselves,
//! and those that no stack has room for.

use std::collections::HashMap;

use super::large::{self, Message};
use super::names;
use super::scope::{Scope, Symbol};
use super::shape;
use crate::diag::{Diagnostics, catalogue::names as text};
use crate::ir::draft::{Draft, Enum, File, Item, Language, Name, Requiredness, Struct, TypeKind};
use crate::ir::model::Model;
use crate::source::Span;

pub(super) fn check(draft: &Draft, scope: &Scope, model: &Model, found: &mut Diagnostics) {
    let mut required: Vec<Vec<(usize, Span)>> = vec![Vec::new(); model.defs.len()];
    let mut sizes: Vec<Message> = model.defs.iter().map(|_| Message::default()).collect();
    for (at, file) in draft.files.iter().enumerate().filter(|(_, it)| it.language == Language::Proto) {
        for item in &file.items {
            match item {
                Item::Enum(it) => variants(it, found),
                Item::Struct(it) => {
                    members(it, found);
                    methods(it, found);
                    let full = format!("{}.{}", super::modules::full_package(file), it.head.name.text);
                    let Some(Symbol::Def(id)) = scope.find(at, &full) else { continue };
                    required[id.0] = must_contain(it, at, scope);
                    sizes[id.0] = Message::new(it, |name| match scope.find(at, name) {
                        Some(Symbol::Def(id)) => Some(id.0),
                        _ => None,
                    });
                }
                _ => {}
            }
        }
    }
    for (at, field) in shape::circles(&required) {
        let head = &model.defs[at].head;
        let name = Name { text: head.name.clone(), span: head.span };
        found.push(text::endless_struct(&name, field));
    }
    for (at, field, bytes) in large::too_large(&sizes) {
        let head = &model.defs[at].head;
        let name = Name { text: head.name.clone(), span: head.span };
        found.push(text::large_message(&name, field, bytes));
    }
}

/// The names of the messages and enums that stand directly inside a message.
pub(super) fn nested<'a>(file: &'a File, outer: &Struct) -> impl Iterator<Item = &'a str> {
    let prefix = format!("{}.", outer.head.name.text);
    let types = file.items.iter().filter(|it| !matches!(it, Item::Service(_)));
    types.filter_map(move |it| it.head().name.text.strip_prefix(&prefix)).filter(|it| !it.contains('.'))
}

/// Names that may be used once each.
#[derive(Default)]
struct Once<'a>(HashMap<String, &'a Name>);

impl<'a> Once<'a> {
    fn take(&mut self, rust: String, name: &'a Name, found: &mut Diagnostics) {
        match self.0.get(&rust) {
            Some(first) => found.push(text::rust_clash(name, first, &rust)),
            None => drop(self.0.insert(rust, name)),
        }
    }
}

/// The variants of an enum: one for each number, from the first member that has it.
fn variants(enumeration: &Enum, found: &mut Diagnostics) {
    let (mut once, mut numbers) = (Once::default(), HashMap::new());
    let owner = enumeration.head.name.text.rsplit('.').next().unwrap_or_default();
    for member in &enumeration.members {
        let number = member.number.map(|(number, _)| number);
        if numbers.insert(number, ()).is_none() {
            once.take(names::proto_variant(owner, &member.head.name.text), &member.head.name, found);
        }
    }
}

/// The fields of a message's struct, and the variants of its `oneof`s.
fn members(structure: &Struct, found: &mut Diagnostics) {
    let mut fields = Once::default();
    for field in structure.fields.iter().filter(|it| it.oneof.is_none()) {
        fields.take(names::proto_field(&field.head.name.text), &field.head.name, found);
    }
    for (at, oneof) in structure.oneofs.iter().enumerate() {
        // Of two `oneof`s with one name, their types are found already.
        let rust = names::proto_field(&oneof.text);
        found.extend(fields.0.get(&rust).map(|first| text::rust_clash(oneof, first, &rust)));
        let mut variants = Once::default();
        for field in structure.fields.iter().filter(|it| it.oneof == Some(at)) {
            variants.take(names::proto_type(&field.head.name.text), &field.head.name, found);
        }
    }
}

/// The methods that prost derives, which read and set enums and read optional values.
fn methods(structure: &Struct, found: &mut Diagnostics) {
    let mut once = Once::default();
    for field in structure.fields.iter().filter(|it| it.oneof.is_none()) {
        let mut name = names::proto_field(&field.head.name.text);
        if field.of_enum && matches!(field.ty.kind, TypeKind::Map(..)) {
            name = names::proto_enum_map(&field.head.name.text);
        }
        let bare = name.trim_start_matches("r#");
        let words: &[&str] = match &field.ty.kind {
            TypeKind::Map(..) if field.of_enum => &["get_", "insert_"],
            TypeKind::List(_) if field.of_enum => &["", "push_"],
            TypeKind::Named(_) if field.of_enum => &["", "set_"],
            TypeKind::Base(_) if field.requiredness == Requiredness::Optional => &[""],
            _ => &[],
        };
        for word in words {
            once.take(format!("{word}{bare}"), &field.head.name, found);
        }
    }
}

/// The messages that a message holds by `required`, with the fields' places.
fn must_contain(structure: &Struct, file: usize, scope: &Scope) -> Vec<(usize, Span)> {
    let required = structure.fields.iter().filter(|it| it.requiredness == Requiredness::Required && !it.of_enum);
    let held = required.filter_map(|field| match &field.ty.kind {
        TypeKind::Named(name) => Some((scope.find(file, name)?, field.head.name.span)),
        _ => None,
    });
    held.filter_map(|(symbol, at)| match symbol {
        Symbol::Def(id) => Some((id.0, at)),
        _ => None,
    })
    .collect()
}
