//! The first pass of encoding: how many bytes a value takes, and whether it may be written.

use super::error::EncodeError;

/// Deepest nesting of structs and containers that is written; the argument list and the result
/// do not count. Kitex and we refuse to read more (`thrift.MaxSkipDepth` in cloudwego/gopkg).
pub const DEPTH: u16 = crate::limits::DEPTH;

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
    pub(super) fn nested(&mut self, parts: impl FnOnce(&mut Self)) {
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
