//! A value of any type, for the scaffolded test's calls.

use proc_macro2::TokenStream;
use quote::quote;

use crate::emit::view::{View, ident};
use crate::ir::model::{DefKind, Field, Requiredness, Ty, Wrap};

/// How deep a value may nest before the search for one is given up.
const DEEPEST: usize = 16;

/// An expression of the type; `None` for a type that has no small value.
pub(super) fn value(view: &View<'_>, ty: &Ty) -> Option<TokenStream> {
    at(view, ty, 0)
}

fn at(view: &View<'_>, ty: &Ty, depth: usize) -> Option<TokenStream> {
    if depth > DEEPEST {
        return None;
    }
    // clippy wants a unit to be written as one.
    if matches!(ty, Ty::WellKnown(_)) && view.ty(ty).to_string() == "()" {
        return Some(quote!(()));
    }
    if crate::resolve::defaultable(view.model, ty) {
        return Some(quote!(Default::default()));
    }
    let Ty::Def(id) = view.model.real(ty) else { return None };
    let path = view.def(*id);
    match &view.model.def(*id).kind {
        DefKind::Union(fields) => fields.iter().find_map(|field| {
            let (arm, inner) = (ident(&field.head.rust), at(view, &field.ty, depth + 1)?);
            let inner = boxed(field, inner);
            Some(quote!(#path::#arm(#inner)))
        }),
        DefKind::Struct(it) => {
            let fields: Option<Vec<TokenStream>> = it
                .fields
                .iter()
                .map(|field| {
                    let name = ident(&field.head.rust);
                    let needed = field.requiredness == Requiredness::Required;
                    let value =
                        if needed { boxed(field, at(view, &field.ty, depth + 1)?) } else { quote!(Default::default()) };
                    Some(quote!(#name: #value))
                })
                .collect();
            let fields = fields?;
            Some(quote!(#path { #(#fields),* }))
        }
        _ => None,
    }
}

fn boxed(field: &Field, value: TokenStream) -> TokenStream {
    if field.wrap == Wrap::Box { quote!(Box::new(#value)) } else { value }
}
