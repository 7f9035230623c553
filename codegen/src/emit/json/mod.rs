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
