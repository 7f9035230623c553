//! Messages of Thrift along the model, between JSON and the Binary protocol. The JSON is that of `runtime/json`: the names
//! of the IDL, numbers as numbers, bytes in base64, an argument that is a struct as the whole request. Members of enums
//! are read by number and by name; here they are written by name.

mod read;
mod write;

use codegen::ir::model::{Base, DefKind, Field, Method, Model, Ty};

use super::fault::Fault;
use super::json::{Json, Kind};

pub(super) use read::{Outcome, outcome};
pub(super) use write::request;

/// The numbers of types in Binary.
mod wire {
    pub(super) const STOP: u8 = 0;
    pub(super) const BOOL: u8 = 2;
    pub(super) const I8: u8 = 3;
    pub(super) const DOUBLE: u8 = 4;
    pub(super) const I16: u8 = 6;
    pub(super) const I32: u8 = 8;
    pub(super) const I64: u8 = 10;
    pub(super) const STRING: u8 = 11;
    pub(super) const STRUCT: u8 = 12;
    pub(super) const MAP: u8 = 13;
    pub(super) const SET: u8 = 14;
    pub(super) const LIST: u8 = 15;
    pub(super) const UUID: u8 = 16;

    use super::{Base, DefKind, Model, Ty};

    pub(super) fn of(model: &Model, ty: &Ty) -> u8 {
        match model.real(ty) {
            Ty::Base(Base::Bool) => BOOL,
            Ty::Base(Base::I8) => I8,
            Ty::Base(Base::I16) => I16,
            Ty::Base(Base::I32) => I32,
            Ty::Base(Base::I64) => I64,
            Ty::Base(Base::Double) => DOUBLE,
            Ty::Base(Base::String | Base::Binary) => STRING,
            Ty::Base(Base::Uuid) => UUID,
            Ty::Def(id) if matches!(model.def(*id).kind, DefKind::Enum(_)) => I32,
            Ty::Def(_) | Ty::WellKnown(_) => STRUCT,
            Ty::List(_) => LIST,
            Ty::Set(..) => SET,
            Ty::Map(..) => MAP,
        }
    }
}

/// The one argument that is the whole request: a struct without a default.
pub(super) fn whole<'a>(model: &Model, method: &'a Method) -> Option<&'a Field> {
    let [only] = method.arguments.as_slice() else { return None };
    let is_struct = matches!(model.real(&only.ty), Ty::Def(id) if matches!(model.def(*id).kind, DefKind::Struct(_)));
    (is_struct && only.default.is_none()).then_some(only)
}

/// A request in JSON as programs write it: the fields that are given, members of enums as numbers.
pub(super) fn canonical(model: &Model, method: &Method, json: &Json) -> Result<Json, Fault> {
    let bytes = request(model, method, json)?;
    let arguments = read::arguments(model, method, &bytes).map_err(|why| Fault::new(json.at.clone(), why))?;
    Ok(match (whole(model, method), arguments.first()) {
        (Some(_), Some(only)) => only.value.clone(),
        _ => Kind::Object(arguments).into(),
    })
}

/// The result that an answer in JSON is; `{}` for `void`.
///
/// # Errors
///
/// For JSON that does not fit it.
pub(super) fn result(model: &Model, method: &Method, json: &Json) -> Result<Json, String> {
    let Some(ty) = &method.result else { return Ok(Kind::Object(Vec::new()).into()) };
    let bytes = write::answer(model, ty, json).map_err(|fault| fault.told())?;
    read::value(model, ty, &bytes)
}

/// The name of a field in JSON.
pub(super) fn name(field: &Field) -> &str {
    field.json.as_deref().unwrap_or(&field.head.name)
}

/// A number of JSON, or the word for one that JSON does not have.
fn real(number: f64) -> Kind {
    match number {
        number if number.is_nan() => Kind::Text("NaN".to_owned()),
        number if number.is_infinite() => Kind::Text(if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()),
        number => Kind::Number(format!("{number:?}")),
    }
}

/// The name of a pair of a map.
pub(super) fn key_text(key: &Json) -> String {
    match &key.kind {
        Kind::Text(text) => text.clone(),
        _ => key.line(),
    }
}
