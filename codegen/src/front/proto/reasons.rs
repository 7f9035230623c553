//! Enums of reasons of errors, as Kratos writes them: the status of HTTP that each value stands for, from the options
//! `errors.default_code` and `errors.code` (`errors/errors.proto`).

use std::collections::HashMap;

use protox::prost_reflect::{DynamicMessage, EnumDescriptor, FileDescriptor, MessageDescriptor};

use crate::{
    diag::{Diagnostics, catalogue::proto as say},
    ir::draft::{Enum, File, Item},
};

/// The option of an enum, and the one of a value.
const DEFAULT: &str = "errors.default_code";
const CODE: &str = "errors.code";

/// Adds the statuses of a file's enums to their members.
pub(super) fn read(descriptor: &FileDescriptor, file: &mut File, found: &mut Diagnostics) {
    let mut all: HashMap<String, EnumDescriptor> = HashMap::new();
    let of = |each: EnumDescriptor| (each.full_name().to_owned(), each);
    all.extend(descriptor.enums().map(of));
    let mut messages: Vec<MessageDescriptor> = descriptor.messages().collect();
    while let Some(message) = messages.pop() {
        all.extend(message.child_enums().map(of));
        messages.extend(message.child_messages());
    }
    let package = descriptor.package_name();
    for item in &mut file.items {
        let Item::Enum(item) = item else { continue };
        let full =
            if package.is_empty() { item.head.name.text.clone() } else { format!("{package}.{}", item.head.name.text) };
        if let Some(each) = all.get(&full) {
            statuses(each, item, found);
        }
    }
}

fn statuses(each: &EnumDescriptor, item: &mut Enum, found: &mut Diagnostics) {
    let default = option(&each.options(), DEFAULT);
    for (value, member) in each.values().zip(&mut item.members) {
        let Some(code) = option(&value.options(), CODE).or(default).filter(|code| *code != 0) else { continue };
        match u16::try_from(code).ok().filter(|code| (100..=599).contains(code)) {
            Some(status) => member.status = Some(status),
            None => found.push(say::no_status(code, member.head.name.span)),
        }
    }
}

fn option(options: &DynamicMessage, name: &str) -> Option<i32> {
    options.extensions().find(|(extension, _)| extension.full_name() == name)?.1.as_i32()
}
