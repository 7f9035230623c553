//! Unions: `required` means nothing there.

use crate::diag::{Diagnostics, catalogue::rules};
use crate::ir::draft::{File, Item, Requiredness, StructKind};

pub(super) fn check(file: &File, found: &mut Diagnostics) {
    for item in &file.items {
        let Item::Struct(it) = item else { continue };
        if it.kind != StructKind::Union {
            continue;
        }
        for field in &it.fields {
            if field.requiredness == Requiredness::Required {
                found.push(rules::union_required(field.head.name.span, &it.head.name.text));
            }
        }
    }
}
