//! The modules that prost makes beside ours: one for each message with something inside of it.

use std::collections::HashMap;

use prost_types::{DescriptorProto, FileDescriptorSet};

use super::names;
use crate::ir::draft::{Draft, Language};
use crate::ir::model::Model;

/// The path of each module that prost makes of a message, with the message's name.
pub(super) fn modules(draft: &Draft, model: &Model) -> HashMap<Vec<String>, String> {
    let mut modules = HashMap::new();
    if draft.descriptors.is_empty() {
        return modules;
    }
    let set = <FileDescriptorSet as prost::Message>::decode(draft.descriptors.as_slice()).unwrap_or_default();
    let paths: HashMap<&str, &[String]> = model
        .files
        .iter()
        .filter(|file| file.language == Language::Proto)
        .filter_map(|file| {
            let module = &model.modules[file.module.0];
            Some((module.package.as_deref()?, module.path.as_slice()))
        })
        .collect();
    for file in &set.file {
        let Some(path) = paths.get(file.package()) else { continue };
        for message in file.message_type.iter().filter(|it| holds(it)) {
            let mut inner = path.to_vec();
            inner.push(names::snake_name(message.name()));
            modules.insert(inner, message.name().to_owned());
        }
    }
    modules
}

/// Whether prost makes a module for what is inside of a message. Maps are no messages of their own.
fn holds(message: &DescriptorProto) -> bool {
    let optional = |at: usize| {
        let at = i32::try_from(at).ok();
        message.field.iter().any(|it| it.oneof_index == at && it.proto3_optional())
    };
    let oneofs = (0..message.oneof_decl.len()).any(|at| !optional(at));
    let nested = message.nested_type.iter().any(|it| !it.options.as_ref().is_some_and(|it| it.map_entry()));
    oneofs || nested || !message.enum_type.is_empty()
}
