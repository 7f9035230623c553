//! Descriptors to draft definitions.

use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, MethodDescriptorProto,
    MethodOptions, ServiceDescriptorProto,
    field_descriptor_proto::{Label, Type as Wire},
    method_options::IdempotencyLevel,
};

use super::place::Places;
use crate::ir::draft::{
    Annotation, Base, Enum, Field, File, Head, Item, Member, Method, Name, Namespace, Requiredness, Service, Struct,
    StructKind, Type, TypeKind,
};

/// Lowers one file into its place in the draft.
pub(super) fn file(descriptor: &FileDescriptorProto, places: &Places<'_>, out: &mut File) {
    if let Some(package) = &descriptor.package {
        let span = places.span(&[2]);
        let scope = Name { text: "*".to_owned(), span };
        out.namespaces.push(Namespace { scope, name: Name { text: package.clone(), span } });
    }
    let proto2 = descriptor.syntax() != "proto3";
    let mut lowering = Lowering { places, proto2, items: Vec::new() };
    for (message, at) in descriptor.message_type.iter().zip(0..) {
        lowering.message("", &[4, at], message);
    }
    for (each, at) in descriptor.enum_type.iter().zip(0..) {
        lowering.enumeration("", &[5, at], each);
    }
    for (each, at) in descriptor.service.iter().zip(0..) {
        lowering.service(&[6, at], each);
    }
    // Descriptors sort definitions by kind; people sort them in their files.
    lowering.items.sort_by_key(|it| it.head().name.span.start);
    out.items = lowering.items;
}

struct Lowering<'a> {
    places: &'a Places<'a>,
    proto2: bool,
    items: Vec<Item>,
}

impl Lowering<'_> {
    fn head(&self, path: &[i32], scope: &str, name: &str, deprecated: bool) -> Head {
        let mut name = self.places.name(path, name);
        let flag = |text: &str| Name { text: text.to_owned(), span: name.span };
        let annotation = Annotation { key: flag("deprecated"), value: Some(flag("true")) };
        name.text.insert_str(0, scope);
        let annotations = if deprecated { vec![annotation] } else { Vec::new() };
        Head { name, docs: self.places.docs(path), annotations }
    }

    fn message(&mut self, scope: &str, path: &[i32], message: &DescriptorProto) {
        let deprecated = message.options.as_ref().is_some_and(|it| it.deprecated());
        let head = self.head(path, scope, message.name(), deprecated);
        let inner = format!("{}.", head.name.text);
        let all = message.field.iter().zip(0..);
        let fields = all.map(|(it, at)| self.field(&[path, &[2, at]].concat(), it, message)).collect();
        let oneofs = message.oneof_decl.iter().zip(0..).take(real_oneofs(message));
        let oneofs = oneofs.map(|(it, at)| self.places.name(&[path, &[8, at]].concat(), it.name())).collect();
        self.items.push(Item::Struct(Struct { head, kind: StructKind::Message, fields, oneofs }));
        for (nested, at) in message.nested_type.iter().zip(0..) {
            if !is_map_entry(nested) {
                self.message(&inner, &[path, &[3, at]].concat(), nested);
            }
        }
        for (nested, at) in message.enum_type.iter().zip(0..) {
            self.enumeration(&inner, &[path, &[4, at]].concat(), nested);
        }
    }

    fn field(&self, path: &[i32], field: &FieldDescriptorProto, outer: &DescriptorProto) -> Field {
        let deprecated = field.options.as_ref().is_some_and(|it| it.deprecated());
        let head = self.head(path, "", field.name(), deprecated);
        let number = self.places.find(&[path, &[3]].concat()).unwrap_or(head.name.span);
        let requiredness = match field.label() {
            Label::Required => Requiredness::Required,
            Label::Optional if self.proto2 || has_presence(field) => Requiredness::Optional,
            Label::Optional | Label::Repeated => Requiredness::Default,
        };
        let ty = self.field_type(path, field, outer, &head.name);
        let id = Some((i64::from(field.number()), number));
        let oneof = field.oneof_index.filter(|_| !field.proto3_optional()).and_then(|it| usize::try_from(it).ok());
        let of_enum = map_entry(field, outer).map_or(field, |[_, value]| value).r#type() == Wire::Enum;
        Field { head, id, requiredness, reference: false, ty, default: None, oneof, of_enum }
    }

    fn field_type(&self, path: &[i32], field: &FieldDescriptorProto, outer: &DescriptorProto, name: &Name) -> Type {
        let place = self.places.find(&[path, &[6]].concat());
        let span = place.or_else(|| self.places.find(&[path, &[5]].concat())).unwrap_or(name.span);
        let ty = |kind| Type { kind, span, annotations: Vec::new() };
        let repeated = field.label() == Label::Repeated;
        match map_entry(field, outer) {
            Some([key, value]) => ty(TypeKind::Map(Box::new(ty(kind(key))), Box::new(ty(kind(value))))),
            None if repeated => ty(TypeKind::List(Box::new(ty(kind(field))))),
            None => ty(kind(field)),
        }
    }

    fn enumeration(&mut self, scope: &str, path: &[i32], each: &EnumDescriptorProto) {
        let deprecated = each.options.as_ref().is_some_and(|it| it.deprecated());
        let head = self.head(path, scope, each.name(), deprecated);
        let members = each.value.iter().zip(0..).map(|(value, at)| {
            let path = [path, &[2, at]].concat();
            let deprecated = value.options.as_ref().is_some_and(|it| it.deprecated());
            let head = self.head(&path, "", value.name(), deprecated);
            let span = self.places.find(&[&path[..], &[2]].concat()).unwrap_or(head.name.span);
            Member { head, number: Some((i64::from(value.number()), span)), status: None }
        });
        let members = members.collect();
        self.items.push(Item::Enum(Enum { head, strings: false, members }));
    }

    fn service(&mut self, path: &[i32], service: &ServiceDescriptorProto) {
        let deprecated = service.options.as_ref().is_some_and(|it| it.deprecated());
        let head = self.head(path, "", service.name(), deprecated);
        let all = service.method.iter().zip(0..);
        let methods = all.map(|(it, at)| self.method(&[path, &[2, at]].concat(), it)).collect();
        self.items.push(Item::Service(Service { head, extends: None, methods }));
    }

    fn method(&self, path: &[i32], method: &MethodDescriptorProto) -> Method {
        let deprecated = method.options.as_ref().is_some_and(|it| it.deprecated());
        let mut head = self.head(path, "", method.name(), deprecated);
        let flag = match method.options.as_ref().map(MethodOptions::idempotency_level) {
            Some(IdempotencyLevel::NoSideEffects) => Some("safe"),
            Some(IdempotencyLevel::Idempotent) => Some("idempotent"),
            _ => None,
        };
        let key = |text: &str| Name { text: text.to_owned(), span: head.name.span };
        head.annotations.extend(flag.map(|flag| Annotation { key: key(flag), value: Some(key("true")) }));
        let named = |part, name: &str| {
            let span = self.places.find(&[path, &[part]].concat()).unwrap_or(head.name.span);
            Type { kind: TypeKind::Named(name.to_owned()), span, annotations: Vec::new() }
        };
        let input = named(2, method.input_type());
        let result = Some(named(3, method.output_type()));
        let name = Name { text: "req".to_owned(), span: input.span };
        let argument = Field {
            head: Head { name, docs: String::new(), annotations: Vec::new() },
            id: Some((1, input.span)),
            requiredness: Requiredness::Default,
            reference: false,
            ty: input,
            default: None,
            oneof: None,
            of_enum: false,
        };
        Method {
            head,
            oneway: None,
            result,
            arguments: vec![argument],
            throws: Vec::new(),
            client_streaming: method.client_streaming(),
            server_streaming: method.server_streaming(),
            routes: Vec::new(),
        }
    }
}

/// Whether a singular field of proto3 tells an absent value from a zero.
fn has_presence(field: &FieldDescriptorProto) -> bool {
    field.proto3_optional() || field.oneof_index.is_some()
}

/// The number of `oneof`s that somebody wrote: those of proto3's `optional` come behind them.
fn real_oneofs(message: &DescriptorProto) -> usize {
    let made = message.field.iter().filter(|it| it.proto3_optional());
    let made = made.filter_map(|it| usize::try_from(it.oneof_index?).ok()).min();
    made.unwrap_or(message.oneof_decl.len())
}

/// Whether a message is the entry type of a map field, which nobody wrote.
pub(super) fn is_map_entry(message: &DescriptorProto) -> bool {
    message.options.as_ref().is_some_and(|it| it.map_entry())
}

/// The key and the value of a map field.
fn map_entry<'a>(field: &FieldDescriptorProto, outer: &'a DescriptorProto) -> Option<&'a [FieldDescriptorProto; 2]> {
    let mut entries = outer.nested_type.iter().filter(|it| is_map_entry(it));
    let full = |entry: &DescriptorProto| format!(".{}.{}", outer.name(), entry.name());
    let entry = entries.find(|it| field.type_name().ends_with(&full(it)))?;
    entry.field.first_chunk()
}

fn kind(field: &FieldDescriptorProto) -> TypeKind {
    TypeKind::Base(match field.r#type() {
        Wire::Double | Wire::Float => Base::Double,
        Wire::Int64 | Wire::Uint64 | Wire::Sint64 | Wire::Fixed64 | Wire::Sfixed64 => Base::I64,
        Wire::Int32 | Wire::Uint32 | Wire::Sint32 | Wire::Fixed32 | Wire::Sfixed32 => Base::I32,
        Wire::Bool => Base::Bool,
        Wire::String => Base::String,
        Wire::Bytes => Base::Binary,
        Wire::Enum | Wire::Message | Wire::Group => {
            return TypeKind::Named(field.type_name().to_owned());
        }
    })
}
