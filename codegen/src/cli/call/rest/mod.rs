//! Calls by the routes of HTTP in an IDL. The runtime's client spreads the request over path, query, headers and body; here
//! its route is made of the model, the request becomes the JSON that our clients send, and the answer is read by its type.

mod names;
mod routes;

use codegen::ir::http::{Route, Variable};
use runtime::error::Error;
use runtime::http_route::{HttpRoute, ReplyBody};
use runtime::rest::{Written, open_envelope, read_reply, write_request};
use runtime::{Bytes, Idl, Method};

use super::catalog::{Entry, Shape};
use super::fault::Fault;
use super::json::{Json, Kind, documents};
use super::schema::Schema;
use super::{proto, thrift};
use names::Names;

/// The word of `--protocol`.
pub(super) const REST: &str = "rest";

/// Methods that an error names.
const FEW: usize = 8;
/// The letters of a body that an error shows.
const BEGINNING: usize = 40;

/// A call by a route.
#[derive(Debug)]
pub(super) struct Routed {
    /// The method, with the route that is taken.
    pub(super) method: &'static Method,
    /// The request in JSON.
    pub(super) body: Vec<u8>,
    /// What is sent: its verb, its target, and the headers with values of fields.
    pub(super) written: Written,
    route: &'static HttpRoute,
}

/// Whether a method can be called by a route.
///
/// # Errors
///
/// For one without a route, with what to do; for one of streams.
pub(super) fn check(entry: &Entry<'_>, entries: &[Entry<'_>]) -> Result<(), String> {
    let name = entry.name();
    let streams = |it: &Entry<'_>| it.streams_requests() || it.streams_answers();
    if !entry.routes.is_empty() {
        let why = "its messages are a stream, and --protocol rest calls with one each way: use connect or grpc";
        return if streams(entry) { Err(format!("`{name}` cannot be called by its route: {why}")) } else { Ok(()) };
    }
    let all: Vec<&Entry<'_>> = entries.iter().filter(|it| !it.routes.is_empty() && !streams(it)).collect();
    if all.is_empty() {
        let write = match entry.shape {
            Shape::Thrift(_) => "(api.get = \"/…\")",
            Shape::Proto(_) => "option (google.api.http) = { get: \"/…\" };",
        };
        return Err(format!("`{name}` has no route of HTTP, nor has any other method of the IDL: write `{write}`"));
    }
    let shown = |it: &&Entry<'_>| format!("`{}` ({})", it.name(), routes::shown(&it.routes[0]));
    let mut words: Vec<String> = all.iter().take(FEW).map(shown).collect();
    if all.len() > FEW {
        words.push(format!("{} more", all.len() - FEW));
    }
    Err(format!("`{name}` has no route of HTTP: {} one", has(&words)))
}

fn has(words: &[String]) -> String {
    match words {
        [only] => format!("{only} has"),
        [all @ .., last] => format!("{} and {last} have", all.join(", ")),
        [] => String::new(),
    }
}

/// The call that a request is. Of several routes the first one is taken whose path has all of its fields.
pub(super) fn request(schema: &Schema, entry: &Entry<'_>, json: &Json, text: &str) -> Result<Routed, Fault> {
    let body = match (&entry.shape, schema.model()) {
        (Shape::Thrift(method), Some(model)) => thrift::canonical(model, method, json)?.line(),
        (Shape::Proto(method), _) => proto::canonical(&method.input(), json, text)?.to_string(),
        (Shape::Thrift(_), None) => return Err(Fault::new(json.at.clone(), "the IDL is not there")),
    };
    let names = Names::new(schema, entry);
    let tried = entry.routes.iter().map(|route| {
        let made = routes::made(route, |path| names.of_request(path), |path| names.of_answer(path));
        // What is not typed is not in the path either, whatever the default of its type is.
        let is_typed =
            |it: &Variable| it.unset.is_none() || names.value(json, &it.field).is_some_and(|it| it.kind != Kind::Null);
        let written = match route.variables.iter().all(is_typed) {
            true => write_request(made, body.as_bytes()),
            false => Err(Error::invalid("fields of the path are missing")),
        };
        (route, made, written)
    });
    let mut first = None;
    for (written_in_idl, route, written) in tried {
        match written {
            Ok(written) => {
                let (service, method) = (&entry.full, entry.method());
                let path: &'static str = format!("/{service}/{method}").leak();
                // Calls over HTTP are those of proto to the runtime: in JSON both languages are alike.
                let method = Method::new(Idl::Proto, path, 0).routes(std::slice::from_ref(sent(route)));
                return Ok(Routed { method: Box::leak(Box::new(method)), body: body.into_bytes(), written, route });
            }
            Err(error) => drop(first.get_or_insert((written_in_idl, error))),
        }
    }
    let (route, error) =
        first.ok_or_else(|| Fault::new(json.at.clone(), format!("`{}` has no route", entry.name())))?;
    Err(unfit(&names, json, route, &error))
}

/// The fault of a request that does not fit into the path or the query of its route.
fn unfit(names: &Names<'_>, json: &Json, route: &Route, error: &Error) -> Fault {
    let shown = routes::shown(route);
    for variable in &route.variables {
        let field = variable.field.as_str();
        let (at, is) = match names.value(json, field) {
            None => (json, "missing"),
            Some(value) if value.kind == Kind::Null => (value, "missing"),
            Some(value) if value.kind == Kind::Text(String::new()) => (value, "empty"),
            Some(_) => continue,
        };
        let fault = Fault::new(at.at.clone(), format!("`{field}` is {is}: it is in the path of the route `{shown}`"));
        return if is == "empty" { fault } else { fault.help(format!("add \"{}\": …", names.of_request(field))) };
    }
    Fault::new(json.at.clone(), error.message()).help(format!("the route is `{shown}`"))
}

/// The route for the channel. Which part of the answer the body is shows once its envelope is open.
fn sent(route: &'static HttpRoute) -> &'static HttpRoute {
    match route.reply {
        ReplyBody::Field(_) => Box::leak(Box::new(HttpRoute { reply: ReplyBody::Whole, ..*route })),
        ReplyBody::Whole | ReplyBody::Raw(_) => route,
    }
}

impl Routed {
    /// What is sent, in a line.
    pub(super) fn line(&self) -> String {
        format!("{} {}", self.written.verb, self.written.target)
    }

    /// The answer in JSON, out of the envelope that it may be in.
    ///
    /// # Errors
    ///
    /// The error that the envelope is of.
    pub(super) fn opened(&self, schema: &Schema, entry: &Entry<'_>, body: Bytes) -> Result<Bytes, Error> {
        let is_plain = matches!(self.route.reply, ReplyBody::Raw(_)) || names::has_code(schema, entry, self.route);
        let body = match if is_plain { None } else { open_envelope(&body) } {
            Some(opened) => opened?,
            None => body,
        };
        match self.route.reply {
            ReplyBody::Field(_) => Ok(read_reply(self.route, "", if body.is_empty() { "null".into() } else { body })),
            _ => Ok(body),
        }
    }
}

/// The answer of a method.
///
/// # Errors
///
/// For a body that is not JSON, or not that of its type.
pub(super) fn answer(schema: &Schema, entry: &Entry<'_>, body: &[u8]) -> Result<Json, String> {
    let text = std::str::from_utf8(body).map_err(|_| "it is not JSON, and no text".to_owned())?;
    let text = if matches!(text.trim(), "" | "null") { "{}" } else { text };
    let json = documents(text).ok().filter(|it| it.len() == 1).and_then(|mut it| it.pop());
    let Some(json) = json else {
        let line = text.trim().lines().next().unwrap_or_default();
        let beginning: String = line.chars().take(BEGINNING).collect();
        let more = if beginning.len() < text.trim().len() { "…" } else { "" };
        return Err(format!("it is not JSON: {beginning}{more}"));
    };
    match (&entry.shape, schema.model()) {
        (Shape::Thrift(method), Some(model)) => thrift::result(model, method, &json),
        (Shape::Proto(method), _) => proto::read(&method.output(), text),
        (Shape::Thrift(_), None) => Err("the IDL is not there".to_owned()),
    }
}
