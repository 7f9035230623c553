//! A service's handler: a struct, and one method body per method.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::quote;

use super::clients;
use super::layout::{self, Type};
use crate::assemble;
use crate::emit::docs;
use crate::emit::service::outcome;
use crate::emit::view::View;
use crate::ir::model::{Method, Model, ModuleId, Service, Ty};
use crate::resolve::names;

/// Names that a handler's file uses for something else.
const TAKEN: &[&str] = &[
    "Context",
    "Error",
    "Stream",
    "Streaming",
    "Result",
    "Ok",
    "Err",
    "Some",
    "None",
    "Option",
    "Box",
    "Default",
    "String",
    "Vec",
];

/// The module of a service's handler. Of several services that would have the same one, the first
/// gets it, the others carry their own modules' names in theirs.
pub(super) fn module(model: &Model, service: &Service) -> String {
    let name = plain_module(service);
    let rivals: Vec<&Service> = model.root_services().filter(|it| plain_module(it) == name).collect();
    let place = rivals.iter().position(|it| std::ptr::eq(*it, service)).unwrap_or_default();
    if place == 0 {
        return name;
    }
    let outer = model.modules[service.module.0].path.join("_").replace("r#", "");
    let full = names::snake(&service.head.name);
    let long = format!("{outer}_{full}");
    let taken = model.root_services().any(|it| plain_module(it) == long)
        || rivals[..place].iter().any(|it| it.module == service.module && names::snake(&it.head.name) == full);
    if taken { format!("{long}_{}", place + 1) } else { long }
}

fn plain_module(service: &Service) -> String {
    let name = names::ident(&names::snake(short(service)));
    match name.strip_prefix("r#") {
        Some(keyword) => format!("{keyword}_"),
        // The module around it has that name.
        None if name == "handler" => format!("{name}_"),
        None => name,
    }
}

/// The file of a service's handler.
pub(super) fn file(model: &Model, service: &Service) -> String {
    format!("src/handler/{}.rs", module(model, service))
}

fn short(service: &Service) -> &str {
    match service.head.name.strip_suffix("Service") {
        Some("") | None => &service.head.name,
        Some(short) => short,
    }
}

/// The handler's name: the service's without its `Service`, with `Handler` where that is taken.
pub(super) fn struct_name(model: &Model, service: &Service) -> String {
    let name = names::type_name(short(service));
    let clashes = TAKEN.contains(&name.as_str())
        || service.head.rust == name
        || used_types(model, service).iter().any(|(_, rust)| *rust == name);
    if clashes { names::joined(&name, "Handler") } else { name }
}

/// `.add(generated::api::AddServiceServer::new(handler::add::Add::default()))`, as a line of a chain.
pub(super) fn mount(model: &Model, service: &Service, gateway: bool) -> String {
    let path = model.modules[service.module.0].path.join("::");
    let server = &service.server;
    let (module, handler) = (module(model, service), struct_name(model, service));
    let make = if gateway { ("new", "&clients") } else { ("default", "") };
    layout::mount(&format!("generated::{path}::{server}"), &format!("handler::{module}::{handler}"), make)
}

/// The services whose traits the handler implements, base services first.
pub(super) fn chain<'a>(model: &'a Model, service: &'a Service) -> Vec<&'a Service> {
    let mut chain = service.extends.map_or_else(Vec::new, |base| chain_of(model, base));
    chain.push(service);
    chain
}

fn chain_of(model: &Model, id: crate::ir::model::ServiceId) -> Vec<&Service> {
    chain(model, model.service(id))
}

/// Defined types in the signatures of a handler, traits and error enums included.
fn used_types(model: &Model, service: &Service) -> BTreeSet<(ModuleId, String)> {
    let mut used = BTreeSet::new();
    for owner in chain(model, service) {
        used.insert((owner.module, owner.head.rust.clone()));
        for method in &owner.methods {
            used.extend(method.error.iter().map(|it| (owner.module, it.rust.clone())));
            for ty in method.arguments.iter().map(|it| &it.ty).chain(&method.result) {
                collect(model, ty, &mut used);
            }
        }
    }
    used
}

fn collect(model: &Model, ty: &Ty, used: &mut BTreeSet<(ModuleId, String)>) {
    match ty {
        Ty::Base(_) | Ty::WellKnown(_) => {}
        Ty::Def(id) => {
            let def = model.def(*id);
            used.insert((def.module, def.head.rust.clone()));
        }
        Ty::List(item) | Ty::Set(_, item) => collect(model, item, used),
        Ty::Map(_, key, value) => {
            collect(model, key, used);
            collect(model, value, used);
        }
    }
}

/// The types that can be imported by their bare names.
fn imports(model: &Model, service: &Service) -> BTreeSet<(ModuleId, String)> {
    let used = used_types(model, service);
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, rust) in &used {
        *count.entry(rust.as_str()).or_default() += 1;
    }
    let free = |rust: &str| !TAKEN.contains(&rust) && !rust.contains("::") && count[rust] == 1;
    used.iter().filter(|(_, rust)| free(rust)).cloned().collect()
}

/// The whole file.
pub(super) fn text(model: &Model, service: &Service, gateway: bool) -> String {
    let imported = imports(model, service);
    let mut by_module: BTreeMap<ModuleId, Vec<String>> = BTreeMap::new();
    for (module, rust) in &imported {
        by_module.entry(*module).or_default().push(rust.clone());
    }
    let imports = by_module.into_iter().map(|(module, mut names)| {
        names.sort_by(|one, other| layout::order(one, other));
        (format!("crate::generated::{}", model.modules[module.0].path.join("::")), names)
    });
    let mut imports: Vec<(String, Vec<String>)> = imports.collect();
    imports.sort_by(layout::order_of_imports);
    let uses: String = imports.iter().map(|(path, names)| layout::import(path, names)).collect();
    let chain = chain(model, service);
    let runtime = match runtime_names(&chain, gateway) {
        names if names.is_empty() => String::new(),
        names => layout::import("runtime", &names),
    };
    let behind = gateway.then(|| module(model, service));
    let view = View::outside(model, quote!(crate::generated), imported);
    let name = struct_name(model, service);
    let impls = chain.iter().map(|owner| {
        let path = Type::of(&view.path(owner.module, &owner.head.rust)).flat();
        let methods: Vec<String> =
            owner.methods.iter().map(|it| stub(&view, owner, it, &Words::SHORT, behind.as_deref())).collect();
        format!("\n{}", layout::block(&path, &name, &methods.join("\n")))
    });
    let impls: String = impls.collect();
    let (idl, of) = (idl(model, service), &service.head.name);
    if gateway {
        return format!(
            "//! `{of}` of {idl}, handed on to the service behind.\n{uses}{runtime}\n/// Hands the calls of `{of}` on.\n#[derive(Debug)]\n{}\n{impls}",
            clients::holder(&name),
        );
    }
    format!(
        "//! `{of}` of {idl}.\n{uses}{runtime}\n/// The handler of `{of}`.\n#[derive(Debug, Default)]\n{}\n{impls}",
        layout::empty_struct(&name),
    )
}

/// What the handler's file uses of the runtime.
fn runtime_names(chain: &[&Service], gateway: bool) -> Vec<String> {
    let methods = || chain.iter().flat_map(|it| &it.methods);
    // A method that gives a stream has no other use for it.
    let error = methods().next().map(|_| "Error");
    let stream = methods().any(|it| it.server_streaming).then_some("Stream");
    let streaming = methods().any(|it| it.server_streaming && !gateway || it.client_streaming).then_some("Streaming");
    let names = error.map(|_| "Context").into_iter().chain(error).chain(stream).chain(streaming);
    names.map(str::to_owned).collect()
}

/// The IDL file of a service as it stands in the crate.
fn idl(model: &Model, service: &Service) -> String {
    let file = &model.files[service.file];
    let ending = match file.language {
        crate::ir::model::Language::Thrift => "thrift",
        crate::ir::model::Language::Proto => "proto",
    };
    assemble::visible(&format!("{}.{ending}", file.stem))
}

/// How a stub names what it needs: by `use`, or in full where it is put into a file that has its
/// own imports.
pub(super) struct Words {
    context: &'static str,
    error: &'static str,
    result: &'static str,
    stream: &'static str,
    streaming: &'static str,
}

impl Words {
    pub(super) const SHORT: Self =
        Self { context: "Context", error: "Error", result: "Result", stream: "Stream", streaming: "Streaming" };
    pub(super) const FULL: Self = Self {
        context: "runtime::Context",
        error: "runtime::Error",
        result: "std::result::Result",
        stream: "runtime::Stream",
        streaming: "runtime::Streaming",
    };
}

/// One method, indented as in an `impl`: it answers "not implemented", or hands its call on by the client of this name.
pub(super) fn stub(view: &View<'_>, owner: &Service, method: &Method, words: &Words, behind: Option<&str>) -> String {
    let (value, error) = outcome(view, owner, method);
    let into = method.error.is_some();
    let path = |text: &str| -> TokenStream { text.parse().unwrap_or_default() };
    let (context, result) = (path(words.context), path(words.result));
    let error = if into { error } else { path(words.error) };
    let mut result = Type::of(&quote!(#result<#value, #error>));
    if method.server_streaming {
        let items = Type::stream(words.stream, result);
        result = Type::within(words.result, vec![items, Type::of(&error)]);
    }
    let arguments = method.arguments.iter().map(|it| {
        let name = match behind {
            Some(_) => it.head.rust.clone(),
            None => format!("_{}", it.head.rust.trim_start_matches("r#")),
        };
        let ty = Type::of(&view.field(it, false));
        (name, if method.client_streaming { Type::within(words.streaming, vec![ty]) } else { ty })
    });
    let parameters: Vec<(String, Type)> =
        [(String::from(if behind.is_some() { "cx" } else { "_cx" }), Type::of(&quote!(&#context)))]
            .into_iter()
            .chain(arguments)
            .collect();
    let (docs, many) = (docs::if_any(&method.head), crate::emit::service::many(method));
    // An attribute stands in front of something.
    let attributes = assemble::format(quote!(impl It { #docs #many fn f() {} }));
    let attributes = attributes.lines().skip(1).take_while(|line| *line != "    fn f() {}");
    let attributes: String = attributes.map(|line| format!("{line}\n")).collect();
    let text = format!("{}.{}", owner.head.name, method.head.name);
    let signature = layout::signature(&method.head.rust, &parameters, &result);
    let body = if let Some(client) = behind {
        clients::call(client, method)
    } else if method.server_streaming {
        layout::stream_stub(words.streaming, &text)
    } else {
        layout::stub(words.error, &text, into)
    };
    format!("{attributes}{signature}{body}    }}\n")
}
