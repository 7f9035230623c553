//! The methods that can be called, and the one that a name means.

use std::collections::BTreeSet;

use codegen::diag::closest;
use codegen::ir::http::Route;
use codegen::ir::model::{Language, Method, Service};
use codegen::resolve::names::registry_name;
use prost_reflect::MethodDescriptor;

use super::schema::Schema;

/// A method and where it is from.
#[derive(Clone)]
pub(super) struct Entry<'a> {
    /// The service's name, with the package or namespace in front.
    pub(super) full: String,
    /// The service's own name.
    pub(super) short: String,
    /// With the name of its file in front.
    by_file: String,
    /// The service's name in a registry.
    pub(super) registered: String,
    pub(super) shape: Shape<'a>,
    /// The verbs and paths of HTTP that reach it; nobody tells those of a server without its IDL.
    pub(super) routes: &'a [Route],
}

/// The description of a method.
#[derive(Clone)]
pub(super) enum Shape<'a> {
    Thrift(&'a Method),
    Proto(MethodDescriptor),
}

impl Entry<'_> {
    /// The method's name.
    pub(super) fn method(&self) -> &str {
        match &self.shape {
            Shape::Thrift(method) => &method.head.name,
            Shape::Proto(method) => method.name(),
        }
    }

    /// `Service.Method`, as short as it may be written.
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.short, self.method())
    }

    pub(super) fn streams_requests(&self) -> bool {
        matches!(&self.shape, Shape::Proto(method) if method.is_client_streaming())
    }

    pub(super) fn streams_answers(&self) -> bool {
        matches!(&self.shape, Shape::Proto(method) if method.is_server_streaming())
    }

    /// Whether a word is the service's name in one of its spellings.
    pub(super) fn is_of(&self, service: &str) -> bool {
        [&self.full, &self.short, &self.by_file].into_iter().any(|it| it == service)
    }
}

/// Every method: those of the IDL, or those that a server told.
pub(super) fn entries(schema: &Schema) -> Vec<Entry<'_>> {
    let Some(model) = schema.model() else {
        let own = |name: &str| !name.starts_with("grpc.reflection.");
        let services = schema.pool.services().filter(|it| own(it.full_name()));
        let of = |service: prost_reflect::ServiceDescriptor| {
            let methods: Vec<MethodDescriptor> = service.methods().collect();
            methods.into_iter().map(move |method| Entry {
                full: service.full_name().to_owned(),
                short: service.name().to_owned(),
                by_file: String::new(),
                registered: registry_name(service.name()),
                shape: Shape::Proto(method),
                routes: &[],
            })
        };
        return services.flat_map(of).collect();
    };
    let of =
        |service| model.all_methods(service).into_iter().filter_map(move |(_, method)| of_idl(schema, service, method));
    model.root_services().flat_map(of).collect()
}

fn of_idl<'a>(schema: &'a Schema, service: &'a Service, method: &'a Method) -> Option<Entry<'a>> {
    let (model, routes) = (schema.model()?, method.routes.as_slice());
    let file = &model.files[service.file];
    let short = service.head.name.clone();
    let (full, shape) = match file.language {
        Language::Thrift => {
            let module = model.modules[service.module.0].path.iter().map(|it| it.trim_start_matches("r#"));
            let full: Vec<&str> = module.chain([short.as_str()]).collect();
            (full.join("."), Shape::Thrift(method))
        }
        Language::Proto => {
            let full = [service.package.as_str(), &short].into_iter().filter(|it| !it.is_empty());
            let full = full.collect::<Vec<_>>().join(".");
            let descriptor = schema.pool.get_service_by_name(&full)?;
            let method = descriptor.methods().find(|it| it.name() == method.head.name)?;
            (full, Shape::Proto(method))
        }
    };
    let by_file = format!("{}.{short}", file.stem);
    Some(Entry { full, short, by_file, registered: service.registry_name.clone(), shape, routes })
}

/// A name as it was typed: the service, if there is one, and the method.
pub(super) fn split(name: &str) -> (Option<&str>, &str) {
    let name = name.trim_start_matches('/');
    match name.rsplit_once('/').or_else(|| name.rsplit_once('.')) {
        Some((service, method)) => (Some(service), method),
        None => (None, name),
    }
}

/// The method that a name means.
///
/// # Errors
///
/// For the name of none and for that of several.
pub(super) fn find<'a, 'b>(entries: &'b [Entry<'a>], name: &str) -> Result<&'b Entry<'a>, String> {
    let (service, method) = split(name);
    let fits = |it: &&Entry<'_>| it.method() == method && service.is_none_or(|service| it.is_of(service));
    let found: Vec<&Entry<'_>> = entries.iter().filter(fits).collect();
    match found.as_slice() {
        [one] => return Ok(one),
        [] => {}
        _ => {
            let short: BTreeSet<String> = found.iter().map(|it| it.name()).collect();
            let full = || found.iter().map(|it| format!("{}.{method}", it.full)).collect();
            let all = if short.len() == found.len() { short } else { full() };
            let all: Vec<String> = all.into_iter().map(|it| format!("`{it}`")).collect();
            return Err(format!("`{name}` is more than one method: write {}", all.join(" or ")));
        }
    }
    let of: Vec<String> = entries.iter().filter(|it| it.is_of(name)).map(|it| format!("`{}`", it.name())).collect();
    if !of.is_empty() {
        return Err(format!("`{name}` is a service: name a method of it, {}", of.join(" or ")));
    }
    let spelled: Vec<(String, String)> = entries
        .iter()
        .flat_map(|it| {
            [it.name(), it.method().to_owned(), format!("{}.{}", it.full, it.method())]
                .map(|spelled| (spelled, it.name()))
        })
        .collect();
    let words = spelled.iter().map(|(spelled, _)| spelled.as_str());
    let near = closest(&name.replace('/', "."), words);
    let near = near.and_then(|near| spelled.iter().find(|(spelled, _)| spelled == near));
    Err(match near {
        Some((_, near)) => format!("there is no method `{name}`: did you mean `{near}`?"),
        None => format!("there is no method `{name}`: `kiteline call --list` shows those that there are"),
    })
}
