//! An answer: Binary to JSON. What it holds was sent by others: every length is held against what is left.

use codegen::ir::model::{Base, DefKind, Field, Method, Model, Ty};
use codegen::resolve::show_type;

use super::{key_text, name, real, wire};
use crate::cli::call::base64;
use crate::cli::call::json::{Json, Kind, Member};

/// The deepest nesting that is read.
const DEEPEST: usize = 64;

/// What a method answered.
#[derive(Debug, PartialEq)]
pub(in crate::cli::call) enum Outcome {
    /// Its result; `{}` for `void`.
    Value(Json),
    /// An exception that it declares, by its type's name.
    Exception(String, Json),
}

/// Reads the result of a method.
///
/// # Errors
///
/// For bytes that are none.
pub(in crate::cli::call) fn outcome(model: &Model, method: &Method, bytes: &[u8]) -> Result<Outcome, String> {
    let mut reader = Reader { model, left: bytes, numbers: false };
    loop {
        let (kind, id) = match reader.u8()? {
            wire::STOP => break,
            kind => (kind, i16::from_be_bytes(reader.take()?)),
        };
        let thrown = method.throws.iter().find(|it| it.id == id);
        match (id, &method.result, thrown) {
            (0, Some(ty), _) if wire::of(model, ty) == kind => return reader.value(ty, 0).map(Outcome::Value),
            (_, _, Some(field)) if wire::of(model, &field.ty) == kind => {
                let name = show_type(&field.ty, model);
                return reader.value(&field.ty, 0).map(|value| Outcome::Exception(name, value));
            }
            _ => reader.skip(kind, 0)?,
        }
    }
    match method.result {
        None => Ok(Outcome::Value(Kind::Object(Vec::new()).into())),
        Some(_) => Err("the answer holds no result".to_owned()),
    }
}

/// A value of a type.
///
/// # Errors
///
/// For bytes that are none.
pub(super) fn value(model: &Model, ty: &Ty, bytes: &[u8]) -> Result<Json, String> {
    Reader { model, left: bytes, numbers: false }.value(ty, 0)
}

/// The arguments of a method by their names, as programs send them: members of enums are numbers.
///
/// # Errors
///
/// For bytes that are none.
pub(super) fn arguments(model: &Model, method: &Method, bytes: &[u8]) -> Result<Vec<Member>, String> {
    match (Reader { model, left: bytes, numbers: true }).fields(&method.arguments, 0)? {
        Kind::Object(members) => Ok(members),
        _ => Ok(Vec::new()),
    }
}

struct Reader<'a> {
    model: &'a Model,
    left: &'a [u8],
    /// Whether members of enums are numbers.
    numbers: bool,
}

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (head, tail) = self.left.split_at_checked(count).ok_or("the answer ends too early")?;
        self.left = tail;
        Ok(head)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.bytes(N)?.try_into().map_err(|_| "the answer ends too early".to_owned())
    }

    fn u8(&mut self) -> Result<u8, String> {
        self.take().map(u8::from_be_bytes)
    }

    /// A length. Each thing that is counted has a byte at least, or nothing is there of it.
    fn count(&mut self) -> Result<usize, String> {
        let count = i32::from_be_bytes(self.take()?);
        usize::try_from(count).ok().filter(|it| *it <= self.left.len()).ok_or_else(|| format!("{count} is no length"))
    }

    fn value(&mut self, ty: &Ty, depth: usize) -> Result<Json, String> {
        if depth > DEEPEST {
            return Err(format!("the answer is nested more than {DEEPEST} levels deep"));
        }
        let model = self.model;
        let kind = match model.real(ty) {
            Ty::Base(base) => self.base(*base)?,
            Ty::Def(id) => match &model.def(*id).kind {
                DefKind::Enum(members) => {
                    let number = i32::from_be_bytes(self.take()?);
                    match members.iter().find(|it| it.number == number && !self.numbers) {
                        Some(member) => Kind::Text(member.head.name.clone()),
                        None => Kind::Number(number.to_string()),
                    }
                }
                DefKind::Struct(it) => self.fields(&it.fields, depth)?,
                DefKind::Union(fields) => self.fields(fields, depth)?,
                DefKind::Typedef(_) | DefKind::Proto(_) => return Err("a type of the answer is none of Thrift".into()),
            },
            Ty::List(item) | Ty::Set(_, item) => {
                let kind = self.u8()?;
                let count = self.count()?;
                self.is_of(kind, item, count)?;
                let items = (0..count).map(|_| self.value(item, depth + 1));
                Kind::List(items.collect::<Result<_, _>>()?)
            }
            Ty::Map(_, key, value) => {
                let [of_key, of_value]: [u8; 2] = self.take()?;
                let count = self.count()?;
                self.is_of(of_key, key, count)?;
                self.is_of(of_value, value, count)?;
                let mut pairs = Vec::new();
                for _ in 0..count {
                    let name = key_text(&self.value(key, depth + 1)?);
                    pairs.push(Json::member(name, self.value(value, depth + 1)?));
                }
                Kind::Object(pairs)
            }
            Ty::WellKnown(_) => return Err("a type of the answer is none of Thrift".into()),
        };
        Ok(kind.into())
    }

    fn is_of(&self, kind: u8, ty: &Ty, count: usize) -> Result<(), String> {
        let wanted = wire::of(self.model, ty);
        if count == 0 || kind == wanted {
            return Ok(());
        }
        Err(format!("the answer does not fit the IDL: a {} is of wire type {kind}", show_type(ty, self.model)))
    }

    /// The fields that the IDL knows; others are left out.
    fn fields(&mut self, fields: &[Field], depth: usize) -> Result<Kind, String> {
        let mut members: Vec<Member> = Vec::new();
        loop {
            let kind = self.u8()?;
            if kind == wire::STOP {
                return Ok(Kind::Object(members));
            }
            let id = i16::from_be_bytes(self.take()?);
            match fields.iter().find(|it| it.id == id && wire::of(self.model, &it.ty) == kind) {
                Some(field) => {
                    let value = self.value(&field.ty, depth + 1)?;
                    members.retain(|it| it.name != name(field));
                    members.push(Json::member(name(field), value));
                }
                None => self.skip(kind, depth + 1)?,
            }
        }
    }

    fn base(&mut self, base: Base) -> Result<Kind, String> {
        Ok(match base {
            Base::Bool => Kind::Bool(self.u8()? != 0),
            Base::I8 => Kind::Number(i8::from_be_bytes(self.take()?).to_string()),
            Base::I16 => Kind::Number(i16::from_be_bytes(self.take()?).to_string()),
            Base::I32 => Kind::Number(i32::from_be_bytes(self.take()?).to_string()),
            Base::I64 => Kind::Number(i64::from_be_bytes(self.take()?).to_string()),
            Base::Double => real(f64::from_be_bytes(self.take()?)),
            Base::String => {
                let count = self.count()?;
                Kind::Text(String::from_utf8_lossy(self.bytes(count)?).into_owned())
            }
            Base::Binary => {
                let count = self.count()?;
                Kind::Text(base64::encode(self.bytes(count)?))
            }
            Base::Uuid => {
                let hex = format!("{:032x}", u128::from_be_bytes(self.take()?));
                let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
                Kind::Text(parts.join("-"))
            }
        })
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Result<(), String> {
        if depth > DEEPEST {
            return Err(format!("the answer is nested more than {DEEPEST} levels deep"));
        }
        match kind {
            wire::BOOL | wire::I8 => drop(self.bytes(1)?),
            wire::I16 => drop(self.bytes(2)?),
            wire::I32 => drop(self.bytes(4)?),
            wire::I64 | wire::DOUBLE => drop(self.bytes(8)?),
            wire::UUID => drop(self.bytes(16)?),
            wire::STRING => {
                let count = self.count()?;
                self.bytes(count)?;
            }
            wire::STRUCT => loop {
                let kind = self.u8()?;
                if kind == wire::STOP {
                    break;
                }
                self.bytes(2)?;
                self.skip(kind, depth + 1)?;
            },
            wire::LIST | wire::SET => {
                let kind = self.u8()?;
                for _ in 0..self.count()? {
                    self.skip(kind, depth + 1)?;
                }
            }
            wire::MAP => {
                let kinds: [u8; 2] = self.take()?;
                for _ in 0..self.count()? {
                    kinds.into_iter().try_for_each(|kind| self.skip(kind, depth + 1))?;
                }
            }
            other => return Err(format!("{other} is no type of Thrift")),
        }
        Ok(())
    }
}
