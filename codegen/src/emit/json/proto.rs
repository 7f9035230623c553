//! JSON of proto messages: along the descriptors, for the types that prost makes of them.

use std::collections::HashMap;

use proc_macro2::TokenStream;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto};
use quote::quote;

use super::Parts;
use super::names::{self, Names};
use super::proto_fields::{ENUM, Known, of_message};
use crate::emit::proto::{collect, files};
use crate::emit::view::{View, ident};
use crate::ir::model::{Def, DefKind, Language, Model, Proto as Of};

/// The static with the messages that an `Any` may hold.
const TYPES: &str = "JSON_TYPES";

/// The descriptors of the proto files; none where their types have no JSON.
#[derive(Default)]
pub(in crate::emit) struct Proto {
    files: Vec<FileDescriptorProto>,
}

/// The descriptors of a model.
pub(in crate::emit) fn proto(model: &Model) -> Proto {
    if !model.json(Language::Proto) { Proto::default() } else { Proto { files: files(model) } }
}

impl Proto {
    /// What a module has for its messages and enums.
    pub(super) fn module(&self, view: &View<'_>) -> TokenStream {
        let defs = view.model.defs.iter().filter(|it| view.is_here(it.module));
        let own: Vec<(&Def, &Of)> = defs.filter_map(of).collect();
        if self.files.is_empty() || own.is_empty() {
            return TokenStream::new();
        }
        let known = self.known(view);
        let code = own.iter().map(|(def, proto)| {
            let path = view.path(def.module, &def.head.rust);
            if let Some(message) = known.messages.get(&proto.full) {
                return message_impl(view, &known, (def, proto), message);
            }
            known.enums.get(&proto.full).map_or_else(TokenStream::new, |it| enum_impl(&path, it))
        });
        let code: TokenStream = code.collect();
        let types = (known.any_home == Some(own[0].0.module)).then(|| types(view));
        quote!(#types #code)
    }

    fn known<'a>(&'a self, view: &'a View<'a>) -> Known<'a> {
        let (mut messages, mut enums, mut syntaxes) = (HashMap::new(), HashMap::new(), HashMap::new());
        for file in &self.files {
            let package = if file.package().is_empty() { String::new() } else { format!(".{}", file.package()) };
            for message in &file.message_type {
                let mut within = HashMap::new();
                collect(format!("{package}.{}", message.name()), message, &mut within);
                for (name, message) in &within {
                    enums.extend(message.enum_type.iter().map(|it| (format!("{name}.{}", it.name()), it)));
                    syntaxes.insert(name.clone(), file.syntax());
                }
                messages.extend(within);
            }
            enums.extend(file.enum_type.iter().map(|it| (format!("{package}.{}", it.name()), it)));
        }
        let defs: HashMap<&str, &Def> =
            view.model.defs.iter().filter_map(|def| of(def).map(|(def, proto)| (proto.full.as_str(), def))).collect();
        let any_home = view.model.defs.iter().filter_map(of).find_map(|(def, proto)| {
            let message = messages.get(&proto.full)?;
            holds_any(message).then_some(def.module)
        });
        Known { messages, enums, syntaxes, defs, any_home }
    }
}

fn of(def: &Def) -> Option<(&Def, &Of)> {
    match &def.kind {
        DefKind::Proto(proto) => Some((def, proto)),
        _ => None,
    }
}

/// Whether a message has a field of `google.protobuf.Any`, or a map of them.
fn holds_any(message: &DescriptorProto) -> bool {
    let any = |it: &DescriptorProto| it.field.iter().any(|field| field.type_name() == ".google.protobuf.Any");
    any(message) || message.nested_type.iter().any(|it| it.options.as_ref().is_some_and(|it| it.map_entry()) && any(it))
}

fn message_impl(view: &View<'_>, known: &Known<'_>, of: (&Def, &Of), message: &DescriptorProto) -> TokenStream {
    let (def, proto) = of;
    let path = view.path(def.module, &def.head.rust);
    let fields = of_message(view, known, of, message);
    let table: Vec<Names> = message
        .field
        .iter()
        .map(|field| {
            let json = field.json_name.clone().unwrap_or_else(|| field.name().to_owned());
            Names { json, other: Some(field.name().to_owned()) }
        })
        .collect();
    let nulls = names::places("nulls", fields.nulls.iter().copied());
    let types = known.any_home.filter(|_| holds_any(message)).map(|home| {
        let types = view.path(home, TYPES);
        quote!(.types(&#types))
    });
    let table = names::table(&table, &quote!(#nulls #types));
    let out = if fields.writes.is_empty() { quote!(_) } else { quote!(out) };
    let read = match fields.reads.as_slice() {
        [] => quote!(input.skip()),
        reads => quote!(match field { #(#reads)* _ => input.skip(), }),
    };
    let field = if fields.reads.is_empty() { quote!(_) } else { quote!(field) };
    debug_assert!(proto.message, "an enum is not a message");
    let old = message.field.iter().any(|field| field.options.as_ref().is_some_and(|it| it.deprecated()));
    let allow = old.then(|| quote!(#[allow(deprecated, reason = "what is deprecated is read and written too")]));
    let message = super::message(&path, &Parts { table, writes: (out, fields.writes), reads: (field, read) });
    quote!(#allow #message)
}

fn enum_impl(path: &TokenStream, it: &EnumDescriptorProto) -> TokenStream {
    let constant = ident(ENUM);
    let pairs = it.value.iter().map(|value| {
        let (name, number) = (value.name(), crate::emit::constant::int(i64::from(value.number())));
        quote!((#name, #number))
    });
    quote! {
        impl #path {
            /// The names of its members in JSON.
            pub(crate) const #constant: &'static ::runtime::json::EnumNames = &[#(#pairs),*];
        }
    }
}

/// Every message of the program.
fn types(view: &View<'_>) -> TokenStream {
    let mut messages: Vec<(&str, TokenStream)> = view
        .model
        .defs
        .iter()
        .filter_map(of)
        .filter(|(_, proto)| proto.message)
        .map(|(def, proto)| (proto.full.trim_start_matches('.'), view.path(def.module, &def.head.rust)))
        .collect();
    messages.sort_by_key(|(name, _)| *name);
    let (name, types) =
        (ident(TYPES), messages.iter().map(|(name, path)| quote!(::runtime::json::AnyType::new::<#path>(#name))));
    quote! {
        /// The messages that a `google.protobuf.Any` may hold.
        pub(crate) static #name: ::runtime::json::Types = ::runtime::json::Types::new(&[#(#types),*]);
    }
}
