//! Emits the routes of HTTP that a method has.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::ir::http::{Place, ReplyBody, RequestBody, Route, Segment, Source, Variable};

/// `.routes(&[…])`; nothing without any.
pub(super) fn emit(routes: &[Route]) -> Option<TokenStream> {
    let all = routes.iter().map(route);
    (!routes.is_empty()).then(|| quote!(.routes(&[#(#all),*])))
}

fn route(it: &Route) -> TokenStream {
    let (verb, path) = (&it.verb, it.path.iter().map(segment));
    let ending = (!it.ending.is_empty()).then(|| {
        let ending = &it.ending;
        quote!(ending: #ending,)
    });
    let variables = it.variables.iter().map(variable);
    let variables = (!it.variables.is_empty()).then(|| quote!(variables: &[#(#variables),*],));
    let body = match &it.body {
        RequestBody::None => None,
        RequestBody::Whole => Some(quote!(Whole)),
        RequestBody::Field(name) => Some(quote!(Field(#name))),
        RequestBody::Raw(name) => Some(quote!(Raw(#name))),
    };
    let body = body.map(|body| quote!(body: http_route::RequestBody::#body,));
    let reply = match &it.reply {
        ReplyBody::Whole => None,
        ReplyBody::Field(name) => Some(quote!(Field(#name))),
        ReplyBody::Raw(name) => Some(quote!(Raw(#name))),
    };
    let reply = reply.map(|reply| quote!(reply: http_route::ReplyBody::#reply,));
    let query = (!it.query).then(|| quote!(query: false,));
    let sources = it.sources.iter().map(source);
    let sources = (!it.sources.is_empty()).then(|| quote!(sources: &[#(#sources),*],));
    let unset = it.variables.iter().filter_map(|it| it.unset.map(|text| (&it.field, text)));
    let unset: Vec<_> = unset.map(|(field, text)| quote!((#field, #text))).collect();
    let unset = (!unset.is_empty()).then(|| quote!(unset: &[#(#unset),*],));
    let plain = quote!(http_route::HttpRoute::new(#verb, &[#(#path),*]));
    let fields = quote!(#ending #variables #body #reply #query #sources #unset);
    if fields.is_empty() { plain } else { quote!(http_route::HttpRoute { #fields ..#plain }) }
}

fn segment(it: &Segment) -> TokenStream {
    let kind = match it {
        Segment::Literal(text) => quote!(Literal(#text)),
        Segment::Any => quote!(Any),
        Segment::Rest => quote!(Rest),
    };
    quote!(http_route::Segment::#kind)
}

fn variable(it: &Variable) -> TokenStream {
    let (field, first, end) = (&it.field, Literal::usize_unsuffixed(it.first), Literal::usize_unsuffixed(it.end));
    quote!(http_route::Variable { field: #field, first: #first, end: #end })
}

fn source(it: &Source) -> TokenStream {
    let (field, name) = (&it.field, &it.name);
    let place = match it.place {
        Place::Query => quote!(Query),
        Place::Header => quote!(Header),
        Place::Cookie => quote!(Cookie),
        Place::Form => quote!(Form),
    };
    quote!(http_route::Source { field: #field, place: http_route::Place::#place, name: #name })
}
