//! Services and their methods.

use super::{Kind, Lexer, Parse, Parser};
use crate::{
    ir::draft::{Method, Service, Type},
    source::Span,
};

impl Parser<'_, '_> {
    pub(super) fn service(&mut self, docs: String) -> Parse<Service> {
        self.bump();
        let name = self.name("the name of the service")?;
        let base = self.take_word("extends");
        let extends = if base { Some(self.path("the name of the base service")?) } else { None };
        let methods = self.list(b'{', b'}', Self::method)?;
        let annotations = self.annotations()?;
        Ok(Service { head: self.head(name, docs, annotations), extends, methods })
    }

    fn method(&mut self) -> Parse<Method> {
        let docs = self.docs();
        let oneway = self.oneway();
        let result = self.result()?;
        let name = self.name("the name of the method")?;
        let arguments = self.list(b'(', b')', Self::field)?;
        let throws = match self.take_word("throws") {
            true => self.list(b'(', b')', Self::field)?,
            false => Vec::new(),
        };
        let annotations = self.annotations()?;
        self.separator();
        let head = self.head(name, docs, annotations);
        let (client_streaming, server_streaming) = (false, false);
        let routes = Vec::new();
        Ok(Method { head, oneway, result, arguments, throws, client_streaming, server_streaming, routes })
    }

    fn oneway(&mut self) -> Option<Span> {
        let there = match self.word() {
            "oneway" => true,
            "async" => !self.is_type_of_method(),
            _ => false,
        };
        there.then(|| {
            let span = self.here();
            self.bump();
            span
        })
    }

    /// Whether the word in sight is followed by `name(`, and so is the type of the result.
    fn is_type_of_method(&self) -> bool {
        let mut lexer = Lexer::new(self.text, self.token.end);
        let (name, open) = (lexer.next().kind, lexer.next().kind);
        name == Kind::Word && open == Kind::Mark(b'(')
    }

    fn result(&mut self) -> Parse<Option<Type>> {
        if !self.take_word("void") {
            return self.ty().map(Some);
        }
        self.annotations()?;
        Ok(None)
    }
}
