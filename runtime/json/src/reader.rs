//! The reader of JSON: no tree, no recursion beyond a limit, no memory beyond a limit.

use std::borrow::Cow;

use kiteline_core::limits::DecodeLimits;

use crate::failure::Step;
use crate::fields::Seen;
use crate::{Failure, Read, Style, Types, scan};

/// How deep protobuf's own readers go.
const PROTO_DEPTH: u16 = 100;

/// Reads JSON; or one text that stands for the value of a field, in a path, a query or a header.
#[derive(Debug)]
pub struct Reader<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
    pub(crate) source: Source<'a>,
    /// How much deeper it may go.
    pub(crate) depth: u16,
    /// How much memory values may still take.
    pub(crate) budget: usize,
    /// How long a text may be.
    pub(crate) string: usize,
    pub(crate) refuse_unknown: bool,
    pub(crate) style: Style,
    pub(crate) types: Option<&'static Types>,
    /// The required fields of the next object are asked for later: these came.
    pub(crate) partial: Option<Seen>,
    /// Whether a text was read as an element of a list.
    pub(crate) listed: bool,
}

/// What the text is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    Json,
    /// The name of a pair.
    Key,
    /// The value of the field of this path.
    Text(&'a str),
    /// The JSON of the field of this path.
    Field(&'a str),
    /// The bytes of the field of this path, and the content type of them.
    Raw(&'a str, &'a [u8], &'a str),
}

/// A text, or a number or a word without quotes.
#[derive(Debug)]
pub(crate) struct Token<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) quoted: bool,
    pub(crate) at: Option<usize>,
}

impl<'a> Reader<'a> {
    /// A reader of JSON.
    ///
    /// # Errors
    ///
    /// For bytes that are not UTF-8.
    pub fn new(json: &'a [u8], style: Style, limits: DecodeLimits) -> Read<Self> {
        let text = if json.len() < 64 { std::str::from_utf8(json).ok() } else { simdutf8::basic::from_utf8(json).ok() };
        let text = text.ok_or_else(|| {
            let offset = std::str::from_utf8(json).err().map(|error| error.valid_up_to());
            Failure::new("the JSON is not UTF-8", offset)
        })?;
        Ok(Self::of(text, Source::Json, style, limits))
    }

    pub(crate) fn of(text: &'a str, source: Source<'a>, style: Style, limits: DecodeLimits) -> Self {
        let depth = if style == Style::Proto { PROTO_DEPTH } else { limits.depth };
        let (budget, string) = (limits.budget, limits.string as usize);
        let refuse_unknown = limits.refuse_unknown;
        Self {
            text,
            at: 0,
            source,
            depth,
            budget,
            string,
            refuse_unknown,
            style,
            types: None,
            partial: None,
            listed: false,
        }
    }

    /// A reader of another text with what this one has left.
    pub(crate) fn nested<'b>(&self, text: &'b str, source: Source<'b>) -> Reader<'b> {
        let mut inner = Reader::of(text, source, self.style, DecodeLimits::default());
        (inner.depth, inner.budget, inner.string) = (self.depth, self.budget, self.string);
        (inner.refuse_unknown, inner.types) = (self.refuse_unknown, self.types);
        inner
    }

    /// Reads with another reader, which begins with what this one has left.
    pub(crate) fn with<'b, T>(
        &mut self,
        text: &'b str,
        source: Source<'b>,
        read: impl FnOnce(&mut Reader<'b>) -> Read<T>,
    ) -> Read<T> {
        let mut inner = self.nested(text, source);
        let value = read(&mut inner);
        self.budget = inner.budget;
        value
    }

    /// Whether a list is read as a whole, in place of a default that is there.
    pub(crate) fn replaces(&self) -> bool {
        matches!(self.source, Source::Json)
    }

    /// Whether members of enums and types that are not known are left out, not refused. Of a text outside of the body nothing
    /// would be left.
    pub(crate) fn skips_unknown(&self) -> bool {
        !self.refuse_unknown && !matches!(self.source, Source::Text(_))
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    ///
    /// For anything but blanks.
    pub fn end(&mut self) -> Read {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(Failure::new("there is more behind the JSON", Some(self.at))),
        }
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The next byte that is not a blank.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    #[inline]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let matches = self.peek() == Some(byte);
        self.at += usize::from(matches);
        matches
    }

    #[inline]
    pub(crate) fn expect(&mut self, byte: u8, wanted: &str) -> Read {
        if self.eat(byte) { Ok(()) } else { Err(self.unexpected(wanted)) }
    }

    /// The place of the next byte, for errors.
    pub(crate) fn place(&mut self) -> Option<usize> {
        self.peek();
        matches!(self.source, Source::Json).then_some(self.at)
    }

    #[cfg(feature = "proto")]
    pub(crate) fn rewind(&mut self, at: usize) {
        self.at = at;
    }

    #[cfg(feature = "proto")]
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The error for a value of another kind.
    #[cold]
    pub(crate) fn unexpected(&mut self, wanted: &str) -> Failure {
        let place = self.place();
        let bytes = self.bytes();
        let actual = match bytes.first() {
            None => return Failure::new(format!("the JSON ends where {wanted} should be"), place),
            Some(b'{') => "an object".to_owned(),
            Some(b'[') => "a list".to_owned(),
            Some(b'"') => {
                let rest = self.text.get(self.at + 1..).unwrap_or_default();
                shown(rest.get(..scan::plain(rest.as_bytes())).unwrap_or_default(), true)
            }
            Some(_) => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                let end = rest.find([',', '}', ']', ' ', '\n', '\r', '\t', ':']).unwrap_or(rest.len());
                shown(rest.get(..end.max(1)).unwrap_or_default(), false)
            }
        };
        Failure::new(format!("{actual} is not {wanted}"), place)
    }

    #[cold]
    pub(crate) fn wrong(&self, token: &Token<'_>, wanted: &str) -> Failure {
        Failure::new(format!("{} is not {wanted}", shown(&token.text, token.quoted)), token.at)
    }

    /// The error for a field that has to be there.
    #[cold]
    pub fn missing(&self, name: &'static str) -> Failure {
        let offset = matches!(self.source, Source::Json).then_some(self.at);
        Failure::new("the field is missing", offset).inside(Step::Field(name))
    }

    /// Takes memory out of what values may take.
    #[inline]
    pub(crate) fn charge(&mut self, bytes: usize) -> Read {
        match self.budget.checked_sub(bytes) {
            Some(left) => self.budget = left,
            None => {
                let what = "the values take more memory than the limit allows".to_owned();
                return Err(Failure::exhausted(what, self.place()));
            }
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn deeper(&mut self) -> Read {
        match self.depth.checked_sub(1) {
            Some(depth) => self.depth = depth,
            None => return Err(Failure::new("the JSON is nested too deep", self.place())),
        }
        Ok(())
    }
}

/// A value as errors show it.
pub(crate) fn shown(text: &str, quoted: bool) -> String {
    let cut: String = text.chars().take(32).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    if quoted { format!("{cut:?}{more}") } else { format!("{cut}{more}") }
}
