//! The end of a message that states no length of its own: strict Binary without a frame.
//!
//! It goes on where it stopped when more bytes arrive, on a stack of its own, and reserves nothing
//! for what is only announced. It makes no values: the decoder does, from the whole message.

use super::frame::FrameError;
use super::header::{Header, HeaderError};
use crate::codec::{DEPTH, Fault, Type};

/// What is being read at one level of nesting.
#[derive(Clone, Copy, Debug)]
enum Level {
    /// Fields up to STOP.
    Fields,
    /// Values of one type, or of two in turn; `left` counts values.
    Values { now: Type, then: Type, left: u64 },
}

/// How far a message has been read.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    at: usize,
    stack: Vec<Level>,
}

impl Scanner {
    /// The length of the message that the bytes begin with; `None` until more bytes arrive. They
    /// are the same as before, and more.
    pub(super) fn scan(&mut self, bytes: &[u8], limit: usize) -> Result<Option<usize>, FrameError> {
        if self.at == 0 && !self.header(bytes)? {
            return too_long(bytes.len(), limit).map(|()| None);
        }
        loop {
            too_long(self.at, limit)?;
            if self.stack.is_empty() && self.at <= bytes.len() {
                let length = self.at;
                *self = Self::default();
                return Ok(Some(length));
            }
            // A long value may end behind the bytes that are there.
            let Some(rest) = bytes.get(self.at..) else { return Ok(None) };
            if !self.step(rest, limit)? {
                return Ok(None);
            }
        }
    }

    /// Whether the message's header is whole.
    fn header(&mut self, bytes: &[u8]) -> Result<bool, FrameError> {
        match Header::read(bytes) {
            Ok((_, size)) => {
                self.at = size;
                self.stack.push(Level::Fields);
                Ok(true)
            }
            Err(HeaderError::Truncated) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads one header of a field or one value; `false` when it is not whole yet.
    fn step(&mut self, rest: &[u8], limit: usize) -> Result<bool, FrameError> {
        let Some(level) = self.stack.last_mut() else { return Ok(true) };
        match level {
            Level::Fields => self.field(rest, limit),
            Level::Values { left: 0, .. } => {
                self.stack.pop();
                Ok(true)
            }
            Level::Values { now, then, left } => {
                let kind = *now;
                *left -= 1;
                std::mem::swap(now, then);
                let before = self.stack.len();
                let whole = self.value(kind, rest, limit)?;
                if !whole && let Some(Level::Values { now, then, left }) = self.stack.get_mut(before - 1) {
                    *left += 1;
                    std::mem::swap(now, then);
                }
                Ok(whole)
            }
        }
    }

    fn field(&mut self, rest: &[u8], limit: usize) -> Result<bool, FrameError> {
        let Some(kind) = rest.first() else { return Ok(false) };
        let kind = Type::from_byte(*kind).ok_or(Fault::Type(*kind))?;
        if kind == Type::Stop {
            self.at += 1;
            self.stack.pop();
            return Ok(true);
        }
        let Some(rest) = rest.get(3..) else { return Ok(false) };
        let whole = self.value(kind, rest, limit)?;
        if whole {
            self.at += 3;
        }
        Ok(whole)
    }

    /// Moves behind a value, or into it.
    fn value(&mut self, kind: Type, rest: &[u8], limit: usize) -> Result<bool, FrameError> {
        if let Some(size) = kind.fixed_size() {
            self.at += size;
            return Ok(true);
        }
        match kind {
            Type::Struct => self.enter(Level::Fields, 0)?,
            Type::String => {
                let Some(length) = length(rest)? else { return Ok(false) };
                self.at = self.at.saturating_add(4).saturating_add(length);
            }
            Type::Map => return self.elements(rest, 2, limit),
            _ => return self.elements(rest, 1, limit),
        }
        Ok(true)
    }

    /// The header of a container with `types` element types.
    fn elements(&mut self, rest: &[u8], types: usize, limit: usize) -> Result<bool, FrameError> {
        let Some((kinds, rest)) = rest.split_at_checked(types) else { return Ok(false) };
        let Some(count) = length(rest)? else { return Ok(false) };
        let header = types + 4;
        if count == 0 {
            self.at += header;
            return Ok(true);
        }
        let (now, then) = (element(kinds.first())?, element(kinds.last())?);
        // More values than the longest message can hold are seen before they come.
        let least = now.min_size() + if types == 2 { then.min_size() } else { 0 };
        too_long(count.saturating_mul(least).saturating_add(self.at), limit)?;
        let left = count as u64 * types as u64;
        self.enter(Level::Values { now, then, left }, header)?;
        Ok(true)
    }

    fn enter(&mut self, level: Level, header: usize) -> Result<(), FrameError> {
        if self.stack.len() > usize::from(DEPTH) {
            return Err(Fault::Depth.into());
        }
        self.at += header;
        self.stack.push(level);
        Ok(())
    }
}

fn too_long(length: usize, limit: usize) -> Result<(), FrameError> {
    if length > limit { Err(FrameError::TooLong { length, limit }) } else { Ok(()) }
}

fn length(rest: &[u8]) -> Result<Option<usize>, Fault> {
    let Some(bytes) = rest.first_chunk::<4>() else { return Ok(None) };
    let length = i32::from_be_bytes(*bytes);
    usize::try_from(length).map(Some).map_err(|_| Fault::Negative(length))
}

fn element(byte: Option<&u8>) -> Result<Type, Fault> {
    let byte = byte.copied().unwrap_or_default();
    Type::from_byte(byte).filter(|kind| *kind != Type::Stop).ok_or(Fault::Type(byte))
}
