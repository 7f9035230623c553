//! Reads a generated value from its `Debug` text, in the form of `meaning` in the recorded vectors: structs are objects
//! without their unset fields, maps are sorted lists of pairs, sets are sorted, binary is `{"hex": …}`, enums are
//! numbers, doubles that JSON lacks are texts.

use std::fmt::Debug;

use serde_json::{Map, Value, json};

/// The members of the enums in the tests' IDL.
const MEMBERS: &[(&str, i32)] =
    &[("RED", 0), ("GREEN", 1), ("BLUE", 7), ("MAX", i32::MAX), ("LOW", 1), ("MID", 5), ("HIGH", 6), ("NEGATIVE", -2)];

/// Shows a value.
///
/// # Panics
///
/// For a `Debug` text that generated code does not make.
pub fn shown(value: &impl Debug) -> Value {
    let text = format!("{value:?}");
    let mut reader = Reader { rest: &text };
    let shown = reader.value();
    assert_eq!(reader.rest, "", "left of {text}");
    shown
}

/// Sorts what has no order on the wire.
pub fn sort(all: &mut [Value]) {
    all.sort_by_cached_key(Value::to_string);
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn word(&mut self) -> &'a str {
        let end = self.rest.find(|it: char| !it.is_alphanumeric() && !"_-+.#".contains(it)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn value(&mut self) -> Value {
        if self.eat("b\"") {
            return json!({ "hex": self.text(true) });
        }
        if self.eat("\"") {
            return Value::from(self.text(false));
        }
        if self.eat("[") {
            return Value::from(self.all("]"));
        }
        if self.eat("{") {
            let mut all = self.all("}");
            sort(&mut all);
            return Value::from(all);
        }
        if self.eat("()") {
            return Value::Null;
        }
        let word = self.word();
        if self.eat(" { ") { self.fields() } else { self.named(word) }
    }

    /// Elements, or entries of a map, up to `end`.
    fn all(&mut self, end: &str) -> Vec<Value> {
        let mut all = Vec::new();
        while !self.eat(end) {
            let first = self.value();
            all.push(if self.eat(": ") { json!([first, self.value()]) } else { first });
            self.eat(", ");
        }
        all
    }

    fn fields(&mut self) -> Value {
        let mut fields = Map::new();
        while !self.eat("}") {
            let name = self.word().trim_start_matches("r#").to_owned();
            assert!(self.eat(": "), "{}", self.rest);
            let value = self.value();
            if !value.is_null() {
                fields.insert(name, value);
            }
            let _ = self.eat(", ") || self.eat(" ");
        }
        Value::from(fields)
    }

    fn named(&mut self, word: &str) -> Value {
        if self.eat("(") {
            let inner = self.value();
            assert!(self.eat(")"), "{}", self.rest);
            return match word {
                "Some" | "Color" | "Level" => inner,
                arm => json!({ arm.to_lowercase(): inner }),
            };
        }
        let member = MEMBERS.iter().find(|(name, _)| *name == word);
        match (word, member) {
            (_, Some((_, number))) => Value::from(*number),
            ("true" | "false", _) => Value::from(word == "true"),
            ("NaN" | "inf" | "-inf", _) => Value::from(word),
            ("-0.0", _) => Value::from("-0"),
            ("None", _) => Value::Null,
            ("", _) => panic!("no value: {}", self.rest),
            _ if word.starts_with(|it: char| it.is_ascii_digit() || it == '-') => number(word),
            // A struct without fields.
            _ => json!({}),
        }
    }

    /// The rest of a text up to its quote: as it is, or the digits of its bytes.
    fn text(&mut self, digits: bool) -> String {
        let mut out = String::new();
        let mut add = |it: u32| match digits {
            true => out.push_str(&format!("{it:02x}")),
            false => out.extend(char::from_u32(it)),
        };
        loop {
            let mut letters = self.rest.chars();
            let letter = letters.next().unwrap();
            self.rest = letters.as_str();
            match letter {
                '"' => return out,
                '\\' => add(self.escape()),
                other => add(other.into()),
            }
        }
    }

    fn escape(&mut self) -> u32 {
        let mut letters = self.rest.chars();
        let letter = letters.next().unwrap();
        self.rest = letters.as_str();
        let digits = match letter {
            'n' => return 10,
            'r' => return 13,
            't' => return 9,
            '0' => return 0,
            'x' => {
                let (digits, rest) = self.rest.split_at(2);
                self.rest = rest;
                digits
            }
            'u' => {
                let (digits, rest) = self.rest[1..].split_once('}').unwrap();
                self.rest = rest;
                digits
            }
            other => return other.into(),
        };
        u32::from_str_radix(digits, 16).unwrap()
    }
}

/// Whole numbers are integers, those that were doubles too, as JSON's writers print them.
fn number(word: &str) -> Value {
    match word.strip_suffix(".0").unwrap_or(word).parse::<i64>() {
        Ok(whole) => Value::from(whole),
        Err(_) => Value::from(word.parse::<f64>().unwrap()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, HashSet};

    #[derive(Debug)]
    #[expect(dead_code, reason = "only shown")]
    struct Point {
        x: i32,
        r#type: Option<f64>,
        none: Option<String>,
    }

    #[derive(Debug)]
    struct Empty {}

    #[test]
    fn every_shape_is_read() {
        assert_eq!(shown(&Point { x: -1, r#type: Some(1.5), none: None }), json!({"x": -1, "type": 1.5}));
        assert_eq!(shown(&vec![Empty {}]), json!([{}]));
        assert_eq!(shown(&Some("a\"\\\n\u{1}é🙂\0'")), json!("a\"\\\n\u{1}é🙂\0'"));
        assert_eq!(shown(&vec![f64::NAN, -0.0, 0.0, 1e300, f64::INFINITY]), json!(["NaN", "-0", 0, 1e300, "inf"]));
        assert_eq!(shown(&BTreeMap::from([(1, vec![true]), (0, vec![])])), json!([[0, []], [1, [true]]]));
        assert_eq!(shown(&HashSet::from(["b", "a"])), json!(["a", "b"]));
        assert_eq!(shown(&HashSet::<i32>::new()), json!([]));
    }
}
