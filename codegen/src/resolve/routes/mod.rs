//! Routes of HTTP: paths are read, and what they and the rest of a request name is found among the fields.

mod annotations;
mod hertz;
mod path;
mod proto;
mod thrift;
mod types;

use std::collections::{HashMap, HashSet};

use crate::diag::{Diagnostics, catalogue::routes as say};
use crate::ir::draft::{self, Draft, Item, Language, Name};
use crate::ir::http::Segment;
use crate::ir::model::Model;
use crate::options::Options;
use crate::resolve::scope::Scope;
use crate::source::Span;
use path::{Path, Refusal, Why};
use types::Types;

/// Gives the methods of a model their routes. A route with a mistake is a finding.
pub(super) fn resolve(draft: &Draft, scope: &Scope, options: &Options, model: &mut Model, found: &mut Diagnostics) {
    let types = Types::new(draft, scope);
    let mut used = HashSet::new();
    let services = draft.files.iter().enumerate().flat_map(|(at, file)| {
        file.items.iter().filter_map(move |item| match item {
            Item::Service(service) => Some((at, file.language, service)),
            _ => None,
        })
    });
    for ((file, language, written), service) in services.zip(&mut model.services) {
        for (written, method) in written.methods.iter().zip(&mut service.methods) {
            method.routes = match language {
                Language::Proto => proto::routes(&types, file, written, found),
                Language::Thrift => thrift::routes(&types, file, written, &mut used, found),
            };
        }
    }
    let thrift = draft.files.iter().filter(|file| file.language == Language::Thrift);
    thrift.for_each(|file| annotations::check(file, &used, found));
    if options.sides.server() {
        one_method_each(model, found);
    }
}

/// Verb, segments and ending tell routes apart.
type Key<'a> = (&'a str, &'a [Segment], &'a str);

/// A route leads to one method of all that a program serves.
fn one_method_each(model: &Model, found: &mut Diagnostics) {
    let mut known: HashMap<Key<'_>, (Span, Span)> = HashMap::new();
    let mut seen = HashSet::new();
    for (_, method) in model.root_services().flat_map(|service| model.all_methods(service)) {
        // A method that two services inherit is one.
        if !seen.insert(method.head.span) {
            continue;
        }
        for route in &method.routes {
            let key = (route.verb.as_str(), route.path.as_slice(), route.ending.as_str());
            match known.get(&key) {
                Some((first, of)) => {
                    found.push(say::one_route(&route.verb, route.span, *first, *of == method.head.span));
                }
                None => drop(known.insert(key, (route.span, method.head.span))),
            }
        }
    }
}

/// The path, or a finding at the part that is wrong.
fn read(name: &Name, parse: fn(&str) -> Result<Path, Refusal>, found: &mut Diagnostics) -> Option<Path> {
    let path = match parse(&name.text) {
        Ok(path) => path,
        Err(Refusal { at, why }) => {
            let place = path::place(name, &at);
            found.push(match why {
                Why::Form(why) => say::path_form(&name.text, place, why),
                Why::BehindRest => say::behind_rest(&name.text, place),
            });
            return None;
        }
    };
    for (at, bound) in path.variables.iter().enumerate() {
        if let Some(first) = path.variables[..at].iter().find(|it| it.field == bound.field) {
            found.push(say::variable_twice(&bound.field, path::place(name, &bound.at), path::place(name, &first.at)));
            return None;
        }
    }
    Some(path)
}

/// The name of a method's request for a person; that of the method where it takes nothing.
fn request(method: &draft::Method) -> &str {
    match method.arguments.first().map(|it| &it.ty.kind) {
        Some(draft::TypeKind::Named(name)) => name.trim_start_matches('.'),
        _ => &method.head.name.text,
    }
}
