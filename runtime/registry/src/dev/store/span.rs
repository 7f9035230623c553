//! The range of keys that a request names.

use std::collections::BTreeMap;
use std::ops::Bound;

/// One key, or all from one up to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    key: Vec<u8>,
    /// Empty for the one key; a single zero byte for no end.
    end: Vec<u8>,
}

impl Span {
    pub(crate) fn new(key: &[u8], end: &[u8]) -> Self {
        Self { key: key.to_owned(), end: end.to_owned() }
    }

    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        match self.end.as_slice() {
            [] => key == self.key,
            [0] => key >= self.key.as_slice(),
            end => key >= self.key.as_slice() && key < end,
        }
    }

    /// The entries of a map that are meant, in order.
    pub(crate) fn of<'a, V>(&self, map: &'a BTreeMap<Vec<u8>, V>) -> impl Iterator<Item = (&'a Vec<u8>, &'a V)> {
        let from = Bound::Included(self.key.as_slice());
        let to = match self.end.as_slice() {
            [] => Bound::Included(self.key.as_slice()),
            [0] => Bound::Unbounded,
            // An end that is not behind the key means nothing, where a map would panic.
            end if end <= self.key.as_slice() => Bound::Included(self.key.as_slice()),
            end => Bound::Excluded(end),
        };
        map.range::<[u8], _>((from, to)).filter(|(key, _)| self.contains(key))
    }
}
