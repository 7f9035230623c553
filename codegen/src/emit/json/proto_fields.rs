//! The lines by which the fields of a proto message are written and read, for the fields that prost makes.

use std::collections::{HashMap, HashSet};

use proc_macro2::{Literal, TokenStream};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto};
use quote::quote;

use crate::emit::view::{View, ident};
use crate::ir::model::{Def, ModuleId, Proto};
use crate::resolve::names;

/// The constant with the names of an enum's members.
pub(super) const ENUM: &str = "JSON_NAMES";

/// The descriptors by full name, and what the model made of them.
pub(super) struct Known<'a> {
    pub(super) messages: HashMap<String, &'a DescriptorProto>,
    pub(super) enums: HashMap<String, &'a EnumDescriptorProto>,
    /// The syntax of a message's file.
    pub(super) syntaxes: HashMap<String, &'a str>,
    pub(super) defs: HashMap<&'a str, &'a Def>,
    /// The module with the table of messages that an `Any` may hold.
    pub(super) any_home: Option<ModuleId>,
}

/// The lines of a message.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) writes: Vec<TokenStream>,
    pub(super) reads: Vec<TokenStream>,
    /// The places of fields for which `null` is a value.
    pub(super) nulls: Vec<usize>,
}

/// What a field holds.
enum Holds {
    /// What implements `Value`.
    Value,
    /// A message of generated code.
    Message,
    /// A member of an enum, with the path of its names.
    Enum(TokenStream),
    /// A message of `google.protobuf` that has no JSON here.
    Nothing(String),
}

/// How a field is kept.
#[derive(PartialEq)]
enum Kept {
    Plain,
    Required,
    Option,
    Many,
}

/// The messages of `google.protobuf` that JSON has forms for.
const FORMS: [&str; 17] = [
    "Any",
    "BoolValue",
    "BytesValue",
    "DoubleValue",
    "Duration",
    "Empty",
    "FieldMask",
    "FloatValue",
    "Int32Value",
    "Int64Value",
    "ListValue",
    "StringValue",
    "Struct",
    "Timestamp",
    "UInt32Value",
    "UInt64Value",
    "Value",
];

pub(super) fn of_message(view: &View<'_>, known: &Known<'_>, of: (&Def, &Proto), message: &DescriptorProto) -> Lines {
    let mut lines = Lines::default();
    let fields = Fields { view, known, of, message };
    let mut oneofs = HashSet::new();
    for (place, field) in message.field.iter().enumerate() {
        let oneof = field.oneof_index.filter(|_| !field.proto3_optional());
        let (literal, holds) = (Literal::usize_unsuffixed(place), fields.holds(field));
        if field.label() != Label::Repeated
            && matches!(field.type_name(), ".google.protobuf.Value" | ".google.protobuf.NullValue")
        {
            lines.nulls.push(place);
        }
        match oneof.and_then(|at| usize::try_from(at).ok()) {
            Some(at) => {
                if oneofs.insert(at) {
                    lines.writes.push(fields.write_oneof(at));
                }
                let read = fields.read_member(at, field, &holds);
                lines.reads.push(quote!(#literal => #read,));
            }
            None => {
                lines.writes.push(fields.write(&literal, field, &holds));
                let read = fields.read(field, &holds);
                lines.reads.push(quote!(#literal => #read,));
            }
        }
    }
    lines
}

struct Fields<'a> {
    view: &'a View<'a>,
    known: &'a Known<'a>,
    of: (&'a Def, &'a Proto),
    message: &'a DescriptorProto,
}

impl Fields<'_> {
    /// The entry of a map that a field is.
    fn entry(&self, field: &FieldDescriptorProto) -> Option<&DescriptorProto> {
        let entries = self.message.nested_type.iter().filter(|it| it.options.as_ref().is_some_and(|it| it.map_entry()));
        let name = field.type_name().strip_prefix(&self.of.1.full)?.strip_prefix('.')?;
        entries.into_iter().find(|it| it.name() == name && field.r#type() == Type::Message)
    }

    fn holds(&self, field: &FieldDescriptorProto) -> Holds {
        if let Some(value) = self.entry(field).and_then(|entry| entry.field.get(1)) {
            return self.holds(value);
        }
        match (field.r#type(), field.type_name().strip_prefix(".google.protobuf.")) {
            (Type::Enum, Some("NullValue")) => Holds::Enum(quote!(::runtime::json::NULL)),
            (Type::Enum, _) => match self.known.defs.get(field.type_name()) {
                Some(def) => {
                    let (path, names) = (self.view.path(def.module, &def.head.rust), ident(ENUM));
                    Holds::Enum(quote!(#path::#names))
                }
                None => Holds::Enum(quote!(&[])),
            },
            (Type::Message | Type::Group, _) if self.known.defs.contains_key(field.type_name()) => Holds::Message,
            (Type::Message | Type::Group, Some(name)) if FORMS.contains(&name) => Holds::Value,
            (Type::Message | Type::Group, _) => Holds::Nothing(field.type_name().trim_start_matches('.').to_owned()),
            _ => Holds::Value,
        }
    }

    fn kept(&self, field: &FieldDescriptorProto) -> Kept {
        let two = self.known.syntaxes.get(&self.of.1.full).is_none_or(|it| *it != "proto3");
        match field.label() {
            Label::Repeated => Kept::Many,
            Label::Required => Kept::Required,
            Label::Optional if field.proto3_optional() || two => Kept::Option,
            Label::Optional if matches!(field.r#type(), Type::Message | Type::Group) => Kept::Option,
            Label::Optional => Kept::Plain,
        }
    }

    /// Whether prost keeps a field elsewhere, since its message leads back to it.
    fn boxed(&self, field: &FieldDescriptorProto) -> bool {
        let groups = field.r#type() == Type::Group;
        let message = matches!(field.r#type(), Type::Message | Type::Group) && field.label() != Label::Repeated;
        message && self.leads(field.type_name(), groups)
    }

    /// Whether a message leads to this one; by way of groups too where one asks.
    fn leads(&self, from: &str, groups: bool) -> bool {
        let (mut seen, mut open) = (HashSet::new(), vec![from]);
        while let Some(at) = open.pop() {
            if at == self.of.1.full {
                return true;
            }
            let Some(message) = self.known.messages.get(at).filter(|_| seen.insert(at)) else { continue };
            let held = message.field.iter().filter(|it| {
                it.label() != Label::Repeated && (it.r#type() == Type::Message || groups && it.r#type() == Type::Group)
            });
            open.extend(held.map(FieldDescriptorProto::type_name));
        }
        false
    }

    fn name(&self, field: &FieldDescriptorProto, holds: &Holds) -> proc_macro2::Ident {
        match holds {
            Holds::Enum(_) if self.entry(field).is_some() => ident(&names::proto_enum_map(field.name())),
            _ => ident(&names::proto_field(field.name())),
        }
    }

    fn write(&self, place: &Literal, field: &FieldDescriptorProto, holds: &Holds) -> TokenStream {
        let (name, map, boxed) = (self.name(field, holds), self.entry(field).is_some(), self.boxed(field));
        match (holds, self.kept(field)) {
            (Holds::Enum(names), Kept::Plain) => quote!(out.plain_number(#place, self.#name, #names);),
            (Holds::Enum(names), Kept::Required) => quote!(out.number(#place, self.#name, #names);),
            (Holds::Enum(names), Kept::Option) => quote!(out.optional_number(#place, self.#name, #names);),
            (Holds::Enum(names), Kept::Many) if map => quote!(out.number_map(#place, self.#name.iter(), #names);),
            (Holds::Enum(names), Kept::Many) => quote!(out.numbers(#place, &self.#name, #names);),
            (Holds::Nothing(full), Kept::Many) => quote!(out.unable(#place, !self.#name.is_empty(), #full);),
            (Holds::Nothing(full), Kept::Option) => quote!(out.unable(#place, self.#name.is_some(), #full);),
            (Holds::Nothing(full), _) => quote!(out.unable(#place, true, #full);),
            (_, Kept::Option) if boxed => quote!(out.optional(#place, self.#name.as_deref());),
            (_, Kept::Option) => quote!(out.optional(#place, self.#name.as_ref());),
            (_, Kept::Required) if boxed => quote!(out.field(#place, &*self.#name);),
            (_, Kept::Required) => quote!(out.field(#place, &self.#name);),
            (_, Kept::Plain | Kept::Many) => quote!(out.plain(#place, &self.#name);),
        }
    }

    fn read(&self, field: &FieldDescriptorProto, holds: &Holds) -> TokenStream {
        let (name, map, boxed) = (self.name(field, holds), self.entry(field).is_some(), self.boxed(field));
        match (holds, self.kept(field)) {
            (Holds::Enum(names), Kept::Plain | Kept::Required) => quote!(input.number(&mut self.#name, #names)),
            (Holds::Enum(names), Kept::Option) => quote!(input.optional_number(&mut self.#name, #names)),
            (Holds::Enum(names), Kept::Many) if map => quote!(input.number_map(&mut self.#name, #names)),
            (Holds::Enum(names), Kept::Many) => quote!(input.numbers(&mut self.#name, #names)),
            (Holds::Nothing(full), _) => quote!(input.unable(#full)),
            (_, Kept::Option) if boxed => quote!(input.boxed(&mut self.#name)),
            (_, Kept::Option) => quote!(input.optional(&mut self.#name)),
            (_, Kept::Required) if boxed => quote!(input.value(&mut *self.#name)),
            _ => quote!(input.value(&mut self.#name)),
        }
    }

    /// The path of a `oneof`'s type, and the field that holds it.
    fn oneof(&self, at: usize) -> (TokenStream, proc_macro2::Ident) {
        let name = self.message.oneof_decl.get(at).map(|it| it.name()).unwrap_or_default();
        let prefix = format!("{}.", self.of.1.full);
        let nested = self.known.defs.keys().filter_map(|it| it.strip_prefix(&prefix)).filter(|it| !it.contains('.'));
        let ty = names::proto_oneof(name, nested);
        let module = self.of.1.inner.as_deref().unwrap_or_default();
        (self.view.path(self.of.0.module, &format!("{module}::{ty}")), ident(&names::proto_field(name)))
    }

    fn write_oneof(&self, at: usize) -> TokenStream {
        let (ty, name) = self.oneof(at);
        let (some, none) = (self.view.std("Some"), self.view.std("None"));
        let arms = self.members(at).map(|(place, field)| {
            let (member, place) = (ident(&names::proto_type(field.name())), Literal::usize_unsuffixed(place));
            match self.holds(field) {
                Holds::Enum(names) => quote!(#some(#ty::#member(value)) => out.number(#place, *value, #names),),
                Holds::Nothing(full) => quote!(#some(#ty::#member(_)) => out.unable(#place, true, #full),),
                _ if self.boxed(field) => quote!(#some(#ty::#member(value)) => out.field(#place, &**value),),
                _ => quote!(#some(#ty::#member(value)) => out.field(#place, value),),
            }
        });
        quote!(match &self.#name { #(#arms)* #none => {} })
    }

    /// The members of a `oneof`, with their places.
    fn members(&self, index: usize) -> impl Iterator<Item = (usize, &FieldDescriptorProto)> {
        let index = i32::try_from(index).ok();
        self.message.field.iter().enumerate().filter(move |(_, it)| it.oneof_index == index && !it.proto3_optional())
    }

    fn read_member(&self, at: usize, field: &FieldDescriptorProto, holds: &Holds) -> TokenStream {
        let ((ty, name), member) = (self.oneof(at), ident(&names::proto_type(field.name())));
        let (some, none, default) = (self.view.std("Some"), self.view.std("None"), self.view.std("Default"));
        match holds {
            Holds::Value => quote!(input.member(&mut self.#name, #ty::#member)),
            Holds::Enum(names) => quote!(input.number_member(&mut self.#name, #ty::#member, #names)),
            Holds::Nothing(full) => quote!(input.unable(#full)),
            Holds::Message => {
                let value = if self.boxed(field) { quote!(&mut **value) } else { quote!(value) };
                let other = (self.members(at).count() > 1).then(|| quote!(_ => #none,));
                quote! {
                    input.message_member(
                        &mut self.#name,
                        || #ty::#member(#default::default()),
                        |member| match member {
                            #ty::#member(value) => #some(#value),
                            #other
                        },
                    )
                }
            }
        }
    }
}
