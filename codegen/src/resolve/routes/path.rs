//! Paths of routes as people write them, read into segments: the templates of `google/api/http.proto` here, Hertz' paths in
//! `hertz`.

use std::ops::Range;

use crate::ir::draft::Name;
use crate::ir::http::Segment;
use crate::source::Span;

/// A path that was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) segments: Vec<Segment>,
    pub(super) ending: String,
    pub(super) variables: Vec<Bound>,
}

/// A variable: the path of a field, its place in the text, and its segments.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bound {
    pub(super) field: String,
    pub(super) at: Range<usize>,
    pub(super) segments: Range<usize>,
}

/// Why a text is no path, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) at: Range<usize>,
    pub(super) why: Why,
}

/// The kind of a refusal.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It does not follow the grammar.
    Form(&'static str),
    /// Segments follow on one that takes all that are left.
    BehindRest,
}

/// A refusal of the grammar.
pub(super) fn refuse<T>(at: Range<usize>, why: &'static str) -> Result<T, Refusal> {
    Err(Refusal { at, why: Why::Form(why) })
}

/// A refusal of a path without a slash in front.
pub(super) fn no_slash<T>(text: &str) -> Result<T, Refusal> {
    refuse(0..text.chars().next().map_or(0, char::len_utf8), "a path begins with `/`")
}

/// The place of a part of a text in the IDL: that of the whole where it is written otherwise.
pub(super) fn place(name: &Name, part: &Range<usize>) -> Span {
    let (span, length) = (name.span, name.text.len());
    let quotes = match usize::try_from(span.end.saturating_sub(span.start)) {
        Ok(wide) if wide == length => 0,
        Ok(wide) if wide == length + 2 => 1,
        _ => return span,
    };
    let absolute = |offset: usize| span.start + u32::try_from(offset + quotes).unwrap_or_default();
    Span { start: absolute(part.start), end: absolute(part.end), ..span }
}

/// Reads a template by the grammar in `google/api/http.proto`.
pub(super) fn template(text: &str) -> Result<Path, Refusal> {
    if !text.starts_with('/') {
        return no_slash(text);
    }
    let mut path = Path::default();
    let end = verb(text, &mut path)?;
    let mut reader = Reader { text: &text[..end], at: 0, rest: None };
    while reader.at < end && text != "/" {
        // The slash in front of the segment.
        reader.at += 1;
        if reader.text[reader.at..].starts_with('{') {
            reader.variable(&mut path)?;
        } else {
            let upto = reader.text[reader.at..].find('/').map_or(end, |it| reader.at + it);
            reader.segment(upto, &mut path)?;
        }
    }
    Ok(path)
}

/// Reads the part behind the last colon outside of variables; gives the end of what is before it.
fn verb(text: &str, path: &mut Path) -> Result<usize, Refusal> {
    let tail = text.rfind(['/', '}']).map_or(0, |it| it + 1);
    let Some(colon) = text[tail..].rfind(':').map(|it| tail + it) else { return Ok(text.len()) };
    if colon + 1 == text.len() {
        return refuse(colon..text.len(), "a verb follows behind `:`");
    }
    path.ending = literal(text, colon + 1..text.len())?;
    Ok(colon)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The place of a `**`, once there is one.
    rest: Option<Range<usize>>,
}

impl Reader<'_> {
    /// The segment from here to `upto`.
    fn segment(&mut self, upto: usize, path: &mut Path) -> Result<(), Refusal> {
        let range = self.at..upto;
        if let Some(rest) = &self.rest {
            return Err(Refusal { at: rest.clone(), why: Why::BehindRest });
        }
        path.segments.push(match &self.text[range.clone()] {
            "" => return refuse(range.start.saturating_sub(1)..upto, "a segment is empty"),
            "*" => Segment::Any,
            "**" => {
                self.rest = Some(range);
                Segment::Rest
            }
            _ => Segment::Literal(literal(self.text, range)?),
        });
        self.at = upto;
        Ok(())
    }

    /// `{a.b=x/*}`, which ends its segment.
    fn variable(&mut self, path: &mut Path) -> Result<(), Refusal> {
        let open = self.at;
        let Some(close) = self.text[open..].find('}').map(|it| open + it) else {
            return refuse(open..open + 1, "`{` is not closed");
        };
        if let Some(inner) = self.text[open + 1..close].find('{') {
            let inner = open + 1 + inner;
            return refuse(inner..inner + 1, "variables do not nest");
        }
        let equals = self.text[open..close].find('=').map(|it| open + it);
        let range = open + 1..equals.unwrap_or(close);
        let field = self.text[range.clone()].to_owned();
        if !field.split('.').all(is_identifier) {
            return refuse(open..close + 1, "a variable is the name of a field, or of a field in a field");
        }
        let first = path.segments.len();
        match equals {
            None => {
                if let Some(rest) = &self.rest {
                    return Err(Refusal { at: rest.clone(), why: Why::BehindRest });
                }
                path.segments.push(Segment::Any);
            }
            Some(equals) => self.inside(equals, close, path)?,
        }
        path.variables.push(Bound { field, at: range, segments: first..path.segments.len() });
        self.at = close + 1;
        match self.text[self.at..].chars().next() {
            None | Some('/') => Ok(()),
            Some(other) => refuse(self.at..self.at + other.len_utf8(), "a variable ends its segment"),
        }
    }

    /// The segments of a variable, from the `=` to the `}`.
    fn inside(&mut self, equals: usize, close: usize, path: &mut Path) -> Result<(), Refusal> {
        self.at = equals;
        while self.at < close {
            self.at += 1;
            let upto = self.text[self.at..close].find('/').map_or(close, |it| self.at + it);
            self.segment(upto, path)?;
        }
        Ok(())
    }
}

fn is_identifier(text: &str) -> bool {
    let mut all = text.chars();
    let first = all.next().is_some_and(|it| it.is_ascii_alphabetic() || it == '_');
    first && all.all(|it| it.is_ascii_alphanumeric() || it == '_')
}

/// A text of a path, percent-decoded.
pub(super) fn literal(text: &str, at: Range<usize>) -> Result<String, Refusal> {
    let mut bytes = Vec::new();
    let mut rest = text[at.clone()].char_indices();
    while let Some((offset, char)) = rest.next() {
        let here = at.start + offset;
        match char {
            '*' => return refuse(here..here + 1, "`*` is a whole segment"),
            '{' | '}' => return refuse(here..here + 1, "a variable is whole segments: `/{name}/`"),
            '?' | '#' => return refuse(here..here + 1, "this ends a path"),
            char if char.is_whitespace() || char.is_control() => {
                return refuse(here..here + char.len_utf8(), "a blank is written `%20`, what cannot be seen alike");
            }
            '%' => {
                let digits = text.get(here + 1..(here + 3).min(at.end)).unwrap_or_default();
                let byte =
                    u8::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 2 && !digits.starts_with('+'));
                let Some(byte) = byte else {
                    return refuse(here..here + 1, "two hexadecimal digits follow behind `%`");
                };
                bytes.push(byte);
                rest.nth(1);
            }
            char => bytes.extend(char.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    String::from_utf8(bytes).or_else(|_| refuse(at, "this is not UTF-8 when it is decoded"))
}

#[cfg(test)]
mod tests;
