//! The descriptors that generated code holds, by name.

use std::collections::HashMap;

use runtime::prost::Message;
use runtime::prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};

/// Messages and enums, but those of `google.protobuf`, by full name with a dot in front.
pub(crate) struct Schema {
    pub(crate) messages: HashMap<String, DescriptorProto>,
    pub(crate) enums: HashMap<String, Enum>,
}

/// The numbers of an enum.
pub(crate) struct Enum {
    pub(crate) numbers: Vec<i32>,
    /// Of proto2: another number is not a value.
    pub(crate) closed: bool,
}

impl Schema {
    pub(crate) fn new(descriptors: &[u8]) -> Self {
        let mut schema = Self { messages: HashMap::new(), enums: HashMap::new() };
        let files = FileDescriptorSet::decode(descriptors).unwrap().file;
        for file in files.into_iter().filter(|file| file.package() != "google.protobuf") {
            let (scope, closed) = (format!(".{}", file.package()), file.syntax() != "proto3");
            for it in &file.enum_type {
                schema.enumeration(&scope, it, closed);
            }
            for it in &file.message_type {
                schema.message(&scope, it, closed);
            }
        }
        schema
    }

    fn message(&mut self, scope: &str, message: &DescriptorProto, closed: bool) {
        let name = format!("{scope}.{}", message.name());
        for it in &message.enum_type {
            self.enumeration(&name, it, closed);
        }
        for it in &message.nested_type {
            self.message(&name, it, closed);
        }
        self.messages.insert(name, message.clone());
    }

    fn enumeration(&mut self, scope: &str, it: &EnumDescriptorProto, closed: bool) {
        let numbers = it.value.iter().map(|value| value.number()).collect();
        self.enums.insert(format!("{scope}.{}", it.name()), Enum { numbers, closed });
    }

    /// Whether a field is a map.
    pub(crate) fn is_map(&self, field: &FieldDescriptorProto) -> bool {
        let message = self.messages.get(field.type_name());
        message.and_then(|it| it.options.as_ref()).is_some_and(|options| options.map_entry())
    }
}
