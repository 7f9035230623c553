//! Lists of statements, and how to go on behind a broken one: one error a statement.

use super::{Fail, Kind, Lexer, Parse, Parser, Token, say};
use crate::source::Span;

/// The words with which definitions begin.
pub(super) const DEFINITIONS: [&str; 11] = [
    "include",
    "cpp_include",
    "namespace",
    "typedef",
    "const",
    "enum",
    "senum",
    "struct",
    "union",
    "exception",
    "service",
];

impl Parser<'_, '_> {
    /// Statements between two marks. A broken one is passed over; a list that is never closed fails.
    pub(super) fn list<T>(&mut self, open: u8, close: u8, mut one: impl FnMut(&mut Self) -> Parse<T>) -> Parse<Vec<T>> {
        let opened = self.expect(open)?;
        let mut all = Vec::new();
        while !self.take(close) {
            if self.is_over(close) {
                return self.unclosed(open, close, opened);
            }
            let before = self.token.start;
            match one(self) {
                Ok(it) => all.push(it),
                Err(Fail) => self.pass_statement(close, before),
            }
        }
        Ok(all)
    }

    /// Whether what is in sight can only stand behind the list at hand.
    fn is_over(&self, close: u8) -> bool {
        let marks = matches!(self.token.kind, Kind::End | Kind::Mark(b'}'));
        marks || self.at_definition() || (close == b')' && self.at_method())
    }

    pub(super) fn unclosed<T>(&mut self, open: u8, close: u8, opened: Span) -> Parse<T> {
        if self.token.kind == Kind::End && std::mem::replace(&mut self.ended, true) {
            return Err(Fail);
        }
        let (found, here) = (self.describe(), self.here());
        self.fail(say::unclosed(char::from(open), char::from(close), opened, &found, here))
    }

    /// The tokens behind the one in sight.
    fn ahead(&self) -> (Token, Token) {
        let mut lexer = Lexer::new(self.text, self.token.end);
        (lexer.next(), lexer.next())
    }

    /// Whether a definition with a body begins with the token in sight, on a line of its own: what
    /// came before it was not closed. Words such as `struct` may be names elsewhere.
    pub(super) fn at_definition(&self) -> bool {
        const BODIES: [&str; 6] = ["enum", "senum", "struct", "union", "exception", "service"];
        if !self.token.first || !BODIES.contains(&self.word()) {
            return false;
        }
        let (name, body) = self.ahead();
        let extends = self.text.get(body.start..body.end) == Some("extends");
        name.kind == Kind::Word && (extends || body.kind == Kind::Mark(b'{'))
    }

    fn at_method(&self) -> bool {
        self.token.first && matches!(self.word(), "void" | "oneway") && self.ahead().0.kind == Kind::Word
    }

    /// Whether a line without a body of its own begins where a name was expected.
    pub(super) fn at_line(&self) -> bool {
        const LINES: [&str; 5] = ["include", "cpp_include", "namespace", "typedef", "const"];
        self.token.first && LINES.contains(&self.word()) && matches!(self.ahead().0.kind, Kind::Word | Kind::Text)
    }

    fn at_field(&self) -> bool {
        self.token.kind == Kind::Int && self.ahead().0.kind == Kind::Mark(b':')
    }

    /// Skips what is left of a statement of a list.
    fn pass_statement(&mut self, close: u8, before: usize) {
        self.depth = 0;
        let mut open = self.open_brackets(before);
        while !self.is_behind(close, before, &open) {
            let separates = open.none() && matches!(self.token.kind, Kind::Mark(b',' | b';'));
            open.count(self.token.kind);
            self.bump();
            if separates {
                return;
            }
        }
    }

    /// Whether the token in sight is no longer of the statement that is passed over.
    fn is_behind(&self, close: u8, before: usize, open: &Open) -> bool {
        match self.token.kind {
            Kind::End => true,
            Kind::Mark(b'}') => open.curly == 0,
            Kind::Mark(b')') => close == b')' && open.curly + open.round == 0,
            _ if !self.token.first || self.token.start <= before => false,
            _ if self.at_definition() => true,
            _ => open.curly == 0 && (open.round == 0 || self.at_field() || self.at_method()),
        }
    }

    /// Skips to the next definition outside of braces, or to the line behind a closed body.
    pub(super) fn pass_item(&mut self, before: usize) {
        let mut open = self.open_brackets(before);
        let mut closed = false;
        while self.token.kind != Kind::End {
            let next = open.curly == 0 && (DEFINITIONS.contains(&self.word()) || closed && self.token.first);
            if self.token.start > before && (next || self.at_definition()) {
                return;
            }
            closed = self.at(b'}');
            open.count(self.token.kind);
            self.bump();
        }
    }

    /// Skips one pair of braces with all that is in it.
    pub(super) fn pass_braces(&mut self) -> Parse<()> {
        let mut open = Open::default();
        let opened = self.expect(b'{')?;
        while open.curly > 0 || !self.take(b'}') {
            if self.token.kind == Kind::End {
                return self.unclosed(b'{', b'}', opened);
            }
            open.count(self.token.kind);
            self.bump();
        }
        Ok(())
    }

    /// The brackets that were opened from an offset to the token in sight.
    fn open_brackets(&self, from: usize) -> Open {
        let mut lexer = Lexer::new(self.text, from);
        let mut open = Open::default();
        loop {
            let token = lexer.next();
            if token.start >= self.token.start || token.kind == Kind::End {
                return open;
            }
            open.count(token.kind);
        }
    }
}

/// Brackets that are open.
#[derive(Default)]
struct Open {
    /// Braces and square ones.
    curly: usize,
    round: usize,
    /// Those of types.
    angle: usize,
}

impl Open {
    fn none(&self) -> bool {
        self.curly + self.round + self.angle == 0
    }

    fn count(&mut self, kind: Kind) {
        match kind {
            Kind::Mark(b'{' | b'[') => self.curly += 1,
            Kind::Mark(b'(') => self.round += 1,
            Kind::Mark(b'<') => self.angle += 1,
            Kind::Mark(b'}' | b']') => self.curly = self.curly.saturating_sub(1),
            Kind::Mark(b')') => self.round = self.round.saturating_sub(1),
            Kind::Mark(b'>') => self.angle = self.angle.saturating_sub(1),
            _ => {}
        }
    }
}
