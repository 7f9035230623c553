//! Field ids: given, omitted, twice, out of range.

use std::collections::{BTreeSet, HashMap};

use crate::diag::{Diagnostics, catalogue::rules};
use crate::ir::draft::{Field, File};
use crate::ir::numbers;
use crate::options::{Ids, Options};

pub(super) fn check(file: &File, options: &Options, found: &mut Diagnostics) {
    for (owner, how, fields) in super::field_lists(file, options) {
        let ids = numbers::fields(fields, how);
        duplicates(&owner, fields, &ids, found);
        for (field, &id) in fields.iter().zip(&ids) {
            let span = field.id.map_or(field.head.name.span, |(_, span)| span);
            if i16::try_from(id).is_err() {
                found.push(rules::id_range(span, id));
            } else if id < 1 && (how == Ids::Kitex || field.id.is_some()) {
                found.push(rules::id_not_positive(span, id));
            }
        }
        omitted(&owner, fields, &ids, how, found);
    }
}

fn duplicates(owner: &str, fields: &[Field], ids: &[i64], found: &mut Diagnostics) {
    let used: BTreeSet<i64> = ids.iter().copied().collect();
    let free = (1..).find(|id| !used.contains(id)).unwrap_or(1);
    let mut first = HashMap::new();
    for (field, &id) in fields.iter().zip(ids) {
        let span = field.id.map_or(field.head.name.span, |(_, span)| span);
        if let Some(&before) = first.get(&id) {
            found.push(rules::duplicate_id(span, before, id, owner, free));
        } else {
            first.insert(id, span);
        }
    }
}

fn omitted(owner: &str, fields: &[Field], ids: &[i64], how: Ids, found: &mut Diagnostics) {
    let mut given = fields.iter().zip(ids).filter(|(field, _)| field.id.is_none()).peekable();
    let Some((first, _)) = given.peek() else { return };
    let span = first.head.name.span;
    let shown: Vec<String> = given.map(|(field, id)| format!("{id}: {}", field.head.name.text)).take(8).collect();
    found.push(rules::omitted_ids(span, owner, &shown.join(", "), how));
}
