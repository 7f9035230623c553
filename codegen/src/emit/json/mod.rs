//! The code by which generated types are read and written as JSON: a table of names per message, and one line per field.

mod names;
mod proto;
mod proto_fields;
pub(super) mod thrift;

use proc_macro2::TokenStream;
use quote::quote;

use super::view::View;
use crate::ir::model::Language;

pub(super) use proto::{Proto, proto};

/// What a module has for JSON.
pub(super) fn module(view: &View<'_>, proto: &Proto) -> TokenStream {
    let proto = proto.module(view);
    let thrift = view.model.json(Language::Thrift).then(|| {
        let own = view.model.defs.iter().filter(|it| view.is_here(it.module));
        own.map(|def| thrift::emit(view, def)).collect::<TokenStream>()
    });
    quote!(#proto #thrift)
}

/// What the impl of a message is made of.
struct Parts {
    /// Its table of names.
    table: TokenStream,
    /// The name of the object that is written to, and one line per field.
    writes: (TokenStream, Vec<TokenStream>),
    /// The name of the place that is read, and what becomes of the field there.
    reads: (TokenStream, TokenStream),
}

/// The impl by which a message is read and written, field by field.
fn message(path: &TokenStream, parts: &Parts) -> TokenStream {
    let Parts { table, writes: (out, writes), reads: (field, read) } = parts;
    quote! {
        impl ::runtime::json::Message for #path {
            fn fields(&self) -> &'static ::runtime::json::Fields {
                static FIELDS: ::runtime::json::Fields = #table;
                &FIELDS
            }

            fn write(&self, #out: &mut ::runtime::json::Object<'_>) {
                #(#writes)*
            }

            fn read(&mut self, #field: usize, input: &mut ::runtime::json::Reader<'_>) -> ::runtime::json::Read {
                #read
            }
        }
    }
}
