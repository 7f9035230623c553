//! Rules that need no names resolved: one rule a file. They run beside `resolve`, so that a
//! person sees the findings of both in one run.

pub mod enums;
pub mod ids;
mod methods;
mod names;
mod unions;

use crate::diag::Diagnostics;
use crate::ir::draft::{Draft, File, Item, Language};

/// Runs every rule over every file.
pub fn check(draft: &Draft) -> Diagnostics {
    let mut found = Diagnostics::default();
    for file in &draft.files {
        methods::streaming(file, &mut found);
        // protoc's own rules have passed a proto file already.
        if file.language == Language::Thrift {
            names::check(file, &mut found);
            ids::check(file, &mut found);
            enums::check(file, &mut found);
            unions::check(file, &mut found);
            methods::check(file, &mut found);
        }
    }
    found
}

/// Every list of fields of a file, with the name of what holds it.
fn field_lists(file: &File) -> Vec<(String, &[crate::ir::draft::Field])> {
    let mut lists = Vec::new();
    for item in &file.items {
        match item {
            Item::Struct(it) => lists.push((it.head.name.text.clone(), it.fields.as_slice())),
            Item::Service(service) => {
                for method in &service.methods {
                    let name = format!("{}.{}", service.head.name.text, method.head.name.text);
                    lists.push((name.clone(), method.arguments.as_slice()));
                    lists.push((name, method.throws.as_slice()));
                }
            }
            Item::Typedef(_) | Item::Const(_) | Item::Enum(_) => {}
        }
    }
    lists
}
