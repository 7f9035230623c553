//! Values in Binary that fit a type of the IDL: made from the model, not from generated code.

use codegen::ir::model::{Base, DefKind, Field, Model, Requiredness, Ty};

use super::xorshift::Xorshift;

/// Containers and optional fields stay empty below this depth.
const DEEP: usize = 5;

/// Makes values of one program.
pub(crate) struct Random<'a> {
    pub(crate) model: &'a Model,
    pub(crate) numbers: Xorshift,
}

impl Random<'_> {
    /// The bytes of a value of a defined type.
    pub(crate) fn value(&mut self, ty: &Ty, depth: usize, out: &mut Vec<u8>) {
        let model = self.model;
        match model.real(ty) {
            Ty::Base(base) => self.base(*base, out),
            Ty::List(item) | Ty::Set(_, item) => self.repeated(&[item], depth, out),
            Ty::Map(_, key, value) => self.repeated(&[key, value], depth, out),
            Ty::WellKnown(name) => panic!("{name} is no Thrift type"),
            Ty::Def(id) => match &model.def(*id).kind {
                DefKind::Enum(_) => self.base(Base::I32, out),
                DefKind::Struct(it) => self.structure(&it.fields, depth, out),
                DefKind::Union(fields) => self.union(fields, depth, out),
                DefKind::Typedef(_) | DefKind::Proto(_) => panic!("no type of its own"),
            },
        }
    }

    fn base(&mut self, base: Base, out: &mut Vec<u8>) {
        // The least and the greatest number, zero, -1, or any.
        let any = self.numbers.next();
        let number = [0, u64::MAX, 1 << 63, u64::MAX >> 1, any][self.numbers.below(5)];
        let bytes = number.to_be_bytes();
        match base {
            Base::Bool => out.push(bytes[7] & 1),
            Base::I8 => out.push(bytes[0]),
            Base::I16 => out.extend(&bytes[..2]),
            Base::I32 => out.extend(&bytes[..4]),
            Base::I64 => out.extend(bytes),
            Base::Double => {
                let double = [f64::from_bits(number), 0.0, -0.0, f64::MAX, f64::INFINITY][self.numbers.below(5)];
                out.extend(double.to_be_bytes());
            }
            Base::Uuid => out.extend([bytes, any.to_be_bytes()].concat()),
            Base::String | Base::Binary => {
                let text = ["", "a", "kite \u{1F642}", "nul \0", "\u{10FFFF}\"\\"][self.numbers.below(5)];
                out.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
                out.extend(text.as_bytes());
            }
        }
    }

    /// Lists, sets, and maps with two types an entry.
    fn repeated(&mut self, types: &[&Ty], depth: usize, out: &mut Vec<u8>) {
        out.extend(types.iter().map(|ty| kind(self.model, ty)));
        let count = if depth < DEEP { self.numbers.below(4) } else { 0 };
        out.extend(u32::try_from(count).unwrap().to_be_bytes());
        for _ in 0..count {
            for ty in types {
                self.value(ty, depth + 1, out);
            }
        }
    }

    fn structure(&mut self, fields: &[Field], depth: usize, out: &mut Vec<u8>) {
        for field in fields {
            let wanted = depth < DEEP && self.numbers.below(4) != 0;
            if wanted || field.requiredness == Requiredness::Required {
                self.field(field, depth, out);
            }
        }
        out.push(0);
    }

    fn union(&mut self, fields: &[Field], depth: usize, out: &mut Vec<u8>) {
        let ends = |field: &&Field| depth < DEEP || matches!(self.model.real(&field.ty), Ty::Base(_));
        let choice: Vec<&Field> = fields.iter().filter(ends).collect();
        match choice.get(self.numbers.below(choice.len() + 1)) {
            Some(field) => self.field(field, depth, out),
            // A member of a newer IDL.
            None => out.extend(b"\x08\x7f\xfe\0\0\0\x07"),
        }
        out.push(0);
    }

    fn field(&mut self, field: &Field, depth: usize, out: &mut Vec<u8>) {
        out.push(kind(self.model, &field.ty));
        out.extend(field.id.to_be_bytes());
        self.value(&field.ty, depth + 1, out);
    }
}

/// The type's byte on the wire.
fn kind(model: &Model, ty: &Ty) -> u8 {
    match model.real(ty) {
        Ty::Base(Base::Bool) => 2,
        Ty::Base(Base::I8) => 3,
        Ty::Base(Base::Double) => 4,
        Ty::Base(Base::I16) => 6,
        Ty::Base(Base::I32) => 8,
        Ty::Base(Base::I64) => 10,
        Ty::Base(Base::String | Base::Binary) => 11,
        Ty::Base(Base::Uuid) => 16,
        Ty::Map(..) => 13,
        Ty::Set(..) => 14,
        Ty::List(_) => 15,
        Ty::Def(id) if matches!(model.def(*id).kind, DefKind::Enum(_)) => 8,
        Ty::Def(_) | Ty::WellKnown(_) => 12,
    }
}
