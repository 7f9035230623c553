//! The fields of one message on their way into an object of JSON.

use crate::{EnumNames, Fields, Value, Writer, enums, escape};

/// An object of JSON that is being written. Fields are named by their places in the table of the message.
#[derive(Debug)]
pub struct Object<'w> {
    out: &'w mut Writer,
    fields: &'static Fields,
    empty: bool,
    /// Nothing is written but the value of this one.
    only: Option<usize>,
}

impl<'w> Object<'w> {
    pub(crate) fn new(out: &'w mut Writer, fields: &'static Fields) -> Self {
        if fields.types.is_some() {
            out.types = fields.types;
        }
        Self { out, fields, empty: true, only: None }
    }

    /// Writes the value of one field alone; none where there is no such field.
    pub(crate) fn only(out: &'w mut Writer, fields: &'static Fields, place: Option<usize>) -> Self {
        let mut object = Self::new(out, fields);
        object.only = Some(place.unwrap_or(usize::MAX));
        object
    }

    /// Behind a pair that was written already.
    #[cfg(feature = "proto")]
    pub(crate) fn behind(out: &'w mut Writer, fields: &'static Fields) -> Self {
        let mut object = Self::new(out, fields);
        object.empty = false;
        object
    }

    #[inline]
    fn key(&mut self, place: usize) -> Option<&mut Writer> {
        if let Some(only) = self.only {
            return Some(&mut *self.out).filter(|_| only == place);
        }
        let (name, buffer) = (self.fields.name(place), &mut self.out.out);
        // The name, its quotes, comma and colon, and a short value.
        buffer.reserve(name.len() + 32);
        let first = std::mem::take(&mut self.empty);
        if self.fields.plain {
            buffer.extend_from_slice(if first { b"\"" } else { b",\"" });
            buffer.extend_from_slice(name.as_bytes());
            buffer.extend_from_slice(b"\":");
        } else {
            buffer.extend_from_slice(if first { b"" } else { b"," });
            escape::text(name, buffer);
            buffer.push(b':');
        }
        Some(self.out)
    }

    /// A field that is always written.
    pub fn field<T: Value>(&mut self, place: usize, value: &T) {
        if let Some(out) = self.key(place) {
            value.write(out);
        }
    }

    /// A field of proto without presence: written unless it has its default.
    pub fn plain<T: Value>(&mut self, place: usize, value: &T) {
        if self.only.is_some() || !value.is_default() {
            self.field(place, value);
        }
    }

    /// A field that may not be there.
    pub fn optional<T: Value>(&mut self, place: usize, value: Option<&T>) {
        if let Some(value) = value {
            self.field(place, value);
        }
    }

    /// A field of an enum that is always written.
    pub fn number(&mut self, place: usize, number: i32, names: &'static EnumNames) {
        if let Some(out) = self.key(place) {
            enums::write(number, names, out);
        }
    }

    /// A field of an enum without presence.
    pub fn plain_number(&mut self, place: usize, number: i32, names: &'static EnumNames) {
        if self.only.is_some() || number != 0 {
            self.number(place, number, names);
        }
    }

    /// A field of an enum that may not be there.
    pub fn optional_number(&mut self, place: usize, number: Option<i32>, names: &'static EnumNames) {
        if let Some(number) = number {
            self.number(place, number, names);
        }
    }

    /// A list of an enum's members.
    pub fn numbers(&mut self, place: usize, numbers: &[i32], names: &'static EnumNames) {
        if (self.only.is_some() || !numbers.is_empty())
            && let Some(out) = self.key(place)
        {
            out.list(numbers, |out, number| enums::write(*number, names, out));
        }
    }

    /// A map whose values are an enum's members.
    pub fn number_map<'a, K: Value + 'a>(
        &mut self,
        place: usize,
        map: impl ExactSizeIterator<Item = (&'a K, &'a i32)>,
        names: &'static EnumNames,
    ) {
        if (self.only.is_some() || map.len() > 0)
            && let Some(out) = self.key(place)
        {
            out.pairs(map, |out, (key, number)| {
                key.write_key(out);
                out.colon();
                enums::write(*number, names, out);
            });
        }
    }

    /// A field of a message that has no form in JSON here: it cannot be written.
    #[cold]
    pub fn unable(&mut self, place: usize, there: bool, message: &str) {
        if there && self.only.is_none_or(|only| only == place) {
            self.out.refuse(format!("`{message}` has no form in JSON here"));
        }
    }

    /// A member of a union that the IDL does not know: it cannot be written.
    #[cold]
    pub fn unknown(&mut self, union: &str) {
        self.out
            .refuse(format!("a member of `{union}` that this version of the IDL does not know has no form in JSON"));
    }
}
