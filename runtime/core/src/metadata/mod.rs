//! Metadata: an ordered multimap of names to text or bytes that travels beside a call.
//!
//! Each entry has a [`Reach`]. How a wire spells one is the business of its protocol: gRPC sends
//! plain names as they are, a TTHeader has transient and persistent pairs alone.

mod held;
mod value;

use std::fmt;

pub use crate::base64;

pub(crate) use held::Held;
pub use held::Unread;
pub use value::Value;

/// How far an entry travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// A header for the next hop: what HTTP and gRPC mean by metadata. Transient on a TTHeader.
    Plain,
    /// Kitex's transient pairs: seen by the next hop.
    Transient,
    /// Kitex's persistent pairs: handed on by every hop.
    Persistent,
}

/// One name and its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    reach: Reach,
    name: Box<str>,
    value: Value,
}

impl Entry {
    /// How far it travels.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// The name, as it was said.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value.
    pub fn value(&self) -> &Value {
        &self.value
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}: {:?}", self.reach, self.name, self.value)
    }
}

/// Entries in the order in which they were added; a name may occur more than once.
///
/// Names are compared without regard to ASCII case, as HTTP does. Names that end in `-bin` hold
/// bytes, others text.
///
/// ```
/// use runtime::Metadata;
///
/// let mut metadata = Metadata::new();
/// metadata.append("x-shard", "7");
/// metadata.append("trace-bin", vec![0, 255]);
/// assert_eq!(metadata.get("X-Shard"), Some("7"));
/// assert_eq!(metadata.get_bytes("trace-bin"), Some(&[0, 255][..]));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// `None` without entries.
    #[expect(clippy::box_collection, reason = "each answer holds two; most are empty, and all are moved")]
    entries: Option<Box<Vec<Entry>>>,
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries()).finish()
    }
}

impl Metadata {
    /// No entries.
    pub const fn new() -> Self {
        Self { entries: None }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_none()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// The text of a name: the first plain one, else the last of the transient pairs, else of the
    /// persistent ones (of several pairs the last counts, as in Kitex).
    pub fn get(&self, name: &str) -> Option<&str> {
        let text = |reach| self.of(reach).find(name, Value::as_text);
        text(Reach::Plain).or_else(|| text(Reach::Transient)).or_else(|| text(Reach::Persistent))
    }

    /// The bytes of a name, which ends in `-bin`; chosen as [`Metadata::get`] does.
    pub fn get_bytes(&self, name: &str) -> Option<&[u8]> {
        let bytes = |reach| self.of(reach).find(name, Value::as_bytes);
        bytes(Reach::Plain).or_else(|| bytes(Reach::Transient)).or_else(|| bytes(Reach::Persistent))
    }

    /// Every value of a name, whatever its reach.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Value> {
        self.iter().filter(move |entry| entry.name.eq_ignore_ascii_case(name)).map(Entry::value)
    }

    /// Adds a plain entry; others of its name stay.
    pub fn append(&mut self, name: impl Into<Box<str>>, value: impl Into<Value>) {
        self.append_to(Reach::Plain, name, value);
    }

    /// Adds an entry; others of its name stay.
    pub fn append_to(&mut self, reach: Reach, name: impl Into<Box<str>>, value: impl Into<Value>) {
        let entry = Entry { reach, name: name.into(), value: value.into() };
        self.entries.get_or_insert_default().push(entry);
    }

    /// Sets a plain entry in place of all of its name.
    pub fn set(&mut self, name: impl Into<Box<str>>, value: impl Into<Value>) {
        self.set_in(Reach::Plain, name, value);
    }

    /// Sets an entry in place of all of its name and reach.
    pub fn set_in(&mut self, reach: Reach, name: impl Into<Box<str>>, value: impl Into<Value>) {
        let name = name.into();
        self.keep(|entry| entry.reach != reach || !entry.name.eq_ignore_ascii_case(&name));
        self.append_to(reach, name, value);
    }

    /// Takes every entry of a name away, whatever its reach.
    pub fn remove(&mut self, name: &str) {
        self.keep(|entry| !entry.name.eq_ignore_ascii_case(name));
    }

    /// Takes the entries from an index on away into a value of their own.
    pub fn split_off(&mut self, at: usize) -> Self {
        let Some(entries) = self.entries.as_mut().filter(|entries| at < entries.len()) else { return Self::new() };
        let rest = entries.split_off(at);
        self.entries.take_if(|entries| entries.is_empty());
        Self { entries: Some(Box::new(rest)) }
    }

    fn keep(&mut self, keep: impl FnMut(&Entry) -> bool) {
        if let Some(entries) = &mut self.entries {
            entries.retain(keep);
        }
        self.entries.take_if(|entries| entries.is_empty());
    }

    fn entries(&self) -> &[Entry] {
        self.entries.as_ref().map_or(&[], |entries| entries)
    }

    /// Every entry, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.entries().iter()
    }

    /// The entries of one reach.
    pub fn of(&self, reach: Reach) -> Pairs<'_> {
        Pairs { metadata: self, reach }
    }

    /// Plain entries.
    pub fn plain(&self) -> Pairs<'_> {
        self.of(Reach::Plain)
    }

    /// Kitex's transient pairs.
    pub fn transient(&self) -> Pairs<'_> {
        self.of(Reach::Transient)
    }

    /// Kitex's persistent pairs.
    pub fn persistent(&self) -> Pairs<'_> {
        self.of(Reach::Persistent)
    }
}

impl<'a> IntoIterator for &'a Metadata {
    type Item = &'a Entry;
    type IntoIter = std::slice::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Extend<Entry> for Metadata {
    fn extend<I: IntoIterator<Item = Entry>>(&mut self, entries: I) {
        for Entry { reach, name, value } in entries {
            self.append_to(reach, name, value);
        }
    }
}

impl IntoIterator for Metadata {
    type Item = Entry;
    type IntoIter = std::vec::IntoIter<Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.map(|entries| *entries).unwrap_or_default().into_iter()
    }
}

/// Plain entries.
impl<N: Into<Box<str>>, V: Into<Value>> FromIterator<(N, V)> for Metadata {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut metadata = Self::new();
        pairs.into_iter().for_each(|(name, value)| metadata.append(name, value));
        metadata
    }
}

/// The entries of one [`Reach`].
#[derive(Clone, Copy, Debug)]
pub struct Pairs<'a> {
    metadata: &'a Metadata,
    reach: Reach,
}

impl<'a> Pairs<'a> {
    /// The text of a name: of plain entries the first, of pairs the last.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.find(name, Value::as_text)
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
        let reach = self.reach;
        self.metadata.iter().filter(move |entry| entry.reach == reach).map(|entry| (&*entry.name, &entry.value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    fn find<T: ?Sized>(&self, name: &str, read: fn(&Value) -> Option<&T>) -> Option<&'a T> {
        let matches = |entry: &&'a Entry| entry.reach == self.reach && entry.name.eq_ignore_ascii_case(name);
        let entries = self.metadata.entries();
        match self.reach {
            Reach::Plain => entries.iter().filter(matches).find_map(|entry| read(&entry.value)),
            Reach::Transient | Reach::Persistent => {
                entries.iter().rev().filter(matches).find_map(|entry| read(&entry.value))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_their_order_and_repeat() {
        let mut metadata: Metadata = [("b", "1"), ("a", "2"), ("B", "3")].into_iter().collect();
        let names: Vec<_> = metadata.iter().map(|entry| (entry.name(), entry.value().as_text().unwrap())).collect();
        assert_eq!(names, [("b", "1"), ("a", "2"), ("B", "3")]);
        assert_eq!(metadata.get("b"), Some("1"));
        assert_eq!(metadata.get_all("b").count(), 2);
        metadata.set("B", "4");
        assert_eq!((metadata.get("b"), metadata.len()), (Some("4"), 2));
        metadata.remove("a");
        assert_eq!(metadata.get("a"), None);
    }

    #[test]
    fn pairs_of_one_reach_are_seen_alone() {
        let mut metadata = Metadata::new();
        metadata.append_to(Reach::Transient, "K", "old");
        metadata.append_to(Reach::Persistent, "K", "far");
        metadata.append_to(Reach::Transient, "K", "new");
        assert_eq!((metadata.get("K"), metadata.persistent().get("K")), (Some("new"), Some("far")));
        metadata.append("K", "plain");
        assert_eq!(metadata.get("K"), Some("plain"));
        metadata.set_in(Reach::Transient, "k", "one");
        assert_eq!((metadata.transient().len(), metadata.transient().get("K")), (1, Some("one")));
        assert!(Metadata::new().plain().is_empty());
    }
}
