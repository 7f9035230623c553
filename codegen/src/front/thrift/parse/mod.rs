//! The parser's core: one token of sight, places and errors. The grammar is in its children, one a
//! part of the language.

mod annotation;
mod definition;
mod field;
mod header;
mod recover;
mod service;
mod types;
mod value;

use super::{
    MAX_ERRORS, MAX_TOKENS, Parsed, docs,
    lex::{Fault, Kind, Lexer, Token},
};
use crate::{
    diag::{Diagnostic, Diagnostics, Severity, catalogue::thrift as say},
    ir::draft::{Annotation, Head, Name},
    source::{FileId, Span},
};

/// A statement cannot be read; it was reported.
#[derive(Debug)]
struct Fail;

type Parse<T> = Result<T, Fail>;

/// Reads one file.
pub(super) struct Parser<'a, 'd> {
    file: FileId,
    text: &'a str,
    lexer: Lexer<'a>,
    /// The token in sight.
    token: Token,
    /// The end of the token before it.
    end: usize,
    /// The lexer's last complaint right before the token or in it.
    fault: Option<Fault>,
    /// How deep the type or literal at hand is nested.
    depth: usize,
    found: &'d mut Diagnostics,
    errors: usize,
    tokens: usize,
    /// Whether it was said that the file ends too soon: what is still open then is the same error.
    ended: bool,
}

impl<'a, 'd> Parser<'a, 'd> {
    pub(super) fn new(file: FileId, text: &'a str, found: &'d mut Diagnostics) -> Self {
        let token = Token { kind: Kind::End, start: 0, end: 0, first: true };
        let lexer = Lexer::new(text, 0);
        Self { file, text, lexer, token, end: 0, fault: None, depth: 0, found, errors: 0, tokens: 0, ended: false }
    }

    pub(super) fn file(mut self) -> Parsed {
        let mut parsed = Parsed::default();
        self.bump();
        while self.token.kind != Kind::End {
            let before = self.token.start;
            if self.item(&mut parsed).is_err() {
                self.depth = 0;
                self.pass_item(before);
            }
        }
        parsed
    }

    /// Takes the token in sight.
    fn bump(&mut self) -> Token {
        let taken = self.token;
        self.end = taken.end;
        self.token = self.lexer.next();
        self.fault = self.lexer.faults.last().map(|it| it.0);
        for (fault, start, end) in std::mem::take(&mut self.lexer.faults) {
            self.complain(fault, self.span(start, end));
        }
        self.tokens += 1;
        if self.tokens == MAX_TOKENS {
            self.report(say::too_long(MAX_TOKENS, self.here()));
            self.errors = MAX_ERRORS;
        }
        if self.full() {
            self.token.kind = Kind::End;
        }
        taken
    }

    /// Goes on behind an offset that lies past the token in sight.
    fn seek(&mut self, at: usize) {
        self.lexer = Lexer::new(self.text, at);
        self.token.end = at;
        self.bump();
    }

    fn complain(&mut self, fault: Fault, at: Span) {
        let text = self.text.get(at.start as usize..at.end as usize).unwrap_or_default();
        let diagnostic = match fault {
            Fault::Stray => say::stray(&format!("`{}`", short(text)), at),
            Fault::OpenText => say::open_text(text.get(..1).unwrap_or_default(), at),
            Fault::OpenComment => say::open_comment(at),
            Fault::NoDigits => say::no_digits(at),
        };
        self.report(diagnostic);
    }

    /// Whether so many errors were reported that no more are.
    fn full(&self) -> bool {
        self.errors >= MAX_ERRORS
    }

    fn report(&mut self, found: Diagnostic) {
        if self.full() {
            return;
        }
        self.errors += usize::from(found.severity == Severity::Error);
        let place = found.primary.as_ref().map(|it| it.span);
        self.found.push(found);
        if let (true, Some(at)) = (self.full(), place) {
            self.found.push(say::too_many(MAX_ERRORS, Span { start: at.end, ..at }));
            self.token.kind = Kind::End;
        }
    }

    fn fail<T>(&mut self, found: Diagnostic) -> Parse<T> {
        self.report(found);
        Err(Fail)
    }

    /// Something else than the token in sight was expected. Silent when the lexer complained here.
    fn expected<T>(&mut self, what: &str) -> Parse<T> {
        if self.fault.is_some() {
            return Err(Fail);
        }
        let found = self.describe();
        self.fail(say::expected(what, &found, self.here()))
    }

    fn describe(&self) -> String {
        match self.token.kind {
            Kind::End => "the end of the file".to_owned(),
            Kind::Text => "a quoted text".to_owned(),
            _ => format!("`{}`", short(self.slice())),
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        // Texts are at most 16 MiB.
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { file: self.file, start: place(start), end: place(end) }
    }

    /// The place of the token in sight.
    fn here(&self) -> Span {
        self.span(self.token.start, self.token.end)
    }

    /// From an offset to the end of the token before the one in sight.
    fn since(&self, start: usize) -> Span {
        self.span(start, self.end)
    }

    fn slice(&self) -> &'a str {
        self.text.get(self.token.start..self.token.end).unwrap_or_default()
    }

    /// The word in sight; empty when it is something else.
    fn word(&self) -> &'a str {
        if self.token.kind == Kind::Word { self.slice() } else { "" }
    }

    fn at(&self, mark: u8) -> bool {
        self.token.kind == Kind::Mark(mark)
    }

    fn take(&mut self, mark: u8) -> bool {
        let there = self.at(mark);
        if there {
            self.bump();
        }
        there
    }

    fn take_word(&mut self, word: &str) -> bool {
        let there = self.word() == word;
        if there {
            self.bump();
        }
        there
    }

    fn expect(&mut self, mark: u8) -> Parse<Span> {
        let here = self.here();
        if self.take(mark) { Ok(here) } else { self.expected(&format!("`{}`", char::from(mark))) }
    }

    /// A separator that may stand behind any statement.
    fn separator(&mut self) {
        if !self.take(b',') {
            self.take(b';');
        }
    }

    fn name(&mut self, what: &str) -> Parse<Name> {
        if self.token.kind != Kind::Word || self.at_definition() || self.at_line() {
            return self.expected(what);
        }
        let (text, span) = (self.slice().to_owned(), self.here());
        self.bump();
        Ok(Name { text, span })
    }

    /// A name that may be dotted.
    fn path(&mut self, what: &str) -> Parse<Name> {
        let mut path = self.name(what)?;
        while self.take(b'.') {
            let next = self.name("a name after `.`")?;
            path.text.push('.');
            path.text.push_str(&next.text);
            path.span = path.span.to(next.span);
        }
        Ok(path)
    }

    /// The documentation above the token in sight.
    fn docs(&self) -> String {
        docs::leading(self.text, &self.lexer.comments, self.token.start)
    }

    /// What every definition begins and ends with: its docs, or else those behind it.
    fn head(&self, name: Name, docs: String, annotations: Vec<Annotation>) -> Head {
        let docs = match docs.is_empty() {
            true => docs::trailing(self.text, &self.lexer.comments),
            false => docs,
        };
        Head { name, docs, annotations }
    }
}

/// A text for a message: one line, not too long.
fn short(text: &str) -> String {
    const MOST: usize = 40;
    let mut out: String = text.chars().take(MOST).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    out
}
