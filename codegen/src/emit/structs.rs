//! Structs, exceptions and aliases.

use proc_macro2::TokenStream;
use quote::quote;

use super::view::{View, attributes, ident, serde_name};
use super::{codec, constant, docs};
use crate::ir::model::{Base, Def, Field, Struct, StructKind, Ty, Wrap};

/// `typedef`.
pub(super) fn alias(view: &View<'_>, def: &Def, target: &Ty) -> TokenStream {
    let (docs, name, target) = (docs::if_any(&def.head), ident(&def.head.rust), view.ty(target));
    quote!(#docs pub type #name = #target;)
}

/// `struct` and `exception`.
pub(super) fn emit(view: &View<'_>, def: &Def, it: &Struct) -> TokenStream {
    let name = ident(&def.head.rust);
    let docs = docs::if_any(&def.head);
    let own_default = it.fields.iter().any(|it| it.default.is_some() && it.wrap == Wrap::Plain);
    let attributes = attributes(def, def.defaultable && !own_default);
    let fields = it.fields.iter().map(|field| {
        let (docs, name, ty) = (docs::if_any(&field.head), ident(&field.head.rust), view.field(field, def.key));
        let serde = serde_name(def, &field.head);
        quote!(#docs #serde pub #name: #ty,)
    });
    let allow = complex(it.fields.iter().map(|it| &it.ty));
    let default = (def.defaultable && own_default).then(|| default_impl(view, def, it));
    let error = (it.kind == StructKind::Exception).then(|| error_impl(def));
    let codec = codec::structure(view, def, it);
    quote! {
        #docs
        #attributes
        #allow
        pub struct #name { #(#fields)* }
        #default
        #error
        #codec
    }
}

/// Deep container types are the IDL's choice, not ours.
pub(super) fn complex<'a>(mut types: impl Iterator<Item = &'a Ty>) -> Option<TokenStream> {
    fn depth(ty: &Ty) -> usize {
        match ty {
            Ty::Base(_) | Ty::Def(_) | Ty::WellKnown(_) => 1,
            Ty::List(item) | Ty::Set(_, item) => 1 + depth(item),
            Ty::Map(_, key, value) => 2 + depth(key).max(depth(value)),
        }
    }
    types.any(|ty| depth(ty) > 3).then(|| quote!(#[allow(clippy::type_complexity, reason = "the shape is the IDL's")]))
}

fn default_impl(view: &View<'_>, def: &Def, structure: &Struct) -> TokenStream {
    let (name, default) = (ident(&def.head.rust), view.std("Default"));
    let fields = structure.fields.iter().map(|field| {
        let (name, value) = (ident(&field.head.rust), initial(view, field, def.key));
        quote!(#name: #value,)
    });
    let doubles = constant::allow_doubles(structure.fields.iter().filter_map(|it| it.default.as_ref()));
    quote! {
        impl #default for #name {
            #doubles
            fn default() -> Self {
                Self { #(#fields)* }
            }
        }
    }
}

/// The value of a field when nobody set it.
pub(super) fn initial(view: &View<'_>, field: &Field, key: bool) -> TokenStream {
    match (&field.default, field.wrap) {
        (Some(value), Wrap::Plain) => constant::value(view, value, &field.ty, key),
        (_, Wrap::Option | Wrap::OptionBox) => view.std("None"),
        _ => match view.model.real(&field.ty) {
            Ty::Base(Base::Bool) => quote!(false),
            Ty::Base(Base::I8 | Base::I16 | Base::I32 | Base::I64) => quote!(0),
            Ty::Base(Base::Double) if !key => quote!(0.0),
            _ => {
                let default = view.std("Default");
                quote!(#default::default())
            }
        },
    }
}

fn error_impl(def: &Def) -> TokenStream {
    let name = ident(&def.head.rust);
    quote! {
        impl ::std::fmt::Display for #name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(self, f)
            }
        }
        impl ::std::error::Error for #name {}
    }
}
