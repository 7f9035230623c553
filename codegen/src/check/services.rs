//! Services of all files together whose short names in a registry are equal.

use std::collections::BTreeMap;

use crate::diag::{Diagnostics, catalogue::rules};
use crate::ir::draft::{Draft, File, Item, Name};
use crate::resolve::names;

pub(super) fn check(draft: &Draft, found: &mut Diagnostics) {
    let mut registered: BTreeMap<String, Vec<&Name>> = BTreeMap::new();
    for name in draft.files.iter().filter(|file| file.root).flat_map(services) {
        registered.entry(names::registry_name(&name.text)).or_default().push(name);
    }
    for (short, named) in registered {
        if let [first, others @ ..] = &named[..]
            && !others.is_empty()
        {
            let places: Vec<_> = others.iter().map(|name| name.span).collect();
            found.push(rules::one_registry_name(&short, first.span, &places));
        }
    }
}

fn services(file: &File) -> impl Iterator<Item = &Name> {
    file.items.iter().filter_map(|item| match item {
        Item::Service(it) => Some(&it.head.name),
        _ => None,
    })
}
