//! How a struct is sized, written and read; also the reading of arguments, which are a struct
//! without a type.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::view::{View, ident};
use super::{constant, structs};
use crate::ir::model::{Base, Def, Field, Presence, Requiredness, Struct, Ty, Value, Wrap};

/// `impl Struct` of a struct that has a default, `impl Value` of one that has none.
pub(super) fn structure(view: &View<'_>, def: &Def, structure: &Struct) -> TokenStream {
    let (name, doubles, names) = (ident(&def.head.rust), doubles(&structure.fields), name_list(&structure.fields));
    let order = wire_order(view, &structure.fields);
    let writes = order.iter().map(|field| write(view, field, def.key));
    let writes = quote!(#(#writes)*);
    let out = if structure.fields.is_empty() { quote!(_) } else { quote!(out) };
    let (result, read) = (view.std("Result"), Reading { owner: &def.head.rust, ..STRUCT });
    let required = structure.fields.iter().filter(|it| it.requiredness == Requiredness::Required);
    let required: Vec<i16> = required.map(|it| it.id).collect();
    if !def.defaultable || !required.iter().all(|id| PRESENT.contains(id)) {
        let decode = decode(view, &Reading { key: def.key, ..read }, &structure.fields);
        return quote! {
            #doubles
            impl thrift::Value for #name {
                const TYPE: thrift::Type = thrift::Type::Struct;
                const FIELDS: thrift::FieldNames = #names;

                fn write(&self, out: &mut impl thrift::Sink) {
                    out.structure(|#out| { #writes });
                }

                fn decode(input: &mut thrift::Decoder<'_>) -> #result<Self, thrift::DecodeError> {
                    #decode
                }
            }
        };
    }
    let read = arms(view, &structure.fields, true, |field| {
        let name = ident(&field.head.rust);
        quote!(self.#name)
    });
    let required = (!required.is_empty()).then(|| {
        let (owner, ids) = (&def.head.rust, required.iter().map(|it| id(*it)));
        quote!(const REQUIRED: thrift::Required = (#owner, &[#(#ids),*]);)
    });
    let read = if structure.fields.is_empty() { quote!(field.skip()) } else { read };
    quote! {
        #doubles
        impl thrift::Struct for #name {
            const FIELDS: thrift::FieldNames = #names;
            #required

            fn write(&self, #out: &mut impl thrift::Sink) {
                #writes
            }

            #[inline]
            fn read(&mut self, field: thrift::FieldRef<'_, '_>) -> thrift::Decoded {
                #read
            }
        }
    }
}

/// The ids of required fields of which a struct that has a default can tell whether they came.
const PRESENT: std::ops::Range<i16> = 0..64;

/// How a struct's fields are read, beside the names that the code around them uses.
const STRUCT: Reading<'_> = Reading { owner: "", key: false, taken: &["input", "field", "value"] };

/// Reads into locals, some of which must be there at the end.
fn decode(view: &View<'_>, read: &Reading<'_>, fields: &[Field]) -> TokenStream {
    let (ok, locals, arms) = (view.std("Ok"), read.locals(view, fields), read.to_locals(view, fields));
    let result = fields.iter().map(|field| {
        let (name, value) = (ident(&field.head.rust), read.take(view, field, |path| quote!(input.missing(#path))));
        if name == value.to_string() { quote!(#name,) } else { quote!(#name: #value,) }
    });
    quote! {
        #locals
        input.fields::<Self>(|field| #arms)?;
        #ok(Self { #(#result)* })
    }
}

/// The ids and names of fields, for the paths of errors: `"1 first, 2 second"`, in lines.
pub(super) fn name_list(fields: &[Field]) -> TokenStream {
    let mut text = String::from("\"");
    let mut width = 0;
    for (field, at) in fields.iter().zip(0..) {
        let name = format!("{} {}", field.id, field.head.name);
        text.push_str(if at == 0 { "" } else { ", " });
        if width + name.len() > WIDTH {
            text.push_str("\\\n        ");
            width = 0;
        }
        width += name.len();
        text.push_str(&name);
    }
    text.push('"');
    let literal = text.parse::<Literal>().unwrap_or_else(|_| Literal::string(&text));
    quote!(#literal)
}

/// Characters of names on a line of a literal.
const WIDTH: usize = 70;

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

/// The statement that writes one field, if it is there.
fn write(view: &View<'_>, field: &Field, key: bool) -> TokenStream {
    let (name, id) = (ident(&field.head.rust), id(field.id));
    match (field.presence, field.wrap) {
        (Presence::Always, Wrap::Box) => quote!(out.field(#id, &*self.#name);),
        (Presence::Always, _) => quote!(out.field(#id, &self.#name);),
        (Presence::WhenSome, Wrap::OptionBox) => quote!(out.optional_box(#id, &self.#name);),
        (Presence::WhenSome, _) => quote!(out.optional(#id, &self.#name);),
        (Presence::WhenNotDefault, _) => {
            let differs = differs(view, field, key);
            quote!(if #differs { out.field(#id, &self.#name); })
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
    /// The owner of the fields, for the text of a missing one.
    pub(super) owner: &'a str,
    /// Whether the owner is a map key.
    pub(super) key: bool,
    /// Names that the surrounding code uses itself.
    pub(super) taken: &'a [&'a str],
}

impl Reading<'_> {
    /// A field's local.
    pub(super) fn local(&self, field: &Field) -> Ident {
        let name = &field.head.rust;
        if self.taken.contains(&name.as_str()) { ident(&format!("{name}_")) } else { ident(name) }
    }

    /// Whether a missing field is an error: a required one, and an argument that has no default.
    pub(super) fn must(&self, view: &View<'_>, field: &Field) -> bool {
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

    /// Reads each field into its local.
    pub(super) fn to_locals(&self, view: &View<'_>, fields: &[Field]) -> TokenStream {
        arms(view, fields, false, |field| {
            let local = self.local(field);
            quote!(#local)
        })
    }

    /// The value of a local once everything was read.
    pub(super) fn take(&self, view: &View<'_>, field: &Field, missing: impl Fn(&str) -> TokenStream) -> TokenStream {
        let local = self.local(field);
        if !self.must(view, field) {
            return quote!(#local);
        }
        let missing = missing(&format!("{}.{}", self.owner, field.head.name));
        quote!(#local.ok_or_else(|| #missing)?)
    }
}

/// What becomes of one field that is there; unknown ones are skipped. `noted` when the decoder is to
/// know which required ones came.
fn arms(view: &View<'_>, fields: &[Field], noted: bool, place: impl Fn(&Field) -> TokenStream) -> TokenStream {
    let some = view.std("Some");
    let arms = fields.iter().map(|field| {
        let (id, place) = (id(field.id), place(field));
        match field.wrap {
            Wrap::Plain if noted && field.requiredness == Requiredness::Required => {
                quote!(#id => field.required(&mut #place),)
            }
            Wrap::Plain | Wrap::Option => quote!(#id => field.read(&mut #place),),
            Wrap::Box | Wrap::OptionBox => quote!(#id => field.boxed(|value| #place = #some(value)),),
        }
    });
    quote!(match field.id { #(#arms)* _ => field.skip(), })
}

/// A reference to what a field holds, from a reference to the field.
pub(super) fn unboxed(field: &Field, reference: TokenStream) -> TokenStream {
    match field.wrap {
        Wrap::Plain | Wrap::Option => reference,
        Wrap::Box | Wrap::OptionBox => quote!(&**#reference),
    }
}
