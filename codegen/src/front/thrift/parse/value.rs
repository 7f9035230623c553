//! Literals: numbers, quoted texts, names, lists, maps.

use super::{Fault, Kind, Parse, Parser, say};
use crate::{
    front::thrift::MAX_DEPTH,
    ir::draft::{Literal, LiteralKind, Name},
    source::Span,
};

impl Parser<'_, '_> {
    pub(super) fn literal(&mut self) -> Parse<Literal> {
        if self.depth >= MAX_DEPTH {
            return self.fail(say::too_deep("values", MAX_DEPTH, self.here()));
        }
        self.depth += 1;
        let start = self.token.start;
        let kind = self.literal_kind();
        self.depth -= 1;
        Ok(Literal { kind: kind?, span: self.since(start) })
    }

    fn literal_kind(&mut self) -> Parse<LiteralKind> {
        const WHAT: &str = "a value";
        match self.token.kind {
            Kind::Int => self.whole_number(WHAT).map(|it| LiteralKind::Int(it.0)),
            Kind::Double => self.double().map(LiteralKind::Double),
            Kind::Text => self.quoted(WHAT).map(|it| LiteralKind::String(it.text)),
            Kind::Mark(b'[') => self.values().map(LiteralKind::List),
            Kind::Mark(b'{') => self.pairs().map(LiteralKind::Map),
            _ => self.path(WHAT).map(|it| LiteralKind::Name(it.text)),
        }
    }

    fn values(&mut self) -> Parse<Vec<Literal>> {
        let opened = self.expect(b'[')?;
        let mut all = Vec::new();
        while !self.take(b']') {
            if self.token.kind == Kind::End {
                return self.unclosed(b'[', b']', opened);
            }
            all.push(self.literal()?);
            self.separator();
        }
        Ok(all)
    }

    fn pairs(&mut self) -> Parse<Vec<(Literal, Literal)>> {
        let opened = self.expect(b'{')?;
        let mut all = Vec::new();
        while !self.take(b'}') {
            if self.token.kind == Kind::End {
                return self.unclosed(b'{', b'}', opened);
            }
            let key = self.literal()?;
            self.expect(b':')?;
            all.push((key, self.literal()?));
            self.separator();
        }
        Ok(all)
    }

    /// A whole number. One that is too large is reported and read as 0.
    pub(super) fn whole_number(&mut self, what: &str) -> Parse<(i64, Span)> {
        if self.token.kind != Kind::Int {
            return self.expected(what);
        }
        let (text, span) = (self.slice(), self.here());
        self.bump();
        let value = parse_int(text);
        if value.is_none() {
            self.report(say::int_too_big(span));
        }
        Ok((value.unwrap_or(0), span))
    }

    fn double(&mut self) -> Parse<f64> {
        let (text, span) = (self.slice(), self.here());
        self.bump();
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => self.fail(say::double_too_big(span)),
        }
    }

    /// A quoted text. An escape that means nothing is kept, with a warning.
    pub(super) fn quoted(&mut self, what: &str) -> Parse<Name> {
        let (start, raw) = (self.token.start, self.raw_quoted(what)?);
        let (text, unknown) = unescape(raw);
        for (offset, escape) in unknown {
            let offset = start + 1 + offset;
            self.report(say::unknown_escape(&escape, self.span(offset, offset + escape.len())));
        }
        Ok(Name { text, span: self.since(start) })
    }

    /// The same without warnings: annotations often hold patterns with backslashes of their own.
    pub(super) fn plain_quoted(&mut self, what: &str) -> Parse<Name> {
        let (start, raw) = (self.token.start, self.raw_quoted(what)?);
        Ok(Name { text: unescape(raw).0, span: self.since(start) })
    }

    fn raw_quoted(&mut self, what: &str) -> Parse<&str> {
        if self.token.kind != Kind::Text {
            return self.expected(what);
        }
        let (text, open) = (self.slice(), self.fault == Some(Fault::OpenText));
        self.bump();
        // A text that is not closed has no quote at its end.
        let end = if open { text.len() } else { text.len() - 1 };
        Ok(text.get(1..end).unwrap_or_default())
    }
}

/// `None` when it does not fit; digits that are missing were reported by the lexer.
fn parse_int(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(hex) => (16, hex),
        None => (10, digits),
    };
    if digits.is_empty() {
        return Some(0);
    }
    let value = i128::from_str_radix(digits, radix).ok()?;
    i64::try_from(value * sign).ok()
}

/// The text that is meant, and the escapes that mean nothing with their offsets.
fn unescape(raw: &str) -> (String, Vec<(usize, String)>) {
    let (mut out, mut unknown) = (String::with_capacity(raw.len()), Vec::new());
    let mut chars = raw.char_indices();
    while let Some((at, char)) = chars.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        let Some((_, escape)) = chars.next() else {
            break;
        };
        match meaning(escape) {
            Some(meant) => out.push(meant),
            None => {
                out.extend(['\\', escape]);
                unknown.push((at, format!("\\{escape}")));
            }
        }
    }
    (out, unknown)
}

fn meaning(escape: char) -> Option<char> {
    Some(match escape {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        '0' => '\0',
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'v' => '\x0b',
        '\\' | '"' | '\'' => escape,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers() {
        assert_eq!(parse_int("-0x10"), Some(-16));
        assert_eq!(parse_int("+7"), Some(7));
        assert_eq!(parse_int("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(parse_int("9223372036854775808"), None);
        assert_eq!(parse_int(&"9".repeat(100)), None);
    }

    #[test]
    fn escapes() {
        let (text, unknown) = unescape(r#"a\"\n\\\d"#);
        assert_eq!(text, "a\"\n\\\\d");
        assert_eq!(unknown, [(7, "\\d".to_owned())]);
    }
}
