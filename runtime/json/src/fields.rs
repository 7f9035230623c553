//! Tables of a message's fields: their names, and what is to know of some of them.

use crate::Types;

/// The fields of one message, by the place that generated code calls them by.
#[derive(Debug)]
pub struct Fields {
    /// The names that are written, in the order of places.
    pub(crate) names: &'static [&'static str],
    /// Other names that are read, each with its place.
    others: &'static [(&'static str, usize)],
    /// All names in order, with their places, where there are many.
    sorted: &'static [(&'static str, usize)],
    /// The places of fields without which the message is refused.
    pub(crate) required: &'static [usize],
    /// The places of fields for which `null` is a value.
    nulls: &'static [usize],
    /// What a `google.protobuf.Any` in the message may hold.
    pub(crate) types: Option<&'static Types>,
    /// Whether no name needs an escape.
    pub(crate) plain: bool,
}

impl Fields {
    /// The fields of these names.
    pub const fn new(names: &'static [&'static str]) -> Self {
        let (mut place, mut plain) = (0, true);
        while place < names.len() {
            let name = names[place].as_bytes();
            let mut index = 0;
            while index < name.len() {
                plain = plain && name[index] >= b' ' && name[index] != b'"' && name[index] != b'\\';
                index += 1;
            }
            place += 1;
        }
        Self { names, others: &[], sorted: &[], required: &[], nulls: &[], types: None, plain }
    }

    /// Reads these names too.
    pub const fn or(self, others: &'static [(&'static str, usize)]) -> Self {
        Self { others, ..self }
    }

    /// All names that are read, in order: for messages of many fields.
    pub const fn sorted(self, sorted: &'static [(&'static str, usize)]) -> Self {
        Self { sorted, ..self }
    }

    /// Refuses the message without these fields.
    pub const fn required(self, required: &'static [usize]) -> Self {
        Self { required, ..self }
    }

    /// Hands `null` on for these fields, in place of leaving them out.
    pub const fn nulls(self, nulls: &'static [usize]) -> Self {
        Self { nulls, ..self }
    }

    /// What a `google.protobuf.Any` in the message may hold.
    pub const fn types(self, types: &'static Types) -> Self {
        Self { types: Some(types), ..self }
    }

    /// The name that is written.
    pub(crate) fn name(&self, place: usize) -> &'static str {
        self.names.get(place).copied().unwrap_or_default()
    }

    /// The place of the field of a name.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        if !self.sorted.is_empty() {
            let index = self.sorted.binary_search_by(|(other, _)| (*other).cmp(name)).ok()?;
            return self.sorted.get(index).map(|(_, place)| *place);
        }
        let own = self.names.iter().position(|it| *it == name);
        own.or_else(|| self.others.iter().find(|(other, _)| *other == name).map(|(_, place)| *place))
    }

    /// Whether `null` is a value of the field.
    pub(crate) fn takes_null(&self, place: usize) -> bool {
        !self.nulls.is_empty() && self.nulls.contains(&place)
    }
}

/// The places of the fields that came.
#[derive(Debug, Default)]
pub struct Seen {
    first: u64,
    /// From place 64 on.
    more: Vec<u64>,
}

impl Seen {
    /// Adds a place; `false` where it is there already.
    pub(crate) fn insert(&mut self, place: usize) -> bool {
        let bit = 1_u64 << (place % 64);
        let word = match place / 64 {
            0 => &mut self.first,
            word => {
                if self.more.len() < word {
                    self.more.resize(word, 0);
                }
                let Some(word) = self.more.get_mut(word - 1) else { return true };
                word
            }
        };
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    pub(crate) fn contains(&self, place: usize) -> bool {
        let word = match place / 64 {
            0 => self.first,
            word => self.more.get(word - 1).copied().unwrap_or_default(),
        };
        word & (1 << (place % 64)) != 0
    }
}

/// The names and numbers of an enum's members: a member that is written by name is the first one of its number.
pub type EnumNames = [(&'static str, i32)];
