//! Values of Rust's own types.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

use bytes::Bytes;

use crate::failure::Step;
use crate::reader::Source;
use crate::{Failure, Read, Reader, Value, Writer, base64};

/// Whole numbers of up to 32 bits, with signs or without.
macro_rules! integers {
    ($($ty:ty),*) => {$(
        impl Value for $ty {
            fn write(&self, out: &mut Writer) {
                out.integer(i64::from(*self));
            }

            #[inline]
            fn read(input: &mut Reader<'_>) -> Read<Self> {
                input.integer(<$ty>::MIN.into(), <$ty>::MAX.into()).map(|number| number as $ty)
            }

            fn is_default(&self) -> bool {
                *self == 0
            }
        }
    )*};
}

integers!(i8, i16, i32, u32);

impl Value for i64 {
    fn write(&self, out: &mut Writer) {
        out.long(*self < 0, self.unsigned_abs());
    }

    #[inline]
    fn read(input: &mut Reader<'_>) -> Read<Self> {
        input.integer(Self::MIN, Self::MAX)
    }

    fn is_default(&self) -> bool {
        *self == 0
    }
}

impl Value for u64 {
    fn write(&self, out: &mut Writer) {
        out.long(false, *self);
    }

    fn read(input: &mut Reader<'_>) -> Read<Self> {
        input.long(0, Self::MAX.into()).map(|number| number as Self)
    }

    fn is_default(&self) -> bool {
        *self == 0
    }
}

impl Value for f64 {
    fn write(&self, out: &mut Writer) {
        out.double(*self);
    }

    fn read(input: &mut Reader<'_>) -> Read<Self> {
        input.real(|word| word, |number: &Self| number.is_finite())
    }

    /// As proto has it: the negative zero is another number.
    fn is_default(&self) -> bool {
        self.to_bits() == 0
    }
}

impl Value for f32 {
    fn write(&self, out: &mut Writer) {
        out.float(*self);
    }

    fn read(input: &mut Reader<'_>) -> Read<Self> {
        input.real(|word| word as Self, |number: &Self| number.is_finite())
    }

    fn is_default(&self) -> bool {
        self.to_bits() == 0
    }
}

impl Value for bool {
    fn write(&self, out: &mut Writer) {
        out.bool(*self);
    }

    fn read(input: &mut Reader<'_>) -> Read<Self> {
        input.boolean()
    }

    fn is_default(&self) -> bool {
        !*self
    }
}

impl Value for String {
    fn write(&self, out: &mut Writer) {
        out.text(self);
    }

    #[inline]
    fn read(input: &mut Reader<'_>) -> Read<Self> {
        let text = input.string()?;
        input.charge(text.len())?;
        Ok(text.into_owned())
    }

    fn is_default(&self) -> bool {
        self.is_empty()
    }
}

fn read_bytes(input: &mut Reader<'_>) -> Read<Vec<u8>> {
    if let Source::Raw("", bytes, _) = input.source {
        input.charge(bytes.len())?;
        return Ok(bytes.to_vec());
    }
    let token = input.token("bytes in base64")?;
    let bytes = Some(()).filter(|()| token.quoted).and_then(|()| base64::decode(&token.text));
    let bytes = bytes.ok_or_else(|| input.wrong(&token, "bytes in base64"))?;
    input.charge(bytes.len())?;
    Ok(bytes)
}

impl Value for Vec<u8> {
    fn write(&self, out: &mut Writer) {
        out.bytes(self);
    }

    fn read(input: &mut Reader<'_>) -> Read<Self> {
        read_bytes(input)
    }

    fn is_default(&self) -> bool {
        self.is_empty()
    }
}

impl Value for Bytes {
    fn write(&self, out: &mut Writer) {
        out.bytes(self);
    }

    fn read(input: &mut Reader<'_>) -> Read<Self> {
        read_bytes(input).map(Self::from)
    }

    fn is_default(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Value> Value for Vec<T> {
    fn write(&self, out: &mut Writer) {
        out.list(self, |out, item| item.write(out));
    }

    fn read(input: &mut Reader<'_>) -> Read<Self> {
        let mut list = Self::new();
        list.read_into(input)?;
        Ok(list)
    }

    fn read_into(&mut self, input: &mut Reader<'_>) -> Read {
        if input.replaces() {
            self.clear();
        }
        input.elements(&mut |input| {
            // What grows by doubling has room for twice as much, and for four at first.
            input.charge(if self.is_empty() { 4 } else { 2 } * size_of::<T>())?;
            T::read_element(self, input)
        })
    }

    fn is_default(&self) -> bool {
        self.is_empty()
    }
}

/// Maps and sets of either kind.
pub trait Map<K, V> {
    /// Adds a pair; `false` where there is one of that key.
    fn add(&mut self, key: K, value: V) -> bool;
}

impl<K: Eq + Hash, V, S: BuildHasher> Map<K, V> for HashMap<K, V, S> {
    fn add(&mut self, key: K, value: V) -> bool {
        self.insert(key, value).is_none()
    }
}

impl<K: Ord, V> Map<K, V> for BTreeMap<K, V> {
    fn add(&mut self, key: K, value: V) -> bool {
        self.insert(key, value).is_none()
    }
}

/// Memory that a pair takes beside its key and its value.
const PAIR: usize = 16;

/// Reads the pairs of an object; `value` gives nothing for a pair that is to be left out.
pub(crate) fn read_map<K: Value, V, M: Map<K, V>>(
    input: &mut Reader<'_>,
    map: &mut M,
    mut value: impl FnMut(&mut Reader<'_>) -> Read<Option<V>>,
) -> Read {
    if let Source::Text(path) = input.source
        && !path.is_empty()
    {
        return read_pair(input, path, map, value);
    }
    if matches!(input.source, Source::Text(_) | Source::Key) {
        let text = input.string()?;
        return input.with(&text, Source::Json, |inner| {
            read_map(inner, map, value)?;
            inner.end()
        });
    }
    input.entries(&mut |input, name| {
        let inside = |failure: Failure| failure.inside(Step::Key(name.to_string()));
        input.charge(2 * (size_of::<K>() + size_of::<V>() + PAIR))?;
        let offset = input.place();
        let key = input.with(&name, Source::Key, K::read).map_err(inside)?;
        if let Some(value) = value(input).map_err(inside)?
            && !map.add(key, value)
        {
            return Err(inside(Failure::new("the name is there twice", offset)));
        }
        Ok(())
    })
}

/// The pair of a map that a text outside of the body is: `path` is `[key]`, or `[key].field`.
fn read_pair<K: Value, V, M: Map<K, V>>(
    input: &mut Reader<'_>,
    path: &str,
    map: &mut M,
    mut value: impl FnMut(&mut Reader<'_>) -> Read<Option<V>>,
) -> Read {
    let inner = path.strip_prefix('[').and_then(|path| path.rsplit_once(']'));
    let Some((name, rest)) = inner.filter(|(_, rest)| rest.is_empty() || rest.starts_with('.')) else {
        return Err(Failure::new(format!("it is a map, and `{path}` is not a name in brackets"), None));
    };
    let inside = |failure: Failure| failure.inside(Step::Key(name.to_owned()));
    input.charge(2 * (size_of::<K>() + size_of::<V>() + PAIR))?;
    let key = input.with(name, Source::Key, K::read).map_err(inside)?;
    let text = input.text;
    let read = input.with(text, Source::Text(rest.trim_start_matches('.')), |input| value(input));
    if let Some(value) = read.map_err(inside)?
        && !map.add(key, value)
    {
        return Err(inside(Failure::new("the name is there twice", None)));
    }
    Ok(())
}

/// The two kinds of maps.
macro_rules! maps {
    ($($map:ident<K, V $(, $hasher:ident)?>: $($bound:ident)+;)*) => {$(
        impl<K: Value $(+ $bound)+, V: Value $(, $hasher: BuildHasher + Default)?> Value for $map<K, V $(, $hasher)?> {
            fn write(&self, out: &mut Writer) {
                out.pairs(self, |out, (key, value)| {
                    key.write_key(out);
                    out.colon();
                    value.write(out);
                });
            }

            fn read(input: &mut Reader<'_>) -> Read<Self> {
                let mut map = Self::default();
                map.read_into(input)?;
                Ok(map)
            }

            fn read_into(&mut self, input: &mut Reader<'_>) -> Read {
                // A pair that stands outside of the body is one more.
                if !matches!(input.source, Source::Text(path) if !path.is_empty()) {
                    self.clear();
                }
                read_map(input, self, |input| V::read(input).map(Some))
            }

            fn is_default(&self) -> bool {
                self.is_empty()
            }
        }
    )*};
}

maps! {
    HashMap<K, V, S>: Eq Hash;
    BTreeMap<K, V>: Ord;
}

/// The two kinds of sets: lists in which nothing is twice.
macro_rules! sets {
    ($($set:ident<T $(, $hasher:ident)?>: $($bound:ident)+;)*) => {$(
        impl<T: Value $(+ $bound)+ $(, $hasher: BuildHasher + Default)?> Value for $set<T $(, $hasher)?> {
            fn write(&self, out: &mut Writer) {
                out.list(self, |out, item| item.write(out));
            }

            fn read(input: &mut Reader<'_>) -> Read<Self> {
                let mut set = Self::default();
                set.read_into(input)?;
                Ok(set)
            }

            fn read_into(&mut self, input: &mut Reader<'_>) -> Read {
                if input.replaces() {
                    self.clear();
                }
                input.elements(&mut |input| {
                    input.charge(2 * (size_of::<T>() + PAIR))?;
                    self.insert(T::read(input)?);
                    Ok(())
                })
            }

            fn is_default(&self) -> bool {
                self.is_empty()
            }
        }
    )*};
}

sets! {
    HashSet<T, S>: Eq Hash;
    BTreeSet<T>: Ord;
}
