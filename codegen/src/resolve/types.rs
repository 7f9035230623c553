//! Types as written to types of the model.

use super::scope::{Scope, Symbol};
use crate::diag::{Diagnostics, catalogue::names as text};
use crate::ir::draft;
use crate::ir::model::{Base, Ty};

/// The model's type; an unknown name is a finding and stands as a bool from then on.
pub(super) fn ty(written: &draft::Type, file: usize, scope: &Scope, found: &mut Diagnostics) -> Ty {
    match &written.kind {
        draft::TypeKind::Base(base) => Ty::Base(*base),
        draft::TypeKind::List(item) => Ty::List(Box::new(ty(item, file, scope, found))),
        draft::TypeKind::Set(item) => Ty::Set(Box::new(ty(item, file, scope, found))),
        draft::TypeKind::Map(key, value) => {
            Ty::Map(Box::new(ty(key, file, scope, found)), Box::new(ty(value, file, scope, found)))
        }
        draft::TypeKind::Named(name) => named(name, written, file, scope, found),
    }
}

fn named(name: &str, written: &draft::Type, file: usize, scope: &Scope, found: &mut Diagnostics) -> Ty {
    if let Some(known) = name.strip_prefix(".google.protobuf.") {
        return Ty::WellKnown(known.to_owned());
    }
    match scope.find(file, name) {
        Some(Symbol::Def(id)) => return Ty::Def(id),
        Some(other) => found.push(text::wrong_kind(written.span, name, other.describe(), "a type")),
        None => {
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
pub(super) fn show(ty: &Ty, model: &crate::ir::model::Model) -> String {
    match ty {
        Ty::Base(base) => show_base(*base).to_owned(),
        Ty::Def(id) => model.def(*id).head.name.clone(),
        Ty::WellKnown(name) => format!("google.protobuf.{name}"),
        Ty::List(item) => format!("list<{}>", show(item, model)),
        Ty::Set(item) => format!("set<{}>", show(item, model)),
        Ty::Map(key, value) => format!("map<{}, {}>", show(key, model), show(value, model)),
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
