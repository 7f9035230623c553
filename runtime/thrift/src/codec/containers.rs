//! Lists, sets and maps of values.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use super::decoder::Decoder;
use super::encoder::Encoder;
use super::error::{DecodeError, Step};
use super::kind::Type;
use super::size::Size;
use super::value::Value;

/// Bytes of the header of a list or a set: element type and count.
const ELEMENTS: usize = 5;
/// Bytes of the header of a map: two element types and a count.
const ENTRIES: usize = 6;

fn size_elements<'a, T: Value + 'a>(size: &mut Size, count: usize, elements: impl Iterator<Item = &'a T>) {
    size.container(ELEMENTS, count, |size| {
        if T::FIXED {
            size.add(count.saturating_mul(T::MIN_SIZE));
        } else {
            elements.for_each(|element| element.size(size));
        }
    });
}

fn size_entries<'a, K: Value + 'a, V: Value + 'a>(
    size: &mut Size,
    count: usize,
    entries: impl Iterator<Item = (&'a K, &'a V)>,
) {
    size.container(ENTRIES, count, |size| {
        let fixed = |fixed, bytes| if fixed { count.saturating_mul(bytes) } else { 0 };
        size.add(fixed(K::FIXED, K::MIN_SIZE));
        size.add(fixed(V::FIXED, V::MIN_SIZE));
        match (K::FIXED, V::FIXED) {
            (true, true) => {}
            (true, false) => entries.for_each(|(_, value)| value.size(size)),
            (false, true) => entries.for_each(|(key, _)| key.size(size)),
            (false, false) => entries.for_each(|(key, value)| {
                key.size(size);
                value.size(size);
            }),
        }
    });
}

fn encode_entries<'a, K: Value + 'a, V: Value + 'a>(
    out: &mut Encoder,
    count: usize,
    entries: impl Iterator<Item = (&'a K, &'a V)>,
) {
    out.entries(K::TYPE, V::TYPE, count);
    for (key, value) in entries {
        key.encode(out);
        value.encode(out);
    }
}

/// What a hash table of `count` entries takes: buckets are a power of two with one eighth free
/// and one control byte each (hashbrown's layout).
fn charge_table<T>(input: &mut Decoder<'_>, count: usize) -> Result<(), DecodeError> {
    if count == 0 {
        return Ok(());
    }
    let buckets = count.saturating_add(count / 7 + 1).checked_next_power_of_two();
    input.charge(buckets.unwrap_or(usize::MAX).max(4), size_of::<T>() + 1)
}

/// What a tree of `count` entries takes: nodes of 11 entries, at least 5 of them in use but in
/// the root, and their links (std's B-tree).
fn charge_tree<T>(input: &mut Decoder<'_>, count: usize) -> Result<(), DecodeError> {
    if count == 0 {
        return Ok(());
    }
    input.charge(count / 5 + 1, 11 * size_of::<T>() + 32)
}

impl<T: Value> Value for Vec<T> {
    const TYPE: Type = Type::List;
    const MIN_SIZE: usize = ELEMENTS;

    fn size(&self, size: &mut Size) {
        size_elements(size, self.len(), self.iter());
    }

    fn encode(&self, out: &mut Encoder) {
        out.elements(T::TYPE, self.len());
        T::encode_elements(self, out);
    }

    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let count = input.elements::<T>()?;
        input.charge(count, size_of::<T>())?;
        input.nested(|input| T::decode_elements(input, count))
    }
}

macro_rules! set {
    ($set:ident, $charge:ident, $new:expr, $($bound:tt)*) => {
        impl<T: Value + $($bound)*> Value for $set<T> {
            const TYPE: Type = Type::Set;
            const MIN_SIZE: usize = ELEMENTS;

            fn size(&self, size: &mut Size) {
                size_elements(size, self.len(), self.iter());
            }

            fn encode(&self, out: &mut Encoder) {
                out.elements(T::TYPE, self.len());
                for element in self {
                    element.encode(out);
                }
            }

            fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                let count = input.elements::<T>()?;
                $charge::<T>(input, count)?;
                input.nested(|input| {
                    let mut elements = $new(count);
                    for place in 0..count {
                        elements.insert(T::decode(input).map_err(|error| error.inside(Step::Element(place)))?);
                    }
                    Ok(elements)
                })
            }
        }
    };
}

set!(HashSet, charge_table, Self::with_capacity, Eq + Hash);
set!(BTreeSet, charge_tree, |_| Self::new(), Ord);

macro_rules! map {
    ($map:ident, $charge:ident, $new:expr, $($bound:tt)*) => {
        impl<K: Value + $($bound)*, V: Value> Value for $map<K, V> {
            const TYPE: Type = Type::Map;
            const MIN_SIZE: usize = ENTRIES;

            fn size(&self, size: &mut Size) {
                size_entries(size, self.len(), self.iter());
            }

            fn encode(&self, out: &mut Encoder) {
                encode_entries(out, self.len(), self.iter());
            }

            fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                let count = input.entries::<K, V>()?;
                $charge::<(K, V)>(input, count)?;
                input.nested(|input| {
                    let mut entries = $new(count);
                    for place in 0..count {
                        let key = K::decode(input).map_err(|error| error.inside(Step::Key(place)))?;
                        let value = V::decode(input).map_err(|error| error.inside(Step::Entry(place)))?;
                        entries.insert(key, value);
                    }
                    Ok(entries)
                })
            }
        }
    };
}

map!(HashMap, charge_table, Self::with_capacity, Eq + Hash);
map!(BTreeMap, charge_tree, |_| Self::new(), Ord);
