//! Routes of HTTP in the model: which verb and path reach a method, and which field of its request stands where.

use crate::source::Span;

/// One verb and path that reach a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The verb in capitals; `*` for every one.
    pub verb: String,
    /// The segments of the path.
    pub path: Vec<Segment>,
    /// Behind a colon at the end of the path; empty without one.
    pub ending: String,
    /// Which segments are values of which fields.
    pub variables: Vec<Variable>,
    /// The part of the request that the body is.
    pub body: RequestBody,
    /// The part of the answer that the body is.
    pub reply: ReplyBody,
    /// Whether parameters of the query are the fields of their names.
    pub query: bool,
    /// The fields that stand elsewhere than their name says.
    pub sources: Vec<Source>,
    /// The place of the path in the IDL.
    pub span: Span,
}

/// One segment of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    /// This text, decoded.
    Literal(String),
    /// Any one segment.
    Any,
    /// Any number of segments; the last one of its path.
    Rest,
}

/// A field whose value stands in the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The path of the field in the request, by the names of the IDL.
    pub field: String,
    /// Its first segment, counted from 0.
    pub first: usize,
    /// One behind its last segment.
    pub end: usize,
    /// The text of its default, where JSON leaves that out.
    pub unset: Option<&'static str>,
}

/// The part of a request that the body of an HTTP request holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestBody {
    /// None.
    None,
    /// All that stands nowhere else.
    Whole,
    /// One field.
    Field(String),
    /// The bytes of one field, or of the whole message where the text is empty.
    Raw(String),
}

/// The part of an answer that the body of an HTTP response holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyBody {
    /// All of it.
    Whole,
    /// One field.
    Field(String),
    /// The bytes of one field, or of the whole message where the text is empty.
    Raw(String),
}

/// A field whose value stands at a place of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The path of the field in the request.
    pub field: String,
    /// The kind of place.
    pub place: Place,
    /// The name there. An empty one of a header is nowhere: the field is not read from HTTP.
    pub name: String,
}

/// A kind of place in an HTTP request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A parameter of the query.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
    /// A field of a form.
    Form,
}
