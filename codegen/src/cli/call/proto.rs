//! Messages of proto along their descriptors, between protobuf's JSON and its encoding. The conversion is prost-reflect's;
//! what is wrong with a request is found before, where the place is known.

use prost::Message as _;
use prost_reflect::{
    DeserializeOptions, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind as Type, MessageDescriptor,
    SerializeOptions,
};
use serde_json::{Map, Value};

use super::base64;
use super::fault::Fault;
use super::json::{Json, Kind, documents};
use super::message::{Path, no_field, no_member};

/// A message as bytes. `text` is what the JSON was read from.
pub(super) fn encode(descriptor: &MessageDescriptor, json: &Json, text: &str) -> Result<Vec<u8>, Fault> {
    Ok(message(descriptor, json, text)?.encode_to_vec())
}

/// A message in the form that JSON of proto has when it is written: the fields that are given, those with their defaults too.
pub(super) fn canonical(descriptor: &MessageDescriptor, json: &Json, text: &str) -> Result<Value, Fault> {
    let message = message(descriptor, json, text)?;
    let options = SerializeOptions::new().skip_default_fields(false);
    let written = message.serialize_with_options(serde_json::value::Serializer, &options);
    let written = written.map_err(|error| Fault::new(json.at.clone(), error.to_string()))?;
    Ok(given(descriptor, written, json))
}

fn message(descriptor: &MessageDescriptor, json: &Json, text: &str) -> Result<DynamicMessage, Fault> {
    Checker::default().message(descriptor, json)?;
    let text = text.get(json.at.clone()).unwrap_or_default();
    let mut input = serde_json::Deserializer::from_str(text);
    DynamicMessage::deserialize(descriptor.clone(), &mut input).map_err(|error| placed(&error, json, text))
}

/// Of all that a message holds what stands in the JSON that it was read from.
fn given(descriptor: &MessageDescriptor, written: Value, json: &Json) -> Value {
    let (Value::Object(mut all), Kind::Object(members)) = (written, &json.kind) else { return Value::Null };
    if descriptor.full_name().starts_with("google.protobuf.") {
        return Value::Object(all);
    }
    let mut out = Map::new();
    for member in members.iter().filter(|it| it.value.kind != Kind::Null) {
        let field = descriptor.fields().find(|it| it.json_name() == member.name || it.name() == member.name);
        let name = field.as_ref().map_or(member.name.as_str(), FieldDescriptor::json_name);
        if let Some(value) = all.remove(name) {
            let value = field.as_ref().map_or(value.clone(), |field| given_field(field, value, &member.value));
            out.insert(name.to_owned(), value);
        }
    }
    Value::Object(out)
}

fn given_field(field: &FieldDescriptor, written: Value, json: &Json) -> Value {
    let Type::Message(message) = field.kind() else { return written };
    let entry = |ty: Type, value: Value, json: &Json| match ty {
        Type::Message(inner) if value.is_object() => given(&inner, value, json),
        _ => value,
    };
    match (written, &json.kind) {
        (Value::Array(all), Kind::List(items)) => {
            let items = all.into_iter().zip(items);
            items.map(|(value, item)| entry(Type::Message(message.clone()), value, item)).collect()
        }
        (Value::Object(all), Kind::Object(pairs)) if field.is_map() => {
            let of = message.map_entry_value_field().kind();
            let pair = |(name, value): (String, Value)| {
                let json = pairs.iter().find(|it| it.name == name);
                let value = json.map_or(value.clone(), |json| entry(of.clone(), value, &json.value));
                (name, value)
            };
            Value::Object(all.into_iter().map(pair).collect())
        }
        (written, _) => entry(Type::Message(message), written, json),
    }
}

/// The message that an answer in JSON is; fields that it does not have are left out.
///
/// # Errors
///
/// For JSON that does not fit it.
pub(super) fn read(descriptor: &MessageDescriptor, text: &str) -> Result<Json, String> {
    let options = DeserializeOptions::new().deny_unknown_fields(false);
    let mut input = serde_json::Deserializer::from_str(text);
    let message = DynamicMessage::deserialize_with_options(descriptor.clone(), &mut input, &options);
    shown(&message.map_err(|error| error.to_string())?)
}

/// A message as JSON.
///
/// # Errors
///
/// For bytes that are none.
pub(super) fn decode(descriptor: &MessageDescriptor, bytes: &[u8]) -> Result<Json, String> {
    shown(&DynamicMessage::decode(descriptor.clone(), bytes).map_err(|error| error.to_string())?)
}

fn shown(message: &DynamicMessage) -> Result<Json, String> {
    let mut text = Vec::new();
    let mut out = serde_json::Serializer::new(&mut text);
    message.serialize_with_options(&mut out, &SerializeOptions::new()).map_err(|error| error.to_string())?;
    let all = documents(&String::from_utf8_lossy(&text)).map_err(|_| "it has no JSON".to_owned())?;
    all.into_iter().next().ok_or_else(|| "it has no JSON".to_owned())
}

/// What prost-reflect says of a request, at its place.
fn placed(error: &serde_json::Error, json: &Json, text: &str) -> Fault {
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default().to_owned();
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let offset = (json.at.start + before + error.column()).clamp(json.at.start + 1, json.at.end.max(json.at.start + 1));
    Fault::new(offset - 1..offset, said)
}

#[derive(Default)]
struct Checker {
    path: Path,
}

impl Checker {
    fn message(&mut self, descriptor: &MessageDescriptor, json: &Json) -> Result<(), Fault> {
        // Their forms are not those of their fields.
        if descriptor.full_name().starts_with("google.protobuf.") {
            return Ok(());
        }
        let title = format!("`{}`", descriptor.name());
        for member in self.path.object(json, &format!("the message {title}"))? {
            let named = |it: &FieldDescriptor| it.json_name() == member.name || it.name() == member.name;
            let Some(field) = descriptor.fields().find(named) else {
                // An extension.
                if member.name.starts_with('[') {
                    continue;
                }
                let known: Vec<String> = descriptor.fields().map(|it| it.json_name().to_owned()).collect();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                return Err(no_field(member, &title, &known));
            };
            if member.value.kind != Kind::Null {
                self.path.field(&member.name);
                self.field(&field, &member.value)?;
                self.path.up();
            }
        }
        Ok(())
    }

    fn field(&mut self, field: &FieldDescriptor, json: &Json) -> Result<(), Fault> {
        if let Type::Message(entry) = field.kind()
            && field.is_map()
        {
            for pair in self.path.object(json, "a map")? {
                self.path.key(&pair.name);
                self.value(&entry.map_entry_value_field().kind(), &pair.value)?;
                self.path.up();
            }
            return Ok(());
        }
        if !field.is_list() {
            return self.value(&field.kind(), json);
        }
        for (place, item) in self.path.list(json, "repeated")?.iter().enumerate() {
            self.path.item(place);
            self.value(&field.kind(), item)?;
            self.path.up();
        }
        Ok(())
    }

    fn value(&mut self, ty: &Type, json: &Json) -> Result<(), Fault> {
        let path = &self.path;
        match ty {
            Type::Message(message) => self.message(message, json),
            Type::Enum(members) => self.member(members, json),
            Type::Double | Type::Float => {
                path.real(json, if *ty == Type::Double { "a double" } else { "a float" }).map(drop)
            }
            Type::Int32 | Type::Sint32 | Type::Sfixed32 => {
                path.whole(json, "an int32", (i32::MIN.into(), i32::MAX.into())).map(drop)
            }
            Type::Int64 | Type::Sint64 | Type::Sfixed64 => {
                path.whole(json, "an int64", (i64::MIN.into(), i64::MAX.into())).map(drop)
            }
            Type::Uint32 | Type::Fixed32 => path.whole(json, "a uint32", (0, u32::MAX.into())).map(drop),
            Type::Uint64 | Type::Fixed64 => path.whole(json, "a uint64", (0, u64::MAX.into())).map(drop),
            Type::Bool if matches!(json.kind, Kind::Bool(_)) => Ok(()),
            Type::Bool => Err(path.wrong(json, "a bool", "true or false")),
            Type::String if matches!(json.kind, Kind::Text(_)) => Ok(()),
            Type::String => Err(path.wrong(json, "a string", "a text in quotes")),
            Type::Bytes => match &json.kind {
                Kind::Text(text) if base64::decode(text).is_some() => Ok(()),
                _ => Err(path.wrong(json, "bytes", "bytes in base64")),
            },
        }
    }

    fn member(&self, members: &EnumDescriptor, json: &Json) -> Result<(), Fault> {
        let known: Vec<String> = members.values().map(|it| it.name().to_owned()).collect();
        match &json.kind {
            Kind::Number(_) => self.path.whole(json, "an int32", (i32::MIN.into(), i32::MAX.into())).map(drop),
            Kind::Text(name) if known.contains(name) => Ok(()),
            _ => {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                Err(no_member(&self.path, json, &format!("`{}`", members.name()), &known))
            }
        }
    }
}
