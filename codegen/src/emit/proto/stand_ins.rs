//! Words that stand in prost's text for names that it would not make, and for comments.

use crate::resolve::names;

/// The text to write for each stand-in.
pub(super) struct StandIns {
    /// A word that nothing else in the text has.
    word: String,
    written: Vec<Written>,
}

enum Written {
    /// A name as prost writes it in snake case, and in camel case.
    Name { lower: String, upper: String },
    /// A comment, as attributes.
    Comment(String),
}

/// What prost writes before a comment.
const BEFORE_COMMENT: &str = "/// ";

impl StandIns {
    /// None yet, of a word that is not in the encoded descriptors.
    pub(super) fn new(descriptors: &[u8]) -> Self {
        let mut word = "qkite".to_owned();
        let text = String::from_utf8_lossy(descriptors).to_lowercase();
        while text.contains(&word) {
            word.push('x');
        }
        Self { word, written: Vec::new() }
    }

    /// A name for a descriptor that becomes `lower` where prost writes snake case or the name as it
    /// is, and `upper` where it writes camel case.
    pub(super) fn name(&mut self, lower: &str, upper: &str) -> String {
        self.push(Written::Name { lower: lower.to_owned(), upper: upper.to_owned() })
    }

    /// The text of a descriptor's comment that becomes these attributes.
    pub(super) fn comment(&mut self, attributes: String) -> String {
        self.push(Written::Comment(attributes))
    }

    fn push(&mut self, written: Written) -> String {
        self.written.push(written);
        format!("z{}{}q", self.word, self.written.len() - 1)
    }

    /// prost's text with what the stand-ins stand for.
    pub(super) fn replace(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + text.len() / 4);
        let mut parts = text.split(self.word.as_str());
        out.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let (number, rest) = part.split_once('q').unwrap_or((part, ""));
            let written = number.parse().ok().and_then(|at: usize| self.written.get(at));
            let first = out.pop();
            match written {
                Some(Written::Name { upper, .. }) if first == Some('Z') => out.push_str(upper),
                Some(Written::Name { lower, .. }) => out.push_str(lower),
                Some(Written::Comment(attributes)) => {
                    out.truncate(out.trim_end_matches(BEFORE_COMMENT).len());
                    out.push_str(attributes);
                }
                None => {}
            }
            out.push_str(rest);
        }
        out
    }
}

/// Whether prost makes a name of its own accord; what it makes of nothing but `_` is not a name.
pub(super) fn is_made(by_prost: &str, decided: &str) -> bool {
    by_prost == decided && decided != names::NOTHING && decided != "__OneOf"
}
