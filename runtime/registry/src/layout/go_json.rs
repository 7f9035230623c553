//! JSON as Go's `encoding/json` writes and reads it: shared by the layouts whose values are
//! objects. Knows no layout.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

/// Writes a string with HTML escaping on, Go's default.
pub(super) fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

/// Writes a `map[string]string`: keys sorted, an empty one as the nil map's `null`.
pub(super) fn pairs(out: &mut String, pairs: &BTreeMap<String, String>) {
    if pairs.is_empty() {
        return out.push_str("null");
    }
    for (place, (key, value)) in pairs.iter().enumerate() {
        out.push(if place == 0 { '{' } else { ',' });
        quote(out, key);
        out.push(':');
        quote(out, value);
    }
    out.push('}');
}

/// Writes a `[]string` that is not nil.
pub(super) fn texts<'a>(out: &mut String, texts: impl Iterator<Item = &'a str>) {
    out.push('[');
    for (place, text) in texts.enumerate() {
        if place > 0 {
            out.push(',');
        }
        quote(out, text);
    }
    out.push(']');
}

/// An object as Go reads it into a struct: names without case, `null` as absent, unknown fields
/// nothing, bytes that are not UTF-8 replaced.
#[derive(Debug)]
pub(super) struct Object(serde_json::Map<String, Value>);

impl Object {
    /// Reads the whole of `value`.
    ///
    /// # Errors
    /// What is not JSON, and what is not an object.
    pub(super) fn parse(value: &[u8]) -> Result<Self, String> {
        match serde_json::from_str(&String::from_utf8_lossy(value)).map_err(|error| error.to_string())? {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err("not an object".to_owned()),
        }
    }

    /// An object inside of another one.
    pub(super) fn inner(value: &Value) -> Option<Self> {
        value.as_object().cloned().map(Self)
    }

    /// A field that is there and not `null`.
    pub(super) fn field(&self, name: &str) -> Option<&Value> {
        let found = self.0.get(name).or_else(|| {
            let named = |(key, _): &(&String, &Value)| key.eq_ignore_ascii_case(name);
            self.0.iter().find(named).map(|(_, value)| value)
        });
        found.filter(|value| !value.is_null())
    }

    /// A `string`; empty when absent.
    ///
    /// # Errors
    /// Another type.
    pub(super) fn text(&self, name: &str) -> Result<String, String> {
        match self.field(name) {
            None => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(format!("`{name}` is not a string")),
        }
    }

    /// A `map[string]string`; empty when absent, a `null` in it is an empty string.
    ///
    /// # Errors
    /// Another type, of the map or of a value in it.
    pub(super) fn pairs(&self, name: &str) -> Result<BTreeMap<String, String>, String> {
        let fail = || format!("`{name}` is not a map of strings");
        let fields = match self.field(name) {
            None => return Ok(BTreeMap::new()),
            Some(value) => value.as_object().ok_or_else(fail)?,
        };
        let pair = |(key, value): (&String, &Value)| match value {
            Value::Null => Ok((key.clone(), String::new())),
            Value::String(text) => Ok((key.clone(), text.clone())),
            _ => Err(fail()),
        };
        fields.iter().map(pair).collect()
    }

    /// A `[]string`; empty when absent, a `null` in it is an empty string.
    ///
    /// # Errors
    /// Another type, of the list or of an element.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        let fail = || format!("`{name}` is not a list of strings");
        let list = match self.field(name) {
            None => return Ok(Vec::new()),
            Some(value) => value.as_array().ok_or_else(fail)?,
        };
        let text = |value: &Value| match value {
            Value::Null => Ok(String::new()),
            Value::String(text) => Ok(text.clone()),
            _ => Err(fail()),
        };
        list.iter().map(text).collect()
    }
}
