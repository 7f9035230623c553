//! The words of an expression of `api.vd`.

use crate::source::Span;

/// A word with its place in the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Word,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The kind of a word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    /// A number; whole ones exactly.
    Number(f64),
    /// A text in single quotes.
    Text(String),
    /// A name.
    Name(String),
    /// `$`, an operator, a bracket.
    Mark(&'static str),
}

const MARKS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ",", ";", ":", "@", "$", "+", "-", "*", "/",
    "%", "#", "?", ".",
];

/// Cuts a text into words.
///
/// # Errors
///
/// What is no word, with its place.
pub(super) fn words(text: &str) -> Result<Vec<Token>, (String, usize, usize)> {
    let (mut tokens, mut at) = (Vec::new(), 0);
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let (kind, length) = if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        } else if c == '\'' {
            quoted(rest).ok_or_else(|| ("the text has no closing `'`".to_owned(), at, text.len()))?
        } else if c.is_ascii_digit() {
            let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let number = rest[..length].parse().map_err(|_| ("not a number".to_owned(), at, at + length))?;
            (Word::Number(number), length)
        } else if c.is_ascii_alphabetic() || c == '_' {
            let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            (Word::Name(rest[..length].to_owned()), length)
        } else {
            let mark = MARKS.iter().find(|it| rest.starts_with(**it));
            let mark = mark.ok_or_else(|| (format!("`{c}` has no meaning here"), at, at + c.len_utf8()))?;
            (Word::Mark(mark), mark.len())
        };
        tokens.push(Token { kind, start: at, end: at + length });
        at += length;
    }
    Ok(tokens)
}

/// A text in single quotes, in which `\'` is a quote, and its length with them.
fn quoted(rest: &str) -> Option<(Word, usize)> {
    let (mut out, mut chars) = (String::new(), rest.char_indices().skip(1).peekable());
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => return Some((Word::Text(out), at + 1)),
            '\\' if chars.next_if(|(_, next)| *next == '\'').is_some() => out.push('\''),
            _ => out.push(c),
        }
    }
    None
}

/// The place of a part of an annotation's value. Escapes make the text in the file longer: then it is the whole value.
pub(super) fn place(whole: Span, text: &str, start: usize, end: usize) -> Span {
    let offset = |at: usize| u32::try_from(at).map_or(whole.end, |at| whole.start + 1 + at);
    if (whole.end - whole.start) as usize == text.len() + 2 {
        Span { start: offset(start), end: offset(end.max(start + 1)), ..whole }
    } else {
        whole
    }
}
