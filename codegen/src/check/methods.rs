//! Methods: used twice, oneway with something to give back, streams.

use std::collections::HashMap;

use crate::diag::{Diagnostics, catalogue::derives, catalogue::rules};
use crate::ir::draft::{File, Item, Method, Requiredness, Service};

pub(super) fn check(file: &File, found: &mut Diagnostics) {
    for service in services(file) {
        let mut names = HashMap::new();
        for method in &service.methods {
            let name = &method.head.name;
            match names.get(&name.text) {
                Some(&first) => {
                    found.push(rules::duplicate_method(name, first, &service.head.name.text));
                }
                None => {
                    names.insert(&name.text, name.span);
                }
            }
            oneway(method, found);
            optional(method, found);
            if method.streams_in_thrift() {
                found.push(rules::streaming(name));
            }
        }
    }
}

fn oneway(method: &Method, found: &mut Diagnostics) {
    if method.oneway.is_none() {
        return;
    }
    if let Some(result) = &method.result {
        found.push(rules::oneway_result(&method.head.name, result.span));
    }
    if let Some(thrown) = method.throws.first() {
        found.push(rules::oneway_throws(&method.head.name, thrown.head.name.span));
    }
}

/// Arguments are always written, as Apache's and Kitex's code does.
fn optional(method: &Method, found: &mut Diagnostics) {
    for argument in method.arguments.iter().filter(|it| it.requiredness == Requiredness::Optional) {
        found.push(derives::optional_argument(&argument.head.name, argument.head.name.span));
    }
}

fn services(file: &File) -> impl Iterator<Item = &Service> {
    file.items.iter().filter_map(|item| match item {
        Item::Service(service) => Some(service),
        _ => None,
    })
}
