//! A pattern of a rule, compiled when it is first needed.

use std::sync::OnceLock;

use regex::Regex;

/// A pattern. The generator has compiled its text once, so that it is one.
#[derive(Debug)]
pub struct Pattern {
    text: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// A pattern that is not compiled yet.
    pub const fn new(text: &'static str) -> Self {
        Self { text, compiled: OnceLock::new() }
    }

    /// Whether a part of a text matches.
    pub fn matches(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| Regex::new(self.text).ok());
        compiled.as_ref().is_some_and(|regex| regex.is_match(text))
    }

    /// Whether bytes are a text of which a part matches.
    pub fn matches_bytes(&self, bytes: &[u8]) -> bool {
        std::str::from_utf8(bytes).is_ok_and(|text| self.matches(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_text_matches() {
        static PATTERN: Pattern = Pattern::new("b+");
        assert!(PATTERN.matches("abba") && !PATTERN.matches("a"));
        assert!(PATTERN.matches_bytes(b"b") && !PATTERN.matches_bytes(b"b\xff"));
    }
}
