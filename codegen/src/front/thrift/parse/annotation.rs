//! `(key = "value", flag)` behind nearly everything.

use super::{Kind, Parse, Parser};
use crate::ir::draft::{Annotation, Name};

impl Parser<'_, '_> {
    /// The annotations in sight; none when there are none.
    pub(super) fn annotations(&mut self) -> Parse<Vec<Annotation>> {
        let mut all = Vec::new();
        let opened = self.here();
        if !self.take(b'(') {
            return Ok(all);
        }
        while !self.take(b')') {
            if self.token.kind == Kind::End {
                return self.unclosed(b'(', b')', opened);
            }
            let key = self.key("an annotation or `)`")?;
            let value = if self.take(b'=') { Some(self.plain_quoted("a value in quotes")?) } else { None };
            self.separator();
            all.push(Annotation { key, value });
        }
        Ok(all)
    }

    /// A name in which dots may stand anywhere but at the start.
    pub(super) fn key(&mut self, what: &str) -> Parse<Name> {
        if self.token.kind != Kind::Word {
            return self.expected(what);
        }
        let start = self.token.start;
        let rest = self.text.get(start..).unwrap_or_default();
        let part = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '.';
        let text = rest.split(|it| !part(it)).next().unwrap_or_default().to_owned();
        self.seek(start + text.len());
        Ok(Name { span: self.since(start), text })
    }
}
