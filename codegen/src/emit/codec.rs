//! How a struct is sized, written and read; also the reading of arguments, which are a struct
//! without a type.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::view::{View, ident};
use super::{constant, structs};
use crate::ir::model::{Base, Def, Field, Presence, Requiredness, Struct, Ty, Value, Wrap};

/// `impl Value` of a struct.
pub(super) fn structure(view: &View<'_>, def: &Def, it: &Struct) -> TokenStream {
    let name = ident(&def.head.rust);
    let order = wire_order(view, &it.fields);
    let writes = order.iter().map(|field| {
        let id = id(field.id);
        write(view, field, def.key, |value| quote!(out.field(#id, #value);))
    });
    let argument = if it.fields.is_empty() { quote!(_) } else { quote!(out) };
    let decode = decode(view, def, &it.fields);
    let (result_type, doubles) = (view.std("Result"), doubles(&it.fields));
    quote! {
        #doubles
        impl thrift::Value for #name {
            const TYPE: thrift::Type = thrift::Type::Struct;

            fn write(&self, out: &mut impl thrift::Sink) {
                out.structure(|#argument| { #(#writes)* });
            }

            fn decode(input: &mut thrift::Decoder<'_>) -> #result_type<Self, thrift::DecodeError> {
                #decode
            }
        }
    }
}

/// Reads into a value that holds the defaults; into locals where a field must be there.
fn decode(view: &View<'_>, def: &Def, fields: &[Field]) -> TokenStream {
    let (ok, default) = (view.std("Ok"), view.std("Default"));
    let mut read =
        Reading { owner: &def.head.rust, key: def.key, taken: &["input", "field", "value"], whole: def.defaultable };
    read.whole &= !fields.is_empty() && !fields.iter().any(|field| read.must(view, field));
    let arms = read.arms(view, fields);
    if read.whole {
        return quote! {
            let mut value: Self = #default::default();
            input.structure(|input| { #arms #ok(()) })?;
            #ok(value)
        };
    }
    let locals = read.locals(view, fields);
    let result = fields.iter().map(|field| {
        let (name, value) = (ident(&field.head.rust), read.take(view, field));
        if name == value.to_string() { quote!(#name,) } else { quote!(#name: #value,) }
    });
    quote! {
        #locals
        input.structure(|input| { #arms #ok(()) })?;
        #ok(Self { #(#result)* })
    }
}

fn doubles(fields: &[Field]) -> Option<TokenStream> {
    constant::allow_doubles(fields.iter().filter_map(|it| it.default.as_ref()))
}

/// A field id as a literal.
pub(super) fn id(id: i16) -> TokenStream {
    constant::int(i64::from(id))
}

/// Kitex's order: fields of fixed size first (bool to double, typedefs of them, not enums), then
/// the rest, each in the IDL's order.
pub(super) fn wire_order<'a>(view: &View<'_>, fields: &'a [Field]) -> Vec<&'a Field> {
    let fixed = |field: &&Field| {
        matches!(
            view.model.real(&field.ty),
            Ty::Base(Base::Bool | Base::I8 | Base::I16 | Base::I32 | Base::I64 | Base::Double)
        )
    };
    let (mut order, rest): (Vec<&Field>, Vec<&Field>) = fields.iter().partition(fixed);
    order.extend(rest);
    order
}

/// One field's statement, under the condition that it is written at all.
fn write(view: &View<'_>, field: &Field, key: bool, statement: impl Fn(TokenStream) -> TokenStream) -> TokenStream {
    let name = ident(&field.head.rust);
    match field.presence {
        Presence::Always => statement(quote!(&self.#name)),
        Presence::WhenSome => {
            let (some, statement) = (view.std("Some"), statement(quote!(value)));
            quote!(if let #some(value) = &self.#name { #statement })
        }
        Presence::WhenNotDefault => {
            let (differs, statement) = (differs(view, field, key), statement(quote!(&self.#name)));
            quote!(if #differs { #statement })
        }
    }
}

fn differs(view: &View<'_>, field: &Field, key: bool) -> TokenStream {
    let name = ident(&field.head.rust);
    match &field.default {
        Some(Value::Bool(true)) => quote!(!self.#name),
        Some(Value::Bool(false)) => quote!(self.#name),
        Some(Value::String(text)) if text.is_empty() => quote!(!self.#name.is_empty()),
        Some(Value::String(text)) => quote!(self.#name != #text),
        Some(Value::List(items) | Value::Set(items)) if items.is_empty() => quote!(!self.#name.is_empty()),
        Some(Value::Map(pairs)) if pairs.is_empty() => quote!(!self.#name.is_empty()),
        Some(value) => {
            let written = constant::value(view, value, &field.ty, key);
            // Rust takes the brace of a bare struct for the block of the `if`.
            let written = if matches!(value, Value::Struct(..)) { quote!((#written)) } else { written };
            quote!(self.#name != #written)
        }
        None => quote!(true),
    }
}

/// Reading fields into locals of the same names.
pub(super) struct Reading<'a> {
    /// What the fields belong to, for the text of a missing one.
    pub(super) owner: &'a str,
    /// Whether the owner is a map key.
    pub(super) key: bool,
    /// Names that the surrounding code uses itself.
    pub(super) taken: &'a [&'a str],
    /// Whether the fields are those of a local `value` and not locals themselves.
    pub(super) whole: bool,
}

impl Reading<'_> {
    /// A field's local.
    pub(super) fn local(&self, field: &Field) -> Ident {
        let name = &field.head.rust;
        if self.taken.contains(&name.as_str()) { ident(&format!("{name}_")) } else { ident(name) }
    }

    /// Whether a missing field is an error: a required one, and an argument that has no default.
    fn must(&self, view: &View<'_>, field: &Field) -> bool {
        field.requiredness == Requiredness::Required
            || field.wrap == Wrap::Box
            || (field.wrap == Wrap::Plain
                && field.default.is_none()
                && !crate::resolve::defaultable(view.model, &field.ty))
    }

    pub(super) fn locals(&self, view: &View<'_>, fields: &[Field]) -> TokenStream {
        let locals = fields.iter().map(|field| {
            let (local, ty, option) = (self.local(field), view.field(field, self.key), view.std("Option"));
            if self.must(view, field) {
                let none = view.std("None");
                return quote!(let mut #local: #option<#ty> = #none;);
            }
            let initial = structs::initial(view, field, self.key);
            quote!(let mut #local: #ty = #initial;)
        });
        quote!(#(#locals)*)
    }

    /// The loop over the fields that are there, in any order; unknown ones are skipped.
    pub(super) fn arms(&self, view: &View<'_>, fields: &[Field]) -> TokenStream {
        let some = view.std("Some");
        if fields.is_empty() {
            return quote!(while let #some(field) = input.field()? { input.skip(field.kind)?; });
        }
        let arms = fields.iter().map(|field| {
            let (id, kind, local) = (id(field.id), view.kind(&field.ty), self.local(field));
            let value = self.value(view, field);
            let place = if self.whole {
                let name = ident(&field.head.rust);
                quote!(value.#name)
            } else {
                quote!(#local)
            };
            quote!((#id, #kind) => #place = #value,)
        });
        quote! {
            while let #some(field) = input.field()? {
                match (field.id, field.kind) {
                    #(#arms)*
                    _ => input.skip(field.kind)?,
                }
            }
        }
    }

    fn value(&self, view: &View<'_>, field: &Field) -> TokenStream {
        let some = view.std("Some");
        let optional = matches!(field.wrap, Wrap::Option | Wrap::OptionBox);
        match view.union(&field.ty) {
            // A union without a member reads as one that is not there.
            Some(union) if optional => {
                let boxed = (field.wrap == Wrap::OptionBox).then(|| {
                    let boxed = view.std("Box");
                    quote!(.map(#boxed::new))
                });
                quote!(#union::decode_or_empty(input)? #boxed)
            }
            _ if optional || self.must(view, field) => quote!(#some(input.value()?)),
            _ => quote!(input.value()?),
        }
    }

    /// The value of a local once everything was read.
    pub(super) fn take(&self, view: &View<'_>, field: &Field) -> TokenStream {
        let local = self.local(field);
        if !self.must(view, field) {
            return quote!(#local);
        }
        let value = self.checked(field);
        quote!(#value?)
    }

    /// The same as the last expression of a function.
    pub(super) fn give(&self, view: &View<'_>, field: &Field) -> TokenStream {
        if self.must(view, field) {
            return self.checked(field);
        }
        let (ok, local) = (view.std("Ok"), self.local(field));
        quote!(#ok(#local))
    }

    fn checked(&self, field: &Field) -> TokenStream {
        let (local, path) = (self.local(field), format!("{}.{}", self.owner, field.head.name));
        quote!(#local.ok_or_else(|| input.missing(#path)))
    }
}
