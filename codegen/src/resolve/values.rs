//! One constant value: a literal read as a value of the wanted type, names followed.

use super::define::Unvalued;
use super::scope::{Scope, Symbol, nearest_of};
use super::{shape, types};
use crate::diag::{Diagnostics, catalogue::names as text};
use crate::ir::draft::{self, Literal, LiteralKind};
use crate::ir::model::{Base, DefId, DefKind, Field, Head, Model, Ty, Value};
use crate::source::Span;

/// The most values that one constant may hold when every name in it is written out.
const MOST_VALUES: usize = 100_000;

pub(super) struct Evaluator<'a> {
    model: &'a Model,
    unvalued: &'a Unvalued,
    scope: &'a Scope,
    written: &'a [(usize, &'a draft::Const)],
    found: &'a mut Diagnostics,
    /// Constants that are being followed, to see circles.
    open: Vec<usize>,
    /// What is being evaluated: a constant, or a field with a default.
    root: Option<&'a Head>,
    left: usize,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(
        model: &'a Model,
        unvalued: &'a Unvalued,
        scope: &'a Scope,
        written: &'a [(usize, &'a draft::Const)],
        found: &'a mut Diagnostics,
    ) -> Self {
        Self { model, unvalued, scope, written, found, open: Vec::new(), root: None, left: MOST_VALUES }
    }

    /// The value of a `const`.
    pub(super) fn constant(&mut self, at: usize, file: usize) -> Option<Value> {
        let constant = &self.unvalued.consts[at];
        self.begin(&constant.head);
        self.open.push(at);
        let value = self.value(&self.written[at].1.value, &constant.ty, file);
        self.open.pop();
        value
    }

    /// The default value of a field or an argument.
    pub(super) fn default(&mut self, field: &'a Field, literal: &Literal, file: usize) -> Option<Value> {
        self.begin(&field.head);
        self.value(literal, &field.ty, file)
    }

    fn begin(&mut self, head: &'a Head) {
        self.left = MOST_VALUES;
        self.root = Some(head);
    }

    fn value(&mut self, literal: &Literal, ty: &Ty, file: usize) -> Option<Value> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        if self.left == 0 {
            self.found.extend(self.root.map(|root| text::constant_size(root.span, &root.name, MOST_VALUES)));
            return None;
        }
        let real = self.model.real(ty);
        if let LiteralKind::Name(name) = &literal.kind {
            return self.named(name, literal.span, real, file);
        }
        match real {
            Ty::Base(base) => self.base(literal, *base, ty),
            Ty::Def(id) => self.defined(literal, *id, file),
            Ty::List(item) | Ty::Set(_, item) => {
                let items = self.items(literal, item, ty, file)?;
                Some(if matches!(real, Ty::Set(..)) { Value::Set(items) } else { Value::List(items) })
            }
            Ty::Map(_, key, value) => self.map(literal, key, value, ty, file),
            Ty::WellKnown(_) => self.mismatch(literal, ty),
        }
    }

    fn named(&mut self, name: &str, at: Span, real: &Ty, file: usize) -> Option<Value> {
        if let (Ty::Base(Base::Bool), "true" | "false") = (real, name) {
            return Some(Value::Bool(name == "true"));
        }
        match self.scope.find(file, name) {
            Some(Symbol::Const(id)) if self.open.contains(&id) => {
                self.found.push(text::constant_circle(at, &self.unvalued.consts[id].head.name));
                None
            }
            Some(Symbol::Const(id)) => {
                let (other, written) = self.written[id];
                self.open.push(id);
                let before = self.found.len();
                let value = self.value(&written.value, real, other);
                self.open.pop();
                if value.is_none() && self.found.len() == before {
                    self.found.push(text::value_type(at, &types::show(real, self.model), &format!("`{name}`")));
                }
                value
            }
            Some(other) => {
                self.found.push(text::wrong_kind(at, name, other.describe(), "a constant"));
                None
            }
            None => self.member(name, at, real, file),
        }
    }

    /// `Enum.MEMBER`, in an enum's place or as the number that it is.
    fn member(&mut self, name: &str, at: Span, real: &Ty, file: usize) -> Option<Value> {
        let resolved = name.rsplit_once('.').and_then(|(owner, member)| {
            let Some(Symbol::Def(id)) = self.scope.find(file, owner) else { return None };
            let id = self.enum_of(id);
            let DefKind::Enum(members) = &self.model.def(id).kind else { return None };
            Some((id, members.iter().find(|it| it.head.name == member)?.number))
        });
        match (resolved, real) {
            (Some((id, number)), Ty::Def(wanted)) if id == *wanted => Some(Value::Enum(id, number)),
            (Some((_, number)), Ty::Base(base @ (Base::I8 | Base::I16 | Base::I32 | Base::I64))) => {
                self.int(i64::from(number), *base, at)
            }
            (Some(_), _) => {
                self.found.push(text::value_type(at, &types::show(real, self.model), &format!("`{name}`")));
                None
            }
            (None, _) => {
                let nearest = self.nearest_constant(name, real, file);
                self.found.push(text::unknown_constant(at, name, nearest.as_deref()));
                None
            }
        }
    }

    /// The enum behind typedefs.
    fn enum_of(&self, id: DefId) -> DefId {
        match self.model.real(&Ty::Def(id)) {
            Ty::Def(id) => *id,
            _ => id,
        }
    }

    fn nearest_constant(&self, name: &str, real: &Ty, file: usize) -> Option<String> {
        if let Ty::Def(id) = real
            && let DefKind::Enum(members) = &self.model.def(*id).kind
            && members.iter().any(|it| it.head.name == name)
        {
            return Some(format!("{}.{name}", self.model.def(*id).head.name));
        }
        if let Some((owner, member)) = name.rsplit_once('.') {
            return self.nearest_member(owner, member, file);
        }
        self.scope.nearest(file, name, |symbol| matches!(symbol, Symbol::Const(_)))
    }

    /// `Enum.MEMBER` with either part written almost right.
    fn nearest_member(&self, owner: &str, member: &str, file: usize) -> Option<String> {
        let an_enum = |symbol| match symbol {
            Symbol::Def(id) => matches!(self.model.def(self.enum_of(id)).kind, DefKind::Enum(_)),
            _ => false,
        };
        let owner = match self.scope.find(file, owner) {
            Some(symbol) if an_enum(symbol) => owner.to_owned(),
            _ => self.scope.nearest(file, owner, an_enum)?,
        };
        let Some(Symbol::Def(id)) = self.scope.find(file, &owner) else { return None };
        let DefKind::Enum(members) = &self.model.def(self.enum_of(id)).kind else { return None };
        let member = nearest_of(member, members.iter().map(|it| it.head.name.clone()))?;
        Some(format!("{owner}.{member}"))
    }

    fn base(&mut self, literal: &Literal, base: Base, ty: &Ty) -> Option<Value> {
        match (base, &literal.kind) {
            (Base::Bool, LiteralKind::Int(number @ (0 | 1))) => Some(Value::Bool(*number == 1)),
            (Base::I8 | Base::I16 | Base::I32 | Base::I64, LiteralKind::Int(number)) => {
                self.int(*number, base, literal.span)
            }
            #[allow(clippy::cast_precision_loss, reason = "an IDL's whole number in a double's place")]
            (Base::Double, LiteralKind::Int(number)) => Some(Value::Double(*number as f64)),
            (Base::Double, LiteralKind::Double(number)) => Some(Value::Double(*number)),
            (Base::String, LiteralKind::String(it)) => Some(Value::String(it.clone())),
            (Base::Binary, LiteralKind::String(it)) => Some(Value::Binary(it.clone().into_bytes())),
            (Base::Uuid, LiteralKind::String(it)) => match uuid(it) {
                Some(bytes) => Some(Value::Uuid(bytes)),
                None => self.mismatch(literal, ty),
            },
            _ => self.mismatch(literal, ty),
        }
    }

    fn int(&mut self, number: i64, base: Base, at: Span) -> Option<Value> {
        let (name, low, high) = match base {
            Base::I8 => ("i8", i64::from(i8::MIN), i64::from(i8::MAX)),
            Base::I16 => ("i16", i64::from(i16::MIN), i64::from(i16::MAX)),
            Base::I32 => ("i32", i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => ("i64", i64::MIN, i64::MAX),
        };
        if (low..=high).contains(&number) {
            return Some(Value::Int(number));
        }
        self.found.push(text::value_range(at, &number.to_string(), name, &format!("{low} to {high}")));
        None
    }

    fn defined(&mut self, literal: &Literal, id: DefId, file: usize) -> Option<Value> {
        let model = self.model;
        match (&model.def(id).kind, &literal.kind) {
            (DefKind::Enum(_), LiteralKind::Int(number)) => {
                let Value::Int(number) = self.int(*number, Base::I32, literal.span)? else { return None };
                Some(Value::Enum(id, i32::try_from(number).unwrap_or_default()))
            }
            (DefKind::Struct(it), LiteralKind::Map(pairs)) => {
                let given = self.fields(pairs, &it.fields, id, file)?;
                let complete = model.def(id).defaultable
                    || it.fields.iter().enumerate().all(|(at, field)| {
                        self.unvalued.has_default(id.0, at)
                            || shape::defaultable(model, &field.ty)
                            || given.iter().any(|(index, _)| *index == at)
                    });
                if complete { Some(Value::Struct(id, given)) } else { self.mismatch(literal, &Ty::Def(id)) }
            }
            (DefKind::Union(fields), LiteralKind::Map(pairs)) if pairs.len() == 1 => {
                let (at, value) = self.fields(pairs, fields, id, file)?.pop()?;
                Some(Value::Union(id, at, Box::new(value)))
            }
            _ => self.mismatch(literal, &Ty::Def(id)),
        }
    }

    fn fields(
        &mut self,
        pairs: &[(Literal, Literal)],
        fields: &[crate::ir::model::Field],
        id: DefId,
        file: usize,
    ) -> Option<Vec<(usize, Value)>> {
        let mut given: Vec<(usize, Value)> = Vec::new();
        for (key, value) in pairs {
            let LiteralKind::String(name) = &key.kind else { return self.mismatch(key, &Ty::Base(Base::String)) };
            let Some(at) = fields.iter().position(|it| it.head.name == *name) else {
                let known: Vec<&str> = fields.iter().map(|it| it.head.name.as_str()).collect();
                self.found.push(text::unknown_field(key.span, name, &self.model.def(id).head.name, &known));
                return None;
            };
            let value = self.value(value, &fields[at].ty, file)?;
            given.retain(|(before, _)| *before != at);
            given.push((at, value));
        }
        given.sort_by_key(|(at, _)| *at);
        Some(given)
    }

    fn items(&mut self, literal: &Literal, item: &Ty, ty: &Ty, file: usize) -> Option<Vec<Value>> {
        match &literal.kind {
            LiteralKind::List(items) => items.iter().map(|it| self.value(it, item, file)).collect(),
            LiteralKind::Map(pairs) if pairs.is_empty() => Some(Vec::new()),
            _ => self.mismatch(literal, ty),
        }
    }

    fn map(&mut self, literal: &Literal, key: &Ty, value: &Ty, ty: &Ty, file: usize) -> Option<Value> {
        let pairs = match &literal.kind {
            LiteralKind::Map(pairs) => pairs.as_slice(),
            LiteralKind::List(items) if items.is_empty() => &[],
            _ => return self.mismatch(literal, ty),
        };
        let pairs: Option<Vec<_>> =
            pairs.iter().map(|(k, v)| Some((self.value(k, key, file)?, self.value(v, value, file)?))).collect();
        Some(Value::Map(pairs?))
    }

    fn mismatch<T>(&mut self, literal: &Literal, ty: &Ty) -> Option<T> {
        let written = match &literal.kind {
            LiteralKind::Int(number) => format!("the number {number}"),
            LiteralKind::Double(number) => format!("the number {number:?}"),
            LiteralKind::String(_) => "a text".to_owned(),
            LiteralKind::Name(name) => format!("`{name}`"),
            LiteralKind::List(_) => "a list".to_owned(),
            LiteralKind::Map(_) => "a map".to_owned(),
        };
        self.found.push(text::value_type(literal.span, &types::show(ty, self.model), &written));
        None
    }
}

/// `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, dashes optional.
fn uuid(text: &str) -> Option<[u8; 16]> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| *c != '-')
        .map(|c| c.to_digit(16).and_then(|it| u8::try_from(it).ok()))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    if digits.len() == 32 { bytes.try_into().ok() } else { None }
}
