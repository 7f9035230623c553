//! Schemas of proto's messages and enums, by the rules of JSON for protobuf.

use std::collections::HashMap;

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet};

use super::json::{Json, text};
use super::shape::{Component, Kind, Property, Shape, bytes, formatted, typed, well_known};
use crate::emit::docs;
use crate::ir::model::Model;

pub(super) fn components(model: &Model) -> Vec<(String, Component)> {
    let set = <FileDescriptorSet as prost::Message>::decode(model.descriptors.as_slice()).unwrap_or_default();
    let mut reading = Reading { docs: HashMap::new(), components: Vec::new() };
    for file in &set.file {
        reading.file(file);
    }
    reading.components
}

struct Reading {
    /// The comments of one file, by descriptor paths.
    docs: HashMap<Vec<i32>, String>,
    components: Vec<(String, Component)>,
}

impl Reading {
    fn file(&mut self, file: &FileDescriptorProto) {
        self.docs.clear();
        for place in file.source_code_info.iter().flat_map(|info| &info.location) {
            let comment = place.leading_comments.as_ref().or(place.trailing_comments.as_ref());
            if let Some(comment) = comment {
                self.docs.entry(place.path.clone()).or_insert_with(|| docs::unindented(comment));
            }
        }
        let prefix = if file.package().is_empty() { String::new() } else { format!("{}.", file.package()) };
        for (message, at) in file.message_type.iter().zip(0..) {
            self.message(&prefix, &[4, at], message);
        }
        for (each, at) in file.enum_type.iter().zip(0..) {
            self.enumeration(&prefix, &[5, at], each);
        }
    }

    fn message(&mut self, prefix: &str, path: &[i32], message: &DescriptorProto) {
        let name = format!("{prefix}{}", message.name());
        let inner = format!("{name}.");
        let fields = message.field.iter().zip(0..);
        let fields = fields.map(|(field, at)| self.property(&inner, &[path, &[2, at]].concat(), field, message));
        let kind = Kind::Object(fields.collect());
        let deprecated = message.options.as_ref().is_some_and(|it| it.deprecated());
        self.components.push((name, Component { docs: self.comment(path), deprecated, kind }));
        for (nested, at) in message.nested_type.iter().zip(0..) {
            self.message(&inner, &[path, &[3, at]].concat(), nested);
        }
        for (each, at) in message.enum_type.iter().zip(0..) {
            self.enumeration(&inner, &[path, &[4, at]].concat(), each);
        }
    }

    fn property(&self, inner: &str, path: &[i32], field: &FieldDescriptorProto, of: &DescriptorProto) -> Property {
        let entry = of.nested_type.iter().find(|it| {
            let own = field.type_name().strip_prefix('.').and_then(|it| it.strip_prefix(inner));
            it.options.as_ref().is_some_and(|it| it.map_entry()) && own == Some(it.name())
        });
        let value = entry.and_then(|it| it.field.get(1));
        let shape = match value {
            Some(value) => Shape::Map(Box::new(single(value)), Vec::new()),
            None if field.label() == Label::Repeated => Shape::List(Box::new(single(field)), Vec::new()),
            None => single(field),
        };
        Property {
            name: field.name().to_owned(),
            json: field.json_name.clone().unwrap_or_else(|| field.name().to_owned()),
            docs: self.comment(path),
            deprecated: field.options.as_ref().is_some_and(|it| it.deprecated()),
            required: field.label() == Label::Required,
            shape,
        }
    }

    fn enumeration(&mut self, prefix: &str, path: &[i32], each: &EnumDescriptorProto) {
        let names = each.value.iter().map(|it| text(it.name())).collect();
        let kind = Kind::Enum(typed("string").with("enum", Json::List(names)));
        let deprecated = each.options.as_ref().is_some_and(|it| it.deprecated());
        let component = Component { docs: self.comment(path), deprecated, kind };
        self.components.push((format!("{prefix}{}", each.name()), component));
    }

    fn comment(&self, path: &[i32]) -> String {
        self.docs.get(path).cloned().unwrap_or_default()
    }
}

/// The schema of one value of a field.
fn single(field: &FieldDescriptorProto) -> Shape {
    Shape::Plain(match field.r#type() {
        Type::Double => formatted("number", "double"),
        Type::Float => formatted("number", "float"),
        // As texts: what reads JSON has doubles for numbers.
        Type::Int64 | Type::Sint64 | Type::Sfixed64 => formatted("string", "int64"),
        Type::Uint64 | Type::Fixed64 => formatted("string", "uint64"),
        Type::Int32 | Type::Sint32 | Type::Sfixed32 => formatted("integer", "int32"),
        Type::Uint32 | Type::Fixed32 => formatted("integer", "uint32"),
        Type::Bool => typed("boolean"),
        Type::String => typed("string"),
        Type::Bytes => bytes(),
        Type::Enum | Type::Message | Type::Group => {
            let name = field.type_name().trim_start_matches('.');
            match name.strip_prefix("google.protobuf.") {
                Some(known) => well_known(known),
                None => return Shape::Named(name.to_owned()),
            }
        }
    })
}
