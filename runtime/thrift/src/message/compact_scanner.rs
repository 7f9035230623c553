//! The end of a message in Compact that states no length of its own.

use super::compact_header as header;
use super::frame::FrameError;
use super::header::HeaderError;
use crate::codec::{DEPTH, Fault};
use crate::compact::cursor::{Cursor, Halt};
use crate::compact::walk::{Output, Walker};

/// How far a message has been read.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    at: usize,
    walker: Walker,
}

/// Only the end is looked for.
struct Nowhere;

impl Output for Nowhere {
    fn put(&mut self, _: &[u8]) -> Result<(), Fault> {
        Ok(())
    }
}

impl Scanner {
    /// The length of the message that the bytes begin with; `None` until more bytes arrive. They
    /// are the same as before, and more.
    pub(crate) fn scan(&mut self, bytes: &[u8], limit: usize) -> Result<Option<usize>, FrameError> {
        if self.at == 0 {
            match header::read(bytes) {
                Ok((_, size)) if size <= limit => *self = Self { at: size, walker: Walker::new(DEPTH) },
                Err(HeaderError::Truncated) if bytes.len() <= limit => return Ok(None),
                Ok(_) | Err(HeaderError::Truncated) => return Err(FrameError::TooLong { length: bytes.len(), limit }),
                Err(error) => return Err(error.into()),
            }
        }
        while self.walker.is_open() {
            let rest = bytes.get(self.at..).unwrap_or_default();
            let mut input = Cursor::new(rest, limit - self.at);
            match self.walker.step(&mut input, &mut Nowhere) {
                Ok(()) => self.at += rest.len() - input.left(),
                Err(Halt::More) => return Ok(None),
                Err(Halt::Beyond(more)) => {
                    return Err(FrameError::TooLong { length: self.at.saturating_add(more), limit });
                }
                Err(Halt::Fault(fault)) => return Err(fault.into()),
            }
        }
        Ok(Some(std::mem::take(self).at))
    }
}
