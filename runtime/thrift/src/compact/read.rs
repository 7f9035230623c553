//! A whole body in Compact, as the same body in Binary.

use bytes::Bytes;

use super::cursor::{Cursor, Halt};
use super::walk::{Expected, Output, Walker};
use crate::codec::{DecodeError, Fault};
use kiteline_core::limits::DecodeLimits;
use kiteline_core::malloc;

/// Measures what Binary takes: a number of one byte may become one of eight.
struct Measure {
    bytes: usize,
    /// Of containers' elements. A decoder that knows the field takes so much too, and then more; for one that keeps
    /// the field's bytes alone, a list of over a million texts may be refused that would just fit.
    memory: usize,
    budget: usize,
}

impl Measure {
    fn admit(&self, bytes: usize) -> Result<(), Fault> {
        let all = self.bytes.saturating_add(self.memory).saturating_add(bytes);
        if all > self.budget { Err(Fault::Budget) } else { Ok(()) }
    }
}

impl Output for Measure {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.bytes += bytes.len();
        self.admit(0)
    }

    fn expect(&mut self, expected: Expected) -> Result<(), Fault> {
        self.memory = self.memory.saturating_add(expected.memory);
        self.admit(expected.bytes)
    }
}

impl Output for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}

/// Transcodes fields up to STOP. The first of two passes measures, so nothing is reserved for what
/// is only announced, and never more than [`DecodeLimits::budget`].
///
/// # Errors
///
/// [`Fault::Truncated`], [`Fault::Negative`], [`Fault::Number`], [`Fault::Type`],
/// [`Fault::Depth`], [`Fault::Budget`], [`Fault::Trailing`]; offsets are those of the Compact body.
pub fn to_binary(body: &[u8], limits: DecodeLimits) -> Result<Bytes, DecodeError> {
    let mut measure = Measure { bytes: 0, memory: 0, budget: limits.budget };
    walk(body, limits.depth, &mut measure)?;
    let mut out = Vec::with_capacity(malloc::room(measure.bytes));
    walk(body, limits.depth, &mut out)?;
    Ok(out.into())
}

fn walk(body: &[u8], depth: u16, out: &mut impl Output) -> Result<(), DecodeError> {
    let mut walker = Walker::new(depth);
    let mut input = Cursor::new(body, body.len());
    while walker.is_open() {
        let offset = body.len() - input.left();
        walker.step(&mut input, out).map_err(|halt| DecodeError::new(fault(halt), offset))?;
    }
    match input.left() {
        0 => Ok(()),
        left => Err(DecodeError::new(Fault::Trailing(left), body.len() - left)),
    }
}

fn fault(halt: Halt) -> Fault {
    match halt {
        Halt::More | Halt::Beyond(_) => Fault::Truncated,
        Halt::Fault(fault) => fault,
    }
}
