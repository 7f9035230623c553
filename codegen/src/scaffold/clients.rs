//! The clients of a gateway: the file with their set-up, and how handlers hand calls on by them.

use quote::ToTokens;
use syn::Token;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::token::Brace;

use super::{handler, layout};
use crate::ir::model::{Method, Model, Service};

/// The file of all clients.
pub(super) const FILE: &str = "src/clients.rs";

/// A client: its field in `Clients`, its type, and the name of its service in the registry.
struct Client {
    field: String,
    ty: String,
    registry_name: String,
}

impl Client {
    fn of(model: &Model, service: &Service) -> Self {
        let path = model.modules[service.module.0].path.join("::");
        Self {
            field: handler::module(model, service),
            ty: format!("generated::{path}::{}", service.client),
            registry_name: service.registry_name.clone(),
        }
    }

    /// Its line in the struct.
    fn declared(&self) -> String {
        let Self { field, ty, registry_name } = self;
        format!("    /// Of `{registry_name}` in the registry.\n{}", layout::assigned(4, &format!("pub {field}"), ty))
    }

    /// Its line where the struct is made.
    fn made(&self) -> String {
        let Self { field, ty, registry_name } = self;
        format!("            {field}: {ty}::new(channel({registry_name:?}, config, registry)?),\n")
    }
}

/// The whole file.
pub(super) fn text(model: &Model, services: &[&Service]) -> String {
    let clients: Vec<Client> = services.iter().map(|it| Client::of(model, it)).collect();
    let declared: String = clients.iter().map(Client::declared).collect();
    let made: String = clients.iter().map(Client::made).collect();
    format!(
        "//! The services behind the gateway: a client for each, which finds it in the registry by its name.
use crate::generated;
use runtime::{{Channel, Config, Registry, Result}};

/// A client for each service. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Clients {{
{declared}}}

impl Clients {{
    /// Clients that find their services in a registry. Nothing is connected before the first call.
{}    pub fn new(config: &Config, registry: &Registry) -> Result<Self> {{
        Ok(Self {{
{made}        }})
    }}
}}

/// A channel with the times, connections and balancer of `[client]`; what is for one service goes in here.
fn channel(service: &str, config: &Config, registry: &Registry) -> Result<Channel> {{
    Channel::builder(service)
        .registry(registry)
        .config(&config.client)
        .limits(&config.limits)
        .build()
}}
",
        layout::kept(&made)
    )
}

/// A handler that holds the clients.
pub(super) fn holder(name: &str) -> String {
    format!(
        "{}
    /// Of every service behind the gateway.
    pub clients: Clients,
}}

{}
    /// Hands calls on by these clients.
    pub fn new(clients: &Clients) -> Self {{
        Self {{
            clients: clients.clone(),
        }}
    }}
}}",
        layout::opened(&format!("pub struct {name}")),
        layout::opened(&format!("impl {name}")),
    )
    .replace("Clients", "crate::clients::Clients")
}

/// The body of a handler's method: the same call by the client.
pub(super) fn call(client: &str, method: &Method) -> String {
    let names: Vec<&str> = method.arguments.iter().map(|it| it.head.rust.as_str()).collect();
    let function = match (method.client_streaming, method.server_streaming) {
        (false, _) => None,
        (true, false) => Some("runtime::streaming::forward"),
        (true, true) => Some("runtime::streaming::forward_both"),
    };
    layout::forward(client, (&method.client, &names), function)
}

/// Text that `Clients` lacks for services that are new, each with the place where it goes.
pub(super) fn lacking(model: &Model, services: &[&Service], text: &str) -> Vec<(Option<usize>, String)> {
    let Ok(file) = syn::parse_file(text) else { return Vec::new() };
    let fields = file.items.iter().find_map(|item| match item {
        syn::Item::Struct(it) if it.ident == "Clients" => match &it.fields {
            syn::Fields::Named(fields) => Some(fields),
            _ => None,
        },
        _ => None,
    });
    let has = |field: &str| {
        let mut names = fields.iter().flat_map(|it| &it.named).filter_map(|it| it.ident.as_ref());
        names.any(|name| name == field)
    };
    let new: Vec<Client> = services.iter().map(|it| Client::of(model, it)).filter(|it| !has(&it.field)).collect();
    if new.is_empty() {
        return Vec::new();
    }
    let (declared, made) = (new.iter().map(Client::declared).collect(), new.iter().map(Client::made).collect());
    let mut out = place(text, fields.map(|it| (&it.named, &it.brace_token)), declared);
    out.extend(place(text, literal(&file).map(|it| (&it.fields, &it.brace_token)), made));
    out
}

/// Lines that go before a closing brace, with the comma that the item before them may lack.
fn place<T: ToTokens>(
    text: &str,
    list: Option<(&Punctuated<T, Token![,]>, &Brace)>,
    lines: String,
) -> Vec<(Option<usize>, String)> {
    let Some((items, brace)) = list else { return vec![(None, lines)] };
    let brace = brace.span.close().byte_range().start;
    let comma = items.last().filter(|_| !items.trailing_punct()).map(|it| it.span().byte_range().end);
    let start = text.get(..brace).and_then(|it| it.rfind('\n')).map_or(0, |it| it + 1);
    let alone = text.get(start..brace).is_some_and(|it| it.trim().is_empty());
    let lines = if alone { (Some(start), lines) } else { (Some(brace), format!("\n{lines}")) };
    comma.map(|at| (Some(at), ",".to_owned())).into_iter().chain([lines]).collect()
}

/// `Self { … }` in a function of `impl Clients`.
fn literal(file: &syn::File) -> Option<&syn::ExprStruct> {
    let functions = file.items.iter().filter_map(|item| match item {
        syn::Item::Impl(it) if it.trait_.is_none() => Some(&it.items),
        _ => None,
    });
    functions.flatten().find_map(|item| match item {
        syn::ImplItem::Fn(it) => it.block.stmts.iter().rev().find_map(of_statement),
        _ => None,
    })
}

fn of_statement(statement: &syn::Stmt) -> Option<&syn::ExprStruct> {
    match statement {
        syn::Stmt::Expr(it, _) => of_expression(it),
        syn::Stmt::Local(it) => of_expression(&it.init.as_ref()?.expr),
        _ => None,
    }
}

fn of_expression(expression: &syn::Expr) -> Option<&syn::ExprStruct> {
    match expression {
        syn::Expr::Struct(it) => Some(it),
        syn::Expr::Call(it) => it.args.iter().find_map(of_expression),
        _ => None,
    }
}
