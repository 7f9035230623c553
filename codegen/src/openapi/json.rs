//! JSON as it is written: objects keep their order, so that the same model gives the same text.

use std::fmt::Write as _;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Bool(bool),
    Int(i64),
    /// Finite.
    Double(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// A text.
pub(super) fn text(value: impl Into<String>) -> Json {
    Json::Text(value.into())
}

/// An object of these members.
pub(super) fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
    Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

impl Json {
    /// Adds a member to an object.
    pub(super) fn with(mut self, name: &str, value: Json) -> Self {
        if let Self::Object(members) = &mut self {
            members.push((name.to_owned(), value));
        }
        self
    }

    /// Adds a member if there is one.
    pub(super) fn with_maybe(self, name: &str, value: Option<Json>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds members to an object.
    pub(super) fn with_all(mut self, more: &[(String, Self)]) -> Self {
        if let Self::Object(members) = &mut self {
            members.extend_from_slice(more);
        }
        self
    }

    /// The text of a document, two blanks per level.
    pub(super) fn document(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out.push('\n');
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        match self {
            Self::Bool(it) => out.push_str(if *it { "true" } else { "false" }),
            // Writing to a string does not fail.
            Self::Int(it) => drop(write!(out, "{it}")),
            Self::Double(it) => drop(write!(out, "{it}")),
            Self::Text(it) => quoted(it, out),
            Self::List(all) => {
                let write = |it: &Self, out: &mut String| it.write(out, depth + 1);
                lines(all, ['[', ']'], depth, out, write);
            }
            Self::Object(all) => {
                let write = |(name, value): &(String, Self), out: &mut String| {
                    quoted(name, out);
                    out.push_str(": ");
                    value.write(out, depth + 1);
                };
                lines(all, ['{', '}'], depth, out, write);
            }
        }
    }
}

fn lines<T>(all: &[T], [open, close]: [char; 2], depth: usize, out: &mut String, write: impl Fn(&T, &mut String)) {
    out.push(open);
    for (at, it) in all.iter().enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.push_str(&"  ".repeat(depth + 1));
        write(it, out);
    }
    if !all.is_empty() {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    }
    out.push(close);
}

fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\u{0}'..='\u{1f}' | '\u{7f}' => drop(write!(out, "\\u{:04x}", u32::from(char))),
            char => out.push(char),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_objects_keep_their_order() {
        let json = object([("b", text("\"\\\n\u{1}ä")), ("a", Json::List(vec![Json::Int(-1), Json::Bool(true)]))]);
        let json = json.with("e", Json::Object(Vec::new()));
        let expected = "{\n  \"b\": \"\\\"\\\\\\n\\u0001ä\",\n  \"a\": [\n    -1,\n    true\n  ],\n  \"e\": {}\n}\n";
        assert_eq!(json.document(), expected);
    }
}
