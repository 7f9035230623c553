//! An example request: every field of it with a value of its type, to be edited.

use codegen::ir::model::{Base, DefId, DefKind, Field, Model, Ty};
use prost_reflect::{FieldDescriptor, Kind as Type, MessageDescriptor};

use super::catalog::{Entry, Shape};
use super::json::{Json, Kind, Member};
use super::schema::Schema;
use super::thrift;

/// A request of a method.
pub(super) fn request(schema: &Schema, entry: &Entry<'_>) -> Json {
    match (&entry.shape, schema.model()) {
        (Shape::Thrift(method), Some(model)) => {
            let mut maker = Maker { model, open: Vec::new() };
            match thrift::whole(model, method) {
                Some(field) => maker.value(&field.ty),
                None => Kind::Object(maker.fields(&method.arguments)).into(),
            }
        }
        (Shape::Proto(method), _) => message(&method.input(), &mut Vec::new()),
        (Shape::Thrift(_), None) => Kind::Object(Vec::new()).into(),
    }
}

fn text(text: &str) -> Json {
    Kind::Text(text.to_owned()).into()
}

fn number(text: &str) -> Json {
    Kind::Number(text.to_owned()).into()
}

struct Maker<'a> {
    model: &'a Model,
    /// The types around: one that holds itself ends there.
    open: Vec<DefId>,
}

impl Maker<'_> {
    fn fields(&mut self, fields: &[Field]) -> Vec<Member> {
        let all = fields.iter().filter(|it| !self.closes(&it.ty)).collect::<Vec<_>>();
        all.into_iter().map(|it| Json::member(thrift::name(it), self.value(&it.ty))).collect()
    }

    /// Whether a value of the type would hold one of a type around it.
    fn closes(&self, ty: &Ty) -> bool {
        match self.model.real(ty) {
            Ty::Def(id) => self.open.contains(id),
            Ty::List(item) | Ty::Set(_, item) => self.closes(item),
            Ty::Map(_, key, value) => self.closes(key) || self.closes(value),
            Ty::Base(_) | Ty::WellKnown(_) => false,
        }
    }

    fn value(&mut self, ty: &Ty) -> Json {
        let model = self.model;
        match model.real(ty) {
            Ty::Base(base) => match base {
                Base::Bool => Kind::Bool(false).into(),
                Base::I8 | Base::I16 | Base::I32 | Base::I64 => number("0"),
                Base::Double => number("0.0"),
                Base::String | Base::Binary => text(""),
                Base::Uuid => text("00000000-0000-0000-0000-000000000000"),
            },
            Ty::Def(id) => {
                self.open.push(*id);
                let made = match &model.def(*id).kind {
                    DefKind::Enum(members) => members.first().map_or_else(|| number("0"), |it| text(&it.head.name)),
                    DefKind::Struct(it) => Kind::Object(self.fields(&it.fields)).into(),
                    DefKind::Union(fields) => {
                        let first = fields.iter().position(|it| !self.closes(&it.ty)).unwrap_or(0);
                        Kind::Object(self.fields(fields.get(first..=first).unwrap_or_default())).into()
                    }
                    DefKind::Typedef(_) | DefKind::Proto(_) => Kind::Null.into(),
                };
                self.open.pop();
                made
            }
            Ty::List(item) | Ty::Set(_, item) => Kind::List(vec![self.value(item)]).into(),
            Ty::Map(_, key, value) => {
                let key = thrift::key_text(&self.value(key));
                Kind::Object(vec![Json::member(key, self.value(value))]).into()
            }
            Ty::WellKnown(_) => Kind::Null.into(),
        }
    }
}

fn message(descriptor: &MessageDescriptor, open: &mut Vec<String>) -> Json {
    if let Some(known) = well_known(descriptor.full_name()) {
        return known;
    }
    open.push(descriptor.full_name().to_owned());
    let mut members = Vec::new();
    for field in descriptor.fields() {
        // One of a group of which one can be set.
        let first = field.containing_oneof().is_none_or(|group| group.fields().next().as_ref() == Some(&field));
        let inner = match field.kind() {
            Type::Message(entry) if field.is_map() => entry.map_entry_value_field().kind(),
            kind => kind,
        };
        let around = matches!(inner, Type::Message(inner) if open.iter().any(|it| it == inner.full_name()));
        if first && !around {
            members.push(Json::member(field.json_name(), of_field(&field, open)));
        }
    }
    open.pop();
    Kind::Object(members).into()
}

fn of_field(field: &FieldDescriptor, open: &mut Vec<String>) -> Json {
    match field.kind() {
        Type::Message(entry) if field.is_map() => {
            let key = match entry.map_entry_key_field().kind() {
                Type::String => "key",
                Type::Bool => "true",
                _ => "0",
            };
            let value = value(&entry.map_entry_value_field().kind(), open);
            Kind::Object(vec![Json::member(key, value)]).into()
        }
        kind if field.is_list() => Kind::List(vec![value(&kind, open)]).into(),
        kind => value(&kind, open),
    }
}

fn value(kind: &Type, open: &mut Vec<String>) -> Json {
    match kind {
        Type::Message(inner) => message(inner, open),
        Type::Enum(members) => members.values().next().map_or_else(|| number("0"), |it| text(it.name())),
        Type::Bool => Kind::Bool(false).into(),
        Type::String | Type::Bytes => text(""),
        Type::Double | Type::Float => number("0.0"),
        // As protobuf's JSON has them.
        Type::Int64 | Type::Sint64 | Type::Sfixed64 | Type::Uint64 | Type::Fixed64 => text("0"),
        Type::Int32 | Type::Sint32 | Type::Sfixed32 | Type::Uint32 | Type::Fixed32 => number("0"),
    }
}

/// The forms of `google.protobuf`.
fn well_known(name: &str) -> Option<Json> {
    Some(match name.strip_prefix("google.protobuf.")? {
        "Timestamp" => text("2026-01-01T00:00:00Z"),
        "Duration" => text("1s"),
        "FieldMask" | "StringValue" | "BytesValue" => text(""),
        "Int64Value" | "UInt64Value" => text("0"),
        "DoubleValue" | "FloatValue" | "Int32Value" | "UInt32Value" => number("0"),
        "BoolValue" => Kind::Bool(false).into(),
        "ListValue" => Kind::List(Vec::new()).into(),
        "Value" => Kind::Null.into(),
        "Any" => Kind::Object(vec![
            Json::member("@type", text("type.googleapis.com/google.protobuf.Empty")),
            Json::member("value", Kind::Object(Vec::new())),
        ])
        .into(),
        "Struct" | "Empty" => Kind::Object(Vec::new()).into(),
        _ => return None,
    })
}
