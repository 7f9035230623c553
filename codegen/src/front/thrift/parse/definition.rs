//! `typedef`, `const`, `enum`, `senum`, and the structs.

use super::{Parse, Parser};
use crate::ir::draft::{Const, Enum, Member, Struct, StructKind, Typedef};

impl Parser<'_, '_> {
    pub(super) fn typedef(&mut self, docs: String) -> Parse<Typedef> {
        self.bump();
        let target = self.ty()?;
        let name = self.name("the new name of the type")?;
        let annotations = self.annotations()?;
        self.separator();
        Ok(Typedef { head: self.head(name, docs, annotations), target })
    }

    pub(super) fn constant(&mut self, docs: String) -> Parse<Const> {
        self.bump();
        let ty = self.ty()?;
        let name = self.name("the name of the constant")?;
        self.expect(b'=')?;
        let value = self.literal()?;
        let annotations = self.annotations()?;
        self.separator();
        Ok(Const { head: self.head(name, docs, annotations), ty, value })
    }

    pub(super) fn enumeration(&mut self, docs: String) -> Parse<Enum> {
        self.enum_of(docs, false, Self::member)
    }

    pub(super) fn string_enumeration(&mut self, docs: String) -> Parse<Enum> {
        self.enum_of(docs, true, Self::string_member)
    }

    fn enum_of(&mut self, docs: String, strings: bool, member: fn(&mut Self) -> Parse<Member>) -> Parse<Enum> {
        self.bump();
        let name = self.name("the name of the enum")?;
        let members = self.list(b'{', b'}', member)?;
        let annotations = self.annotations()?;
        Ok(Enum { head: self.head(name, docs, annotations), strings, members })
    }

    fn member(&mut self) -> Parse<Member> {
        let docs = self.docs();
        let name = self.name("the name of a member")?;
        let number = if self.take(b'=') { Some(self.whole_number("a whole number")?) } else { None };
        let annotations = self.annotations()?;
        self.separator();
        Ok(Member { head: self.head(name, docs, annotations), number, status: None })
    }

    fn string_member(&mut self) -> Parse<Member> {
        let docs = self.docs();
        let name = self.quoted("a member in quotes")?;
        self.separator();
        Ok(Member { head: self.head(name, docs, Vec::new()), number: None, status: None })
    }

    pub(super) fn structure(&mut self, docs: String, kind: StructKind) -> Parse<Struct> {
        self.bump();
        let name = self.name(match kind {
            StructKind::Union => "the name of the union",
            StructKind::Exception => "the name of the exception",
            StructKind::Struct | StructKind::Message => "the name of the struct",
        })?;
        self.take_word("xsd_all");
        let fields = self.list(b'{', b'}', Self::field)?;
        let annotations = self.annotations()?;
        Ok(Struct { head: self.head(name, docs, annotations), kind, fields, oneofs: Vec::new() })
    }
}
