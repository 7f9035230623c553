//! Services of all files together: names that the wire, or a registry, cannot tell apart.

use std::collections::BTreeMap;

use crate::diag::{Diagnostics, catalogue::rules};
use crate::emit::Sides;
use crate::ir::draft::{Draft, File, Item, Language, Name};
use crate::options::Options;
use crate::resolve::names;

pub(super) fn check(draft: &Draft, options: &Options, found: &mut Diagnostics) {
    let mut wire: BTreeMap<&str, &Name> = BTreeMap::new();
    let mut registered: BTreeMap<String, Vec<&Name>> = BTreeMap::new();
    for (file, name) in draft.files.iter().filter(|file| file.root).flat_map(services) {
        registered.entry(names::registry_name(&name.text)).or_default().push(name);
        if file.language == Language::Proto || options.sides == Sides::Client {
            continue;
        }
        match wire.get(name.text.as_str()) {
            // Twice in one file is another rule's finding.
            Some(first) if first.span.file == name.span.file => {}
            Some(first) => found.push(rules::one_service_name(name, first.span)),
            None => {
                wire.insert(&name.text, name);
            }
        }
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

fn services(file: &File) -> impl Iterator<Item = (&File, &Name)> {
    file.items.iter().filter_map(move |item| match item {
        Item::Service(it) => Some((file, &it.head.name)),
        _ => None,
    })
}
