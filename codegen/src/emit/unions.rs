//! Unions: an enum with one arm per field, and one for a member that this IDL does not know.

use proc_macro2::TokenStream;
use quote::quote;

use super::view::{View, attributes, ident, serde_name};
use super::{codec, docs, structs};
use crate::ir::model::{Def, Field, Wrap};

pub(super) fn emit(view: &View<'_>, def: &Def, fields: &[Field]) -> TokenStream {
    let name = ident(&def.head.rust);
    let (docs, attributes) = (docs::if_any(&def.head), attributes(def, false));
    let arms = fields.iter().map(|field| {
        let (docs, arm, ty) = (docs::if_any(&field.head), ident(&field.head.rust), view.field(field, def.key));
        let serde = serde_name(def, &field.head);
        quote!(#docs #serde #arm(#ty),)
    });
    let complex = structs::complex(fields.iter().map(|it| &it.ty));
    let codec = value_impl(view, def, fields);
    quote! {
        #docs
        #attributes
        #[allow(clippy::large_enum_variant, clippy::enum_variant_names, reason = "the members are the IDL's")]
        #complex
        pub enum #name {
            #(#arms)*
            /// A member that this version of the IDL does not know, as it came.
            Unknown(thrift::UnknownField),
        }
        #codec
    }
}

fn value_impl(view: &View<'_>, def: &Def, fields: &[Field]) -> TokenStream {
    let name = ident(&def.head.rust);
    let writes = fields.iter().map(|field| {
        let (id, arm) = (codec::id(field.id), ident(&field.head.rust));
        let value = codec::unboxed(field, quote!(value));
        quote!(Self::#arm(value) => out.field(#id, #value),)
    });
    let (some, none, ok) = (view.std("Some"), view.std("None"), view.std("Ok"));
    let (result, option, text) = (view.std("Result"), view.std("Option"), &def.head.rust);
    let reads = fields.iter().map(|field| {
        let (id, kind, arm) = (codec::id(field.id), view.kind(&field.ty), ident(&field.head.rust));
        let how = ident(if field.wrap == Wrap::Box { "boxed" } else { "with" });
        quote!((#id, #some(#kind)) => field.#how(|value| member = #some(Self::#arm(value))),)
    });
    // The last known one of several members wins.
    let unknown = quote!(field.unknown(|field| {
        member.get_or_insert(Self::Unknown(field));
    }));
    let read =
        if fields.is_empty() { unknown } else { quote!(match (field.id, field.kind()) { #(#reads)* _ => #unknown, }) };
    let names = codec::name_list(fields);
    quote! {
        impl thrift::Value for #name {
            const TYPE: thrift::Type = thrift::Type::Struct;
            const FIELDS: thrift::FieldNames = #names;

            fn write(&self, out: &mut impl thrift::Sink) {
                out.structure(|out| match self {
                    #(#writes)*
                    Self::Unknown(value) => out.unknown(value),
                });
            }

            fn decode(input: &mut thrift::Decoder<'_>) -> #result<Self, thrift::DecodeError> {
                Self::decode_optional(input)?.ok_or_else(|| input.empty_union(#text))
            }

            fn decode_optional(input: &mut thrift::Decoder<'_>) -> #result<#option<Self>, thrift::DecodeError> {
                let mut member = #none;
                input.fields::<Self>(|field| #read)?;
                #ok(member)
            }
        }
    }
}
