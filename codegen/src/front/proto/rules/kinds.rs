//! The kind of a field's value, and which rules fit it.

use protox::prost_reflect::{FieldDescriptor, Kind as Wire};

use crate::ir::rules::{Kind, Node};

/// The kinds of a value: the name of the rules that fit it, its enum, and for parts of containers theirs.
pub(super) struct Kinds {
    pub(super) rules: &'static str,
    pub(super) wire: Option<Wire>,
    pub(super) parts: Vec<Self>,
}

/// The kinds of a field's value.
pub(super) fn kinds(field: &FieldDescriptor) -> Kinds {
    let single = |wire: Wire| Kinds { rules: rules_of(&wire), wire: Some(wire), parts: Vec::new() };
    match field.kind() {
        Wire::Message(entry) if field.is_map() => {
            let parts = vec![single(entry.map_entry_key_field().kind()), single(entry.map_entry_value_field().kind())];
            Kinds { rules: "map", wire: None, parts }
        }
        wire if field.is_list() => Kinds { rules: "repeated", wire: None, parts: vec![single(wire)] },
        wire => single(wire),
    }
}

/// A field's value without rules.
pub(super) fn whole(field: &FieldDescriptor) -> Node {
    match field.kind() {
        Wire::Message(entry) if field.is_map() => {
            let (key, value) = (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
            Node::new(Kind::Map(Box::new(node(&key)), Box::new(node(&value))))
        }
        wire if field.is_list() => Node::new(Kind::List(Box::new(node(&wire)))),
        wire => node(&wire),
    }
}

fn node(wire: &Wire) -> Node {
    Node::new(match (wire, rules_of(wire)) {
        (_, "double") => Kind::Double,
        (_, "float") => Kind::Float,
        (_, "bool") => Kind::Bool,
        (_, "string") => Kind::Text,
        (_, "bytes") => Kind::Bytes,
        (_, "enum") => Kind::Enum,
        (_, "duration" | "timestamp") => Kind::Time,
        (_, "any") => Kind::Any,
        (Wire::Message(message), _) if message.full_name().starts_with("google.protobuf.") => {
            if rules_of(wire) == "message" || rules_of(wire) == "field_mask" { Kind::Opaque } else { Kind::Int }
        }
        (Wire::Message(message), _) => Kind::Named(format!(".{}", message.full_name())),
        _ => Kind::Int,
    })
}

/// The name of the rules that fit a value.
fn rules_of(wire: &Wire) -> &'static str {
    match wire {
        Wire::Double => "double",
        Wire::Float => "float",
        Wire::Int32 => "int32",
        Wire::Int64 => "int64",
        Wire::Uint32 => "uint32",
        Wire::Uint64 => "uint64",
        Wire::Sint32 => "sint32",
        Wire::Sint64 => "sint64",
        Wire::Fixed32 => "fixed32",
        Wire::Fixed64 => "fixed64",
        Wire::Sfixed32 => "sfixed32",
        Wire::Sfixed64 => "sfixed64",
        Wire::Bool => "bool",
        Wire::String => "string",
        Wire::Bytes => "bytes",
        Wire::Enum(_) => "enum",
        Wire::Message(message) => match message.full_name().strip_prefix("google.protobuf.").unwrap_or_default() {
            "DoubleValue" => "double",
            "FloatValue" => "float",
            "Int32Value" => "int32",
            "Int64Value" => "int64",
            "UInt32Value" => "uint32",
            "UInt64Value" => "uint64",
            "BoolValue" => "bool",
            "StringValue" => "string",
            "BytesValue" => "bytes",
            "Duration" => "duration",
            "Timestamp" => "timestamp",
            "Any" => "any",
            "FieldMask" => "field_mask",
            _ => "message",
        },
    }
}
