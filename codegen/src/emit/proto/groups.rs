//! Groups that contain themselves. prost boxes what does, and looks for it through messages alone.

use std::collections::{HashMap, HashSet};

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto};

/// The full names of the group fields of circles.
pub(super) fn boxed<'a>(files: impl Iterator<Item = &'a FileDescriptorProto>) -> Vec<String> {
    let mut messages = HashMap::new();
    for file in files {
        for message in &file.message_type {
            collect(format!(".{}.{}", file.package(), message.name()), message, &mut messages);
        }
    }
    let mut boxed = Vec::new();
    for (name, message) in &messages {
        for field in held(message).filter(|it| it.r#type() == Type::Group && leads(it.type_name(), name, &messages)) {
            let member = field.oneof_index.filter(|_| !field.proto3_optional());
            let oneof = member.and_then(|at| message.oneof_decl.get(usize::try_from(at).ok()?));
            let within = oneof.map_or(String::new(), |it| format!("{}.", it.name()));
            boxed.push(format!("{name}.{within}{}", field.name()));
        }
    }
    boxed
}

/// Every message by its full name, those inside others too.
pub(in crate::emit) fn collect<'a>(
    name: String,
    message: &'a DescriptorProto,
    messages: &mut HashMap<String, &'a DescriptorProto>,
) {
    for nested in &message.nested_type {
        collect(format!("{name}.{}", nested.name()), nested, messages);
    }
    messages.insert(name, message);
}

/// The fields by which a message holds others.
fn held(message: &DescriptorProto) -> impl Iterator<Item = &FieldDescriptorProto> {
    let single = message.field.iter().filter(|it| it.label() != Label::Repeated);
    single.filter(|it| matches!(it.r#type(), Type::Message | Type::Group))
}

fn leads(from: &str, to: &str, messages: &HashMap<String, &DescriptorProto>) -> bool {
    let (mut seen, mut open) = (HashSet::new(), vec![from]);
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        if seen.insert(at) {
            open.extend(messages.get(at).into_iter().flat_map(|it| held(it)).map(FieldDescriptorProto::type_name));
        }
    }
    false
}
