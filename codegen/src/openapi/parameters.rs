//! Parameters of an operation: of its path, its query, its headers and its cookies.

use std::collections::BTreeSet;

use super::json::{Json, object, text};
use super::paths::Template;
use super::shape::{Property, Shape, Shapes, description, named, typed};
use crate::ir::http::{Place, RequestBody, Route};

/// How deep messages in a request are looked into for parameters of the query.
const DEEPEST: usize = 3;

/// How many fields of a request are looked at for parameters of the query.
const MOST: usize = 500;

pub(super) struct Parameters<'a> {
    shapes: &'a Shapes<'a>,
    request: &'a Shape,
    all: Vec<Json>,
    /// Places and names of them.
    known: BTreeSet<(&'static str, String)>,
    used: BTreeSet<String>,
}

impl<'a> Parameters<'a> {
    pub(super) fn new(shapes: &'a Shapes<'a>, request: &'a Shape) -> Self {
        Self { shapes, request, all: Vec::new(), known: BTreeSet::new(), used: BTreeSet::new() }
    }

    pub(super) fn path(&mut self, template: &Template, names: &[String]) {
        for (parameter, name) in template.parameters.iter().zip(names) {
            let field = parameter.field.as_ref().and_then(|it| self.shapes.field(self.request, it));
            let docs = match (field, parameter.rest) {
                (Some(field), false) => field.docs.clone(),
                (_, true) => "All segments that are left, with the slashes between them.".to_owned(),
                (None, false) => String::new(),
            };
            let schema = field.filter(|_| !parameter.rest).and_then(|it| self.schema(&it.shape));
            self.add("path", name, &docs, true, schema.unwrap_or_else(|| typed("string")));
        }
    }

    /// The fields that stand elsewhere than their names say. Those of a form are in the query where there is no body.
    pub(super) fn sources(&mut self, route: &Route, has_form: bool) {
        for source in route.sources.iter().filter(|it| !it.name.is_empty()) {
            let place = match source.place {
                Place::Query => "query",
                Place::Header => "header",
                Place::Cookie => "cookie",
                Place::Form if has_form => continue,
                Place::Form => "query",
            };
            let Some(field) = self.shapes.field(self.request, &source.field) else { continue };
            let schema = self.schema(&field.shape).unwrap_or_else(|| typed("string"));
            self.add(place, &source.name, &field.docs, false, schema);
        }
    }

    /// The fields that stand nowhere else.
    pub(super) fn query(&mut self, route: &Route) {
        let body = match &route.body {
            RequestBody::Field(name) | RequestBody::Raw(name) => name.as_str(),
            RequestBody::None | RequestBody::Whole => "",
        };
        let shapes = self.shapes;
        let mut open: Vec<(String, &'a Property, usize)> =
            shapes.fields(self.request).iter().rev().map(|it| (it.name.clone(), it, 0)).collect();
        for _ in 0..MOST {
            let Some((path, field, depth)) = open.pop() else { break };
            let elsewhere = path == body
                || route.variables.iter().any(|it| it.field == path)
                || route.sources.iter().any(|it| it.field == path);
            if elsewhere {
                continue;
            }
            match self.schema(&field.shape) {
                Some(schema) => self.add("query", &path, &field.docs, false, schema),
                None if depth < DEEPEST => {
                    let inner = shapes.fields(&field.shape).iter().rev();
                    open.extend(inner.map(|it| (format!("{path}.{}", it.name), it, depth + 1)));
                }
                None => {}
            }
        }
    }

    fn schema(&mut self, shape: &Shape) -> Option<Json> {
        let schema = plain(self.shapes, shape)?;
        self.used.extend(named(shape).map(str::to_owned));
        Some(schema)
    }

    fn add(&mut self, place: &'static str, name: &str, docs: &str, required: bool, schema: Json) {
        if self.known.insert((place, name.to_owned())) {
            let parameter = object([("name", text(name)), ("in", text(place))]);
            let parameter = parameter.with_maybe("description", description(docs));
            let parameter = parameter.with_maybe("required", required.then_some(Json::Bool(true)));
            self.all.push(parameter.with("schema", schema));
        }
    }

    pub(super) fn finish(self) -> (Vec<Json>, BTreeSet<String>) {
        (self.all, self.used)
    }
}

/// The schema of what one text, or one per element of a list, can be.
pub(super) fn plain(shapes: &Shapes<'_>, shape: &Shape) -> Option<Json> {
    let is_one = |shape: &Shape| match shape {
        Shape::Plain(Json::Object(members)) => {
            let of_type = members.iter().find(|(name, _)| name == "type").map(|(_, value)| value);
            !members.is_empty() && *of_type.unwrap_or(&text("")) != text("object")
        }
        Shape::Named(_) => shapes.is_enum(shape),
        _ => false,
    };
    match shape {
        Shape::List(item, _) if is_one(item) => Some(shape.schema()),
        shape if is_one(shape) => Some(shape.schema()),
        _ => None,
    }
}
