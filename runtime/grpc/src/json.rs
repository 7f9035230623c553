//! Bodies in the JSON of proto messages ("ProtoJSON", protobuf.dev/programming-guides/json), made of
//! proto bytes and made into them along the descriptors that generated code holds.
//!
//! Read are lowerCamel and IDL names, written lowerCamel; 64-bit numbers are written as texts, default
//! values are left out, unknown fields are skipped.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use bytes::Bytes;
use prost::Message;
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, MethodDescriptor, SerializeOptions, Value,
};

use crate::finite::Words;
use kiteline_core::error::{Code, Error, Origin};
use kiteline_core::limits::DecodeLimits;
use kiteline_core::lock::lock;
use kiteline_core::service::Method;

/// Memory that an object takes while it is read: a map whose nodes have room for 11 fields.
const OBJECT: usize = 11 * ELEMENT;
/// Memory that one value takes.
const ELEMENT: usize = size_of::<Value>() + 8;

/// The methods that were called in JSON, by path.
#[derive(Debug, Default)]
pub struct Json {
    methods: Mutex<HashMap<&'static str, Described>>,
}

/// A method, and how much memory one value of its requests may take.
#[derive(Clone, Debug)]
struct Described {
    method: MethodDescriptor,
    value: usize,
}

impl Json {
    /// A request's message as proto bytes.
    ///
    /// # Errors
    ///
    /// [`Code::InvalidArgument`] for JSON that is none of the message, [`Code::ResourceExhausted`] where reading
    /// it would take more memory than the limits allow; both [`Origin::Decode`]. [`Code::Unimplemented`]
    /// without descriptors.
    pub fn request(
        &self,
        method: &'static Method,
        descriptors: &'static [u8],
        body: &[u8],
        limits: DecodeLimits,
    ) -> Result<Bytes, Error> {
        let Described { method, value } = self.method(method, descriptors)?;
        let memory = memory(body, value);
        if memory > limits.budget {
            let text =
                format!("reading this JSON may take {memory} bytes of memory, over the limit of {}", limits.budget);
            return Err(Error::new(Code::ResourceExhausted, text).with_origin(Origin::Decode));
        }
        match read(method.input(), body) {
            Ok(message) => Ok(Bytes::from(message.encode_to_vec())),
            Err(error) => Err(Error::invalid(error.to_string()).with_origin(Origin::Decode)),
        }
    }

    /// An answer's message as JSON.
    ///
    /// # Errors
    ///
    /// [`Code::Internal`] when the answer is not the message that the descriptors say.
    pub fn reply(&self, method: &'static Method, descriptors: &'static [u8], body: Bytes) -> Result<Bytes, Error> {
        let message = self.method(method, descriptors)?.method.output();
        write(message, body).map_err(|error| Error::internal(error).with_origin(Origin::Encode))
    }

    /// A request's message as JSON. For clients.
    ///
    /// # Errors
    ///
    /// [`Code::Internal`] when the request is not the message that the descriptors say.
    pub fn write_request(
        &self,
        method: &'static Method,
        descriptors: &'static [u8],
        body: Bytes,
    ) -> Result<Bytes, Error> {
        let message = self.method(method, descriptors)?.method.input();
        write(message, body).map_err(|error| Error::internal(error).with_origin(Origin::Encode))
    }

    /// An answer's message as proto bytes. For clients.
    ///
    /// # Errors
    ///
    /// [`Code::Internal`] for JSON that is none of the message; [`Origin::Decode`].
    pub fn read_reply(&self, method: &'static Method, descriptors: &'static [u8], body: &[u8]) -> Result<Bytes, Error> {
        let message = self.method(method, descriptors)?.method.output();
        match read(message, body) {
            Ok(message) => Ok(Bytes::from(message.encode_to_vec())),
            Err(error) => Err(Error::internal(error.to_string()).with_origin(Origin::Decode)),
        }
    }

    fn method(&self, method: &'static Method, descriptors: &'static [u8]) -> Result<Described, Error> {
        let mut known = lock(&self.methods);
        if let Some(found) = known.get(method.path) {
            return Ok(found.clone());
        }
        let found = find(method.path, descriptors).map_err(|why| {
            Error::new(Code::Unimplemented, format!("{} cannot be called in JSON: {why}", method.path))
        })?;
        // A number of a `google.protobuf.Value` is a message. A list grows by doubling.
        let value = 2 * ELEMENT + if holds_known(found.input()) { OBJECT } else { 0 };
        let found = Described { method: found, value };
        known.insert(method.path, found.clone());
        Ok(found)
    }
}

fn find(path: &str, descriptors: &[u8]) -> Result<MethodDescriptor, String> {
    // Knows google.protobuf; descriptors of that name in generated code are passed over.
    let mut pool = DescriptorPool::global();
    pool.decode_file_descriptor_set(descriptors).map_err(|error| error.to_string())?;
    let (service, name) = path.trim_start_matches('/').rsplit_once('/').unwrap_or_default();
    let service = pool.get_service_by_name(service).ok_or("its service has no descriptor")?;
    service.methods().find(|method| method.name() == name).ok_or_else(|| "it has no descriptor".to_owned())
}

/// Whether a message or one inside it is of `google.protobuf`, where plain JSON values stand for messages.
fn holds_known(message: MessageDescriptor) -> bool {
    let (mut seen, mut next) = (HashSet::new(), vec![message]);
    while let Some(message) = next.pop() {
        if message.package_name() == "google.protobuf" {
            return true;
        }
        if seen.insert(message.full_name().to_owned()) {
            next.extend(message.fields().filter_map(|field| field.kind().as_message().cloned()));
        }
    }
    false
}

fn read(message: MessageDescriptor, body: &[u8]) -> serde_json::Result<DynamicMessage> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let options = DeserializeOptions::new().deny_unknown_fields(false);
    let message = DynamicMessage::deserialize_with_options(message, &mut json, &options)?;
    json.end()?;
    Ok(message)
}

fn write(message: MessageDescriptor, body: Bytes) -> Result<Bytes, String> {
    let message = DynamicMessage::decode(message, body).map_err(|error| error.to_string())?;
    let mut json = serde_json::Serializer::new(Vec::new());
    let written = message.serialize_with_options(Words(&mut json), &SerializeOptions::new());
    written.map_err(|error| error.to_string())?;
    Ok(Bytes::from(json.into_inner()))
}

/// At most how much memory a JSON text takes whose values take this much each, without reading it.
fn memory(body: &[u8], value: usize) -> usize {
    let (mut text, mut escaped, mut memory) = (false, false, body.len());
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = text,
            b'"' => text = !text,
            b'{' if !text => memory = memory.saturating_add(value.max(OBJECT)),
            b'[' | b',' if !text => memory = memory.saturating_add(value),
            _ => {}
        }
    }
    memory
}

#[cfg(test)]
mod tests {
    use prost_types::field_descriptor_proto::{Label, Type};
    use prost_types::{
        DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto,
        ServiceDescriptorProto,
    };

    use super::*;
    use kiteline_core::service::Idl;

    static SAY: Method = Method::new(Idl::Proto, "/hello.Greeter/Say", 0);

    fn field(name: &str, number: i32, ty: Type, label: Label, of: Option<&str>) -> FieldDescriptorProto {
        FieldDescriptorProto {
            name: Some(name.to_owned()),
            number: Some(number),
            label: Some(label.into()),
            r#type: Some(ty.into()),
            type_name: of.map(str::to_owned),
            ..Default::default()
        }
    }

    /// What a file with `message Note { string short_text = 1; int64 big = 2; repeated Note more = 3; }` says.
    fn descriptors() -> &'static [u8] {
        let fields = vec![
            field("short_text", 1, Type::String, Label::Optional, None),
            field("big", 2, Type::Int64, Label::Optional, None),
            field("more", 3, Type::Message, Label::Repeated, Some(".hello.Note")),
            field("when", 4, Type::Message, Label::Optional, Some(".google.protobuf.Duration")),
            field("ratio", 5, Type::Message, Label::Optional, Some(".google.protobuf.DoubleValue")),
            field("ratios", 6, Type::Float, Label::Repeated, None),
        ];
        let note = DescriptorProto { name: Some("Note".to_owned()), field: fields, ..Default::default() };
        let of = || Some(".hello.Note".to_owned());
        let say = MethodDescriptorProto {
            name: Some("Say".to_owned()),
            input_type: of(),
            output_type: of(),
            ..Default::default()
        };
        let greeter =
            ServiceDescriptorProto { name: Some("Greeter".to_owned()), method: vec![say], ..Default::default() };
        let file = FileDescriptorProto {
            name: Some("hello.proto".to_owned()),
            package: Some("hello".to_owned()),
            dependency: ["duration", "wrappers"].map(|it| format!("google/protobuf/{it}.proto")).to_vec(),
            message_type: vec![note],
            service: vec![greeter],
            syntax: Some("proto3".to_owned()),
            ..Default::default()
        };
        FileDescriptorSet { file: vec![file] }.encode_to_vec().leak()
    }

    fn through(json: &str) -> Result<String, Error> {
        let (bridge, descriptors) = (Json::default(), descriptors());
        let proto = bridge.request(&SAY, descriptors, json.as_bytes(), DecodeLimits::default())?;
        let back = bridge.reply(&SAY, descriptors, proto)?;
        Ok(String::from_utf8(back.to_vec()).unwrap())
    }

    #[test]
    fn both_names_are_read_and_one_is_written() {
        let json = r#"{"short_text": "é", "big": 7, "more": [{"shortText": "x"}, {}], "when": "1.5s", "new": [1]}"#;
        let wanted = r#"{"shortText":"é","big":"7","more":[{"shortText":"x"},{}],"when":"1.500s"}"#;
        assert_eq!(through(json).unwrap(), wanted);
        assert_eq!(through("{}").unwrap(), "{}");
    }

    #[test]
    fn numbers_that_are_none_have_words() {
        for json in [r#"{"ratio":"NaN"}"#, r#"{"ratio":"-Infinity"}"#, r#"{"ratios":["Infinity","NaN",-1.5]}"#] {
            assert_eq!(through(json).unwrap(), json);
        }
    }

    #[test]
    fn every_double_is_read_as_it_was_written() {
        let mut bits = 0x6b69_7465_6c69_6e65_u64;
        for _ in 0..1000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let json = serde_json::json!({ "ratio": f64::from_bits(bits >> 2) }).to_string();
            assert_eq!(through(&json).unwrap(), json);
        }
    }

    #[test]
    fn json_of_another_message_is_the_caller_s_fault() {
        for bad in ["", "{", "[]", "null", r#"{"big": "x"}"#, "{} {}", "{\"shortText\": \"\u{1}\"}"] {
            let error = through(bad).unwrap_err();
            assert_eq!((error.code(), error.origin()), (Code::InvalidArgument, Origin::Decode), "{bad}");
        }
        let deep = "{\"more\":[".repeat(200);
        assert_eq!(through(&deep).unwrap_err().code(), Code::InvalidArgument);
    }

    #[test]
    fn memory_is_limited_before_it_is_taken() {
        let many = |count: usize| format!("{{\"more\":[{{}}{}]}}", ",{}".repeat(count));
        assert!(through(&many(5_000)).is_ok());
        let error = through(&many(1_000_000)).unwrap_err();
        assert_eq!((error.code(), error.origin()), (Code::ResourceExhausted, Origin::Decode));
        // Text is what it is.
        let text = format!("{{\"shortText\":\"{}\"}}", "{,\\\"".repeat(1_000_000));
        assert!(through(&text).is_ok());
    }

    #[test]
    fn plain_values_that_are_messages_take_as_much_as_those() {
        let pool = DescriptorPool::global();
        let message = |name: &str| pool.get_message_by_name(name).unwrap();
        assert!(holds_known(message("google.protobuf.Struct")));
        let note = find(SAY.path, descriptors()).unwrap().input();
        assert!(holds_known(note.clone()), "its duration");
        let list = format!("[{}]", "0,".repeat(100));
        assert!(memory(list.as_bytes(), OBJECT) > 100 * OBJECT);
    }

    #[test]
    fn without_descriptors_there_is_no_json() {
        let error = Json::default().request(&SAY, &[], b"{}", DecodeLimits::default()).unwrap_err();
        assert_eq!(error.code(), Code::Unimplemented);
    }
}
