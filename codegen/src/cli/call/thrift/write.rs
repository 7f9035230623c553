//! A request: JSON to Binary.

use codegen::ir::model::{Base, DefKind, Field, Method, Model, Requiredness, StructKind, Ty};
use codegen::resolve::show_type;

use super::{name, whole, wire};
use crate::cli::call::base64;
use crate::cli::call::fault::Fault;
use crate::cli::call::json::{Json, Kind, Member, documents};
use crate::cli::call::message::{Path, no_field, no_member};

/// The arguments of a method as a struct of Binary.
pub(in crate::cli::call) fn request(model: &Model, method: &Method, json: &Json) -> Result<Vec<u8>, Fault> {
    let mut writer = Writer { model, out: Vec::new(), path: Path::default(), of_request: true };
    match whole(model, method) {
        Some(field) => writer.field(field, json)?,
        None => {
            let title = format!("`{}`", method.head.name);
            let given = writer.path.object(json, "the arguments by their names")?;
            writer.fields(&title, &method.arguments, given)?;
            for missing in method.arguments.iter().filter(|it| it.default.is_none()) {
                require(json, given, missing, &title, "argument")?;
            }
        }
    }
    writer.out.push(wire::STOP);
    Ok(writer.out)
}

/// A value of an answer in Binary. What the type does not have is left out, and nothing has to be there.
pub(super) fn answer(model: &Model, ty: &Ty, json: &Json) -> Result<Vec<u8>, Fault> {
    let mut writer = Writer { model, out: Vec::new(), path: Path::of_answer(), of_request: false };
    writer.value(ty, json)?;
    Ok(writer.out)
}

struct Writer<'a> {
    model: &'a Model,
    out: Vec<u8>,
    path: Path,
    /// Whether it is to be just as the IDL says.
    of_request: bool,
}

/// The fault that a field is not there which has to be.
fn require(json: &Json, given: &[Member], field: &Field, title: &str, what: &str) -> Result<(), Fault> {
    if given.iter().any(|it| it.name == name(field) && it.value.kind != Kind::Null) {
        return Ok(());
    }
    let fault = Fault::new(json.at.clone(), format!("the {what} `{}` of {title} is missing", name(field)));
    Err(fault.help(format!("add \"{}\": …", name(field))))
}

impl Writer<'_> {
    fn field(&mut self, field: &Field, json: &Json) -> Result<(), Fault> {
        self.out.push(wire::of(self.model, &field.ty));
        self.out.extend(field.id.to_be_bytes());
        self.value(&field.ty, json)
    }

    /// The fields that are given; `null` is as good as none.
    fn fields(&mut self, title: &str, fields: &[Field], given: &[Member]) -> Result<(), Fault> {
        for member in given {
            let Some(field) = fields.iter().find(|it| name(it) == member.name) else {
                if !self.of_request {
                    continue;
                }
                let known: Vec<&str> = fields.iter().map(name).collect();
                return Err(no_field(member, title, &known));
            };
            if member.value.kind != Kind::Null {
                self.path.field(name(field));
                self.field(field, &member.value)?;
                self.path.up();
            }
        }
        Ok(())
    }

    fn value(&mut self, ty: &Ty, json: &Json) -> Result<(), Fault> {
        let model = self.model;
        match model.real(ty) {
            Ty::Base(base) => self.base(*base, json),
            Ty::Def(id) => {
                let def = model.def(*id);
                let title = format!("`{}`", def.head.name);
                match &def.kind {
                    DefKind::Enum(members) => {
                        let number = match &json.kind {
                            Kind::Text(text) => members.iter().find(|it| it.head.name == *text).map(|it| it.number),
                            _ => None,
                        };
                        let number = match number {
                            Some(number) => number.into(),
                            None => self.path.whole(json, "an i32", I32).map_err(|fault| {
                                let known: Vec<&str> = members.iter().map(|it| it.head.name.as_str()).collect();
                                let is_number = matches!(json.kind, Kind::Number(_));
                                if is_number { fault } else { no_member(&self.path, json, &title, &known) }
                            })?,
                        };
                        self.number(number, 4);
                        Ok(())
                    }
                    DefKind::Struct(it) => {
                        let kind = if it.kind == StructKind::Exception { "the exception" } else { "the struct" };
                        let given = self.path.object(json, &format!("{kind} {title}"))?;
                        self.fields(&title, &it.fields, given)?;
                        let required = |it: &&Field| self.of_request && it.requiredness == Requiredness::Required;
                        for field in it.fields.iter().filter(required) {
                            require(json, given, field, &title, "field")?;
                        }
                        self.out.push(wire::STOP);
                        Ok(())
                    }
                    DefKind::Union(fields) => self.union(&title, fields, json),
                    DefKind::Typedef(_) | DefKind::Proto(_) => Err(self.path.fault(json, "is no type of Thrift")),
                }
            }
            Ty::List(item) | Ty::Set(_, item) => self.items(ty, item, json),
            Ty::Map(_, key, value) => self.pairs(ty, key, value, json),
            Ty::WellKnown(_) => Err(self.path.fault(json, "is no type of Thrift")),
        }
    }

    fn union(&mut self, title: &str, fields: &[Field], json: &Json) -> Result<(), Fault> {
        let given = self.path.object(json, &format!("the union {title}"))?;
        self.fields(title, fields, given)?;
        if self.of_request && given.iter().filter(|it| it.value.kind != Kind::Null).count() != 1 {
            let known: Vec<&str> = fields.iter().map(name).collect();
            let fault = self.path.fault(json, &format!("is the union {title}, which has one field"));
            return Err(fault.help(format!("name one of {}", crate::cli::call::message::words(&known))));
        }
        self.out.push(wire::STOP);
        Ok(())
    }

    fn items(&mut self, ty: &Ty, item: &Ty, json: &Json) -> Result<(), Fault> {
        let all = self.path.list(json, &format!("a {}", show_type(ty, self.model)))?;
        self.out.push(wire::of(self.model, item));
        self.count(all.len(), json)?;
        for (place, value) in all.iter().enumerate() {
            self.path.item(place);
            self.value(item, value)?;
            self.path.up();
        }
        Ok(())
    }

    fn pairs(&mut self, ty: &Ty, key: &Ty, value: &Ty, json: &Json) -> Result<(), Fault> {
        let all = self.path.object(json, &format!("a {}", show_type(ty, self.model)))?;
        self.out.extend([wire::of(self.model, key), wire::of(self.model, value)]);
        self.count(all.len(), json)?;
        for pair in all {
            self.path.key(&pair.name);
            let name = self.key(key, pair)?;
            self.value(key, &name)?;
            self.value(value, &pair.value)?;
            self.path.up();
        }
        Ok(())
    }

    /// The name of a pair as a value: texts stay texts, others are the JSON in the text.
    fn key(&self, ty: &Ty, pair: &Member) -> Result<Json, Fault> {
        let text = Json { at: pair.at.clone(), kind: Kind::Text(pair.name.clone()) };
        let is_whole = match self.model.real(ty) {
            Ty::Base(Base::Bool) => true,
            Ty::Base(_) => false,
            Ty::Def(id) => !matches!(self.model.def(*id).kind, DefKind::Enum(_)),
            _ => true,
        };
        if !is_whole {
            return Ok(text);
        }
        let wrong = || self.path.wrong(&text, &format!("a {}", show_type(ty, self.model)), "its JSON as a text");
        let mut inner = documents(&pair.name).map_err(|_| wrong())?;
        match inner.pop() {
            Some(inner) => Ok(Json { at: pair.at.clone(), kind: inner.kind }),
            None => Err(wrong()),
        }
    }

    fn base(&mut self, base: Base, json: &Json) -> Result<(), Fault> {
        match (base, &json.kind) {
            (Base::Bool, Kind::Bool(value)) => self.out.push(u8::from(*value)),
            (Base::Bool, _) => return Err(self.path.wrong(json, "a bool", "true or false")),
            (Base::I8, _) => self.whole(json, "an i8", 1)?,
            (Base::I16, _) => self.whole(json, "an i16", 2)?,
            (Base::I32, _) => self.whole(json, "an i32", 4)?,
            (Base::I64, _) => self.whole(json, "an i64", 8)?,
            (Base::Double, _) => {
                let number = self.path.real(json, "a double")?;
                self.out.extend(number.to_be_bytes());
            }
            (Base::String, Kind::Text(text)) => self.bytes(text.as_bytes(), json)?,
            (Base::String, _) => return Err(self.path.wrong(json, "a string", "a text in quotes")),
            (Base::Binary, Kind::Text(text)) => match base64::decode(text) {
                Some(bytes) => self.bytes(&bytes, json)?,
                None => return Err(self.path.wrong(json, "binary", "bytes in base64")),
            },
            (Base::Binary, _) => return Err(self.path.wrong(json, "binary", "bytes in base64")),
            (Base::Uuid, kind) => {
                let text = if let Kind::Text(text) = kind { text.replace('-', "") } else { String::new() };
                let number = u128::from_str_radix(&text, 16).ok().filter(|_| text.len() == 32);
                let form = "a text such as \"00112233-4455-6677-8899-aabbccddeeff\"";
                let number = number.ok_or_else(|| self.path.wrong(json, "a uuid", form))?;
                self.out.extend(number.to_be_bytes());
            }
        }
        Ok(())
    }

    fn whole(&mut self, json: &Json, ty: &str, size: usize) -> Result<(), Fault> {
        let half = 1_i128 << (8 * size - 1);
        let number = self.path.whole(json, ty, (-half, half - 1))?;
        self.number(number, size);
        Ok(())
    }

    /// The last bytes of a number.
    fn number(&mut self, number: i128, size: usize) {
        self.out.extend(&number.to_be_bytes()[16 - size..]);
    }

    fn count(&mut self, count: usize, json: &Json) -> Result<(), Fault> {
        let count = i32::try_from(count).map_err(|_| self.path.fault(json, "is too long for Thrift"))?;
        self.out.extend(count.to_be_bytes());
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8], json: &Json) -> Result<(), Fault> {
        self.count(bytes.len(), json)?;
        self.out.extend(bytes);
        Ok(())
    }
}

const I32: (i128, i128) = (i32::MIN as i128, i32::MAX as i128);
