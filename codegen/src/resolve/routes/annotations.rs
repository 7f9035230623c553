//! Annotations of Hertz' family (`api.…`): those that are not known, and those that do nothing where they stand.

use std::collections::HashSet;

use super::thrift::VERBS;
use crate::diag::{Diagnostics, catalogue::routes as say};
use crate::ir::draft::{Annotation, Field, File, Item, Method, StructKind, Type, TypeKind};
use crate::resolve::scope::nearest_of;
use crate::source::Span;

/// Those on fields.
const FIELDS: [&str; 9] =
    ["api.path", "api.query", "api.header", "api.cookie", "api.form", "api.body", "api.raw_body", "api.none", "api.vd"];

/// Those that only Go code has a use for.
const OTHERS: [&str; 16] = [
    "api.api_level",
    "api.base_domain",
    "api.baseurl",
    "api.category",
    "api.file_name",
    "api.gen_path",
    "api.handler_path",
    "api.http_code",
    "api.js_conv",
    "api.param",
    "api.serializer",
    "api.service_gen_dir",
    "api.service_group",
    "api.service_path",
    "api.tag",
    "api.version",
];

/// The thing that an annotation stands behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behind {
    /// A method.
    Method,
    /// A field of a struct.
    Field,
    /// Anything else.
    Other,
}

/// Checks those of a file; `used` are those on fields of requests.
pub(super) fn check(file: &File, used: &HashSet<Span>, found: &mut Diagnostics) {
    let mut check = Check { used, found };
    for item in &file.items {
        check.all(&item.head().annotations, Behind::Other);
        match item {
            Item::Struct(it) if it.kind == StructKind::Struct => check.fields(&it.fields, Behind::Field),
            Item::Struct(it) => check.fields(&it.fields, Behind::Other),
            Item::Enum(it) => it.members.iter().for_each(|it| check.all(&it.head.annotations, Behind::Other)),
            Item::Typedef(it) => check.types(&it.target),
            Item::Const(it) => check.types(&it.ty),
            Item::Service(it) => it.methods.iter().for_each(|it| check.method(it)),
        }
    }
}

struct Check<'a> {
    used: &'a HashSet<Span>,
    found: &'a mut Diagnostics,
}

impl Check<'_> {
    fn method(&mut self, method: &Method) {
        self.all(&method.head.annotations, Behind::Method);
        self.fields(&method.arguments, Behind::Other);
        self.fields(&method.throws, Behind::Other);
        method.result.iter().for_each(|it| self.types(it));
    }

    fn fields(&mut self, fields: &[Field], behind: Behind) {
        for field in fields {
            self.all(&field.head.annotations, behind);
            self.types(&field.ty);
        }
    }

    fn types(&mut self, ty: &Type) {
        self.all(&ty.annotations, Behind::Other);
        match &ty.kind {
            TypeKind::List(item) | TypeKind::Set(item) => self.types(item),
            TypeKind::Map(key, value) => {
                self.types(key);
                self.types(value);
            }
            TypeKind::Base(_) | TypeKind::Named(_) => {}
        }
    }

    fn all(&mut self, annotations: &[Annotation], behind: Behind) {
        for Annotation { key, .. } in annotations.iter().filter(|it| it.key.text.starts_with("api.")) {
            let name = key.text.as_str();
            let (verb, field) = (VERBS.iter().any(|(it, _)| *it == name), FIELDS.contains(&name));
            let why = match behind {
                // What a field is called in JSON is so in answers too.
                Behind::Field if matches!(name, "api.body" | "api.none" | "api.vd") => continue,
                Behind::Field if field && self.used.contains(&key.span) => continue,
                Behind::Field if name == "api.path" => "no route of a method that takes this struct has the parameter",
                Behind::Field if field => "no method with a route takes this struct",
                Behind::Method if verb => continue,
                _ if verb => "a route belongs to a method",
                _ if field => "it belongs to a field of a struct",
                _ if OTHERS.contains(&name) => "only code in Go has a use for it",
                _ => {
                    let known = VERBS.iter().map(|(it, _)| *it).chain(FIELDS).map(str::to_owned);
                    self.found.push(say::unknown_annotation(key, nearest_of(name, known).as_deref()));
                    continue;
                }
            };
            self.found.push(say::idle_annotation(key, why));
        }
    }
}
