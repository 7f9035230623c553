//! The grammar of Compact, one step after the other on a stack of its own. A step that lacks
//! bytes changes nothing, so that it can be made again when more have arrived.

use super::cursor::{Cursor, Halt};
use super::kind::{self, FALSE, TRUE};
use crate::codec::Fault;
use crate::codec::Type;

/// The receiver of the same values in Binary.
pub(crate) trait Output {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Fault>;

    /// At least so many bytes are to come, of which values will be made that take at least so much memory: refused
    /// before any of them is made.
    fn expect(&mut self, _: Expected) -> Result<(), Fault> {
        Ok(())
    }
}

/// The least size of values.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Expected {
    /// In Binary.
    pub(crate) bytes: usize,
    /// Of a list of them.
    pub(crate) memory: usize,
}

/// What is being read at one level of nesting.
#[derive(Clone, Copy, Debug)]
enum Level {
    /// Fields up to STOP; the next id is stated as its distance to the last one.
    Fields { last: i16 },
    /// Values of one type, or of two in turn; `left` counts values.
    Values { now: Type, then: Type, left: u64 },
}

/// How far the fields of one struct have been read.
#[derive(Debug, Default)]
pub(crate) struct Walker {
    stack: Vec<Level>,
    depth: usize,
}

impl Walker {
    /// At the first field. `depth` bounds the nesting below this struct.
    pub(crate) fn new(depth: u16) -> Self {
        Self { stack: vec![Level::Fields { last: 0 }], depth: depth.into() }
    }

    /// Whether the struct's end has not been seen.
    pub(crate) fn is_open(&self) -> bool {
        !self.stack.is_empty()
    }

    /// Reads one field's header, one value, or one container's header.
    pub(crate) fn step(&mut self, input: &mut Cursor<'_>, out: &mut impl Output) -> Result<(), Halt> {
        let place = self.stack.len().saturating_sub(1);
        let next = match self.stack.last().copied() {
            None => return Ok(()),
            Some(Level::Fields { last }) => self.field(last, input, out)?,
            Some(Level::Values { left: 0, .. }) => None,
            Some(Level::Values { now, then, left }) if is_plain(now) && is_plain(then) => {
                Some(self.run(now, then, left, input, out)?)
            }
            Some(Level::Values { now, then, left }) => {
                self.value(now, input, out)?;
                Some(Level::Values { now: then, then: now, left: left - 1 })
            }
        };
        match (next, self.stack.get_mut(place)) {
            (Some(next), Some(level)) => *level = next,
            _ => drop(self.stack.pop()),
        }
        Ok(())
    }

    /// As many values without values of their own as are there, and at least one.
    fn run(
        &mut self,
        mut now: Type,
        mut then: Type,
        left: u64,
        input: &mut Cursor<'_>,
        out: &mut impl Output,
    ) -> Result<Level, Halt> {
        for done in 0..left {
            let before = *input;
            match self.value(now, input, out) {
                Ok(()) => (now, then) = (then, now),
                Err(halt) if done == 0 => return Err(halt),
                // The next step meets it where it is.
                Err(_) => {
                    *input = before;
                    return Ok(Level::Values { now, then, left: left - done });
                }
            }
        }
        Ok(Level::Values { now, then, left: 0 })
    }

    /// A field with its value, or the beginning of one; `None` at STOP.
    fn field(&mut self, last: i16, input: &mut Cursor<'_>, out: &mut impl Output) -> Result<Option<Level>, Halt> {
        let head = input.byte()?;
        if head == 0 {
            out.put(&[Type::Stop as u8])?;
            return Ok(None);
        }
        let (delta, nibble) = (i16::from(head >> 4), head & 0x0f);
        let kind = kind::from_nibble(nibble)?;
        if kind == Type::Stop {
            return Err(Fault::Type(head).into());
        }
        let id = match delta {
            0 => i16::try_from(input.signed(16)?).map_err(|_| Fault::Number)?,
            _ => last.checked_add(delta).ok_or(Fault::Number)?,
        };
        let [high, low] = id.to_be_bytes();
        out.put(&[kind as u8, high, low])?;
        match nibble {
            TRUE => out.put(&[1])?,
            FALSE => out.put(&[0])?,
            _ => self.value(kind, input, out)?,
        }
        Ok(Some(Level::Fields { last: id }))
    }

    fn value(&mut self, kind: Type, input: &mut Cursor<'_>, out: &mut impl Output) -> Result<(), Halt> {
        match kind {
            // Only 1 is true: implementations write 2 for false, the specification says 0.
            Type::Bool => out.put(&[u8::from(input.byte()? == TRUE)])?,
            Type::I8 => out.put(&[input.byte()?])?,
            Type::I16 => out.put(&tail::<2>(input.signed(16)?))?,
            Type::I32 => out.put(&tail::<4>(input.signed(32)?))?,
            Type::I64 => out.put(&input.signed(64)?.to_be_bytes())?,
            Type::Double => {
                let mut bytes = input.array::<8>()?;
                bytes.reverse();
                out.put(&bytes)?;
            }
            Type::Uuid => out.put(&input.array::<16>()?)?,
            Type::String => {
                let length = input.length()?;
                let bytes = input.slice(length)?;
                out.put(&count(length))?;
                out.put(bytes)?;
            }
            Type::Struct => self.enter(Level::Fields { last: 0 })?,
            Type::List | Type::Set => self.elements(input, out)?,
            Type::Map => self.entries(input, out)?,
            Type::Stop => return Err(Fault::Type(0).into()),
        }
        Ok(())
    }

    fn elements(&mut self, input: &mut Cursor<'_>, out: &mut impl Output) -> Result<(), Halt> {
        let head = input.byte()?;
        let number = match usize::from(head >> 4) {
            15 => input.length()?,
            short => short,
        };
        let kind = kind::from_nibble(head & 0x0f)?;
        out.put(&[kind as u8])?;
        out.put(&count(number))?;
        let expected = self.values(kind, kind, number, 1, input)?;
        Ok(out.expect(expected)?)
    }

    fn entries(&mut self, input: &mut Cursor<'_>, out: &mut impl Output) -> Result<(), Halt> {
        let number = input.length()?;
        // An empty map states no types.
        let kinds = if number == 0 { 0 } else { input.byte()? };
        let (key, value) = (kind::from_nibble(kinds >> 4)?, kind::from_nibble(kinds & 0x0f)?);
        out.put(&[key as u8, value as u8])?;
        out.put(&count(number))?;
        let expected = self.values(key, value, number, 2, input)?;
        Ok(out.expect(expected)?)
    }

    /// Goes into a container of `number` rounds of `each` values; gives what they take at least.
    fn values(
        &mut self,
        now: Type,
        then: Type,
        number: usize,
        each: usize,
        input: &Cursor<'_>,
    ) -> Result<Expected, Halt> {
        if number == 0 {
            return Ok(Expected::default());
        }
        if now == Type::Stop || then == Type::Stop {
            return Err(Fault::Type(0).into());
        }
        let round = |least: fn(Type) -> usize| least(now) + if each == 2 { least(then) } else { 0 };
        input.expect(number.saturating_mul(round(kind::least)))?;
        self.enter(Level::Values { now, then, left: number as u64 * each as u64 })?;
        let all = |least| number.saturating_mul(round(least));
        Ok(Expected { bytes: all(Type::min_size), memory: all(kind::memory) })
    }

    fn enter(&mut self, level: Level) -> Result<(), Halt> {
        // The outermost struct does not count, as in Binary.
        if self.stack.len() > self.depth {
            return Err(Fault::Depth.into());
        }
        self.stack.push(level);
        Ok(())
    }
}

/// Whether values of this type hold no others.
fn is_plain(kind: Type) -> bool {
    !matches!(kind, Type::Stop | Type::Struct | Type::List | Type::Set | Type::Map)
}

/// The last bytes of a number that fits them.
fn tail<const N: usize>(number: i64) -> [u8; N] {
    number.to_be_bytes().last_chunk().copied().unwrap_or([0; N])
}

/// A length or a count in Binary; reading it has bounded it.
fn count(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes()
}
