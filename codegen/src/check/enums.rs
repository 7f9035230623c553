//! Enums: numbers and names that are used twice, numbers that do not fit.

use std::collections::HashMap;

use crate::diag::{Diagnostics, catalogue::rules};
use crate::ir::draft::{Enum, File, Item};
use crate::ir::numbers;

pub(super) fn check(file: &File, found: &mut Diagnostics) {
    for item in &file.items {
        if let Item::Enum(it) = item {
            check_one(it, found);
        }
    }
}

fn check_one(enumeration: &Enum, found: &mut Diagnostics) {
    let owner = &enumeration.head.name.text;
    let mut names = HashMap::new();
    let mut numbers = HashMap::new();
    for (member, number) in enumeration.members.iter().zip(numbers::members(&enumeration.members)) {
        let name = &member.head.name;
        let span = member.number.map_or(name.span, |(_, span)| span);
        match names.get(&name.text) {
            Some(&first) => found.push(rules::duplicate_member(name, first, owner)),
            None => {
                names.insert(&name.text, name.span);
            }
        }
        if enumeration.strings {
            continue;
        }
        if i32::try_from(number).is_err() {
            found.push(rules::number_range(span, number, owner));
        }
        match numbers.get(&number) {
            Some(&first) => found.push(rules::duplicate_number(span, first, number, owner)),
            None => {
                numbers.insert(number, span);
            }
        }
    }
}
