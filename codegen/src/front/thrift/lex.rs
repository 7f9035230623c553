//! Text to tokens, one at a time: a token knows the comments before it and whether it begins a
//! line. Faults are kept for the parser to report.

use super::MAX_ERRORS;

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword, without dots.
    Word,
    /// A whole number with its sign.
    Int,
    /// A number with a point or an exponent.
    Double,
    /// A quoted text with its quotes.
    Text,
    /// One of `{}()[]<>,;:=*&.`.
    Mark(u8),
    /// The end of the file.
    End,
}

/// A token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether it is the first of its line.
    pub(super) first: bool,
}

/// How a comment was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `//` or `#`.
    Line,
    /// `/* */`.
    Block,
    /// `/** */`.
    Doc,
}

/// A comment with its markers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Comment {
    pub(super) style: Style,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether nothing stands before it on its line.
    pub(super) first: bool,
}

/// The faults of the text itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Characters that begin no token.
    Stray,
    /// A quote without its other one.
    OpenText,
    /// `/*` without `*/`.
    OpenComment,
    /// `0x` without digits.
    NoDigits,
}

/// Reads tokens from a text.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// Whether only blanks and comments stand between the line's start and here.
    fresh: bool,
    /// The comments before the token that was read last.
    pub(super) comments: Vec<Comment>,
    /// The faults met so far: what, from where, to where.
    pub(super) faults: Vec<(Fault, usize, usize)>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str, at: usize) -> Self {
        Self { text, at, fresh: true, comments: Vec::new(), faults: Vec::new() }
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next token; [`Kind::End`] for ever after the last one.
    pub(super) fn next(&mut self) -> Token {
        self.comments.clear();
        loop {
            self.blanks();
            let (start, first) = (self.at, self.fresh);
            if start >= self.text.len() {
                return Token { kind: Kind::End, start, end: start, first: true };
            }
            if self.comment(first) {
                continue;
            }
            self.fresh = false;
            if let Some(kind) = self.token() {
                return Token { kind, start, end: self.at, first };
            }
            self.stray(start);
        }
    }

    fn blanks(&mut self) {
        while let byte @ (b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c) = self.byte(0) {
            self.fresh |= byte == b'\n';
            self.at += 1;
        }
    }

    fn comment(&mut self, first: bool) -> bool {
        let start = self.at;
        let style = match (self.byte(0), self.byte(1)) {
            (b'#', _) | (b'/', b'/') => self.line_comment(),
            (b'/', b'*') => self.block_comment(),
            _ => return false,
        };
        self.comments.push(Comment { style, start, end: self.at, first });
        true
    }

    fn line_comment(&mut self) -> Style {
        let rest = self.rest();
        let line = rest.split('\n').next().unwrap_or(rest);
        self.at += line.trim_end_matches('\r').len();
        Style::Line
    }

    fn block_comment(&mut self) -> Style {
        let (start, inner) = (self.at, self.rest().get(2..).unwrap_or_default());
        let Some(len) = inner.find("*/") else {
            self.at = self.text.len();
            self.faults.push((Fault::OpenComment, start, start + 2));
            return Style::Block;
        };
        self.at = start + 2 + len + 2;
        if inner.starts_with('*') && len > 1 { Style::Doc } else { Style::Block }
    }

    fn token(&mut self) -> Option<Kind> {
        match self.byte(0) {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => Some(self.word()),
            b'"' | b'\'' => Some(self.quoted()),
            b'0'..=b'9' => Some(self.number()),
            b'+' | b'-' if self.byte(1).is_ascii_digit() || self.fraction_at(1) => {
                self.at += 1;
                Some(self.number())
            }
            b'.' if self.fraction_at(0) && !self.after_word() => Some(self.number()),
            mark if b"{}()[]<>,;:=*&.".contains(&mark) => {
                self.at += 1;
                Some(Kind::Mark(mark))
            }
            _ => None,
        }
    }

    fn fraction_at(&self, ahead: usize) -> bool {
        self.byte(ahead) == b'.' && self.byte(ahead + 1).is_ascii_digit()
    }

    fn after_word(&self) -> bool {
        let before = self.text.as_bytes().get(..self.at).unwrap_or_default();
        before.last().is_some_and(|it| it.is_ascii_alphanumeric() || *it == b'_')
    }

    fn skip(&mut self, wanted: impl Fn(u8) -> bool) -> usize {
        let start = self.at;
        while self.at < self.text.len() && wanted(self.byte(0)) {
            self.at += 1;
        }
        self.at - start
    }

    fn word(&mut self) -> Kind {
        self.skip(|it| it.is_ascii_alphanumeric() || it == b'_');
        Kind::Word
    }

    fn number(&mut self) -> Kind {
        let start = self.at;
        if self.byte(0) == b'0' && matches!(self.byte(1), b'x' | b'X') {
            self.at += 2;
            if self.skip(|it| it.is_ascii_hexdigit()) == 0 {
                self.faults.push((Fault::NoDigits, start, self.at));
            }
            return Kind::Int;
        }
        self.skip(|it| it.is_ascii_digit());
        let point = self.fraction_at(0);
        if point {
            self.at += 1;
            self.skip(|it| it.is_ascii_digit());
        }
        if self.exponent() || point { Kind::Double } else { Kind::Int }
    }

    fn exponent(&mut self) -> bool {
        let sign = usize::from(matches!(self.byte(1), b'+' | b'-'));
        let there = matches!(self.byte(0), b'e' | b'E') && self.byte(1 + sign).is_ascii_digit();
        if there {
            self.at += 1 + sign;
            self.skip(|it| it.is_ascii_digit());
        }
        there
    }

    fn quoted(&mut self) -> Kind {
        let (start, quote) = (self.at, self.byte(0));
        let mut escaped = false;
        for (len, byte) in self.rest().bytes().enumerate().skip(1) {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                _ if byte == quote => {
                    self.at += len + 1;
                    return Kind::Text;
                }
                _ => {}
            }
        }
        self.line_comment();
        self.faults.push((Fault::OpenText, start, self.at));
        Kind::Text
    }

    /// A run of characters that begin no token is one fault; of very many runs only the first count.
    fn stray(&mut self, start: usize) {
        let mut ends = self.rest().char_indices().skip(1);
        let end = ends.find(|(_, next)| begins(*next));
        self.at = end.map_or(self.text.len(), |(len, _)| start + len);
        if self.faults.len() <= MAX_ERRORS {
            self.faults.push((Fault::Stray, start, self.at));
        }
    }
}

/// Whether something that is not a stray character may begin here.
fn begins(char: char) -> bool {
    char.is_ascii_alphanumeric() || char.is_ascii_whitespace() || "{}()[]<>,;:=*&._\"'#/".contains(char)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(Kind, &str)> {
        let mut lexer = Lexer::new(text, 0);
        let mut out = Vec::new();
        loop {
            let token = lexer.next();
            if token.kind == Kind::End {
                return out;
            }
            out.push((token.kind, &text[token.start..token.end]));
        }
    }

    #[test]
    fn numbers_and_paths() {
        use Kind::{Double, Int, Mark, Word};
        let all = kinds("-0x1F +5 .5 -1.5e-3 2e9 E.A a.5 1struct");
        let (dot, a) = ((Mark(b'.'), "."), (Word, "a"));
        assert_eq!(all[..5], [(Int, "-0x1F"), (Int, "+5"), (Double, ".5"), (Double, "-1.5e-3"), (Double, "2e9")]);
        assert_eq!(all[5..11], [(Word, "E"), dot, (Word, "A"), a, dot, (Int, "5")]);
        assert_eq!(all[11..], [(Int, "1"), (Word, "struct")]);
    }

    #[test]
    fn quotes_hold_newlines_and_escapes() {
        assert_eq!(kinds("'a\"\\'\nb' \"\\\\\"").len(), 2);
    }

    #[test]
    fn comments_stand_before_their_token() {
        let mut lexer = Lexer::new("a // x\n/** y */ b /**/ /***/", 0);
        assert!(lexer.next().first);
        assert!(!{ lexer.next() }.first || lexer.comments.len() == 2);
        let styles: Vec<_> = lexer.comments.iter().map(|it| (it.style, it.first)).collect();
        assert_eq!(styles, [(Style::Line, false), (Style::Doc, true)]);
        lexer.next();
        assert_eq!(lexer.comments[0].style, Style::Block);
    }

    #[test]
    fn faults_are_kept_and_passed_over() {
        let mut lexer = Lexer::new("a $€! b \"x\nc /* d", 0);
        let words: Vec<_> = std::iter::from_fn(|| match lexer.next() {
            Token { kind: Kind::End, .. } => None,
            token => Some(token.kind),
        })
        .collect();
        assert_eq!(words, [Kind::Word, Kind::Word, Kind::Text, Kind::Word]);
        let faults: Vec<_> = lexer.faults.iter().map(|it| it.0).collect();
        assert_eq!(faults, [Fault::Stray, Fault::OpenText, Fault::OpenComment]);
    }
}
