//! The test of a scaffolded crate: starts the server and calls every method.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{handler, layout, sample};
use crate::assemble;
use crate::emit::view::{View, ident};
use crate::ir::model::{Method, Model, Service};

/// The crate that is tested.
pub(super) struct Shape {
    /// Whether it has clients.
    pub(super) clients: bool,
    /// Whether its handlers call other services: none of them is there in a test.
    pub(super) gateway: bool,
    /// Its `recursion_limit`.
    pub(super) limit: Option<usize>,
}

/// The whole file.
pub(super) fn text(model: &Model, services: &[&Service], lib: &str, shape: Shape) -> String {
    let Shape { clients, gateway, limit } = shape;
    let clients = clients && !gateway;
    let limit = limit.map(|it| it.to_string()).into_iter();
    let lib = ident(lib);
    let view = View::outside(model, quote!(generated), BTreeSet::new());
    // Their lines are broken below, as rustfmt does.
    let mounts = (0..services.len()).map(|at| {
        let place = format_ident!("mount_{at}_{at}");
        quote!(.add(#place))
    });
    // A function per service: one with thousands of calls would take minutes to compile.
    let calls = |it| if clients { calls(&view, it) } else { TokenStream::new() };
    let functions: Vec<_> = services.iter().map(|it| (function(model, it), calls(it))).collect();
    let reaches = functions.iter().filter(|(_, calls)| !calls.is_empty()).map(|(name, calls)| {
        quote! {
            #[rustfmt::skip] // formatted by kiteline
            async fn #name(registry: &Registry) -> runtime::Result<()> {
                #calls
                Ok(())
            }
        }
    });
    let called =
        functions.iter().filter(|(_, calls)| !calls.is_empty()).map(|(name, _)| quote!(#name(&registry).await?;));
    // Without a call there is nothing to name and nothing to judge.
    let called: Vec<_> = called.collect();
    let names = if called.is_empty() {
        quote!(Config, Registry, Server)
    } else {
        quote!(Channel, Code, Config, Error, Registry, Server)
    };
    let judged = (!called.is_empty()).then(judged);
    let mut uses = [
        if gateway {
            quote!(use #lib::{clients, generated, handler};)
        } else {
            quote!(use #lib::{generated, handler};)
        },
        quote!(
            use runtime::{#names};
        ),
    ];
    if layout::order(&lib.to_string(), "runtime").is_gt() {
        uses.reverse();
    }
    let (title, name) = if clients {
        (
            " Starts the server on a free port and calls every method through the memory registry.",
            "every_method_is_reached",
        )
    } else {
        (" Starts the server on a free port and stops it.", "the_server_starts_and_stops")
    };
    let name = ident(name);
    let behind = gateway.then(|| quote!(let clients = clients::Clients::new(&Config::local(), &registry)?;));
    let tokens = quote! {
        #![doc = #title]
        #(#![recursion_limit = #limit])*
        #(#uses)*

        #[tokio::test]
        async fn #name() -> runtime::Result<()> {
            let registry = Registry::open("memory")?;
            #behind
            let server = Server::new(Config::local()).registry(&registry) #(#mounts)* .start().await?;
            #(#called)*
            server.stop().await
        }

        #(#reaches)*

        #judged
    };
    let mut text = assemble::format(tokens);
    for (at, service) in services.iter().enumerate() {
        let place = format!("        .add(mount_{at}_{at})");
        text = text.replacen(&place, &handler::mount(model, service, gateway), 1);
    }
    text
}

/// What calls are judged by.
fn judged() -> TokenStream {
    quote! {
        /// Any answer of a handler will do; replace this by what your methods promise.
        fn reached(outcome: Result<(), Error>) {
            if let Err(error) = outcome {
                assert_ne!(error.code(), Code::Unavailable, "{error:?}");
                assert_ne!(error.code(), Code::DeadlineExceeded, "{error:?}");
            }
        }
    }
}

/// The name of the function that calls a service.
fn function(model: &Model, service: &Service) -> Ident {
    let module = handler::module(model, service);
    let module = module.trim_end_matches('_');
    if module.len() <= 30 {
        return format_ident!("{module}_calls");
    }
    // A call of a longer name would be broken.
    let index = model.root_services().position(|it| std::ptr::eq(it, service)).unwrap_or_default();
    format_ident!("calls_{index}")
}

fn calls(view: &View<'_>, service: &Service) -> TokenStream {
    let methods: Vec<TokenStream> =
        view.model.all_methods(service).into_iter().filter_map(|(owner, it)| call(view, owner, it)).collect();
    if methods.is_empty() {
        return TokenStream::new();
    }
    let client = view.path(service.module, &service.client);
    let name = &service.registry_name;
    quote! {
        let client = #client::new(Channel::builder(#name).registry(registry).build()?);
        #(#methods)*
    }
}

fn call(view: &View<'_>, owner: &Service, method: &Method) -> Option<TokenStream> {
    let name = ident(&method.client);
    let arguments: Option<Vec<TokenStream>> = method.arguments.iter().map(|it| sample::value(view, &it.ty)).collect();
    let mut arguments = arguments?;
    if method.client_streaming {
        arguments = arguments.iter().map(|it| quote!(runtime::streaming::iter([#it]))).collect();
    }
    let call = quote!(client.#name(#(#arguments),*).await);
    let Some(error) = &method.error else {
        return Some(quote!(reached(#call.map(drop));));
    };
    let (error, other) = (view.path(owner.module, &error.rust), ident(&error.other));
    Some(quote! {
        if let Err(#error::#other(error)) = #call {
            reached(Err(error));
        }
    })
}
