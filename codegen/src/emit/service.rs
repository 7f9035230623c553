//! Emits a service: its description, its trait, the error enums of its methods.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::view::{View, ident};
use super::{docs, routes};
use crate::ir::model::{Language, Method, Service, Ty};

pub(super) fn emit(view: &View<'_>, service: &Service) -> TokenStream {
    let info = info(view, service);
    let errors = service.methods.iter().filter_map(|method| error(view, method));
    quote!(#info #(#errors)*)
}

/// The language of a service's messages.
pub(super) fn language(view: &View<'_>, service: &Service) -> Language {
    view.model.files[service.file].language
}

/// The name of the static that describes a service.
pub(super) fn info_name(service: &Service) -> Ident {
    ident(&service.info)
}

fn info(view: &View<'_>, service: &Service) -> TokenStream {
    let (name, constant) = (&service.head.name, info_name(service));
    let (package, registry_name) = (&service.package, &service.registry_name);
    let idl = match language(view, service) {
        Language::Thrift => quote!(Thrift),
        Language::Proto => quote!(Proto),
    };
    let full = if package.is_empty() { name.clone() } else { format!("{package}.{name}") };
    let methods = view.model.all_methods(service).into_iter().enumerate().map(|(index, (_, method))| {
        let path = format!("/{full}/{}", method.head.name);
        let index = proc_macro2::Literal::usize_unsuffixed(index);
        let oneway = method.oneway.then(|| quote!(.oneway()));
        let idempotent = method.idempotent.then(|| quote!(.idempotent()));
        let safe = method.safe.then(|| quote!(.safe()));
        let (requests, answers) = (method.client_streaming, method.server_streaming);
        let streaming = (requests || answers).then(|| quote!(.streaming(#requests, #answers)));
        let routes = routes::emit(&method.routes);
        quote!(::runtime::Method::new(::runtime::Idl::#idl, #path, #index) #oneway #streaming #idempotent #safe #routes,)
    });
    let docs = format!(" What `{name}` is, for servers, clients and registries.");
    quote! {
        #[doc = #docs]
        pub static #constant: ::runtime::ServiceInfo = ::runtime::ServiceInfo {
            name: #name,
            package: #package,
            registry_name: #registry_name,
            idl: ::runtime::Idl::#idl,
            methods: &[#(#methods)*],
        };
    }
}

/// The result type of a method: what it gives, and its error.
pub(crate) fn outcome(view: &View<'_>, owner: &Service, method: &Method) -> (TokenStream, TokenStream) {
    let value = method.result.as_ref().map_or_else(|| quote!(()), |ty| view.ty(ty));
    let error = match &method.error {
        Some(it) => view.path(owner.module, &it.rust),
        None => quote!(::runtime::Error),
    };
    (value, error)
}

/// The result of a handler's method: the value of [`outcome`], or a stream of them.
pub(super) fn answer(view: &View<'_>, method: &Method, value: &TokenStream) -> TokenStream {
    if !method.server_streaming {
        return value.clone();
    }
    let (result, send) = (view.std("Result"), view.std("Send"));
    quote!(impl ::runtime::Stream<Item = #result<#value, ::runtime::Error>> + #send + 'static)
}

/// The documented signature pieces of a method's arguments for a handler: `req: AddRequest`.
pub(super) fn parameters<'a>(view: &'a View<'_>, method: &'a Method) -> impl Iterator<Item = TokenStream> + 'a {
    arguments(view, method, |ty| quote!(::runtime::Streaming<#ty>))
}

/// The arguments of a client's method.
pub(super) fn sent<'a>(view: &'a View<'_>, method: &'a Method) -> impl Iterator<Item = TokenStream> + 'a {
    let send = view.std("Send");
    arguments(view, method, move |ty| quote!(impl ::runtime::Stream<Item = #ty> + #send + 'static))
}

fn arguments<'a>(
    view: &'a View<'_>,
    method: &'a Method,
    stream: impl Fn(TokenStream) -> TokenStream + 'a,
) -> impl Iterator<Item = TokenStream> + 'a {
    method.arguments.iter().map(move |argument| {
        let (name, ty) = (ident(&argument.head.rust), view.field(argument, false));
        let ty = if method.client_streaming { stream(ty) } else { ty };
        quote!(#name: #ty)
    })
}

/// Many arguments are the IDL's choice.
pub(crate) fn many(method: &Method) -> Option<TokenStream> {
    (method.arguments.len() > 5)
        .then(|| quote!(#[allow(clippy::too_many_arguments, reason = "the arguments are the IDL's")]))
}

/// How large exceptions are is the IDL's choice.
pub(super) fn large(method: &Method) -> Option<TokenStream> {
    let reason = "the exceptions are the IDL's";
    (!method.throws.is_empty()).then(|| quote!(#[allow(clippy::result_large_err, reason = #reason)]))
}

/// Names that clippy reserves for traits and constructors are the IDL's choice.
pub(super) fn naming(method: &Method) -> Option<TokenStream> {
    let name = method.head.rust.as_str();
    if matches!(name, "as_ref" | "borrow" | "cmp" | "deref" | "eq" | "hash" | "index") {
        return Some(quote!(#[allow(clippy::should_implement_trait, reason = "the name is the IDL's")]));
    }
    let constructor = name == "new" || name.starts_with("from_") || name.starts_with("into_");
    constructor.then(|| quote!(#[allow(clippy::wrong_self_convention, reason = "the name is the IDL's")]))
}

/// Container types in signatures are the IDL's choice.
pub(super) fn method_types(method: &Method) -> impl Iterator<Item = &Ty> {
    method.arguments.iter().map(|it| &it.ty).chain(&method.result)
}

/// The arms of a method's error enum, the one of other failures left out.
pub(crate) fn error_arms(method: &Method) -> Vec<Ident> {
    method.throws.iter().map(|it| ident(&it.head.rust)).collect()
}

fn error(view: &View<'_>, method: &Method) -> Option<TokenStream> {
    let error = method.error.as_ref()?;
    let (name, arms, other) = (ident(&error.rust), error_arms(method), ident(&error.other));
    let types: Vec<TokenStream> = method.throws.iter().map(|it| view.ty(&it.ty)).collect();
    let docs = format!(" Why `{}` failed.", method.head.name);
    let arm_docs = method.throws.iter().map(|it| docs::of(&it.head, "Declared in the IDL as"));
    let from = view.std("From");
    let mut count = BTreeMap::new();
    for it in &types {
        *count.entry(it.to_string()).or_insert(0) += 1;
    }
    let froms = arms.iter().zip(&types).filter(|(_, ty)| count[&ty.to_string()] == 1).map(|(arm, ty)| {
        quote! {
            impl #from<#ty> for #name {
                fn from(error: #ty) -> Self {
                    Self::#arm(error)
                }
            }
        }
    });
    Some(quote! {
        #[doc = #docs]
        #[derive(Clone, Debug)]
        #[allow(clippy::large_enum_variant, clippy::enum_variant_names, reason = "the exceptions are the IDL's")]
        pub enum #name {
            #(#arm_docs #arms(#types),)*
            /// Any other failure.
            #other(::runtime::Error),
        }
        #(#froms)*
        impl #from<::runtime::Error> for #name {
            fn from(error: ::runtime::Error) -> Self {
                Self::#other(error)
            }
        }
        impl ::std::fmt::Display for #name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self {
                    #(Self::#arms(error) => ::std::fmt::Display::fmt(error, f),)*
                    Self::#other(error) => ::std::fmt::Display::fmt(error, f),
                }
            }
        }
        impl ::std::error::Error for #name {}
    })
}
