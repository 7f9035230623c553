//! Routes of the model: as the runtime's client takes them, and as people read them.

use codegen::ir::http as model;
use codegen::ir::http::Route;
use runtime::http_route::{HttpRoute, Place, ReplyBody, RequestBody, Segment, Source, Variable};

/// A route for the runtime's client; made once per run of the program. `of_request` and `of_answer` give the name in JSON of
/// a field's path.
pub(super) fn made(
    route: &Route,
    of_request: impl Fn(&str) -> String,
    of_answer: impl Fn(&str) -> String,
) -> &'static HttpRoute {
    let field = |path: &str| -> &'static str { of_request(path).leak() };
    let variable = |it: &model::Variable| Variable { field: field(&it.field), first: it.first, end: it.end };
    let unset = |it: &model::Variable| Some((field(&it.field), it.unset?));
    let source = |it: &model::Source| Source { field: field(&it.field), place: place(it.place), name: kept(&it.name) };
    Box::leak(Box::new(HttpRoute {
        verb: kept(&route.verb),
        path: route.path.iter().map(segment).collect::<Vec<_>>().leak(),
        ending: kept(&route.ending),
        variables: route.variables.iter().map(variable).collect::<Vec<_>>().leak(),
        body: match &route.body {
            model::RequestBody::None => RequestBody::None,
            model::RequestBody::Whole => RequestBody::Whole,
            model::RequestBody::Field(path) => RequestBody::Field(field(path)),
            model::RequestBody::Raw(path) => RequestBody::Raw(field(path)),
        },
        reply: match &route.reply {
            model::ReplyBody::Whole => ReplyBody::Whole,
            model::ReplyBody::Field(path) => ReplyBody::Field(of_answer(path).leak()),
            model::ReplyBody::Raw(path) => ReplyBody::Raw(of_answer(path).leak()),
        },
        query: route.query,
        sources: route.sources.iter().map(source).collect::<Vec<_>>().leak(),
        unset: route.variables.iter().filter_map(unset).collect::<Vec<_>>().leak(),
    }))
}

fn kept(text: &str) -> &'static str {
    text.to_owned().leak()
}

fn segment(it: &model::Segment) -> Segment {
    match it {
        model::Segment::Literal(text) => Segment::Literal(kept(text)),
        model::Segment::Any => Segment::Any,
        model::Segment::Rest => Segment::Rest,
    }
}

fn place(it: model::Place) -> Place {
    match it {
        model::Place::Query => Place::Query,
        model::Place::Header => Place::Header,
        model::Place::Cookie => Place::Cookie,
        model::Place::Form => Place::Form,
    }
}

/// A route as proto writes it: `GET /v1/{name=shelves/*}:read`.
pub(super) fn shown(route: &Route) -> String {
    let word = |it: &model::Segment| match it {
        model::Segment::Literal(text) => text.clone(),
        model::Segment::Any => "*".to_owned(),
        model::Segment::Rest => "**".to_owned(),
    };
    let mut parts = Vec::new();
    let mut next = 0;
    while let Some(segment) = route.path.get(next) {
        let variable = route.variables.iter().find(|it| it.first == next && it.end > next);
        let inside = variable.and_then(|it| route.path.get(it.first..it.end));
        match (variable, inside) {
            (Some(it), Some([model::Segment::Any])) => parts.push(format!("{{{}}}", it.field)),
            (Some(it), Some(inside)) => {
                let inside: Vec<String> = inside.iter().map(word).collect();
                parts.push(format!("{{{}={}}}", it.field, inside.join("/")));
            }
            _ => parts.push(word(segment)),
        }
        next = variable.map_or(next + 1, |it| it.end);
    }
    let ending = if route.ending.is_empty() { String::new() } else { format!(":{}", route.ending) };
    format!("{} /{}{ending}", if route.verb == "*" { "POST" } else { &route.verb }, parts.join("/"))
}
