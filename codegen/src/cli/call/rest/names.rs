//! Names of fields in JSON, by the paths of the IDL that routes have.

use codegen::ir::model::{DefKind, Field, Model, Ty};
use prost_reflect::{Kind as Type, MessageDescriptor};
use runtime::http_route::{HttpRoute, ReplyBody};

use super::super::catalog::{Entry, Shape};
use super::super::json::{Json, Kind};
use super::super::schema::Schema;
use super::super::thrift;

/// The messages of a method.
pub(super) struct Names<'a> {
    request: Message<'a>,
    answer: Message<'a>,
}

/// A type with fields, or nothing.
#[derive(Clone)]
enum Message<'a> {
    Thrift(&'a Model, &'a [Field]),
    Proto(MessageDescriptor),
    None,
}

impl<'a> Message<'a> {
    fn of_thrift(model: &'a Model, ty: &Ty) -> Self {
        match model.real(ty) {
            Ty::Def(id) => match &model.def(*id).kind {
                DefKind::Struct(it) => Self::Thrift(model, &it.fields),
                DefKind::Union(fields) => Self::Thrift(model, fields),
                _ => Self::None,
            },
            _ => Self::None,
        }
    }

    /// The name in JSON of a field, and the type behind it.
    fn field(&self, name: &str) -> Option<(String, Self)> {
        match self {
            Self::Thrift(model, fields) => {
                let field = fields.iter().find(|it| it.head.name == name)?;
                Some((thrift::name(field).to_owned(), Self::of_thrift(model, &field.ty)))
            }
            Self::Proto(message) => {
                let field = message.get_field_by_name(name)?;
                let inner = match field.kind() {
                    Type::Message(inner) => Self::Proto(inner),
                    _ => Self::None,
                };
                Some((field.json_name().to_owned(), inner))
            }
            Self::None => None,
        }
    }

    /// The names in JSON along a path.
    fn path(&self, path: &str) -> Vec<String> {
        let mut message = self.clone();
        let mut part = |name: &str| {
            let (name, inner) = message.field(name).unwrap_or((name.to_owned(), Self::None));
            message = inner;
            name
        };
        path.split('.').map(&mut part).collect()
    }
}

impl<'a> Names<'a> {
    pub(super) fn new(schema: &'a Schema, entry: &Entry<'a>) -> Self {
        match (&entry.shape, schema.model()) {
            (Shape::Proto(method), _) => {
                Self { request: Message::Proto(method.input()), answer: Message::Proto(method.output()) }
            }
            (Shape::Thrift(method), Some(model)) => {
                let request = method.arguments.first().map(|it| &it.ty);
                let [request, answer] = [request, method.result.as_ref()]
                    .map(|ty| ty.map_or(Message::None, |ty| Message::of_thrift(model, ty)));
                Self { request, answer }
            }
            (Shape::Thrift(_), None) => Self { request: Message::None, answer: Message::None },
        }
    }

    /// The path of a request's field in JSON.
    pub(super) fn of_request(&self, path: &str) -> String {
        self.request.path(path).join(".")
    }

    /// The path of an answer's field in JSON.
    pub(super) fn of_answer(&self, path: &str) -> String {
        self.answer.path(path).join(".")
    }

    /// The value of a request's field, under either of its names.
    pub(super) fn value<'b>(&self, json: &'b Json, path: &str) -> Option<&'b Json> {
        let names = self.request.path(path);
        path.split('.').zip(&names).try_fold(json, |json, (own, name)| {
            let Kind::Object(members) = &json.kind else { return None };
            members.iter().find(|it| it.name == *name || it.name == own).map(|it| &it.value)
        })
    }
}

/// Whether the part of an answer that the body is may have a field `code` itself: an envelope cannot be told from it then.
pub(super) fn has_code(schema: &Schema, entry: &Entry<'_>, route: &HttpRoute) -> bool {
    let names = Names::new(schema, entry);
    let message = match route.reply {
        ReplyBody::Field(name) => match &names.answer {
            Message::Proto(output) => match output.get_field_by_json_name(name).map(|it| it.kind()) {
                Some(Type::Message(inner)) => Message::Proto(inner),
                _ => Message::None,
            },
            _ => Message::None,
        },
        _ => names.answer,
    };
    match &message {
        Message::Thrift(_, fields) => fields.iter().any(|it| thrift::name(it) == "code"),
        Message::Proto(it) => {
            it.full_name().starts_with("google.protobuf.")
                || it.is_map_entry()
                || it.get_field_by_json_name("code").is_some()
        }
        Message::None => false,
    }
}
