//! Routes of HTTP, as an IDL describes them: which verb and path reach a method, and which field of its request each part of
//! an HTTP request is. Generated code holds them as statics; a server makes one table of them.
//!
//! From proto these are `google.api.http` (`google/api/http.proto`), from Thrift the annotations of Hertz (`api.get`,
//! `api.query`, …).

use std::borrow::Cow;

/// One verb and path that reach a method.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct HttpRoute {
    /// The verb in capitals, such as `GET`; `*` for every one.
    pub verb: &'static str,
    /// The segments of the path, between its slashes.
    pub path: &'static [Segment],
    /// Behind a colon at the end of the path (`:greet` is `greet`); empty without one.
    pub ending: &'static str,
    /// Which segments are values of which fields.
    pub variables: &'static [Variable],
    /// Which part of the request the body is.
    pub body: RequestBody,
    /// Which part of the answer the body is.
    pub reply: ReplyBody,
    /// Whether a parameter of the query is the field of that name (`a.b` is a field of a field), unless the path or the body
    /// has it.
    pub query: bool,
    /// The fields that stand elsewhere than their name says.
    pub sources: &'static [Source],
    /// Fields of the path that proto's JSON leaves out at their default, each with that default as text.
    pub unset: &'static [(&'static str, &'static str)],
}

impl HttpRoute {
    /// A route without variables, whose request stands in the query.
    pub const fn new(verb: &'static str, path: &'static [Segment]) -> Self {
        let (variables, sources): (&[Variable], &[Source]) = (&[], &[]);
        let (body, reply) = (RequestBody::None, ReplyBody::Whole);
        Self { verb, path, ending: "", variables, body, reply, query: true, sources, unset: &[] }
    }
}

/// One segment of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    /// This text, decoded.
    Literal(&'static str),
    /// Any one segment (`*`).
    Any,
    /// Any number of segments, none too (`**`); the last one of its path.
    Rest,
}

/// A field whose value stands in the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Variable {
    /// The path of the field in the request, such as `name` or `shelf.id`, by the names of the IDL.
    pub field: &'static str,
    /// Its first segment, counted from 0.
    pub first: usize,
    /// One behind its last segment.
    pub end: usize,
}

/// The part of a request message that the body of an HTTP request holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RequestBody {
    /// None: a body is not read.
    #[default]
    None,
    /// All of it that stands nowhere else, as an object of JSON (or a form, where its content type says so).
    Whole,
    /// The value of one field, in JSON.
    Field(&'static str),
    /// A field's bytes as they are, or those of a `google.api.HttpBody`; the whole message where the text is empty.
    Raw(&'static str),
}

/// The part of an answer that the body of an HTTP response holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ReplyBody {
    /// All of it, in JSON.
    #[default]
    Whole,
    /// The value of one field, in JSON.
    Field(&'static str),
    /// The bytes of a `google.api.HttpBody`: the message, or the field of this name where the text is not empty.
    Raw(&'static str),
}

/// A field whose value stands at a place of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// The path of the field in the request.
    pub field: &'static str,
    /// The kind of place.
    pub place: Place,
    /// The name there.
    pub name: &'static str,
}

/// A kind of place in an HTTP request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A parameter of the query.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
    /// A field of a form in the body (`application/x-www-form-urlencoded`, `multipart/form-data`), or of the query.
    Form,
}

/// The parts of one HTTP request beside its body, each for a field; and which part the bodies are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpParts {
    /// The part of the request that [`Call::body`](crate::Call::body) holds.
    pub body: RequestBody,
    /// The content type of a body that is taken as it is.
    pub content_type: String,
    /// Fields by their paths, each with its value as text; a list has one entry per element.
    pub texts: Vec<(Cow<'static, str>, String)>,
    /// The part of the answer that is the body.
    pub reply: ReplyBody,
}
