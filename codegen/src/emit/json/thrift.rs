//! JSON of Thrift's structs, unions and enums, under the names of the IDL.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::names::{self, Names};
use super::{Parts, message};
use crate::emit::codec::{self, Reading};
use crate::emit::view::{View, ident};
use crate::ir::model::{Def, DefKind, Field, Member, Presence, Requiredness, Struct, Ty, Wrap};

/// How the fields of a struct without a default are read, beside the names that the code around them uses.
const LOCALS: Reading<'_> = Reading { owner: "", key: false, taken: &["input", "field"] };

pub(super) fn emit(view: &View<'_>, def: &Def) -> TokenStream {
    match &def.kind {
        DefKind::Struct(it) if def.defaultable => structure(view, def, it),
        DefKind::Struct(it) => without_default(view, def, it),
        DefKind::Union(fields) => union(view, def, fields),
        DefKind::Enum(members) => enumeration(view, def, members),
        DefKind::Typedef(_) | DefKind::Proto(_) => TokenStream::new(),
    }
}

fn names(fields: &[Field]) -> Vec<Names> {
    let name = |field: &Field| field.json.clone().unwrap_or_else(|| field.head.name.clone());
    fields.iter().map(|field| Names { json: name(field), other: None }).collect()
}

/// The table of fields, as an expression.
pub(in crate::emit) fn table(fields: &[Field]) -> TokenStream {
    let required = fields.iter().enumerate().filter(|(_, it)| it.requiredness == Requiredness::Required);
    let required = names::places("required", required.map(|(place, _)| place));
    names::table(&names(fields), &quote!(#required))
}

fn structure(view: &View<'_>, def: &Def, it: &Struct) -> TokenStream {
    let (path, table) = (view.path(def.module, &def.head.rust), table(&it.fields));
    let writes = it.fields.iter().enumerate().map(|(place, field)| write(place, field));
    let out = if it.fields.is_empty() { quote!(_) } else { quote!(out) };
    let (field, read) = reads(it.fields.iter().map(|field| {
        let name = ident(&field.head.rust);
        match field.wrap {
            Wrap::Plain => quote!(input.value(&mut self.#name)),
            Wrap::Option => quote!(input.optional(&mut self.#name)),
            Wrap::OptionBox => quote!(input.boxed(&mut self.#name)),
            Wrap::Box => quote!(input.value(&mut *self.#name)),
        }
    }));
    message(&path, &Parts { table, writes: (out, writes.collect()), reads: (field, read) })
}

/// The name of the place, and what becomes of the field there.
pub(in crate::emit) fn reads(lines: impl Iterator<Item = TokenStream>) -> (TokenStream, TokenStream) {
    let arms: Vec<TokenStream> = lines
        .enumerate()
        .map(|(place, line)| {
            let place = Literal::usize_unsuffixed(place);
            quote!(#place => #line,)
        })
        .collect();
    if arms.is_empty() {
        return (quote!(_), quote!(input.skip()));
    }
    (quote!(field), quote!(match field { #(#arms)* _ => input.skip(), }))
}

fn write(place: usize, field: &Field) -> TokenStream {
    let (place, name) = (Literal::usize_unsuffixed(place), ident(&field.head.rust));
    match (field.presence, field.wrap) {
        (Presence::WhenSome, Wrap::OptionBox) => quote!(out.optional(#place, self.#name.as_deref());),
        (Presence::WhenSome, _) => quote!(out.optional(#place, self.#name.as_ref());),
        (_, Wrap::Box) => quote!(out.field(#place, &*self.#name);),
        _ => quote!(out.field(#place, &self.#name);),
    }
}

/// Reads the fields of a struct without a default, or arguments, into locals.
pub(in crate::emit) fn to_locals<'a>(
    view: &'a View<'_>,
    read: &'a Reading<'_>,
    fields: &'a [Field],
) -> (TokenStream, TokenStream) {
    reads(fields.iter().map(|field| {
        let local = read.local(field);
        match field.wrap {
            Wrap::Box | Wrap::OptionBox => quote!(input.boxed(&mut #local)),
            Wrap::Plain if !read.must(view, field) => quote!(input.value(&mut #local)),
            Wrap::Plain | Wrap::Option => quote!(input.optional(&mut #local)),
        }
    }))
}

fn without_default(view: &View<'_>, def: &Def, it: &Struct) -> TokenStream {
    let reading = Reading { owner: &def.head.rust, key: def.key, ..LOCALS };
    let (locals, (field, read)) = (reading.locals(view, &it.fields), to_locals(view, &reading, &it.fields));
    let writes = it.fields.iter().enumerate().map(|(place, field)| write(place, field));
    let ok = view.std("Ok");
    let result = it.fields.iter().map(|field| {
        let (name, json) = (ident(&field.head.rust), field.json.as_ref().unwrap_or(&field.head.name));
        let value = reading.take(view, field, |_| quote!(input.missing(#json)));
        if name == value.to_string() { quote!(#name,) } else { quote!(#name: #value,) }
    });
    let (path, table) = (view.path(def.module, &def.head.rust), table(&it.fields));
    quote! {
        const _: () = {
            static FIELDS: ::runtime::json::Fields = #table;

            impl ::runtime::json::Value for #path {
                fn write(&self, out: &mut ::runtime::json::Writer) {
                    out.object(&FIELDS, |out| { #(#writes)* });
                }

                fn read(input: &mut ::runtime::json::Reader<'_>) -> ::runtime::json::Read<Self> {
                    #locals
                    input.fields(&FIELDS, &mut |#field, input| #read)?;
                    #ok(Self { #(#result)* })
                }
            }
        };
    }
}

fn union(view: &View<'_>, def: &Def, fields: &[Field]) -> TokenStream {
    let (path, table, text) =
        (view.path(def.module, &def.head.rust), names::table(&names(fields), &quote!()), &def.head.name);
    let (none, bx) = (view.std("None"), view.std("Box"));
    let writes = fields.iter().enumerate().map(|(place, field)| {
        let (place, arm) = (Literal::usize_unsuffixed(place), ident(&field.head.rust));
        let value = codec::unboxed(field, quote!(value));
        quote!(Self::#arm(value) => out.field(#place, #value),)
    });
    let (field, read) = reads(fields.iter().map(|field| {
        let arm = ident(&field.head.rust);
        match field.wrap {
            Wrap::Box => quote!(input.member(&mut member, |value| Self::#arm(#bx::new(value)))),
            _ => quote!(input.member(&mut member, Self::#arm)),
        }
    }));
    let member = if fields.is_empty() { quote!(let member = #none;) } else { quote!(let mut member = #none;) };
    quote! {
        const _: () = {
            static FIELDS: ::runtime::json::Fields = #table;

            impl ::runtime::json::Value for #path {
                fn write(&self, out: &mut ::runtime::json::Writer) {
                    out.object(&FIELDS, |out| match self {
                        #(#writes)*
                        Self::Unknown(_) => out.unknown(#text),
                    });
                }

                fn read(input: &mut ::runtime::json::Reader<'_>) -> ::runtime::json::Read<Self> {
                    #member
                    input.fields(&FIELDS, &mut |#field, input| #read)?;
                    member.ok_or_else(|| input.empty_union(#text))
                }
            }
        };
    }
}

fn enumeration(view: &View<'_>, def: &Def, members: &[Member]) -> TokenStream {
    let (path, ok) = (view.path(def.module, &def.head.rust), view.std("Ok"));
    let pairs = members.iter().map(|member| {
        let (name, number) = (&member.head.name, crate::emit::constant::int(i64::from(member.number)));
        quote!((#name, #number))
    });
    quote! {
        const _: () = {
            const NAMES: &::runtime::json::EnumNames = &[#(#pairs),*];

            impl ::runtime::json::Value for #path {
                fn write(&self, out: &mut ::runtime::json::Writer) {
                    out.member(self.0, NAMES);
                }

                fn read(input: &mut ::runtime::json::Reader<'_>) -> ::runtime::json::Read<Self> {
                    let mut number = 0;
                    input.number(&mut number, NAMES)?;
                    #ok(Self(number))
                }
            }
        };
    }
}

/// Whether the one argument of a method is a struct, which is then the whole body.
pub(in crate::emit) fn is_struct(view: &View<'_>, ty: &Ty) -> bool {
    matches!(view.model.real(ty), Ty::Def(id) if matches!(view.model.def(*id).kind, DefKind::Struct(_)))
}
