//! The client of a service: one method per method of the IDL, each a call that can be awaited.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::codec;
use super::view::{View, ident};
use super::{docs, rules, service, structs};
use crate::ir::model::{Language, Method, Service, Wrap};

pub(super) fn emit(view: &View<'_>, service: &Service) -> TokenStream {
    let client = ident(&service.client);
    let docs = format!(" Calls `{}`. Cheap to clone; clones share one channel.", service.head.name);
    let methods = view.model.all_methods(service);
    let methods = methods.iter().enumerate().map(|(index, (owner, method))| call(view, service, owner, method, index));
    quote! {
        #[doc = #docs]
        #[derive(Clone, Debug)]
        pub struct #client {
            channel: ::runtime::Channel,
        }

        impl #client {
            /// A client over a channel.
            pub fn new(channel: ::runtime::Channel) -> Self {
                Self { channel }
            }

            /// The channel.
            pub fn channel(&self) -> &::runtime::Channel {
                &self.channel
            }

            #(#methods)*
        }
    }
}

fn call(view: &View<'_>, service: &Service, owner: &Service, method: &Method, index: usize) -> TokenStream {
    let name = ident(&method.client);
    let docs = docs::if_any(&method.head);
    let (value, error) = service::outcome(view, owner, method);
    let error = method.error.as_ref().map(|_| quote!(, #error));
    let (parameters, many) = (service::sent(view, method), service::many(method));
    let large = service::large(method);
    let (complex, naming) = (structs::complex(service::method_types(method)), service::naming(method));
    let (info, index) = (service::info_name(service), Literal::usize_unsuffixed(index));
    let (body, decode) = if service::language(view, owner) == Language::Proto {
        let names = method.arguments.iter().map(|it| ident(&it.head.rust));
        let json = view.model.json(Language::Proto);
        let body = if method.client_streaming {
            let names = quote!(#(#names),*);
            let sent = |write: TokenStream| match json {
                true => quote!(::runtime::json::messages(form, #names, #write)),
                false => quote!((#write)(#names)),
            };
            let plain = if json { sent(quote!(grpc::messages)) } else { quote!(grpc::messages(#names)) };
            if rules::any(view, method) {
                let checked = sent(quote!(|messages| grpc::checked_messages(messages, ::runtime::validate::message)));
                quote!(if self.channel.validates() { #checked } else { #plain })
            } else {
                plain
            }
        } else {
            let body = match json {
                true => quote!(::runtime::json::body(form, #(&#names),*, grpc::body)),
                false => quote!(grpc::body(#(&#names),*)),
            };
            checked(view, method, body)
        };
        let result = match json {
            true => quote!(::runtime::json::result(form, grpc::result)),
            false => quote!(grpc::result),
        };
        (body, result)
    } else {
        let order = codec::wire_order(view, &method.arguments);
        let ids = order.iter().map(|it| codec::id(it.id));
        let values = order.iter().map(|it| {
            let name = ident(&it.head.rust);
            if it.wrap == Wrap::Box { quote!(&*#name) } else { quote!(&#name) }
        });
        (checked(view, method, quote!(thrift::body(&[#((#ids, #values)),*]))), decode(view, owner, method))
    };
    let json = service::language(view, owner) == Language::Proto && view.model.json(Language::Proto);
    let form = json.then(|| quote!(let form = self.channel.form();));
    let in_form = json.then(|| quote!(.in_form(form)));
    let request = ident(if method.server_streaming { "StreamRequest" } else { "Request" });
    let new = ident(if method.client_streaming { "streaming" } else { "new" });
    quote! {
        #docs
        #many
        #complex
        #naming
        #large
        pub fn #name(&self, #(#parameters),*) -> ::runtime::client::#request<#value #error> {
            #form
            ::runtime::client::#request::#new(&self.channel, &#info.methods[#index], #body, #decode) #in_form
        }
    }
}

/// The body of a request whose rules are checked before, where the channel asks for it.
fn checked(view: &View<'_>, method: &Method, body: TokenStream) -> TokenStream {
    let checks = rules::arguments(view, method, |it| {
        let name = ident(&it.head.rust);
        quote!(#name)
    });
    match checks {
        None => body,
        Some(checks) => quote! {
            ::runtime::validate::outgoing(self.channel.validates(), |out| { #checks }).and_then(|()| #body)
        },
    }
}

/// The function that reads the result struct.
fn decode(view: &View<'_>, owner: &Service, method: &Method) -> TokenStream {
    if method.oneway {
        // There is no answer to read.
        let ok = view.std("Ok");
        return quote!(|_, _| #ok(()));
    }
    match (&method.result, &method.error) {
        (Some(_), None) => return quote!(thrift::result),
        (None, None) => return quote!(thrift::nothing),
        _ => {}
    }
    let (_, error) = service::outcome(view, owner, method);
    let arms = service::error_arms(method);
    let (some, none) = (view.std("Some"), view.std("None"));
    let (ok, err) = (view.std("Ok"), view.std("Err"));
    let ids = method.throws.iter().map(|it| codec::id(it.id));
    let success = method.result.as_ref().map(|_| quote!(0 => field.with(|value| outcome = #some(#ok(value))),));
    let (initial, finish) = if method.result.is_some() {
        (none, quote!(outcome.unwrap_or_else(|| #err(thrift::missing_result().into()))))
    } else {
        (quote!(#ok(())), quote!(outcome))
    };
    let thrown = arms.iter().zip(ids).map(|(arm, id)| {
        let thrown = quote!(#err(#error::#arm(thrown)));
        let thrown = if method.result.is_some() { quote!(#some(#thrown)) } else { thrown };
        quote!(#id => field.with(|thrown| outcome = #thrown),)
    });
    quote! {
        |body, limits| {
            let mut outcome = #initial;
            thrift::fields(&body, limits, |field| match field.id {
                #success
                #(#thrown)*
                _ => field.skip(),
            })?;
            #finish
        }
    }
}
