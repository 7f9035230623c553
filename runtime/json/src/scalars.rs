//! Reading what is neither a list nor an object: texts, numbers and words.

use std::borrow::Cow;

use crate::number::Unfit;
use crate::reader::{Source, Token, shown};
use crate::{Failure, Read, Reader, number, scan};

impl<'a> Reader<'a> {
    /// A text, behind its opening quote.
    #[inline]
    pub(crate) fn quoted(&mut self) -> Read<Cow<'a, str>> {
        let (start, bytes) = (self.at, self.bytes());
        let length = scan::plain(bytes);
        let text = match bytes.get(length) {
            Some(b'"') => {
                self.at = start + length + 1;
                Cow::Borrowed(self.text.get(start..start + length).unwrap_or_default())
            }
            Some(b'\\') => {
                let (text, length) = scan::escaped(self.text.get(start..).unwrap_or_default(), start)?;
                self.at = start + length;
                Cow::Owned(text)
            }
            other => return Err(scan::unended(other.copied(), start + length)),
        };
        if text.len() > self.string {
            return Err(Failure::exhausted(format!("a text of {} bytes is over the limit", text.len()), Some(start)));
        }
        Ok(text)
    }

    /// A text.
    pub(crate) fn string(&mut self) -> Read<Cow<'a, str>> {
        if let Source::Json = self.source {
            self.expect(b'"', "a text")?;
            return self.quoted();
        }
        let token = self.token("a text")?;
        Ok(token.text)
    }

    /// A text, a number or a word.
    pub(crate) fn token(&mut self, wanted: &str) -> Read<Token<'a>> {
        match self.source {
            Source::Json => {}
            Source::Key | Source::Text("") => {
                return Ok(Token { text: Cow::Borrowed(self.text), quoted: true, at: None });
            }
            Source::Raw("", bytes, _) => {
                let text = std::str::from_utf8(bytes).map_err(|_| Failure::new("the body is not UTF-8", None))?;
                return Ok(Token { text: Cow::Borrowed(text), quoted: true, at: None });
            }
            Source::Text(path) | Source::Raw(path, ..) | Source::Field(path) => {
                return Err(Failure::new(format!("it is {wanted}, and has no field `{path}`"), None));
            }
        }
        let offset = self.place();
        if self.eat(b'"') {
            return Ok(Token { text: self.quoted()?, quoted: true, at: offset });
        }
        let rest = self.bytes();
        let length = match rest.first() {
            Some(b'-' | b'0'..=b'9') => {
                let length = number::length(rest);
                let ends = length.is_some_and(|length| {
                    !matches!(rest.get(length), Some(b'0'..=b'9' | b'.' | b'-' | b'+' | b'a'..=b'z' | b'A'..=b'Z'))
                });
                length.filter(|_| ends)
            }
            _ => [&b"true"[..], b"false", b"null"].iter().find(|word| rest.starts_with(word)).map(|word| word.len()),
        };
        let Some(length) = length else { return Err(self.unexpected(wanted)) };
        let text = self.text.get(self.at..self.at + length).unwrap_or_default();
        self.at += length;
        Ok(Token { text: Cow::Borrowed(text), quoted: false, at: offset })
    }

    /// A whole number.
    #[inline]
    pub(crate) fn integer(&mut self, least: i64, most: i64) -> Read<i64> {
        if let Source::Json = self.source
            && let Some((number, length)) = short(self.peek(), self.bytes())
            && (least..=most).contains(&number)
        {
            self.at += length;
            return Ok(number);
        }
        self.long(least.into(), most.into()).map(|number| number as i64)
    }

    /// A whole number, however it is written.
    pub(crate) fn long(&mut self, least: i128, most: i128) -> Read<i128> {
        let token = self.token("a whole number")?;
        self.whole_of(&token, least, most)
    }

    pub(crate) fn whole_of(&self, token: &Token<'_>, least: i128, most: i128) -> Read<i128> {
        let plain = match self.source {
            // Zeros in front are common where people write numbers.
            Source::Text(_) => token.text.parse().ok(),
            _ => None,
        };
        match plain.map_or_else(|| number::whole(&token.text), Ok) {
            Ok(number) if number > most => Err(Failure::new(format!("{number} is over {most}"), token.at)),
            Ok(number) if number < least => Err(Failure::new(format!("{number} is under {least}"), token.at)),
            Ok(number) => Ok(number),
            Err(Unfit::Large) => {
                let shown = shown(&token.text, token.quoted);
                let beyond =
                    if token.text.starts_with('-') { format!("under {least}") } else { format!("over {most}") };
                Err(Failure::new(format!("{shown} is {beyond}"), token.at))
            }
            Err(Unfit::Not | Unfit::Fraction) => Err(self.wrong(token, "a whole number")),
        }
    }

    /// The text of a number with a fraction, or a word that stands for one.
    pub(crate) fn real<T: std::str::FromStr>(&mut self, of: fn(f64) -> T, finite: fn(&T) -> bool) -> Read<T> {
        let token = self.token("a number")?;
        if token.quoted
            && let Some(word) = number::of_word(&token.text)
        {
            return Ok(of(word));
        }
        let number = Some(()).filter(|()| number::is(&token.text)).and_then(|()| token.text.parse::<T>().ok());
        match number {
            Some(number) if finite(&number) => Ok(number),
            Some(_) => Err(Failure::new(format!("{} is out of range", shown(&token.text, token.quoted)), token.at)),
            None => Err(self.wrong(&token, "a number")),
        }
    }

    /// What a text is parsed as.
    ///
    /// # Errors
    ///
    /// For a text that is not `wanted`.
    pub fn parsed<T: std::str::FromStr>(&mut self, wanted: &str) -> Read<T> {
        let token = self.token(wanted)?;
        let value = Some(&token.text).filter(|_| token.quoted).and_then(|text| text.parse().ok());
        value.ok_or_else(|| self.wrong(&token, wanted))
    }

    /// A truth value.
    pub(crate) fn boolean(&mut self) -> Read<bool> {
        let token = self.token("true or false")?;
        let json = matches!(self.source, Source::Json);
        match &*token.text {
            "true" if token.quoted != json => Ok(true),
            "false" if token.quoted != json => Ok(false),
            // As Go's `strconv.ParseBool` has it, which reads queries elsewhere.
            "1" | "t" | "T" | "TRUE" | "True" if matches!(self.source, Source::Text(_)) => Ok(true),
            "0" | "f" | "F" | "FALSE" | "False" if matches!(self.source, Source::Text(_)) => Ok(false),
            _ => Err(self.wrong(&token, "true or false")),
        }
    }

    /// Whether `null` comes next, which is then behind.
    #[inline]
    pub(crate) fn null(&mut self) -> bool {
        let json = matches!(self.source, Source::Json);
        let null = json && self.peek() == Some(b'n') && self.bytes().starts_with(b"null");
        if null {
            self.at += 4;
        }
        null
    }
}

/// A whole number of at most 18 digits and nothing else, with its length.
#[inline]
fn short(first: Option<u8>, bytes: &[u8]) -> Option<(i64, usize)> {
    let negative = first == Some(b'-');
    let digits = bytes.get(usize::from(negative)..)?;
    let (mut number, mut length) = (0_i64, 0);
    while let Some(digit @ b'0'..=b'9') = digits.get(length)
        && length < 18
    {
        number = number * 10 + i64::from(digit - b'0');
        length += 1;
    }
    let zero = digits.first() == Some(&b'0') && length > 1;
    let ends = matches!(digits.get(length), Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t') | None);
    let number = if negative { -number } else { number };
    (length > 0 && ends && !zero).then_some((number, length + usize::from(negative)))
}
