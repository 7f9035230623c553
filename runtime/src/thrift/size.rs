//! The first pass of encoding: how many bytes a value takes, and whether it may be written.

use super::error::EncodeError;
use super::unknown::UnknownField;
use super::value::Value;

/// Deepest nesting of structs and containers that is written; the argument list and the result
/// do not count. Kitex and we refuse to read more (`thrift.MaxSkipDepth` in cloudwego/gopkg).
pub const DEPTH: u16 = 64;

/// The sum of what a value's parts take, in bytes.
#[derive(Debug, Default)]
pub struct Size {
    bytes: usize,
    depth: u16,
    error: Option<EncodeError>,
}

impl Size {
    /// Adds bytes.
    #[inline]
    pub fn add(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Adds a struct: what `fields` adds, and the STOP byte. Below [`DEPTH`] it does not descend,
    /// so the pass that writes never runs on a value that could exhaust the stack.
    #[inline]
    pub fn structure(&mut self, fields: impl FnOnce(&mut Self)) {
        self.add(1);
        self.nested(fields);
    }

    /// Adds a field: its 3-byte header and its value.
    #[inline]
    pub fn field<T: Value>(&mut self, value: &T) {
        self.add(3);
        value.size(self);
    }

    /// Adds a field that was kept as bytes.
    #[inline]
    pub fn unknown(&mut self, field: &UnknownField) {
        self.add(3);
        self.add(field.bytes.len());
    }

    /// Adds text or binary of `length` bytes with its 4-byte length.
    #[inline]
    pub fn string(&mut self, length: usize) {
        self.count(length);
        self.add(4);
        self.add(length);
    }

    /// Adds a container of `count` elements with a header of `header` bytes, and what `elements` adds.
    #[inline]
    pub fn container(&mut self, header: usize, count: usize, elements: impl FnOnce(&mut Self)) {
        self.count(count);
        self.add(header);
        self.nested(elements);
    }

    #[inline]
    fn nested(&mut self, parts: impl FnOnce(&mut Self)) {
        if self.depth == DEPTH {
            self.fail(EncodeError::TooDeep(DEPTH));
            return;
        }
        self.depth += 1;
        parts(self);
        self.depth -= 1;
    }

    #[inline]
    fn count(&mut self, count: usize) {
        if i32::try_from(count).is_err() {
            self.fail(EncodeError::TooLong(count));
        }
    }

    #[cold]
    fn fail(&mut self, error: EncodeError) {
        self.error.get_or_insert(error);
    }

    /// The sum, or the first reason not to write.
    pub(super) fn finish(self) -> Result<usize, EncodeError> {
        self.error.map_or(Ok(self.bytes), Err)
    }
}
