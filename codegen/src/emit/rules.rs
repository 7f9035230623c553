//! Validation: one impl per message that has rules, or holds messages that have them. Each rule is a call of
//! `runtime::validate` on the value.

mod condition;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::view::{View, ident};
use crate::ir::model::{Def, DefId, DefKind, Field, Method};
use crate::ir::rules::{FieldRules, Group, Kind, Members, MessageRules, Node, Reach, Test};

/// The impl for a type, if it has rules.
pub(super) fn emit(view: &View<'_>, id: DefId, def: &Def) -> Option<TokenStream> {
    let rules = view.model.rules.get(&id)?;
    let name = match def.kind {
        DefKind::Proto(_) => view.def(id),
        _ => {
            let name = ident(&def.head.rust);
            quote!(#name)
        }
    };
    let MessageRules { fields, groups } = rules;
    let old = fields.iter().any(|field| field.deprecated);
    let allow = old.then(|| quote!(#[allow(deprecated, reason = "what is deprecated is checked too")]));
    let fields = fields.iter().map(|field| self::field(view, field));
    let groups = groups.iter().map(|group| self::group(view, group));
    Some(quote! {
        impl ::runtime::validate::Validate for #name {
            #allow
            fn check(&self, out: &mut ::runtime::validate::Violations) {
                #(#fields)*
                #(#groups)*
            }
        }
    })
}

/// The checks of a method's decoded arguments, as statements that test into `out`; `None` where none has rules.
/// Arguments are told apart by their names where there are several.
pub(super) fn arguments(
    view: &View<'_>,
    method: &Method,
    local: impl Fn(&Field) -> TokenStream,
) -> Option<TokenStream> {
    let several = method.arguments.len() > 1;
    let checks = method.arguments.iter().filter_map(|argument| {
        let node = view.model.node(&argument.ty);
        if node.is_empty() {
            return None;
        }
        let (local, tests) = (local(argument), inside(&node));
        let boxed = argument.wrap == crate::ir::model::Wrap::Box;
        let value = if boxed { quote!(&*#local) } else { quote!(&#local) };
        let checks = quote!(let it = #value; #tests);
        let name = &argument.head.name;
        Some(if several { quote!(out.field(#name, |out| { #checks });) } else { checks })
    });
    let checks: Vec<_> = checks.collect();
    (!checks.is_empty()).then(|| quote!(#(#checks)*))
}

/// Whether an argument of a method has rules.
pub(super) fn any(view: &View<'_>, method: &Method) -> bool {
    method.arguments.iter().any(|it| !view.model.node(&it.ty).is_empty())
}

fn field(view: &View<'_>, field: &FieldRules) -> TokenStream {
    let (name, some) = (&field.name, view.std("Some"));
    let tests = tests(&field.node, field.unless_zero);
    if !field.presence {
        let Reach::Field { rust, .. } = &field.reach else { return TokenStream::new() };
        let rust = ident(rust);
        let value = if boxed(&field.reach) { quote!(&*self.#rust) } else { quote!(&self.#rust) };
        let tests = match (field.required, tests.is_empty()) {
            (false, _) => tests,
            (true, true) => quote!(out.test(::runtime::validate::is_set(it), "required", "is required");),
            (true, false) => quote! {
                if ::runtime::validate::zero(it) {
                    out.test(false, "required", "is required");
                } else {
                    #tests
                }
            },
        };
        return quote!(out.field(#name, |out| { let it = #value; #tests }););
    }
    let (place, pattern) = place(&field.reach, &some);
    let absent = absent(field);
    let value = boxed(&field.reach).then(|| quote!(let it = &**it;));
    // A condition that is constant does not look at the value.
    let (bound, value) = if field.node.is_constant() {
        (there(true, &field.reach, &some), None)
    } else {
        (quote!(let #pattern = #place), value)
    };
    match (tests.is_empty(), absent) {
        (true, None) => TokenStream::new(),
        (true, Some(absent)) => {
            let away = match &field.reach {
                Reach::Field { rust, .. } => {
                    let rust = ident(rust);
                    quote!(self.#rust.is_none())
                }
                reach => {
                    let there = there(true, reach, &some);
                    quote!(!#there)
                }
            };
            quote!(if #away { out.field(#name, |out| { #absent }); })
        }
        (false, None) => quote!(if #bound { #value out.field(#name, |out| { #tests }); }),
        (false, Some(absent)) => quote! {
            if #bound {
                #value
                out.field(#name, |out| { #tests });
            } else {
                out.field(#name, |out| { #absent });
            }
        },
    }
}

/// What is noted where a field is absent.
fn absent(field: &FieldRules) -> Option<TokenStream> {
    if field.required {
        return Some(quote!(out.test(false, "required", "is required");));
    }
    let tests = field.absent.iter().map(|Test { id, text, .. }| quote!(out.test(false, #id, #text);));
    (!field.absent.is_empty()).then(|| quote!(#(#tests)*))
}

/// The expression that may hold a field's value, and the pattern that binds it to `it`.
fn place(reach: &Reach, some: &TokenStream) -> (TokenStream, TokenStream) {
    pattern(reach, some, &quote!(it))
}

/// The same pattern without a name.
fn unnamed(reach: &Reach, some: &TokenStream) -> TokenStream {
    pattern(reach, some, &quote!(_)).1
}

fn pattern(reach: &Reach, some: &TokenStream, inner: &TokenStream) -> (TokenStream, TokenStream) {
    match reach {
        Reach::Field { rust, .. } => {
            let rust = ident(rust);
            (quote!(&self.#rust), quote!(#some(#inner)))
        }
        Reach::Member { field, ty, variant, .. } => {
            let (field, variant) = (ident(field), ident(variant));
            let ty = ty.split("::").map(ident);
            (quote!(&self.#field), quote!(#some(#(#ty)::*::#variant(#inner))))
        }
        Reach::Variant { variant, .. } => {
            let variant = ident(variant);
            (quote!(self), quote!(Self::#variant(#inner)))
        }
    }
}

/// Whether a value is behind a `Box`.
fn boxed(reach: &Reach) -> bool {
    let (Reach::Field { boxed, .. } | Reach::Member { boxed, .. } | Reach::Variant { boxed, .. }) = reach;
    *boxed
}

/// The tests of `it` and of what is inside, or none where it is zero and that passes.
fn tests(node: &Node, unless_zero: bool) -> TokenStream {
    let tests = inside(node);
    if unless_zero && !tests.is_empty() { quote!(if ::runtime::validate::is_set(it) { #tests }) } else { tests }
}

fn inside(node: &Node) -> TokenStream {
    let own = node.tests.iter().map(|test| {
        let Test { id, text, holds } = test;
        let holds = condition::emit(holds, &node.kind);
        quote!(out.test(#holds, #id, #text);)
    });
    let inner = match &node.kind {
        Kind::Message(_) if !node.skip => quote!(::runtime::validate::Validate::check(it, out);),
        Kind::List(item) | Kind::Set(item) if !item.is_empty() => {
            let tests = tests(item, item.unless_zero);
            quote!(for (at, it) in it.iter().enumerate() { out.item(at, |out| { #tests }); })
        }
        Kind::Map(key, value) if !(key.is_empty() && value.is_empty()) => entries(key, value),
        _ => TokenStream::new(),
    };
    quote!(#(#own)* #inner)
}

fn entries(key: &Node, value: &Node) -> TokenStream {
    let (of_key, of_value) = (tests(key, key.unless_zero), tests(value, value.unless_zero));
    let of_key = (!of_key.is_empty()).then(|| quote!(let it = key; #of_key));
    let of_value = (!of_value.is_empty()).then(|| quote!(let it = value; #of_value));
    let shown = match key.kind {
        Kind::Bool | Kind::Int | Kind::Enum | Kind::Text => quote!(key),
        Kind::OpenEnum => quote!(&key.0),
        Kind::Bytes => quote!(&key[..]),
        _ => {
            let value = if of_value.is_some() { quote!(value) } else { quote!(_) };
            let key = if of_key.is_some() { quote!(key) } else { quote!(_) };
            return quote! {
                for (at, (#key, #value)) in it.iter().enumerate() {
                    out.item(at, |out| { #of_key #of_value });
                }
            };
        }
    };
    match of_value {
        None => quote!(for key in it.keys() { out.entry(#shown, |out| { #of_key }); }),
        Some(of_value) => quote!(for (key, value) in it { out.entry(#shown, |out| { #of_key #of_value }); }),
    }
}

/// Whether a field is set.
fn there(presence: bool, reach: &Reach, some: &TokenStream) -> TokenStream {
    match reach {
        Reach::Field { rust, .. } => {
            let rust = ident(rust);
            if presence { quote!(self.#rust.is_some()) } else { quote!(::runtime::validate::is_set(&self.#rust)) }
        }
        _ => {
            let (place, any) = (place(reach, some).0, unnamed(reach, some));
            quote!(matches!(#place, #any))
        }
    }
}

fn group(view: &View<'_>, group: &Group) -> TokenStream {
    let Group { path, test: (id, text), members, required } = group;
    let some = view.std("Some");
    let (count, holds) = match members {
        Members::Oneof(field) => {
            let field = ident(field);
            (None, quote!(self.#field.is_some()))
        }
        Members::Fields(fields) => {
            let all = fields.iter().map(|(_, presence, reach)| there(*presence, reach, &some));
            let most = Literal::usize_unsuffixed(1);
            let holds = if *required { quote!(set == #most) } else { quote!(set <= #most) };
            (Some(quote!(let set = [#(#all),*].into_iter().filter(|set| *set).count();)), holds)
        }
    };
    let test = quote!(out.test(#holds, #id, #text););
    let test = if path.is_empty() { test } else { quote!(out.field(#path, |out| { #test });) };
    match count {
        Some(count) => quote!({ #count #test }),
        None => test,
    }
}
