//! One trait for measuring and for writing a struct's fields: what is measured is what is written.

use super::encoder::Encoder;
use super::size::Size;
use super::unknown::UnknownField;
use super::value::Value;

/// The receiver of a struct's fields: [`Size`] measures them, [`Encoder`] writes them.
pub trait Sink: Sized {
    /// A struct, with its STOP byte at the end.
    fn structure(&mut self, fields: impl FnOnce(&mut Self));

    /// A field.
    fn field<T: Value>(&mut self, id: i16, value: &T);

    /// A field that is there or not.
    #[inline]
    fn optional<T: Value>(&mut self, id: i16, value: &Option<T>) {
        if let Some(value) = value {
            self.field(id, value);
        }
    }

    /// A field in a box that is there or not.
    #[inline]
    fn optional_box<T: Value>(&mut self, id: i16, value: &Option<Box<T>>) {
        if let Some(value) = value {
            self.field(id, &**value);
        }
    }

    /// A field that was kept as bytes.
    fn unknown(&mut self, field: &UnknownField);

    /// A value that is not a struct.
    fn value<T: Value>(&mut self, value: &T);
}

impl Sink for Size {
    /// Below [`super::DEPTH`] it does not descend, so the pass that writes never runs on a value
    /// that could exhaust the stack.
    #[inline]
    fn structure(&mut self, fields: impl FnOnce(&mut Self)) {
        self.add(1);
        self.nested(fields);
    }

    #[inline]
    fn field<T: Value>(&mut self, _: i16, value: &T) {
        self.add(3);
        value.size(self);
    }

    #[inline]
    fn unknown(&mut self, field: &UnknownField) {
        self.add(3);
        self.add(field.bytes.len());
    }

    #[inline]
    fn value<T: Value>(&mut self, value: &T) {
        value.size(self);
    }
}

impl Sink for Encoder {
    #[inline]
    fn structure(&mut self, fields: impl FnOnce(&mut Self)) {
        fields(self);
        self.put([0]);
    }

    #[inline]
    fn field<T: Value>(&mut self, id: i16, value: &T) {
        value.encode_field(id, self);
    }

    #[inline]
    fn unknown(&mut self, field: &UnknownField) {
        self.field_header(field.kind, field.id);
        self.slice(&field.bytes);
    }

    #[inline]
    fn value<T: Value>(&mut self, value: &T) {
        value.encode(self);
    }
}
