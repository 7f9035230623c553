//! The server side of a service: the trait that a handler implements, and its mount.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::codec::{self, Reading};
use super::view::{View, ident};
use super::{constant, docs, json, proto, rules, service, structs};
use crate::ir::model::{Field, Language, Method, Service, Ty};

/// How arguments are read, beside the names that the code around them uses.
const READING: Reading<'_> = Reading { owner: "", key: false, taken: &["field", "input", "call", "handler"] };

pub(super) fn emit(
    view: &View<'_>,
    it: &Service,
    descriptors: &proto::Descriptors,
    openapi: Option<&str>,
) -> TokenStream {
    let descriptors = descriptors.get(&(it.module, it.package.clone()));
    let descriptors = descriptors.filter(|_| service::language(view, it) == Language::Proto);
    let (handler_trait, mount) = (handler_trait(view, it), mount(view, it, descriptors.is_some(), openapi));
    let held = descriptors.filter(|_| std::ptr::eq(holder(view, it), it)).map(|bytes| {
        let (server, bytes) = (ident(&it.server), proto::literal(bytes));
        quote! {
            impl #server<()> {
                /// The encoded descriptors of the package and of what it imports.
                const DESCRIPTORS: &'static [u8] = #bytes;
            }
        }
    });
    quote!(#handler_trait #mount #held)
}

/// The service whose server holds the descriptors of the module's package: the first one.
fn holder<'a>(view: &View<'a>, service: &'a Service) -> &'a Service {
    let mut services = view.model.services.iter();
    let first = services.find(|first| {
        first.module == service.module
            && first.package == service.package
            && service::language(view, first) == Language::Proto
    });
    first.unwrap_or(service)
}

fn handler_trait(view: &View<'_>, service: &Service) -> TokenStream {
    let (docs, name) = (docs::of(&service.head, "The service"), ident(&service.head.rust));
    let (send, sync, result) = (view.std("Send"), view.std("Sync"), view.std("Result"));
    let base = service.extends.map(|base| {
        let base = view.model.service(base);
        let path = view.path(base.module, &base.head.rust);
        quote!(#path +)
    });
    let methods = service.methods.iter().map(|method| {
        let (docs, name) = (docs::if_any(&method.head), ident(&method.head.rust));
        let (value, error) = service::outcome(view, service, method);
        let value = service::answer(view, method, &value);
        let (parameters, many) = (service::parameters(view, method), service::many(method));
        let (complex, naming) = (structs::complex(service::method_types(method)), service::naming(method));
        quote! {
            #docs
            #many
            #complex
            #naming
            fn #name(
                &self,
                cx: &::runtime::Context,
                #(#parameters),*
            ) -> impl ::std::future::Future<Output = #result<#value, #error>> + #send;
        }
    });
    quote! {
        #docs
        ///
        /// Implementations write `async fn`.
        pub trait #name: #base #send + #sync + 'static {
            #(#methods)*
        }
    }
}

fn mount(view: &View<'_>, service: &Service, described: bool, openapi: Option<&str>) -> TokenStream {
    let (name, info) = (ident(&service.head.rust), service::info_name(service));
    let server = ident(&service.server);
    let json = view.model.json(service::language(view, service)).then(|| {
        quote! {
            fn json(&self) -> bool {
                true
            }
        }
    });
    let descriptors = described.then(|| {
        let holder = ident(&holder(view, service).server);
        quote! {
            fn descriptors(&self) -> &'static [u8] {
                #holder::<()>::DESCRIPTORS
            }
        }
    });
    let openapi = openapi.map(|document| {
        quote! {
            fn openapi(&self) -> &'static str {
                #document
            }
        }
    });
    let own = service.head.rust.trim_start_matches("r#");
    // The static that describes a service may have its trait's name.
    let link = if info == own { format!("(trait@{own})") } else { String::new() };
    let docs = format!(" Mounts an implementation of [`{own}`]{link} on a server.");
    let methods = view.model.all_methods(service);
    let (boxed, generic) = (view.std("Box"), view.handler_type());
    let arms = methods.iter().enumerate().map(|(index, (owner, method))| {
        let (index, body) = (Literal::usize_unsuffixed(index), call(view, owner, method));
        quote!(#index => #boxed::pin(async move { #body }),)
    });
    let arguments = methods.iter().flat_map(|(_, method)| &method.arguments);
    let doubles = constant::allow_doubles(arguments.filter_map(|it| it.default.as_ref()));
    let dispatch = if methods.is_empty() {
        quote!(::runtime::service::unknown_method(&call))
    } else {
        quote! {
            let handler = ::std::sync::Arc::clone(&self.handler);
            match call.method.index {
                #(#arms)*
                _ => ::runtime::service::unknown_method(&call),
            }
        }
    };
    quote! {
        #[doc = #docs]
        #[derive(Debug)]
        pub struct #server<#generic> {
            handler: ::std::sync::Arc<#generic>,
        }

        impl<#generic: #name> #server<#generic> {
            /// A service around a handler.
            pub fn new(handler: #generic) -> Self {
                Self { handler: ::std::sync::Arc::new(handler) }
            }

            /// A service around a handler that others hold too.
            pub fn shared(handler: ::std::sync::Arc<#generic>) -> Self {
                Self { handler }
            }

            /// The handler.
            pub fn handler(&self) -> &::std::sync::Arc<#generic> {
                &self.handler
            }
        }

        #doubles
        impl<#generic: #name> ::runtime::Service for #server<#generic> {
            fn info(&self) -> &'static ::runtime::ServiceInfo {
                &#info
            }

            fn call(&self, call: ::runtime::Call) -> ::runtime::Handling {
                #dispatch
            }

            #descriptors

            #json

            #openapi
        }
    }
}

/// Decode, await the handler, encode.
fn call(view: &View<'_>, owner: &Service, method: &Method) -> TokenStream {
    let generic = view.handler_type();
    let name = ident(&method.head.rust);
    if service::language(view, owner) == Language::Proto {
        return call_proto(view, method);
    }
    let read = read_arguments(view, method);
    let checks = checks(view, method);
    let awaited = awaited(view, owner, method, &quote!(#generic::#name));
    quote!(#read #checks #awaited)
}

/// The check of the rules of what was decoded.
fn checks(view: &View<'_>, method: &Method) -> Option<TokenStream> {
    let checks = rules::arguments(view, method, |it| {
        let name = READING.local(it);
        quote!(#name)
    })?;
    Some(quote!(::runtime::validate::request(&call, |out| { #checks })?;))
}

/// The same for proto, whose requests and answers may be streams.
fn call_proto(view: &View<'_>, method: &Method) -> TokenStream {
    let (generic, name, ok) = (view.handler_type(), ident(&method.head.rust), view.std("Ok"));
    let json = view.model.json(Language::Proto);
    let request = if method.client_streaming {
        let checked = rules::any(view, method).then(|| quote!(.checked(::runtime::validate::message)));
        match json {
            true => quote! {
                let mut call = call;
                let req = ::runtime::json::requests(&mut call, grpc::requests) #checked;
            },
            false => quote!(let req = grpc::requests(call.body, call.limits) #checked;),
        }
    } else {
        let ty = method.arguments.first().map(|it| view.field(it, false));
        let checks = checks(view, method);
        let read = match json {
            true => quote!(::runtime::json::request(&call, grpc::request)),
            false => quote!(grpc::request(&call)),
        };
        quote!(let req: #ty = #read?; #checks)
    };
    let called = quote!(#generic::#name(&handler, &call.cx, req).await?);
    let reply = |value| match json {
        true => quote!(::runtime::json::reply(&call, #value, grpc::reply)),
        false => quote!(grpc::reply(&call.cx, #value)),
    };
    let answer = match &method.result {
        _ if method.server_streaming => {
            let replies = match json {
                true => quote!(::runtime::json::replies(&call, replies, grpc::replies)),
                false => quote!(grpc::replies(&call.cx, replies)),
            };
            quote!(let replies = #called; #ok(#replies))
        }
        Some(Ty::WellKnown(name)) if name == "Empty" => {
            let reply = reply(quote!(&()));
            quote!(#called; #reply)
        }
        _ => {
            let sent = reply(quote!(&reply));
            quote!(let reply = #called; #sent)
        }
    };
    quote!(#request #answer)
}

/// The arguments as locals, or a check that they are a struct when there are none.
fn read_arguments(view: &View<'_>, method: &Method) -> TokenStream {
    let owner = format!("{}()", method.head.name);
    let read = Reading { owner: &owner, ..READING };
    let arguments = &method.arguments;
    let json = view.model.json(Language::Thrift);
    if arguments.is_empty() {
        let binary = quote!(thrift::arguments(&call, "", |field| field.skip())?;);
        return if json { quote!(if call.form == ::runtime::Form::Binary { #binary }) } else { binary };
    }
    let whole = matches!(arguments.as_slice(), [one] if json::thrift::is_struct(view, &one.ty));
    if let [one] = arguments.as_slice()
        && one.default.is_none()
        && !read.must(view, one)
        && (whole || !json)
    {
        let (name, id, names) = (read.local(one), codec::id(one.id), codec::name_list(arguments));
        if json {
            return quote!(let #name = ::runtime::json::request(&call, |call| thrift::argument(call, #id, #names))?;);
        }
        return quote!(let #name = thrift::argument(&call, #id, #names)?;);
    }
    let (locals, names, arms) =
        (read.locals(view, arguments), codec::name_list(arguments), read.to_locals(view, arguments));
    let checked = arguments.iter().filter(|it| read.must(view, it)).map(|it| {
        let (name, value) = (read.local(it), read.take(view, it, |path| quote!(thrift::missing(&call, #path))));
        quote!(let #name = #value;)
    });
    let mut reading = quote!(thrift::arguments(&call, #names, |field| #arms)?;);
    if json {
        let of_json = arguments_of_json(view, &read, arguments, whole);
        reading = quote!(if call.form == ::runtime::Form::Json { #of_json } else { #reading });
    }
    quote! {
        #locals
        #reading
        #(#checked)*
    }
}

/// Reads arguments from JSON into their locals: the one struct, or each by its name.
fn arguments_of_json(view: &View<'_>, read: &Reading<'_>, arguments: &[Field], whole: bool) -> TokenStream {
    if let [one] = arguments
        && whole
    {
        let (name, some) = (read.local(one), view.std("Some"));
        return quote!(#name = #some(::runtime::json::argument(&call)?););
    }
    let (table, (field, lines)) = (json::thrift::table(arguments), json::thrift::to_locals(view, read, arguments));
    quote! {
        static FIELDS: ::runtime::json::Fields = #table;
        ::runtime::json::arguments(&call, &FIELDS, &mut |#field, input| #lines)?;
    }
}

/// The name of an exception's type in its IDL.
fn exception<'a>(view: &'a View<'_>, ty: &Ty) -> &'a str {
    match view.model.real(ty) {
        Ty::Def(id) => &view.model.def(*id).head.name,
        _ => "",
    }
}

fn awaited(view: &View<'_>, owner: &Service, method: &Method, path: &TokenStream) -> TokenStream {
    let names = method.arguments.iter().map(|it| READING.local(it));
    let call = quote!(#path(&handler, &call.cx #(, #names)*).await);
    let (ok, err) = (view.std("Ok"), view.std("Err"));
    let json = view.model.json(Language::Thrift);
    let reply = match json {
        true => quote!(::runtime::json::reply(&call, &reply, |cx, reply| thrift::reply(cx, 0, reply))),
        false => quote!(thrift::reply(&call.cx, 0, &reply)),
    };
    let void = match json {
        true => quote!(::runtime::json::void(&call, thrift::void)),
        false => quote!(thrift::void(&call.cx)),
    };
    let Some(it) = &method.error else {
        return match &method.result {
            Some(_) => quote!(let reply = #call?; #reply),
            None => quote!(#call?; #ok(#void)),
        };
    };
    let (_, error) = service::outcome(view, owner, method);
    let (arms, other) = (service::error_arms(method), ident(&it.other));
    let thrown = method.throws.iter().map(|it| {
        let (id, name) = (codec::id(it.id), exception(view, &it.ty));
        match json {
            true => quote! {
                ::runtime::json::exception(&call, #name, &thrown, |cx, thrown| thrift::reply(cx, #id, thrown))
            },
            false => quote!(thrift::reply(&call.cx, #id, &thrown)),
        }
    });
    let success = match &method.result {
        Some(_) => quote!(#ok(reply) => #reply,),
        None => quote!(#ok(()) => #ok(#void),),
    };
    quote! {
        match #call {
            #success
            #(#err(#error::#arms(thrown)) => #thrown,)*
            #err(#error::#other(error)) => #err(error),
        }
    }
}
