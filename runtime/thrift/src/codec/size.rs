//! The first pass of encoding: how many bytes a value takes, and whether it may be written.

use super::error::EncodeError;

/// Deepest nesting of structs and containers that is written; the argument list and the result
/// do not count. Kitex and we refuse to read more (`thrift.MaxSkipDepth` in cloudwego/gopkg).
pub const DEPTH: u16 = kiteline_core::limits::DEPTH;

/// The sum of what a value's parts take, in bytes. Adding is all that is done on the way; whether
/// the sum may be written is looked at once, at the end.
#[derive(Debug, Default)]
pub struct Size {
    /// Wrong beyond the range of the type, which takes 2^33 parts of the longest legal length; the
    /// pass that writes would see that.
    bytes: usize,
    depth: u16,
    /// The bits of all numbers of elements, and of bytes of text or binary: one number over 31 bits leaves a high bit.
    lengths: usize,
    too_deep: bool,
}

impl Size {
    /// Adds bytes.
    #[inline]
    pub fn add(&mut self, bytes: usize) {
        self.bytes = self.bytes.wrapping_add(bytes);
    }

    /// Adds text or binary of `length` bytes with its 4-byte length.
    #[inline]
    pub fn string(&mut self, length: usize) {
        self.lengths |= length;
        self.add(length.wrapping_add(4));
    }

    /// Adds a container of `count` elements with a header of `header` bytes, and what `elements` adds.
    #[inline]
    pub fn container(&mut self, header: usize, count: usize, elements: impl FnOnce(&mut Self)) {
        self.lengths |= count;
        self.add(header);
        self.nested(elements);
    }

    #[inline]
    pub(super) fn nested(&mut self, parts: impl FnOnce(&mut Self)) {
        if self.depth == DEPTH {
            self.too_deep = true;
            return;
        }
        self.depth += 1;
        parts(self);
        self.depth -= 1;
    }

    /// The sum, or why it is not to be written.
    pub(super) fn finish(self) -> Result<usize, EncodeError> {
        if self.too_deep {
            return Err(EncodeError::TooDeep(DEPTH));
        }
        i32::try_from(self.lengths).map_err(|_| EncodeError::TooLong(self.bytes))?;
        Ok(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(lengths: &[usize]) -> Result<usize, EncodeError> {
        let mut size = Size::default();
        lengths.iter().for_each(|length| size.string(*length));
        size.finish()
    }

    #[test]
    fn a_length_takes_31_bits_at_most() {
        let most = i32::MAX as usize;
        assert_eq!(sum(&[most - 1]), Ok(most + 3));
        assert_eq!(sum(&[most, 1, most]), Ok(2 * most + 13));
        assert_eq!(sum(&[1, most + 1]), Err(EncodeError::TooLong(most + 10)));
        let mut size = Size::default();
        size.container(5, most + 1, |_| ());
        assert_eq!(size.finish(), Err(EncodeError::TooLong(5)));
    }
}
