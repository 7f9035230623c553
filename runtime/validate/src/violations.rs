//! Violations of rules: which field, which rule, in words.

use std::fmt;

/// The most violations that one message is told; the rest is not looked for.
pub const MOST: usize = 100;

/// Characters of a map's key that a path shows.
const KEY: usize = 64;

/// Bytes of a path. Of a longer one the inner parts are not shown: keys are the caller's, and paths travel in headers.
const PATH: usize = 512;

/// A message with rules, or with messages inside that have them. Generated code implements it.
pub trait Validate {
    /// Checks every rule, those of messages inside too.
    fn check(&self, out: &mut Violations);
}

impl<T: Validate + ?Sized> Validate for Box<T> {
    fn check(&self, out: &mut Violations) {
        (**self).check(out);
    }
}

/// The violations of a message's rules, [`MOST`] at most; empty when all of them hold.
pub fn violations<M: Validate + ?Sized>(message: &M) -> Vec<Violation> {
    let mut out = Violations::default();
    message.check(&mut out);
    out.into_vec()
}

/// A rule that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Violation {
    /// The path of the field, such as `user.emails[2]` or `labels["k"]`; empty for a rule of the message itself.
    pub field: String,
    /// The rule's id, such as `string.min_len`.
    pub rule: &'static str,
    /// What the rule asks for, in words.
    pub message: &'static str,
}

/// `user.emails[2]: must be an email address`.
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() { f.write_str(self.message) } else { write!(f, "{}: {}", self.field, self.message) }
    }
}

/// The violations found so far. Paths are built from the inside out, and only where something is wrong.
#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Notes a violation of a rule that does not hold.
    #[inline]
    pub fn test(&mut self, holds: bool, rule: &'static str, message: &'static str) {
        if !holds {
            self.add(rule, message);
        }
    }

    #[cold]
    fn add(&mut self, rule: &'static str, message: &'static str) {
        if self.0.len() < MOST {
            self.0.push(Violation { field: String::new(), rule, message });
        }
    }

    /// Checks a field: what `check` finds is inside of it.
    #[inline]
    pub fn field(&mut self, name: &str, check: impl FnOnce(&mut Self)) {
        let before = self.0.len();
        check(self);
        if self.0.len() > before {
            self.inside(before, name);
        }
    }

    /// Checks an element of a list.
    #[inline]
    pub fn item(&mut self, at: usize, check: impl FnOnce(&mut Self)) {
        let before = self.0.len();
        if before == MOST {
            return;
        }
        check(self);
        if self.0.len() > before {
            self.inside(before, &format!("[{at}]"));
        }
    }

    /// Checks an entry of a map, or an element of a set.
    #[inline]
    pub fn entry<K: Key + ?Sized>(&mut self, key: &K, check: impl FnOnce(&mut Self)) {
        let before = self.0.len();
        if before == MOST {
            return;
        }
        check(self);
        if self.0.len() > before {
            self.inside(before, &format!("[{}]", key.show()));
        }
    }

    #[cold]
    fn inside(&mut self, before: usize, outer: &str) {
        for violation in self.0.iter_mut().skip(before) {
            let dot = if violation.field.is_empty() || violation.field.starts_with('[') { "" } else { "." };
            let inner = if outer.len() + violation.field.len() > PATH { "…" } else { &violation.field };
            violation.field = format!("{outer}{dot}{inner}");
        }
    }

    /// Whether every rule holds so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The violations.
    pub fn into_vec(self) -> Vec<Violation> {
        self.0
    }
}

/// A key of a map, as paths show it.
pub trait Key {
    /// Its text: numbers and truth values as they are, texts in quotes and cut when they are long.
    fn show(&self) -> String;
}

macro_rules! plain_keys {
    ($($ty:ty)*) => {
        $(impl Key for $ty {
            fn show(&self) -> String {
                self.to_string()
            }
        })*
    };
}

plain_keys!(bool i8 i16 i32 i64 u32 u64);

impl Key for str {
    fn show(&self) -> String {
        match self.char_indices().nth(KEY) {
            Some((end, _)) => format!("{:?}…", &self[..end]),
            None => format!("{self:?}"),
        }
    }
}

impl Key for String {
    fn show(&self) -> String {
        self.as_str().show()
    }
}

/// Bytes as the text that they may be.
impl Key for [u8] {
    fn show(&self) -> String {
        let cut = self.len().min(KEY);
        format!("\"{}\"{}", self[..cut].escape_ascii(), if cut < self.len() { "…" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Leaf(i32);

    impl Validate for Leaf {
        fn check(&self, out: &mut Violations) {
            out.field("n", |out| out.test(self.0 > 0, "int32.gt", "must be greater than 0"));
        }
    }

    struct Tree(Vec<Leaf>);

    impl Validate for Tree {
        fn check(&self, out: &mut Violations) {
            out.field("leaves", |out| {
                for (at, leaf) in self.0.iter().enumerate() {
                    out.item(at, |out| leaf.check(out));
                }
            });
            out.field("labels", |out| out.entry("a\"b", |out| out.test(false, "string.min_len", "must be longer")));
            out.test(self.0.len() < 3, "message.oneof", "too many");
        }
    }

    #[test]
    fn paths_lead_from_the_outside_in() {
        let violations = violations(&Tree(vec![Leaf(1), Leaf(0)]));
        let shown: Vec<String> = violations.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["leaves[1].n: must be greater than 0", r#"labels["a\"b"]: must be longer"#]);
    }

    #[test]
    fn no_more_than_a_bound_are_told() {
        let violations = violations(&Tree((0..1000).map(|_| Leaf(0)).collect()));
        assert_eq!(violations.len(), MOST);
        assert_eq!(violations[MOST - 1].field, "leaves[99].n");
    }

    #[test]
    fn a_long_key_is_cut() {
        assert_eq!("é".repeat(100).show(), format!("\"{}\"…", "é".repeat(64)));
        assert_eq!([b'a'; 65].as_slice().show(), format!("\"{}\"…", "a".repeat(64)));
        assert_eq!(b"a\xff".as_slice().show(), r#""a\xff""#);
    }

    #[test]
    fn a_long_path_shows_its_outer_parts() {
        struct Deep(usize);
        impl Validate for Deep {
            fn check(&self, out: &mut Violations) {
                out.field("next", |out| match self.0 {
                    0 => out.test(false, "required", "is required"),
                    depth => out.entry(&"k".repeat(100), |out| Deep(depth - 1).check(out)),
                });
            }
        }
        let violations = violations(&Deep(60));
        assert!(
            violations[0].field.len() < 600 && violations[0].field.starts_with("next[\"kkk"),
            "{}",
            violations[0].field
        );
        assert!(violations[0].field.ends_with('…'));
    }
}
