//! Constants and default values as expressions.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::view::{self, View, ident};
use super::{docs, structs};
use crate::ir::model::{Const, DefKind, Field, Ty, Value, Wrap};

/// `const`: an item of its own; what needs an allocation is made at first use.
pub(super) fn emit(view: &View<'_>, it: &Const) -> TokenStream {
    let (docs, name) = (docs::if_any(&it.head), ident(&it.head.rust));
    let doubles = allow_doubles(std::iter::once(&it.value));
    if view::plain(view.model, it) {
        let (ty, value) = match (&it.value, view.model.real(&it.ty)) {
            (Value::String(text), _) => (quote!(&str), quote!(#text)),
            (Value::Binary(bytes), _) => {
                let bytes = Literal::byte_string(bytes);
                (quote!(&[u8]), quote!(#bytes))
            }
            (value, _) => (view.ty(&it.ty), self::value(view, value, &it.ty, false)),
        };
        return quote!(#docs #doubles pub const #name: #ty = #value;);
    }
    let (ty, value) = (view.ty(&it.ty), value(view, &it.value, &it.ty, false));
    let complex = structs::complex(std::iter::once(&it.ty));
    let make = match &it.value {
        Value::List(items) if items.is_empty() => quote!(::std::vec::Vec::new),
        _ => quote!(|| #value),
    };
    quote! {
        #docs
        #doubles
        #complex
        pub static #name: ::std::sync::LazyLock<#ty> = ::std::sync::LazyLock::new(#make);
    }
}

/// The IDL's own numbers may come close to one that Rust has a name for.
pub(super) fn allow_doubles<'a>(mut values: impl Iterator<Item = &'a Value>) -> Option<TokenStream> {
    fn any(value: &Value) -> bool {
        match value {
            Value::Double(it) => KNOWN.iter().any(|known| (it.abs() - known).abs() < 0.01),
            Value::List(items) | Value::Set(items) => items.iter().any(any),
            Value::Map(pairs) => pairs.iter().any(|(key, value)| any(key) || any(value)),
            Value::Struct(_, fields) => fields.iter().any(|(_, value)| any(value)),
            Value::Union(_, _, value) => any(value),
            _ => false,
        }
    }
    values.any(any).then(|| quote!(#[allow(clippy::approx_constant, reason = "the numbers are the IDL's")]))
}

/// Numbers that Rust has a name for (`std::f64::consts`); clippy asks for the name.
const KNOWN: &[f64] = {
    use std::f64::consts::*;
    &[
        PI,
        E,
        TAU,
        FRAC_PI_2,
        FRAC_PI_3,
        FRAC_PI_4,
        FRAC_PI_6,
        FRAC_PI_8,
        FRAC_1_PI,
        FRAC_2_PI,
        FRAC_2_SQRT_PI,
        FRAC_1_SQRT_2,
        SQRT_2,
        LN_2,
        LN_10,
        LOG2_E,
        LOG10_E,
        LOG10_2,
        LOG2_10,
        1.618,
        0.5772,
    ]
};

/// A whole number as a literal.
pub(super) fn int(number: i64) -> TokenStream {
    let digits = Literal::u64_unsuffixed(number.unsigned_abs());
    if number < 0 { quote!(-#digits) } else { quote!(#digits) }
}

fn double(number: f64) -> TokenStream {
    if number.is_nan() {
        return quote!(f64::NAN);
    }
    let size = number.abs();
    let size = if size.is_infinite() {
        quote!(f64::INFINITY)
    } else {
        let digits = Literal::f64_unsuffixed(size);
        // The shortest decimal form, unless that is a row of zeros.
        match format!("{size:e}").parse::<Literal>() {
            Ok(short) if size != 0.0 && !(1e-5..1e16).contains(&size) => quote!(#short),
            _ => quote!(#digits),
        }
    };
    if number.is_sign_negative() { quote!(-#size) } else { size }
}

/// An expression of the type `ty`; `key` where it is part of a map key.
pub(super) fn value(view: &View<'_>, written: &Value, ty: &Ty, key: bool) -> TokenStream {
    match (written, view.model.real(ty)) {
        (Value::Bool(it), _) => quote!(#it),
        (Value::Int(it), _) => int(*it),
        (Value::Double(it), _) => {
            let literal = double(*it);
            if key { quote!(::runtime::thrift::Double(#literal)) } else { literal }
        }
        (Value::String(text), _) => {
            let string = view.std("String");
            if text.is_empty() { quote!(#string::new()) } else { quote!(#string::from(#text)) }
        }
        (Value::Binary(bytes), _) => {
            let bytes = Literal::byte_string(bytes);
            quote!(::runtime::Bytes::from_static(#bytes))
        }
        (Value::Uuid(bytes), _) => {
            let bytes = bytes.map(Literal::u8_unsuffixed);
            quote!(::runtime::thrift::Uuid([#(#bytes),*]))
        }
        (Value::Enum(id, number), _) => {
            let (path, DefKind::Enum(members)) = (view.def(*id), &view.model.def(*id).kind) else {
                return TokenStream::new();
            };
            match members.iter().find(|it| it.number == *number) {
                Some(member) => {
                    let member = ident(&member.head.rust);
                    quote!(#path::#member)
                }
                None => {
                    let number = int(i64::from(*number));
                    quote!(#path(#number))
                }
            }
        }
        (Value::List(items), Ty::List(item)) => list(view, items, item, key),
        (Value::Set(items), Ty::Set(maps, item)) => {
            let set = view.set(*maps, item, key);
            let items = items.iter().map(|it| value(view, it, item, true));
            quote!(#set::from([#(#items),*]))
        }
        (Value::Map(pairs), Ty::Map(maps, of, to)) => {
            let map = view.map(*maps, of, key);
            let pairs = pairs.iter().map(|(k, v)| {
                let (k, v) = (value(view, k, of, true), value(view, v, to, key));
                quote!((#k, #v))
            });
            quote!(#map::from([#(#pairs),*]))
        }
        (Value::Struct(id, given), _) => structure(view, *id, given),
        (Value::Union(id, at, inner), _) => {
            let def = view.model.def(*id);
            let DefKind::Union(fields) = &def.kind else { return TokenStream::new() };
            let (path, arm) = (view.def(*id), ident(&fields[*at].head.rust));
            let inner = wrapped(view, &fields[*at], inner, def.key);
            quote!(#path::#arm(#inner))
        }
        // `resolve` makes a value in the shape of its type.
        _ => TokenStream::new(),
    }
}

fn list(view: &View<'_>, items: &[Value], item: &Ty, key: bool) -> TokenStream {
    if items.is_empty() {
        let vec = view.std("Vec");
        return quote!(#vec::new());
    }
    let items = items.iter().map(|it| value(view, it, item, key));
    quote!(::std::vec![#(#items),*])
}

fn wrapped(view: &View<'_>, field: &Field, it: &Value, key: bool) -> TokenStream {
    let (some, boxed) = (view.std("Some"), view.std("Box"));
    let tokens = value(view, it, &field.ty, key);
    match field.wrap {
        Wrap::Plain => tokens,
        Wrap::Option => quote!(#some(#tokens)),
        Wrap::OptionBox => quote!(#some(#boxed::new(#tokens))),
        Wrap::Box => quote!(#boxed::new(#tokens)),
    }
}

fn structure(view: &View<'_>, id: crate::ir::model::DefId, given: &[(usize, Value)]) -> TokenStream {
    let def = view.model.def(id);
    let DefKind::Struct(it) = &def.kind else { return TokenStream::new() };
    let path = view.def(id);
    let all = given.len() == it.fields.len();
    let fields = it.fields.iter().enumerate().filter_map(|(at, field)| {
        let name = ident(&field.head.rust);
        let value = match given.iter().find(|(index, _)| *index == at) {
            Some((_, it)) => wrapped(view, field, it, def.key),
            None if def.defaultable => return None,
            None => structs::initial(view, field, def.key),
        };
        Some(quote!(#name: #value,))
    });
    let rest = (!all && def.defaultable).then(|| {
        let default = view.std("Default");
        quote!(..#default::default())
    });
    quote!(#path { #(#fields)* #rest })
}
