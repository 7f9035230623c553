//! OpenAPI 3.1 of a program: its routes of HTTP, the calls of Connect for methods without any, its types as schemas.

mod json;
mod operation;
mod parameters;
mod paths;
mod proto;
mod rules;
mod shape;
mod thrift;

use std::collections::BTreeSet;

use crate::ir::model::{Language, Method, Model, Service};
use json::{Json, object, text};
use operation::Operation;
use shape::{Shapes, description, typed};

/// The document, as JSON. The same model gives the same text.
pub fn document(model: &Model) -> String {
    let shapes = Shapes::new(model, proto::components(model).into_iter().chain(thrift::components(model)));
    let mut document = Document { shapes: &shapes, paths: Vec::new(), used: BTreeSet::new(), ids: BTreeSet::new() };
    let mut tags = Vec::new();
    for service in model.root_services() {
        for (_, method) in model.all_methods(service) {
            document.method(service, method, model.files[service.file].language);
        }
        let tag = object([("name", text(full_name(service)))]);
        tags.push(tag.with_maybe("description", description(&service.head.docs)));
    }
    let names: Vec<&str> = model.root_services().map(|it| it.head.name.as_str()).collect();
    let info = object([("title", text(names.join(", "))), ("version", text("1.0.0"))]);
    let schemas = shapes.schemas(&document.used);
    let errors = object([("Error", rest_error()), ("ConnectError", connect_error())]);
    let components = object([("schemas", Json::Object(schemas)), ("responses", errors)]);
    let paths = document.paths.into_iter().map(|it| (it.text, Json::Object(it.operations)));
    object([
        ("openapi", text("3.1.0")),
        ("info", info),
        ("tags", Json::List(tags)),
        ("paths", Json::Object(paths.collect())),
        ("components", components),
    ])
    .document()
}

/// The name of a service with its package.
fn full_name(service: &Service) -> String {
    match service.package.as_str() {
        "" => service.head.name.clone(),
        package => format!("{package}.{}", service.head.name),
    }
}

struct Document<'a> {
    shapes: &'a Shapes<'a>,
    paths: Vec<Item>,
    /// The components that operations name.
    used: BTreeSet<String>,
    ids: BTreeSet<String>,
}

/// One path with its operations.
struct Item {
    /// What tells it from other paths: its text without the names of parameters.
    key: String,
    text: String,
    parameters: Vec<String>,
    operations: Vec<(String, Json)>,
}

/// The verbs that a path can have.
const VERBS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

impl Document<'_> {
    fn method(&mut self, service: &Service, method: &Method, language: Language) {
        let tag = full_name(service);
        for route in &method.routes {
            let template = paths::template(route);
            let verb = route.verb.to_ascii_lowercase();
            // A verb of one's own has no place in OpenAPI 3.1.
            for verb in VERBS.into_iter().filter(|it| *it == verb || verb == "*") {
                let names = self.item(&template).parameters.clone();
                let made = Operation::new(self.shapes, method, &tag).of_route(route, &template, &names, verb);
                self.add(&template, verb, made, service, method);
            }
        }
        let streams = method.client_streaming || method.server_streaming;
        if method.routes.is_empty() && self.shapes.model.json(language) && !streams && !method.oneway {
            let path = format!("/{tag}/{}", method.head.name);
            let template = paths::Template { text: path, parameters: Vec::new() };
            let made = Operation::new(self.shapes, method, &tag).of_connect(language);
            self.add(&template, "post", made, service, method);
        }
    }

    /// The entry of a path; paths that differ in the names of parameters alone are one.
    fn item(&mut self, template: &paths::Template) -> &mut Item {
        let names: Vec<String> = template.parameters.iter().map(|it| it.name.clone()).collect();
        let key = names.iter().fold(template.text.clone(), |text, name| text.replacen(&format!("{{{name}}}"), "{}", 1));
        let index = self.paths.iter().position(|it| it.key == key).unwrap_or_else(|| {
            let (text, operations) = (template.text.clone(), Vec::new());
            self.paths.push(Item { key, text, parameters: names, operations });
            self.paths.len() - 1
        });
        &mut self.paths[index]
    }

    fn add(&mut self, at: &paths::Template, verb: &str, made: Operation<'_>, service: &Service, method: &Method) {
        let id = format!("{}_{}", service.head.name, method.head.name);
        let more = (2..).map(|at| format!("{id}_{at}"));
        let id = std::iter::once(id.clone()).chain(more).find(|it| !self.ids.contains(it)).unwrap_or(id);
        self.ids.insert(id.clone());
        let (json, used) = made.finish(&id);
        self.used.extend(used);
        let operations = &mut self.item(at).operations;
        if !operations.iter().any(|(known, _)| known == verb) {
            operations.push((verb.to_owned(), json));
        }
    }
}

fn rest_error() -> Json {
    let details = typed("array").with("items", typed("object"));
    let metadata = typed("object").with("additionalProperties", typed("string"));
    let members = [
        ("code", typed("integer").with("description", text("The status of HTTP."))),
        ("reason", typed("string")),
        ("message", typed("string")),
        ("metadata", metadata),
        ("details", details),
    ];
    response("Why the call failed.", members)
}

fn connect_error() -> Json {
    let code = typed("string").with("description", text("The code of gRPC in small letters, such as `not_found`."));
    let details = typed("array").with("items", typed("object"));
    response("Why the call failed.", [("code", code), ("message", typed("string")), ("details", details)])
}

fn response<const N: usize>(what: &str, members: [(&str, Json); N]) -> Json {
    let schema = typed("object").with("properties", object(members));
    let content = object([("application/json", object([("schema", schema)]))]);
    object([("description", text(what)), ("content", content)])
}
