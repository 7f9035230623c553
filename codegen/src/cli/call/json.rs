//! JSON with the place of every value, for errors that point at it; and JSON for people to read.

use std::fmt::Write as _;
use std::ops::Range;

use super::fault::Fault;

/// The deepest nesting that is read.
const DEEPEST: usize = 100;
/// What is longer than a line has its parts on lines of their own.
const LINE: usize = 80;

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Json {
    pub(super) at: Range<usize>,
    pub(super) kind: Kind,
}

/// The kinds of values. Numbers are texts: none is rounded.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<Member>),
}

/// A pair of an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) at: Range<usize>,
    pub(super) value: Json,
}

impl From<Kind> for Json {
    fn from(kind: Kind) -> Self {
        Self { at: 0..0, kind }
    }
}

impl Json {
    /// A pair of an object that nobody wrote.
    pub(super) fn member(name: impl Into<String>, value: impl Into<Self>) -> Member {
        Member { name: name.into(), at: 0..0, value: value.into() }
    }

    /// What it is, for errors.
    pub(super) fn is(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "this is null",
            Kind::Bool(_) => "this is a truth value",
            Kind::Number(_) => "this is a number",
            Kind::Text(_) => "this is a text",
            Kind::List(_) => "this is a list",
            Kind::Object(_) => "this is an object",
        }
    }

    /// On one line, or on several where it is long.
    pub(super) fn pretty(&self) -> String {
        let mut out = String::new();
        self.lay_out(0, &mut out);
        out
    }

    /// On one line.
    pub(super) fn line(&self) -> String {
        let mut out = String::new();
        match &self.kind {
            Kind::Null => out.push_str("null"),
            Kind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Kind::Number(number) => out.push_str(number),
            Kind::Text(text) => quote(text, &mut out),
            Kind::List(all) => {
                let all: Vec<String> = all.iter().map(Self::line).collect();
                out.extend(["[", &all.join(", "), "]"]);
            }
            Kind::Object(all) => {
                out.push('{');
                for (place, member) in all.iter().enumerate() {
                    out.push_str(if place == 0 { "" } else { ", " });
                    quote(&member.name, &mut out);
                    out.extend([": ", &member.value.line()]);
                }
                out.push('}');
            }
        }
        out
    }

    fn lay_out(&self, indent: usize, out: &mut String) {
        let line = self.line();
        let before = out.len() - out.rfind('\n').map_or(0, |it| it + 1);
        let parts: Vec<(Option<&str>, &Self)> = match &self.kind {
            Kind::List(all) => all.iter().map(|it| (None, it)).collect(),
            Kind::Object(all) => all.iter().map(|it| (Some(it.name.as_str()), &it.value)).collect(),
            _ => Vec::new(),
        };
        if parts.is_empty() || before + line.chars().count() <= LINE {
            return out.push_str(&line);
        }
        let (open, close) = if matches!(self.kind, Kind::List(_)) { ('[', ']') } else { ('{', '}') };
        out.push(open);
        for (place, (name, value)) in parts.into_iter().enumerate() {
            out.push_str(if place == 0 { "\n" } else { ",\n" });
            out.push_str(&" ".repeat(indent + 2));
            if let Some(name) = name {
                quote(name, out);
                out.push_str(": ");
            }
            value.lay_out(indent + 2, out);
        }
        out.push('\n');
        out.push_str(&" ".repeat(indent));
        out.push(close);
    }
}

/// A text of JSON, nothing in it that a terminal obeys.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter
                if letter.is_control()
                    || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                // Writing to a text cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
}

/// Reads values that stand one after the other.
pub(super) fn documents(text: &str) -> Result<Vec<Json>, Fault> {
    let mut reader = Reader { text, at: 0 };
    let mut all = Vec::new();
    reader.blank();
    while reader.at < text.len() {
        all.push(reader.value(0)?);
        reader.blank();
    }
    Ok(all)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// The fault that something else was expected here.
    fn expected(&self, what: &str) -> Fault {
        let length = self.text.get(self.at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let label = if length == 0 { "the text ends here" } else { "" };
        Fault::new(self.at..self.at + length, format!("this is not JSON: {what} is missing")).label(label)
    }

    fn value(&mut self, depth: usize) -> Result<Json, Fault> {
        self.blank();
        let start = self.at;
        if depth > DEEPEST {
            return Err(Fault::new(start..start + 1, format!("values are nested more than {DEEPEST} levels deep")));
        }
        let kind = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Kind::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        Ok(Json { at: start..self.at, kind })
    }

    fn word(&mut self) -> Result<Kind, Fault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.find(|it: char| !it.is_ascii_alphanumeric() && it != '_').unwrap_or(rest.len());
        let kind = match &rest[..end] {
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            "null" => Kind::Null,
            "" => return Err(self.expected("a value")),
            word => {
                let help = format!("write a text in quotes: \"{word}\"");
                return Err(Fault::new(self.at..self.at + end, format!("`{word}` is not JSON")).help(help));
            }
        };
        self.at += end;
        Ok(kind)
    }

    fn number(&mut self) -> Result<Kind, Fault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.find(|it: char| !matches!(it, '0'..='9' | '-' | '+' | '.' | 'e' | 'E')).unwrap_or(rest.len());
        let number = &rest[..end];
        // The standard library takes more than JSON does, such as `1.` and `01`.
        let digits = number.trim_start_matches('-');
        let odd = (digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1].is_ascii_digit())
            || number.ends_with('.')
            || number.contains(".e")
            || number.contains(".E")
            || digits.starts_with('.');
        if odd || number.parse::<f64>().is_err() {
            return Err(Fault::new(self.at..self.at + end, format!("`{number}` is not a number of JSON")));
        }
        self.at += end;
        Ok(Kind::Number(number.to_owned()))
    }

    /// A text; the standard escapes are read by serde_json.
    fn string(&mut self) -> Result<String, Fault> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut end = start + 1;
        loop {
            match bytes.get(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(_) => end += 1,
                None => {
                    let fault = Fault::new(start..start + 1, "this is not JSON: the text has no end");
                    return Err(fault.label("it begins here").help("close it with a \""));
                }
            }
        }
        let whole = self.text.get(start..=end).unwrap_or_default();
        let text = serde_json::from_str(whole).map_err(|error| {
            let why = error.to_string();
            let why = why.split(" at line").next().unwrap_or_default();
            Fault::new(start..end + 1, format!("this is not a text of JSON: {why}"))
        })?;
        self.at = end + 1;
        Ok(text)
    }

    fn list(&mut self, depth: usize) -> Result<Kind, Fault> {
        self.at += 1;
        let mut all = Vec::new();
        self.blank();
        while self.peek() != Some(b']') {
            all.push(self.value(depth + 1)?);
            self.between(b']', "`,` or `]`")?;
        }
        self.at += 1;
        Ok(Kind::List(all))
    }

    fn object(&mut self, depth: usize) -> Result<Kind, Fault> {
        self.at += 1;
        let mut all: Vec<Member> = Vec::new();
        self.blank();
        while self.peek() != Some(b'}') {
            if self.peek() != Some(b'"') {
                return Err(self.expected("the name of a field, in quotes,"));
            }
            let start = self.at;
            let name = self.string()?;
            let range = start..self.at;
            if all.iter().any(|it| it.name == name) {
                return Err(Fault::new(range, format!("`{name}` is there twice")).help("leave one of them out"));
            }
            self.blank();
            if self.peek() != Some(b':') {
                return Err(self.expected("`:`"));
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            all.push(Member { name, at: range, value });
            self.between(b'}', "`,` or `}`")?;
        }
        self.at += 1;
        Ok(Kind::Object(all))
    }

    /// Steps over a comma, or up to the end of what is read.
    fn between(&mut self, end: u8, what: &str) -> Result<(), Fault> {
        self.blank();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.blank();
                if self.peek() == Some(end) {
                    return Err(self.expected("a value behind the comma"));
                }
                Ok(())
            }
            Some(byte) if byte == end => Ok(()),
            _ => Err(self.expected(what)),
        }
    }
}
