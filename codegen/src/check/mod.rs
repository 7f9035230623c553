//! Rules that need no names resolved: one rule per file. They run beside `resolve`, so that a
//! person sees the findings of both in one run.

mod annotations;
mod enums;
mod ids;
mod methods;
mod names;
mod services;
mod unions;

use crate::diag::Diagnostics;
use crate::ir::draft::{Draft, Field, File, Item, Language};
use crate::options::{Ids, On, Options};

/// Runs every rule over every file.
pub fn check(draft: &Draft, options: &Options) -> Diagnostics {
    let mut findings = Diagnostics::default();
    for file in &draft.files {
        // protoc's own rules have passed a proto file already.
        if file.language == Language::Thrift {
            names::check(file, &mut findings);
            annotations::check(file, &mut findings);
            ids::check(file, options, &mut findings);
            enums::check(file, &mut findings);
            unions::check(file, &mut findings);
            methods::check(file, &mut findings);
        }
    }
    services::check(draft, &mut findings);
    findings
}

/// Every list of fields of a file, with the name of what holds it and how ids are counted there.
fn field_lists<'a>(file: &'a File, options: &Options) -> Vec<(String, Ids, &'a [Field])> {
    let mut lists = Vec::new();
    for item in &file.items {
        match item {
            Item::Struct(it) => {
                let ids = options.with(&it.head.annotations, On::Struct).ids;
                lists.push((it.head.name.text.clone(), ids, it.fields.as_slice()));
            }
            Item::Service(service) => {
                let options = options.with(&service.head.annotations, On::Service);
                for method in &service.methods {
                    let ids = options.with(&method.head.annotations, On::Service).ids;
                    let name = format!("{}.{}", service.head.name.text, method.head.name.text);
                    lists.push((name.clone(), ids, method.arguments.as_slice()));
                    lists.push((name, ids, method.throws.as_slice()));
                }
            }
            Item::Typedef(_) | Item::Const(_) | Item::Enum(_) => {}
        }
    }
    lists
}
