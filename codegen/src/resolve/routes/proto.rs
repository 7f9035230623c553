//! Routes of proto: the rules of `google.api.http`.

use super::path::{self, Path, place};
use super::types::{Kind, Lost, Message, Types, nearest, own_field, shown};
use super::{read, request};
use crate::diag::{Diagnostics, catalogue::routes as say};
use crate::ir::draft::{Base, Field, Method, Name, Requiredness, Route as Written, Type, TypeKind};
use crate::ir::http::{ReplyBody, RequestBody, Route, Variable};

pub(super) fn routes(types: &Types<'_>, file: usize, method: &Method, found: &mut Diagnostics) -> Vec<Route> {
    method.routes.iter().filter_map(|written| route(types, file, method, written, found)).collect()
}

fn route(types: &Types<'_>, file: usize, method: &Method, it: &Written, found: &mut Diagnostics) -> Option<Route> {
    let path = read(&it.path, path::template, found)?;
    let verb = it.verb.to_ascii_uppercase();
    if verb != "*" && (verb.is_empty() || !verb.bytes().all(|it| it.is_ascii_uppercase())) {
        found.push(say::verb(&it.verb, it.path.span));
    }
    let input = message(types, file, method.arguments.first().map(|it| &it.ty));
    let body = request_body(method, it, input, found);
    let reply = reply_body(types, file, method, it, found);
    if matches!(verb.as_str(), "GET" | "HEAD" | "DELETE")
        && let Some(body) = &it.body
    {
        found.push(say::unusual_body(&verb, body.span));
    }
    if method.client_streaming {
        let variable = path.variables.first().map(|bound| place(&it.path, &bound.at));
        let span = variable.or((it.body.as_ref().is_none_or(|it| it.text != "*")).then_some(it.path.span));
        if let Some(span) = span {
            found.push(say::streamed(&method.head.name, span));
            return None;
        }
    }
    let variables = variables(types, method, &it.path, &path, input, found);
    let query = it.body.as_ref().is_none_or(|it| it.text != "*");
    let Path { segments, ending, .. } = path;
    let (span, sources) = (it.path.span, Vec::new());
    Some(Route { verb, path: segments, ending, variables, body, reply, query, sources, span })
}

fn message<'a>(types: &Types<'a>, file: usize, ty: Option<&'a Type>) -> Option<Message<'a>> {
    match types.kind(file, ty?) {
        Kind::Message(message) => Some(message),
        _ => None,
    }
}

fn variables(
    types: &Types<'_>,
    method: &Method,
    name: &Name,
    path: &Path,
    input: Option<Message<'_>>,
    found: &mut Diagnostics,
) -> Vec<Variable> {
    let mut unset = vec![None; path.variables.len()];
    for (bound, unset) in path.variables.iter().zip(&mut unset) {
        let span = place(name, &bound.at);
        let Some(input) = input else {
            found.push(say::no_field(&bound.field, span, request(method), None));
            continue;
        };
        match types.field(input, &bound.field) {
            Ok((file, field)) if matches!(types.kind(file, &field.ty), Kind::Text) => {
                *unset = default(field);
            }
            Ok((_, field)) => found.push(say::not_text(&bound.field, span, field.head.name.span)),
            Err(Lost::Through(part)) => found.push(say::through(&bound.field, span, &part)),
            Err(Lost::Unknown(owner, part)) => {
                found.push(say::no_field(&part, span, shown(owner), nearest(owner, &part).as_deref()));
            }
        }
    }
    let variable = |(it, unset): (&path::Bound, Option<&'static str>)| Variable {
        field: it.field.clone(),
        first: it.segments.start,
        end: it.segments.end,
        unset,
    };
    path.variables.iter().zip(unset).map(variable).collect()
}

/// The default of a field as text, where proto's JSON leaves the field out for it: numbers, `bool`, enums. Who has presence is
/// there or not, and an empty text fits into no path.
fn default(field: &Field) -> Option<&'static str> {
    match &field.ty.kind {
        _ if field.requiredness != Requiredness::Default || field.oneof.is_some() => None,
        TypeKind::Base(Base::Bool) => Some("false"),
        TypeKind::Base(Base::String | Base::Binary | Base::Uuid) => None,
        TypeKind::Base(_) => Some("0"),
        _ => field.of_enum.then_some("0"),
    }
}

fn request_body(method: &Method, it: &Written, input: Option<Message<'_>>, found: &mut Diagnostics) -> RequestBody {
    let ty = method.arguments.first().map(|it| &it.ty);
    match &it.body {
        None => RequestBody::None,
        Some(name) if name.text == "*" => match ty.is_some_and(is_http_body) {
            true => RequestBody::Raw(String::new()),
            false => RequestBody::Whole,
        },
        Some(name) => match body(name, input, request(method), found) {
            true => RequestBody::Raw(name.text.clone()),
            false => RequestBody::Field(name.text.clone()),
        },
    }
}

fn reply_body(types: &Types<'_>, file: usize, method: &Method, it: &Written, found: &mut Diagnostics) -> ReplyBody {
    match &it.response_body {
        Some(name) if name.text != "*" => {
            let output = message(types, file, method.result.as_ref());
            let shown = match method.result.as_ref().map(|it| &it.kind) {
                Some(TypeKind::Named(name)) => name.trim_start_matches('.'),
                _ => "the answer",
            };
            match body(name, output, shown, found) {
                true => ReplyBody::Raw(name.text.clone()),
                false => ReplyBody::Field(name.text.clone()),
            }
        }
        _ if method.result.as_ref().is_some_and(is_http_body) => ReplyBody::Raw(String::new()),
        _ => ReplyBody::Whole,
    }
}

/// Looks for the field that is a body; whether its bytes are taken as they are.
fn body(name: &Name, of: Option<Message<'_>>, owner: &str, found: &mut Diagnostics) -> bool {
    let Some(message) = of else {
        found.push(say::body_field(name, owner, None));
        return false;
    };
    let Some(field) = own_field(message, &name.text) else {
        found.push(say::body_field(name, shown(message), nearest(message, &name.text).as_deref()));
        return false;
    };
    is_http_body(&field.ty)
}

/// Whether a type is `google.api.HttpBody`, whose bytes are a body as they are.
fn is_http_body(ty: &Type) -> bool {
    matches!(&ty.kind, TypeKind::Named(name) if name == ".google.api.HttpBody")
}
