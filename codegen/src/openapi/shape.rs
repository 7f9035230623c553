//! Types as schemas of JSON, from either IDL.

use std::collections::{BTreeMap, BTreeSet};

use super::json::{Json, object, text};
use crate::ir::model::{Base, DefId, DefKind, Model, Ty};

/// The schema of a value.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// A schema in place.
    Plain(Json),
    /// A component, by its name.
    Named(String),
    List(Box<Shape>, Keywords),
    /// An object with any keys.
    Map(Box<Shape>, Keywords),
}

/// Members of a schema, in order.
pub(super) type Keywords = Vec<(String, Json)>;

/// A field of a message or struct.
pub(super) struct Property {
    /// The name in the IDL.
    pub(super) name: String,
    /// The name in JSON.
    pub(super) json: String,
    pub(super) docs: String,
    pub(super) deprecated: bool,
    pub(super) required: bool,
    pub(super) shape: Shape,
}

/// A schema with a name.
pub(super) struct Component {
    pub(super) docs: String,
    pub(super) deprecated: bool,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    Object(Vec<Property>),
    /// One member at the most.
    Union(Vec<Property>),
    Enum(Json),
}

/// All components of a model.
pub(super) struct Shapes<'a> {
    pub(super) model: &'a Model,
    pub(super) components: BTreeMap<String, Component>,
}

impl<'a> Shapes<'a> {
    /// With the components that the languages of the model gave.
    pub(super) fn new(model: &'a Model, components: impl IntoIterator<Item = (String, Component)>) -> Self {
        let components = components.into_iter().collect();
        let mut shapes = Self { model, components };
        shapes.limit();
        shapes
    }

    /// The schema of a type of the model.
    pub(super) fn of(&self, ty: &Ty) -> Shape {
        of(self.model, ty)
    }

    /// The component that a shape is.
    pub(super) fn component(&self, shape: &Shape) -> Option<&Kind> {
        let Shape::Named(name) = shape else { return None };
        self.components.get(name).map(|it| &it.kind)
    }

    /// Whether a component is an enum.
    pub(super) fn is_enum(&self, shape: &Shape) -> bool {
        matches!(self.component(shape), Some(Kind::Enum(_)))
    }

    /// The fields of a type; none for one that has no fields.
    pub(super) fn fields(&self, shape: &Shape) -> &[Property] {
        match self.component(shape) {
            Some(Kind::Object(fields) | Kind::Union(fields)) => fields,
            _ => &[],
        }
    }

    /// The field at the end of a path of names.
    pub(super) fn field(&self, from: &Shape, path: &str) -> Option<&Property> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let field = self.fields(from).iter().find(|it| it.name == first)?;
        match rest {
            Some(rest) => self.field(&field.shape, rest),
            None => Some(field),
        }
    }

    /// The components that some shapes name, and those that these name.
    pub(super) fn schemas(&self, roots: &BTreeSet<String>) -> Vec<(String, Json)> {
        let (mut seen, mut open) = (BTreeSet::new(), roots.iter().cloned().collect::<Vec<_>>());
        while let Some(name) = open.pop() {
            let Some(component) = self.components.get(&name).filter(|_| !seen.contains(&name)) else { continue };
            seen.insert(name);
            if let Kind::Object(fields) | Kind::Union(fields) = &component.kind {
                open.extend(fields.iter().filter_map(|it| named(&it.shape).map(str::to_owned)));
            }
        }
        let used = self.components.iter().filter(|(name, _)| seen.contains(*name));
        used.map(|(name, component)| (name.clone(), component.schema())).collect()
    }
}

/// The component that a shape names, in it or as it.
pub(super) fn named(shape: &Shape) -> Option<&str> {
    match shape {
        Shape::Plain(_) => None,
        Shape::Named(name) => Some(name),
        Shape::List(item, _) | Shape::Map(item, _) => named(item),
    }
}

pub(super) fn of(model: &Model, ty: &Ty) -> Shape {
    match ty {
        Ty::Base(base) => Shape::Plain(base_type(*base)),
        Ty::WellKnown(name) => Shape::Plain(well_known(name)),
        Ty::List(item) | Ty::Set(_, item) => Shape::List(Box::new(of(model, item)), Vec::new()),
        Ty::Map(_, _, value) => Shape::Map(Box::new(of(model, value)), Vec::new()),
        Ty::Def(id) => match &model.def(*id).kind {
            DefKind::Typedef(target) => of(model, target),
            _ => Shape::Named(component_name(model, *id)),
        },
    }
}

/// The full name of a message of proto; the module and the name of a type of Thrift.
pub(super) fn component_name(model: &Model, id: DefId) -> String {
    let def = model.def(id);
    match &def.kind {
        DefKind::Proto(proto) => proto.full.trim_start_matches('.').to_owned(),
        _ => {
            let module = model.modules[def.module.0].path.iter().map(|it| it.trim_start_matches("r#"));
            module.chain([def.head.name.as_str()]).collect::<Vec<_>>().join(".")
        }
    }
}

pub(super) fn typed(name: &str) -> Json {
    object([("type", text(name))])
}

pub(super) fn formatted(name: &str, format: &str) -> Json {
    typed(name).with("format", text(format))
}

pub(super) fn bytes() -> Json {
    typed("string").with("contentEncoding", text("base64"))
}

fn base_type(base: Base) -> Json {
    match base {
        Base::Bool => typed("boolean"),
        Base::I8 => formatted("integer", "int8"),
        Base::I16 => formatted("integer", "int16"),
        Base::I32 => formatted("integer", "int32"),
        Base::I64 => formatted("integer", "int64"),
        Base::Double => formatted("number", "double"),
        Base::String => typed("string"),
        Base::Binary => bytes(),
        Base::Uuid => formatted("string", "uuid"),
    }
}

/// The JSON of a message of `google.protobuf`.
pub(super) fn well_known(name: &str) -> Json {
    match name {
        "Timestamp" => formatted("string", "date-time"),
        "Duration" => typed("string").with("pattern", text(r"^-?[0-9]+(\.[0-9]{1,9})?s$")),
        "FieldMask" | "StringValue" => typed("string"),
        "BytesValue" => bytes(),
        "BoolValue" => typed("boolean"),
        "DoubleValue" | "FloatValue" => typed("number"),
        "Int32Value" => formatted("integer", "int32"),
        "UInt32Value" => formatted("integer", "uint32"),
        "Int64Value" => formatted("string", "int64"),
        "UInt64Value" => formatted("string", "uint64"),
        "ListValue" => typed("array"),
        "Value" | "NullValue" => Json::Object(Vec::new()),
        "Any" => typed("object").with("properties", object([("@type", typed("string"))])),
        _ => typed("object"),
    }
}

impl Shape {
    /// The schema.
    pub(super) fn schema(&self) -> Json {
        match self {
            Self::Plain(json) => json.clone(),
            Self::Named(name) => object([("$ref", text(format!("#/components/schemas/{name}")))]),
            Self::List(item, limits) => typed("array").with("items", item.schema()).with_all(limits),
            Self::Map(value, limits) => typed("object").with("additionalProperties", value.schema()).with_all(limits),
        }
    }
}

/// A description, where there is one.
pub(super) fn description(docs: &str) -> Option<Json> {
    Some(docs.trim()).filter(|it| !it.is_empty()).map(text)
}

impl Component {
    fn schema(&self) -> Json {
        let schema = match &self.kind {
            Kind::Enum(schema) => schema.clone(),
            Kind::Object(fields) => properties(fields.iter()),
            Kind::Union(fields) => properties(fields.iter()).with("maxProperties", Json::Int(1)),
        };
        let deprecated = self.deprecated.then_some(Json::Bool(true));
        schema.with_maybe("description", description(&self.docs)).with_maybe("deprecated", deprecated)
    }
}

/// An object with these members.
pub(super) fn properties<'a>(fields: impl Iterator<Item = &'a Property>) -> Json {
    let of = |it: &Property| {
        let deprecated = it.deprecated.then_some(Json::Bool(true));
        let schema = it.shape.schema().with_maybe("description", description(&it.docs));
        (it.json.clone(), schema.with_maybe("deprecated", deprecated))
    };
    let fields: Vec<&Property> = fields.collect();
    let required: Vec<Json> = fields.iter().filter(|it| it.required).map(|it| text(&it.json)).collect();
    let all = (!fields.is_empty()).then(|| Json::Object(fields.into_iter().map(of).collect()));
    let required = (!required.is_empty()).then_some(Json::List(required));
    typed("object").with_maybe("properties", all).with_maybe("required", required)
}
