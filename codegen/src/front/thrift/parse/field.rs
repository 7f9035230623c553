//! Fields of structs, arguments, and entries of `throws`: one grammar.

use super::{Kind, Parse, Parser, say};
use crate::{
    ir::draft::{Field, Requiredness},
    source::Span,
};

impl Parser<'_, '_> {
    pub(super) fn field(&mut self) -> Parse<Field> {
        let docs = self.docs();
        let id = self.id()?;
        let requiredness = self.requiredness()?;
        let ty = self.ty()?;
        let reference = self.take(b'&');
        let name = self.name("the name of the field")?;
        let default = if self.take(b'=') { Some(self.literal()?) } else { None };
        self.xsd_words()?;
        let annotations = self.annotations()?;
        self.separator();
        Ok(Field {
            head: self.head(name, docs, annotations),
            id,
            requiredness,
            reference,
            ty,
            default,
            oneof: None,
            of_enum: false,
        })
    }

    fn id(&mut self) -> Parse<Option<(i64, Span)>> {
        if self.token.kind != Kind::Int {
            return Ok(None);
        }
        let id = self.whole_number("an id")?;
        self.expect(b':')?;
        Ok(Some(id))
    }

    fn requiredness(&mut self) -> Parse<Requiredness> {
        let word = match self.word() {
            "required" => Requiredness::Required,
            "optional" => Requiredness::Optional,
            _ => return Ok(Requiredness::Default),
        };
        self.bump();
        match self.word() {
            again @ ("required" | "optional") => self.fail(say::word_twice(again, self.here())),
            _ => Ok(word),
        }
    }

    /// Words of an old XML binding, which mean nothing to us.
    fn xsd_words(&mut self) -> Parse<()> {
        while matches!(self.word(), "xsd_optional" | "xsd_nillable") {
            self.bump();
        }
        if self.take_word("xsd_attrs") { self.pass_braces() } else { Ok(()) }
    }
}
