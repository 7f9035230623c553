//! Types as written to types of the model.

use super::scope::{Scope, Symbol};
use crate::diag::{Diagnostics, catalogue::names as text};
use crate::ir::choices::{Maps, Strings};
use crate::ir::draft;
use crate::ir::model::{Base, Ty};
use crate::options::{On, Options};

/// The place in which a type is written.
#[derive(Clone, Copy)]
pub(super) struct From<'a> {
    pub(super) scope: &'a Scope,
    pub(super) file: usize,
    /// The Rust type of its maps and sets.
    pub(super) maps: Maps,
    /// The Rust type of its strings.
    pub(super) strings: Strings,
}

impl From<'_> {
    /// The same with what these options say.
    pub(super) fn with(self, options: &Options) -> Self {
        Self { maps: options.maps, strings: options.strings, ..self }
    }

    /// The same for what is written behind annotations.
    pub(super) fn within(self, annotations: &[draft::Annotation]) -> Self {
        if annotations.is_empty() {
            return self;
        }
        let options = Options { maps: self.maps, strings: self.strings, ..Options::default() };
        self.with(&options.with(annotations, On::Field))
    }
}

/// The model's type; an unknown name is a finding and stands as a bool from then on.
pub(super) fn ty(written: &draft::Type, from: From<'_>, found: &mut Diagnostics) -> Ty {
    let from = from.within(&written.annotations);
    match &written.kind {
        draft::TypeKind::Base(Base::String) if from.strings == Strings::Bytes => Ty::Base(Base::Binary),
        draft::TypeKind::Base(base) => Ty::Base(*base),
        draft::TypeKind::List(item) => Ty::List(Box::new(ty(item, from, found))),
        draft::TypeKind::Set(item) => Ty::Set(from.maps, Box::new(ty(item, from, found))),
        draft::TypeKind::Map(key, value) => {
            Ty::Map(from.maps, Box::new(ty(key, from, found)), Box::new(ty(value, from, found)))
        }
        draft::TypeKind::Named(name) => named(name, written, from, found),
    }
}

fn named(name: &str, written: &draft::Type, from: From<'_>, found: &mut Diagnostics) -> Ty {
    let From { scope, file, .. } = from;
    match scope.find(file, name) {
        Some(Symbol::Def(id)) => return Ty::Def(id),
        Some(other) => found.push(text::wrong_kind(written.span, name, other.describe(), "a type")),
        None => {
            // A well-known message: every compiler brings its file along.
            if let Some(known) = name.strip_prefix(".google.protobuf.") {
                return Ty::WellKnown(known.to_owned());
            }
            let nearest = scope.nearest(file, name, |symbol| matches!(symbol, Symbol::Def(_)));
            let nearest = nearest.or_else(|| near_base(name).map(str::to_owned));
            found.push(text::unknown_type(written.span, name, nearest.as_deref()));
        }
    }
    Ty::Base(Base::Bool)
}

/// The base type that people of other languages mean.
fn near_base(name: &str) -> Option<&'static str> {
    Some(match name {
        "int" | "int32" | "integer" | "Integer" | "uint32" | "u32" => "i32",
        "long" | "int64" | "Long" | "uint64" | "u64" => "i64",
        "short" | "int16" | "u16" => "i16",
        "int8" | "u8" | "char" => "i8",
        "float" | "f32" | "f64" | "float64" | "Double" => "double",
        "boolean" | "Bool" | "Boolean" => "bool",
        "str" | "text" | "String" => "string",
        "bytes" => "binary",
        "vector" | "array" | "Vec" => "list",
        _ => return None,
    })
}

/// The type as an IDL writes it, for texts.
pub fn show(ty: &Ty, model: &crate::ir::model::Model) -> String {
    match ty {
        Ty::Base(base) => show_base(*base).to_owned(),
        Ty::Def(id) => model.def(*id).head.name.clone(),
        Ty::WellKnown(name) => format!("google.protobuf.{name}"),
        Ty::List(item) => format!("list<{}>", show(item, model)),
        Ty::Set(_, item) => format!("set<{}>", show(item, model)),
        Ty::Map(_, key, value) => format!("map<{}, {}>", show(key, model), show(value, model)),
    }
}

fn show_base(base: Base) -> &'static str {
    match base {
        Base::Bool => "bool",
        Base::I8 => "i8",
        Base::I16 => "i16",
        Base::I32 => "i32",
        Base::I64 => "i64",
        Base::Double => "double",
        Base::String => "string",
        Base::Binary => "binary",
        Base::Uuid => "uuid",
    }
}
