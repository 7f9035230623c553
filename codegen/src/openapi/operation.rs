//! One operation: its parameters, its body and its answers.

use std::collections::BTreeSet;

use super::json::{Json, object, text};
use super::parameters::{self, Parameters};
use super::paths::Template;
use super::shape::{Kind, Shape, Shapes, description, named, properties};
use super::thrift;
use crate::ir::http::{Place, ReplyBody, RequestBody, Route};
use crate::ir::model::{Language, Method};

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";

pub(super) struct Operation<'a> {
    shapes: &'a Shapes<'a>,
    method: &'a Method,
    tag: String,
    request: Shape,
    parameters: Vec<Json>,
    body: Option<Json>,
    answer: Option<Json>,
    error: &'static str,
    /// The components that it names.
    used: BTreeSet<String>,
}

impl<'a> Operation<'a> {
    pub(super) fn new(shapes: &'a Shapes<'a>, method: &'a Method, tag: &str) -> Self {
        let request = method.arguments.first().map_or_else(nothing, |it| shapes.of(&it.ty));
        let (parameters, used) = (Vec::new(), BTreeSet::new());
        Self {
            shapes,
            method,
            tag: tag.to_owned(),
            request,
            parameters,
            body: None,
            answer: None,
            error: "Error",
            used,
        }
    }

    /// A call of Connect's unary protocol.
    pub(super) fn of_connect(mut self, language: Language) -> Self {
        let request = match language {
            Language::Proto => self.request.clone(),
            Language::Thrift => self.arguments(),
        };
        self.body = Some(self.content(&[JSON], &request));
        let result = self.result().or_else(|| Some(nothing()).filter(|_| language == Language::Thrift));
        self.answer = result.map(|it| self.content(&[JSON], &it));
        self.error = "ConnectError";
        self
    }

    /// The arguments of a method of Thrift: the one struct, or an object with each by its name.
    fn arguments(&mut self) -> Shape {
        let (model, arguments) = (self.shapes.model, &self.method.arguments);
        if let [one] = arguments.as_slice()
            && matches!(self.shapes.component(&self.request), Some(Kind::Object(_) | Kind::Union(_)))
        {
            return self.shapes.of(&one.ty);
        }
        let each: Vec<_> = arguments.iter().map(|it| thrift::property(model, it)).collect();
        self.used.extend(each.iter().filter_map(|it| named(&it.shape).map(str::to_owned)));
        Shape::Plain(properties(each.iter()))
    }

    /// A route; `names` are those that the path has for its parameters.
    pub(super) fn of_route(mut self, route: &Route, template: &Template, names: &[String], verb: &str) -> Self {
        let mut parameters = Parameters::new(self.shapes, &self.request);
        parameters.path(template, names);
        let has_form = !matches!(verb, "get" | "head" | "delete");
        parameters.sources(route, has_form);
        if route.query && route.body != RequestBody::Whole {
            parameters.query(route);
        }
        let (all, used) = parameters.finish();
        self.parameters = all;
        self.used.extend(used);
        self.body = self.request_body(route, has_form);
        let (result, streams) = (self.result(), self.method.server_streaming);
        self.answer = match &route.reply {
            ReplyBody::Raw(_) => Some(raw()),
            ReplyBody::Field(name) => {
                let shape = result.and_then(|it| Some(self.shapes.field(&it, name)?.shape.clone()));
                shape.map(|it| self.content(answers(streams), &it))
            }
            ReplyBody::Whole => result.map(|it| self.content(answers(streams), &it)),
        };
        self
    }

    fn request_body(&mut self, route: &Route, has_form: bool) -> Option<Json> {
        match &route.body {
            RequestBody::None => None,
            RequestBody::Raw(_) => Some(raw()),
            RequestBody::Field(name) => {
                let shape = self.shapes.field(&self.request, name)?.shape.clone();
                Some(self.content(&[JSON], &shape))
            }
            RequestBody::Whole => {
                let kinds: &[&str] = if self.method.client_streaming { &[LINES] } else { &[JSON] };
                let shape = self.left(route);
                let json = shape.map(|it| self.content(kinds, &it));
                let form = Some(self.form(route)).filter(|it| has_form && !it.is_empty());
                let Some(form) = form else { return json };
                let schema = object([("type", text("object")), ("properties", Json::Object(form))]);
                let schema = object([("schema", schema)]);
                let forms = ["application/x-www-form-urlencoded", "multipart/form-data"];
                let json = json.unwrap_or_else(|| Json::Object(Vec::new()));
                Some(forms.into_iter().fold(json, |all, kind| all.with(kind, schema.clone())))
            }
        }
    }

    /// What of a request its body holds; nothing where all of it stands elsewhere.
    fn left(&mut self, route: &Route) -> Option<Shape> {
        let elsewhere = |name: &str| {
            route.variables.iter().any(|it| it.field == name) || route.sources.iter().any(|it| it.field == name)
        };
        let fields = self.shapes.fields(&self.request);
        if !fields.iter().any(|it| elsewhere(&it.name)) {
            return Some(self.request.clone()).filter(|_| !self.method.arguments.is_empty());
        }
        let left: Vec<_> = fields.iter().filter(|it| !elsewhere(&it.name)).collect();
        self.used.extend(left.iter().filter_map(|it| named(&it.shape).map(str::to_owned)));
        (!left.is_empty()).then(|| Shape::Plain(properties(left.into_iter())))
    }

    fn form(&mut self, route: &Route) -> Vec<(String, Json)> {
        let sources = route.sources.iter().filter(|it| it.place == Place::Form);
        let schema = |field: &str| {
            let shape = &self.shapes.field(&self.request, field)?.shape;
            Some(parameters::plain(self.shapes, shape).unwrap_or_else(|| shape.schema()))
        };
        sources.filter_map(|it| Some((it.name.clone(), schema(&it.field)?))).collect()
    }

    fn result(&self) -> Option<Shape> {
        self.method.result.as_ref().map(|it| self.shapes.of(it))
    }

    /// The same schema for each kind of content.
    fn content(&mut self, kinds: &[&str], shape: &Shape) -> Json {
        self.used.extend(named(shape).map(str::to_owned));
        let media = object([("schema", shape.schema())]);
        Json::Object(kinds.iter().map(|kind| ((*kind).to_owned(), media.clone())).collect())
    }

    /// The operation, and the components that it names.
    pub(super) fn finish(self, id: &str) -> (Json, BTreeSet<String>) {
        let docs = self.method.head.docs.trim();
        let summary = docs.lines().next().filter(|it| !it.is_empty()).map(text);
        let operation = object([("operationId", text(id)), ("tags", Json::List(vec![text(self.tag)]))]);
        let body = self.body.map(|content| object([("content", content)]));
        let ok = object([("description", text("The answer."))]).with_maybe("content", self.answer);
        let error = object([("$ref", text(format!("#/components/responses/{}", self.error)))]);
        let parameters = (!self.parameters.is_empty()).then_some(Json::List(self.parameters));
        let operation = operation
            .with_maybe("summary", summary)
            .with_maybe("description", description(docs).filter(|_| docs.lines().count() > 1))
            .with_maybe("deprecated", self.method.head.deprecated.is_some().then_some(Json::Bool(true)))
            .with_maybe("parameters", parameters)
            .with_maybe("requestBody", body)
            .with("responses", object([("200", ok), ("default", error)]));
        (operation, self.used)
    }
}

/// The kinds of content that answers have: a stream is events, or lines where they are asked for.
fn answers(streams: bool) -> &'static [&'static str] {
    if streams { &["text/event-stream", LINES] } else { &[JSON] }
}

fn nothing() -> Shape {
    Shape::Plain(super::shape::typed("object"))
}

/// Bytes as they are.
fn raw() -> Json {
    object([("*/*", Json::Object(Vec::new()))])
}
