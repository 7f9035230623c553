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
    pub(super) fn list<T>(
        &mut self,
        open: u8,
        close: u8,
        mut one: impl FnMut(&mut Self) -> Parse<T>,
    ) -> Parse<Vec<T>> {
        let opened = self.expect(open)?;
        let mut all = Vec::new();
        while !self.take(close) {
            if self.is_over(close) {
                return self.unclosed(open, close, opened);
            }
            let before = self.token.start;
            match one(self) {
                Ok(it) => all.push(it),
                Err(Fail) => self.pass_statement(before),
            }
        }
        Ok(all)
    }

    /// Whether what is in sight can only stand behind the list at hand.
    fn is_over(&self, close: u8) -> bool {
        let marks = matches!(self.token.kind, Kind::End | Kind::Mark(b'}' | b')'));
        marks || self.at_definition() || (close == b')' && self.at_method())
    }

    fn unclosed<T>(&mut self, open: u8, close: u8, opened: Span) -> Parse<T> {
        let (found, here) = (self.describe(), self.here());
        self.fail(say::unclosed(
            char::from(open),
            char::from(close),
            opened,
            &found,
            here,
        ))
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
        self.token.first
            && matches!(self.word(), "void" | "oneway")
            && self.ahead().0.kind == Kind::Word
    }

    /// Skips what is left of a statement of a list.
    pub(super) fn pass_statement(&mut self, before: usize) {
        self.depth = 0;
        let (mut round, mut angle) = self.open_brackets(before);
        loop {
            let moved = self.token.start > before;
            match self.token.kind {
                Kind::End => return,
                Kind::Mark(b'}' | b')') if round == 0 => return,
                Kind::Mark(b',' | b';') if round == 0 && angle == 0 => {
                    self.bump();
                    return;
                }
                _ if moved && self.token.first && (round == 0 || self.at_definition()) => return,
                kind => count(kind, &mut round, &mut angle),
            }
            self.bump();
        }
    }

    /// Skips to the next definition outside of braces.
    pub(super) fn pass_item(&mut self, before: usize) {
        let (mut round, mut angle) = self.open_brackets(before);
        while self.token.kind != Kind::End {
            let moved = self.token.start > before;
            let next = round == 0 && DEFINITIONS.contains(&self.word());
            if moved && (next || self.at_definition()) {
                return;
            }
            count(self.token.kind, &mut round, &mut angle);
            self.bump();
        }
    }

    /// How many brackets were opened from an offset to the token in sight, and how many of them are
    /// those of types.
    fn open_brackets(&self, from: usize) -> (usize, usize) {
        let mut lexer = Lexer::new(self.text, from);
        let (mut round, mut angle) = (0, 0);
        loop {
            let token = lexer.next();
            if token.start >= self.token.start || token.kind == Kind::End {
                return (round, angle);
            }
            count(token.kind, &mut round, &mut angle);
        }
    }
}

fn count(kind: Kind, round: &mut usize, angle: &mut usize) {
    match kind {
        Kind::Mark(b'{' | b'(' | b'[') => *round += 1,
        Kind::Mark(b'}' | b')' | b']') => *round = round.saturating_sub(1),
        Kind::Mark(b'<') => *angle += 1,
        Kind::Mark(b'>') => *angle = angle.saturating_sub(1),
        _ => {}
    }
}
