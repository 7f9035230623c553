//! Errors of encoding a value and of decoding bytes.

use std::borrow::Cow;
use std::fmt;

use super::field::{self, FieldNames};
use super::kind::Type;
use kiteline_core::error::{Code, Error, Origin};

/// Why a value cannot be encoded. Found while sizing, before a byte is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A length or count in a value of so many bytes does not fit the wire's signed 32 bits.
    #[error("a length or count does not fit 32 signed bits, in a value of {0} bytes")]
    TooLong(usize),
    /// Structs and containers nest deeper than [`super::DEPTH`], which every reader would refuse.
    #[error("structs and containers nest deeper than {0}")]
    TooDeep(u16),
    /// A [`super::Value`] wrote another number of bytes than it had announced: a bug in its code.
    #[error("a value wrote another number of bytes than it announced")]
    Mismatch,
}

impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Self {
        Self::new(Code::Internal, error.to_string()).with_origin(Origin::Encode)
    }
}

/// The kind of damage in bytes that cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The body ends inside a value, or a count needs more bytes than are left.
    #[error("the message ends too early")]
    Truncated,
    /// A byte that names no type.
    #[error("unknown type {0}")]
    Type(u8),
    /// Elements of another type than the IDL says.
    #[error("elements are {found}, not {expected}")]
    Element {
        /// The type in the IDL.
        expected: Type,
        /// The type byte on the wire.
        found: u8,
    },
    /// A negative length or count.
    #[error("negative length {0}")]
    Negative(i32),
    /// A number of Compact that does not fit its type, or takes more bytes than its type may.
    #[error("a number is longer than its type")]
    Number,
    /// A string or binary over [`kiteline_core::limits::DecodeLimits::string`].
    #[error("a string of {0} bytes is over the limit")]
    StringLimit(usize),
    /// Text that is not UTF-8.
    #[error("text is not UTF-8")]
    Utf8,
    /// Nesting over [`kiteline_core::limits::DecodeLimits::depth`].
    #[error("structs and containers nest too deep")]
    Depth,
    /// The values would take more memory than [`kiteline_core::limits::DecodeLimits::budget`].
    #[error("the message's values take more memory than one message may")]
    Budget,
    /// A required field was not there.
    #[error("required field {0} is missing")]
    Missing(Cow<'static, str>),
    /// A required union without a member.
    #[error("union {0} has no member")]
    EmptyUnion(&'static str),
    /// Bytes behind the end of the value.
    #[error("{0} bytes after the end")]
    Trailing(usize),
}

/// One step from the outermost value towards the damaged place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The field with this id, and its name in the IDL when it has one there.
    Field(i16, Option<&'static str>),
    /// The element with this place, from 0.
    Element(usize),
    /// The key of the entry with this place.
    Key(usize),
    /// The value of the entry with this place.
    Entry(usize),
}

/// Why bytes could not be decoded, and where.
#[derive(Clone, PartialEq, Eq)]
pub struct DecodeError(Box<Place>);

#[derive(Clone, PartialEq, Eq)]
struct Place {
    fault: Fault,
    offset: usize,
    path: Vec<Step>,
}

impl DecodeError {
    /// A fault at a byte of the body; its path grows on the way out.
    #[cold]
    pub(crate) fn new(fault: Fault, offset: usize) -> Self {
        Self(Box::new(Place { fault, offset, path: Vec::new() }))
    }

    /// Adds the next step outwards to its path.
    #[cold]
    pub(super) fn inside(mut self, step: Step) -> Self {
        self.0.path.insert(0, step);
        self
    }

    #[cold]
    pub(super) fn in_field(self, id: i16, names: FieldNames) -> Self {
        self.inside(Step::Field(id, field::name(id, names)))
    }

    /// The kind of damage.
    pub fn fault(&self) -> &Fault {
        &self.0.fault
    }

    /// The byte, from the start of the body, at which it was noticed.
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// The path by fields and places to the damaged value; empty at the outermost level. It ends at the first field
    /// that the IDL does not know.
    pub fn path(&self) -> &[Step] {
        &self.0.path
    }

    /// Makes it an error of the runtime with the given code and [`Origin::Decode`]. What can be done in the IDL about
    /// it is added.
    pub fn into_error(self, code: Code) -> Error {
        let mut text = self.to_string();
        if self.0.fault == Fault::Utf8 {
            text.push_str("; `(rust.strings = \"bytes\")` in the IDL lets a string hold other bytes");
        }
        Error::new(code, text).with_origin(Origin::Decode)
    }
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        error.into_error(Code::Internal)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.0.fault, self.0.offset)?;
        for (at, step) in self.0.path.iter().enumerate() {
            f.write_str(if at == 0 { ", field path " } else { "" })?;
            match step {
                Step::Field(id, name) => {
                    f.write_str(if at == 0 { "" } else { "." })?;
                    match name {
                        Some(name) => f.write_str(name)?,
                        None => write!(f, "{id}")?,
                    }
                }
                Step::Element(place) => write!(f, "[{place}]")?,
                Step::Key(place) => write!(f, "[key {place}]")?,
                Step::Entry(place) => write!(f, "[value {place}]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecodeError({self})")
    }
}

impl std::error::Error for DecodeError {}
