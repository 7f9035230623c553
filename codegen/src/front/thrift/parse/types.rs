//! Types as written.

use super::{Lexer, Parse, Parser, say};
use crate::{
    front::thrift::MAX_DEPTH,
    ir::draft::{Annotation, Base, Type, TypeKind},
};

impl Parser<'_, '_> {
    pub(super) fn ty(&mut self) -> Parse<Type> {
        if self.depth >= MAX_DEPTH {
            return self.fail(say::too_deep("types", MAX_DEPTH, self.here()));
        }
        self.depth += 1;
        let ty = self.type_here();
        self.depth -= 1;
        ty
    }

    fn type_here(&mut self) -> Parse<Type> {
        let (start, here, word) = (self.token.start, self.here(), self.word());
        if word == "void" {
            return self.fail(say::void_value(here));
        }
        let mut annotations = Vec::new();
        // `string.T` is a type of the included file `string.thrift`.
        let dotted = self.text.as_bytes().get(self.token.end) == Some(&b'.');
        let kind = match base(word).filter(|_| !dotted) {
            Some(base) => {
                self.bump();
                TypeKind::Base(base)
            }
            None if self.is_container() => self.container(&mut annotations)?,
            None => TypeKind::Named(self.path("a type")?.text),
        };
        let span = self.since(start);
        annotations.extend(self.annotations()?);
        Ok(Type { kind, span, annotations })
    }

    /// `list`, `set` and `map` are names unless their inner types follow.
    fn is_container(&self) -> bool {
        if !matches!(self.word(), "list" | "set" | "map") {
            return false;
        }
        let next = Lexer::new(self.text, self.token.end).next();
        matches!(self.text.get(next.start..next.end), Some("<" | "cpp_type"))
    }

    fn container(&mut self, annotations: &mut Vec<Annotation>) -> Parse<TypeKind> {
        let word = self.word();
        self.bump();
        annotations.extend(self.cpp_type()?);
        self.expect(b'<')?;
        let first = Box::new(self.ty()?);
        let kind = match word {
            "list" => TypeKind::List(first),
            "set" => TypeKind::Set(first),
            _ => {
                self.expect(b',')?;
                TypeKind::Map(first, Box::new(self.ty()?))
            }
        };
        self.expect(b'>')?;
        annotations.extend(self.cpp_type()?);
        Ok(kind)
    }

    /// `cpp_type "x"`, kept as an annotation of that name.
    fn cpp_type(&mut self) -> Parse<Option<Annotation>> {
        if self.word() != "cpp_type" {
            return Ok(None);
        }
        let key = self.name("`cpp_type`")?;
        let value = self.quoted("a C++ type in quotes")?;
        Ok(Some(Annotation { key, value: Some(value) }))
    }
}

fn base(word: &str) -> Option<Base> {
    Some(match word {
        "bool" => Base::Bool,
        "byte" | "i8" => Base::I8,
        "i16" => Base::I16,
        "i32" => Base::I32,
        "i64" => Base::I64,
        "double" => Base::Double,
        "string" | "slist" => Base::String,
        "binary" => Base::Binary,
        "uuid" => Base::Uuid,
        _ => return None,
    })
}
