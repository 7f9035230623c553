//! `prost::Name` of messages: the names of the IDL. prost's own generator would write those of the
//! rewritten descriptors that it is given.

use proc_macro2::TokenStream;
use quote::quote;

use crate::emit::view::View;
use crate::ir::model::{Def, Proto};

/// The host in front of a message's full name in a `google.protobuf.Any`.
const HOST: &str = "type.googleapis.com";

/// The implementation for a message; nothing for an enum.
pub(in crate::emit) fn emit(view: &View<'_>, def: &Def, proto: &Proto) -> TokenStream {
    if !proto.message {
        return TokenStream::new();
    }
    let ty = view.path(def.module, &def.head.rust);
    let full = proto.full.trim_start_matches('.');
    let package = full.strip_suffix(&def.head.name).unwrap_or_default().trim_end_matches('.');
    let name = full.rsplit('.').next().unwrap_or(full);
    let url = format!("{HOST}/{full}");
    // What prost makes of the two names is right unless the message is inside another.
    let full_name = (name != def.head.name).then(|| {
        quote! {
            fn full_name() -> ::std::string::String {
                ::std::borrow::ToOwned::to_owned(#full)
            }
        }
    });
    quote! {
        impl ::runtime::prost::Name for #ty {
            const NAME: &'static str = #name;
            const PACKAGE: &'static str = #package;

            #full_name

            fn type_url() -> ::std::string::String {
                ::std::borrow::ToOwned::to_owned(#url)
            }
        }
    }
}
