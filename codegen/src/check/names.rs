//! Names that are used twice: definitions of a file, fields of a list.

use std::collections::HashMap;

use crate::diag::{Diagnostics, catalogue::rules};
use crate::ir::draft::File;
use crate::options::Options;

pub(super) fn check(file: &File, found: &mut Diagnostics) {
    let mut definitions = HashMap::new();
    for item in &file.items {
        let name = &item.head().name;
        if let Some(&first) = definitions.get(&name.text) {
            found.push(rules::duplicate_definition(name, first));
        } else {
            definitions.insert(&name.text, name.span);
        }
    }
    for (owner, _, fields) in super::field_lists(file, &Options::default()) {
        let mut names = HashMap::new();
        for field in fields {
            let name = &field.head.name;
            if let Some(&first) = names.get(&name.text) {
                found.push(rules::duplicate_field(name, first, &owner));
            } else {
                names.insert(&name.text, name.span);
            }
        }
    }
}
