//! Routes of Thrift: the annotations of Hertz on methods, and those on the fields of their requests.

use std::collections::HashSet;

use super::path::{Bound, Path, place};
use super::types::{Kind, Message, Types, nearest, own_field, shown};
use super::{hertz, read, request};
use crate::diag::{Diagnostics, catalogue::routes as say};
use crate::ir::draft::{Annotation, Field, Method, Name, Struct};
use crate::ir::http::{Place, ReplyBody, RequestBody, Route, Source, Variable};
use crate::source::Span;

/// The annotations that make routes, and their verbs.
pub(super) const VERBS: [(&str, &str); 8] = [
    ("api.get", "GET"),
    ("api.post", "POST"),
    ("api.put", "PUT"),
    ("api.delete", "DELETE"),
    ("api.patch", "PATCH"),
    ("api.head", "HEAD"),
    ("api.options", "OPTIONS"),
    ("api.any", "*"),
];

/// How many structs inside of a request are looked into.
const MOST: usize = 1000;

/// A field of a request that says where its value stands.
struct Placed<'a> {
    /// The path of the field.
    path: String,
    file: usize,
    field: &'a Field,
    at: Part,
    /// The name there.
    name: String,
    key: Span,
}

/// The part of a request that an annotation names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Form,
    Query,
    Cookie,
    Header,
    Body,
    RawBody,
    Nowhere,
}

/// Of several values for one field the last one stays, as in Hertz.
const PARTS: [(&str, Part); 8] = [
    ("api.header", Part::Header),
    ("api.cookie", Part::Cookie),
    ("api.query", Part::Query),
    ("api.form", Part::Form),
    ("api.path", Part::Path),
    ("api.body", Part::Body),
    ("api.raw_body", Part::RawBody),
    ("api.none", Part::Nowhere),
];

/// The routes of a method. The annotations that have a meaning for them go to `used`.
pub(super) fn routes(
    types: &Types<'_>,
    file: usize,
    method: &Method,
    used: &mut HashSet<Span>,
    found: &mut Diagnostics,
) -> Vec<Route> {
    let written: Vec<(&str, Name)> = method.head.annotations.iter().filter_map(path_of).collect();
    if written.is_empty() {
        return Vec::new();
    }
    let input = match method.arguments.as_slice() {
        [] => None,
        [argument] => match types.kind(file, &argument.ty) {
            Kind::Message(message) => Some(message),
            _ => {
                found.push(say::not_one_struct(&method.head.name, argument.ty.span));
                return Vec::new();
            }
        },
        [_, second, ..] => {
            found.push(say::not_one_struct(&method.head.name, second.head.name.span));
            return Vec::new();
        }
    };
    let mut placed = Vec::new();
    if let Some(input) = input {
        let mut walk = Walk { types, around: Vec::new(), left: MOST, placed };
        walk.collect(input, "");
        placed = walk.placed;
    }
    check(types, &placed, found);
    used.extend(placed.iter().filter(|it| it.at != Part::Path).map(|it| it.key));
    let route = |(verb, path): &(&str, Name)| {
        let Some(parsed) = read(path, hertz::path, found) else {
            // Which parameters it has is not known.
            used.extend(placed.iter().map(|it| it.key));
            return None;
        };
        let variables = variables(types, method, path, &parsed, input, &placed, used, found);
        Some(made(verb, path.span, parsed, variables, &placed))
    };
    written.iter().filter_map(route).collect()
}

/// The verb and the path of an annotation that makes a route.
fn path_of(annotation: &Annotation) -> Option<(&'static str, Name)> {
    let (_, verb) = VERBS.iter().find(|(key, _)| *key == annotation.key.text)?;
    let none = || Name { text: String::new(), span: annotation.key.span };
    Some((verb, annotation.value.clone().unwrap_or_else(none)))
}

/// The fields of a struct, and of those in it, that say where they stand.
struct Walk<'a, 'b> {
    types: &'b Types<'a>,
    /// The structs around the one that is looked into: what holds itself is looked into once.
    around: Vec<&'a Struct>,
    left: usize,
    placed: Vec<Placed<'a>>,
}

impl<'a> Walk<'a, '_> {
    fn collect(&mut self, message: Message<'a>, before: &str) {
        self.around.push(message.structure);
        self.left -= 1;
        for field in &message.structure.fields {
            let path = format!("{before}{}", field.head.name.text);
            let count = self.placed.len();
            for (key, at) in PARTS {
                for it in field.head.annotations.iter().filter(|it| it.key.text == key) {
                    let value = it.value.as_ref().map(|it| it.text.clone()).filter(|it| !it.is_empty());
                    let name = value.unwrap_or_else(|| field.head.name.text.clone());
                    let (path, file, key) = (path.clone(), message.file, it.key.span);
                    self.placed.push(Placed { path, file, field, at, name, key });
                }
            }
            if self.placed.len() == count
                && self.left > 0
                && let Kind::Message(inner) = self.types.kind(message.file, &field.ty)
                && !self.around.iter().any(|it| std::ptr::eq(*it, inner.structure))
            {
                self.collect(inner, &format!("{path}."));
            }
        }
        self.around.pop();
    }
}

/// Fields whose types do not fit their places.
fn check(types: &Types<'_>, placed: &[Placed<'_>], found: &mut Diagnostics) {
    let mut raw = placed.iter().filter(|it| it.at == Part::RawBody);
    let first = raw.next();
    let wrong = first.filter(|it| !types.is_bytes(it.file, &it.field.ty));
    found.extend(wrong.into_iter().chain(raw).map(|it| say::raw_body(&it.path, it.key)));
    for it in placed {
        let texts = matches!(it.at, Part::Form | Part::Query | Part::Cookie | Part::Header);
        if texts && !types.is_texts(it.file, &it.field.ty) {
            found.push(say::not_text(&it.path, it.key, it.field.head.name.span));
        }
    }
}

#[allow(clippy::too_many_arguments, reason = "the parts of one request")]
fn variables(
    types: &Types<'_>,
    method: &Method,
    name: &Name,
    path: &Path,
    input: Option<Message<'_>>,
    placed: &[Placed<'_>],
    used: &mut HashSet<Span>,
    found: &mut Diagnostics,
) -> Vec<Variable> {
    let mut variables = Vec::new();
    for Bound { field, at, segments } in &path.variables {
        let span = place(name, at);
        let said = placed.iter().filter(|it| it.at == Part::Path && it.name == *field);
        let mut said: Vec<(usize, &Field, String)> = said
            .map(|it| {
                used.insert(it.key);
                (it.file, it.field, it.path.clone())
            })
            .collect();
        // A field of that name which says nothing of itself.
        let own = input.and_then(|input| Some((input.file, own_field(input, field)?)));
        let own = own.filter(|(_, own)| !placed.iter().any(|it| std::ptr::eq(it.field, *own)));
        if said.is_empty() {
            said.extend(own.map(|(file, own)| (file, own, field.clone())));
        }
        if said.is_empty() {
            let owner = input.map_or(request(method), |it| shown(it));
            found.push(say::no_field(field, span, owner, input.and_then(|it| nearest(it, field)).as_deref()));
        }
        for (file, field, path) in said {
            if !matches!(types.kind(file, &field.ty), Kind::Text) {
                found.push(say::not_text(&path, span, field.head.name.span));
            }
            variables.push(Variable { field: path, first: segments.start, end: segments.end, unset: None });
        }
    }
    variables
}

fn made(verb: &str, span: Span, path: Path, variables: Vec<Variable>, placed: &[Placed<'_>]) -> Route {
    let raw = placed.iter().find(|it| it.at == Part::RawBody);
    let in_body = placed.iter().any(|it| it.at == Part::Body);
    let body = match raw {
        Some(raw) => RequestBody::Raw(raw.path.clone()),
        None if in_body || !matches!(verb, "GET" | "HEAD") => RequestBody::Whole,
        None => RequestBody::None,
    };
    let elsewhere = placed.iter().filter(|it| !variables.iter().any(|variable| variable.field == it.path));
    let source = |it: &Placed<'_>| {
        let place = match it.at {
            Part::Query => Place::Query,
            // Nothing has no name: a field that stands nowhere.
            Part::Header | Part::Nowhere => Place::Header,
            Part::Cookie => Place::Cookie,
            Part::Form => Place::Form,
            Part::Path | Part::Body | Part::RawBody => return None,
        };
        let name = if it.at == Part::Nowhere { String::new() } else { it.name.clone() };
        Some(Source { field: it.path.clone(), place, name })
    };
    let sources = elsewhere.filter_map(source).collect();
    let Path { segments, ending, .. } = path;
    let (verb, reply) = (verb.to_owned(), ReplyBody::Whole);
    Route { verb, path: segments, ending, variables, body, reply, query: true, sources, span }
}
