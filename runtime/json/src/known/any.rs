//! `google.protobuf.Any`: the message's own JSON, with its type beside it.

use prost_types::{Any, Duration, FieldMask, ListValue, Struct, Timestamp};

use crate::reader::Source;
use crate::{AnyType, Failure, Message, Object, Read, Reader, Value, Writer};

/// The messages with forms of their own, in the order of their names.
static KNOWN: [AnyType; 17] = [
    AnyType::known::<Any>("Any"),
    AnyType::known::<bool>("BoolValue"),
    AnyType::known::<Vec<u8>>("BytesValue"),
    AnyType::known::<f64>("DoubleValue"),
    AnyType::known::<Duration>("Duration"),
    AnyType::known::<()>("Empty"),
    AnyType::known::<FieldMask>("FieldMask"),
    AnyType::known::<f32>("FloatValue"),
    AnyType::known::<i32>("Int32Value"),
    AnyType::known::<i64>("Int64Value"),
    AnyType::known::<ListValue>("ListValue"),
    AnyType::known::<String>("StringValue"),
    AnyType::known::<Struct>("Struct"),
    AnyType::known::<Timestamp>("Timestamp"),
    AnyType::known::<u32>("UInt32Value"),
    AnyType::known::<u64>("UInt64Value"),
    AnyType::known::<prost_types::Value>("Value"),
];

impl AnyType {
    /// A message of generated code, by its full name (`pkg.Outer.Inner`).
    pub const fn new<M: prost::Message + Message + Default>(name: &'static str) -> Self {
        let read = |input: &mut Reader<'_>| {
            let mut message = M::default();
            input.object(&mut message, true)?;
            Ok(message.encode_to_vec())
        };
        let write = |bytes: &[u8], out: &mut Writer| {
            let Ok(message) = M::decode(bytes) else { return false };
            Message::write(&message, &mut Object::behind(out, message.fields()));
            true
        };
        Self { name, fields: true, read, write }
    }

    const fn known<T: prost::Message + Value + Default>(name: &'static str) -> Self {
        let read = |input: &mut Reader<'_>| Ok(T::read(input)?.encode_to_vec());
        let write = |bytes: &[u8], out: &mut Writer| {
            let Ok(value) = T::decode(bytes) else { return false };
            Value::write(&value, out);
            true
        };
        Self { name, fields: false, read, write }
    }
}

/// The message of a type's URL.
fn find(url: &str, types: Option<&'static crate::Types>) -> Result<&'static AnyType, String> {
    let Some((_, name)) = url.rsplit_once('/').filter(|(_, name)| !name.is_empty()) else {
        return Err(format!("{url:?} is not the URL of a type"));
    };
    let known = name.strip_prefix("google.protobuf.").and_then(|name| {
        let index = KNOWN.binary_search_by(|it| it.name.cmp(name)).ok()?;
        KNOWN.get(index)
    });
    let ty = known.or_else(|| types.and_then(|types| types.find(name)));
    ty.ok_or_else(|| format!("`{name}` is not a message that this program knows"))
}

impl Value for Any {
    fn write(&self, out: &mut Writer) {
        if self.type_url.is_empty() && self.value.is_empty() {
            return out.pairs([(); 0], |_, ()| {});
        }
        let ty = match find(&self.type_url, out.types) {
            Ok(ty) => ty,
            Err(why) => return out.refuse(format!("a google.protobuf.Any has no form in JSON: {why}")),
        };
        if !out.deeper() {
            return out.refuse("google.protobuf.Any is nested too deep");
        }
        let types = out.types;
        out.out.extend_from_slice(b"{\"@type\":");
        out.text(&self.type_url);
        if !ty.fields {
            out.out.extend_from_slice(b",\"value\":");
        }
        if !(ty.write)(&self.value, out) {
            out.refuse(format!("a google.protobuf.Any does not hold a `{}`", ty.name));
        }
        out.out.push(b'}');
        out.types = types;
        out.shallower();
    }

    fn read(input: &mut Reader<'_>) -> Read<Self> {
        if !matches!(input.source, Source::Json) {
            return Err(Failure::new("a google.protobuf.Any does not stand in a text", None));
        }
        let offset = input.place();
        let Some(type_url) = type_url(input)? else { return Ok(Self::default()) };
        let ty = find(&type_url, input.types).map_err(|why| Failure::new(why, offset))?;
        let value = if ty.fields { (ty.read)(input)? } else { inside(input, ty)? };
        input.charge(type_url.len() + value.len())?;
        Ok(Self { type_url, value })
    }
}

/// The URL of the type, wherever it stands in the object, which is read once more behind it; `None` for an empty one.
fn type_url(input: &mut Reader<'_>) -> Read<Option<String>> {
    input.place();
    let start = input.position();
    let (mut found, mut empty) = (None, true);
    input.entries(&mut |input, name| {
        empty = false;
        if name != "@type" {
            return input.skip();
        }
        let url = input.string()?.into_owned();
        match found.replace(url) {
            Some(_) => Err(Failure::new("`@type` is there twice", input.place())),
            None => Ok(()),
        }
    })?;
    if empty {
        return Ok(None);
    }
    // What is read twice counts: the depth of such messages would multiply it.
    input.charge(input.position() - start)?;
    input.rewind(start);
    match found {
        Some(url) => Ok(Some(url)),
        None => Err(Failure::new("`@type` is missing", Some(start))),
    }
}

/// The value of a message with a form of its own.
fn inside(input: &mut Reader<'_>, ty: &AnyType) -> Read<Vec<u8>> {
    let (mut value, start) = (None, input.position());
    input.entries(&mut |input, name| match &*name {
        "@type" => input.skip(),
        "value" if value.is_some() => Err(Failure::new("`value` is there twice", input.place())),
        "value" => {
            value = Some((ty.read)(input)?);
            Ok(())
        }
        _ if input.skips_unknown() => input.skip(),
        _ => Err(Failure::new(format!("there is no field {name:?}"), input.place())),
    })?;
    match value {
        Some(value) => Ok(value),
        // Not all writers have it.
        None if ty.name == "Empty" => Ok(Vec::new()),
        None => Err(Failure::new("`value` is missing", Some(start))),
    }
}
