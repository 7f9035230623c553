//! The rules of `google.api.http` on methods, as written, each part with its place.

use std::collections::HashMap;

use protox::prost_reflect::{DynamicMessage, FileDescriptor, MethodDescriptor, Value};

use super::place::Places;
use crate::{
    diag::{Diagnostics, catalogue::routes as say},
    ir::draft::{File, Item, Method, Name, Route, Service},
    source::{SourceMap, Span},
};

/// The extension that holds a rule.
const RULE: &str = "google.api.http";

/// Numbers of fields in descriptors: a file's services, a service's methods, a method's options.
const SERVICES: i32 = 6;
const METHODS: i32 = 2;
const OPTIONS: i32 = 4;

/// Adds the rules of a file to its methods.
pub(super) fn read(
    descriptor: &FileDescriptor,
    places: &Places<'_>,
    sources: &SourceMap,
    file: &mut File,
    found: &mut Diagnostics,
) {
    let named = |service: &str, method: &str| format!("{service}.{method}");
    let mut methods: HashMap<String, &mut Method> = HashMap::new();
    for item in &mut file.items {
        let Item::Service(Service { head, methods: own, .. }) = item else { continue };
        methods.extend(own.iter_mut().map(|it| (named(&head.name.text, &it.head.name.text), it)));
    }
    for (service, at) in descriptor.services().zip(0..) {
        for (method, place) in service.methods().zip(0..) {
            let path = [SERVICES, at, METHODS, place, OPTIONS];
            let Some(written) = methods.get_mut(&named(service.name(), method.name())) else { continue };
            written.routes = rules(&method, &path, places, sources, written.head.name.span, found);
        }
    }
}

fn rules(
    method: &MethodDescriptor,
    path: &[i32],
    places: &Places<'_>,
    sources: &SourceMap,
    name: Span,
    found: &mut Diagnostics,
) -> Vec<Route> {
    let options = method.options();
    let Some((extension, rule)) = options.extensions().find(|(it, _)| it.full_name() == RULE) else {
        return Vec::new();
    };
    let number = i32::try_from(extension.number()).unwrap_or_default();
    let Some(rule) = rule.as_message() else { return Vec::new() };
    let statement = places.covering(&[path, &[number]].concat()).unwrap_or(name);
    let mut text = Text { sources, statement, from: 0 };
    let mut all = vec![rule];
    for more in additional(rule) {
        if additional(more).next().is_some() {
            found.push(say::nested_bindings(statement));
        }
        all.push(more);
    }
    let routes = all.into_iter().filter_map(|rule| {
        let route = text.route(rule);
        if route.is_none() {
            found.push(say::no_pattern(text.statement));
        }
        route
    });
    routes.collect()
}

fn additional(rule: &DynamicMessage) -> impl Iterator<Item = &DynamicMessage> {
    let bindings = rule.fields().find(|(field, _)| field.name() == "additional_bindings");
    bindings.and_then(|(_, value)| value.as_list()).unwrap_or_default().iter().filter_map(Value::as_message)
}

/// The text of a rule, in which its parts are looked for in their order.
struct Text<'a> {
    sources: &'a SourceMap,
    statement: Span,
    /// Where the next binding may begin, in bytes from the statement's start.
    from: usize,
}

impl Text<'_> {
    fn route(&mut self, rule: &DynamicMessage) -> Option<Route> {
        let set = |message: &DynamicMessage, name: &str| {
            let text = message.fields().find(|(field, _)| field.name() == name)?.1.as_str()?.to_owned();
            Some(text).filter(|it| !it.is_empty())
        };
        let plain = ["get", "put", "post", "delete", "patch"].into_iter();
        let (verb, key, path) =
            plain.filter_map(|key| Some((key.to_ascii_uppercase(), key, set(rule, key)?))).next().or_else(|| {
                let custom = rule.fields().find(|(field, _)| field.name() == "custom")?.1.as_message()?;
                Some((set(custom, "kind")?, "path", set(custom, "path")?))
            })?;
        let before = self.from;
        let path = self.name(key, path, before);
        if path.span != self.statement {
            let end = path.span.end - self.statement.start;
            self.from = usize::try_from(end).unwrap_or(before);
        }
        let part = |key: &str| set(rule, key).map(|text| self.name(key, text, before));
        Some(Route { verb, path, body: part("body"), response_body: part("response_body") })
    }

    /// A value with its place: the quoted text behind its key, or the whole rule where it is written otherwise.
    fn name(&self, key: &str, value: String, from: usize) -> Name {
        let all = self.sources.slice(self.statement);
        let span_at = |start: usize| {
            let start = self.statement.start + u32::try_from(start).unwrap_or_default();
            Span { start, end: start + u32::try_from(value.len()).unwrap_or_default(), ..self.statement }
        };
        let behind = |from: usize| {
            let mut places = all.get(from..)?.match_indices(value.as_str()).map(|(start, _)| from + start);
            places.find(|start| is_keyed(all, key, *start, start + value.len()))
        };
        // A body may stand before its path.
        let span = behind(from).or_else(|| behind(0)).map_or(self.statement, span_at);
        Name { text: value, span }
    }
}

/// Whether a part of a text is all that is quoted, behind `key:` or `key =`.
fn is_keyed(text: &str, key: &str, start: usize, end: usize) -> bool {
    let (before, after) = (text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default());
    let Some(quote) = before.chars().next_back().filter(|it| matches!(it, '"' | '\'')) else { return false };
    let before = before.strip_suffix(quote).unwrap_or_default().trim_end();
    let Some(before) = before.strip_suffix([':', '=']) else { return false };
    let Some(before) = before.trim_end().strip_suffix(key) else { return false };
    after.starts_with(quote) && !before.ends_with(|it: char| it.is_alphanumeric() || it == '_')
}
