//! The code by which generated types are read and written as JSON: a table of names per message, and one line per field.

mod names;
mod proto;
mod proto_fields;

use proc_macro2::TokenStream;
use quote::quote;

use super::view::View;

pub(super) use proto::{Proto, proto};

/// What a module has for JSON.
pub(super) fn module(view: &View<'_>, proto: &Proto) -> TokenStream {
    let proto = proto.module(view);
    quote!(#proto)
}
