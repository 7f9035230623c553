//! What clippy has against shapes that are the IDL's: allowed where they are, and nowhere else.

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FileDescriptorProto};

/// Attributes of messages and of `oneof`s.
#[derive(Default)]
pub(super) struct Allowed {
    pub(super) messages: Vec<(String, &'static str)>,
    pub(super) oneofs: Vec<(String, &'static str)>,
}

const LEN: &str = "#[allow(clippy::len_without_is_empty, reason = \"the name is the IDL's\")]";
const LARGE: &str = "#[allow(clippy::large_enum_variant, reason = \"the types are the IDL's\")]";

/// Those of some files.
pub(super) fn allowed<'a>(files: impl Iterator<Item = &'a FileDescriptorProto>) -> Allowed {
    let mut allowed = Allowed::default();
    for file in files {
        for message in &file.message_type {
            collect(&format!(".{}.{}", file.package(), message.name()), message, &mut allowed);
        }
    }
    allowed
}

fn collect(name: &str, message: &DescriptorProto, allowed: &mut Allowed) {
    let has_len = message.field.iter().any(|field| {
        let read = field.proto3_optional() || field.label() == Label::Optional && field.oneof_index.is_none();
        field.name() == "len" && read && !matches!(field.r#type(), Type::Message | Type::Group)
    });
    allowed.messages.extend(has_len.then(|| (name.to_owned(), LEN)));
    for (oneof, at) in message.oneof_decl.iter().zip(0..) {
        let members = message.field.iter().filter(|it| it.oneof_index == Some(at) && !it.proto3_optional());
        let members: Vec<Type> = members.map(|it| it.r#type()).collect();
        if members.len() > 1 && members.iter().any(|it| matches!(it, Type::Message | Type::Group)) {
            allowed.oneofs.push((format!("{name}.{}", oneof.name()), LARGE));
        }
    }
    for nested in &message.nested_type {
        collect(&format!("{name}.{}", nested.name()), nested, allowed);
    }
}
