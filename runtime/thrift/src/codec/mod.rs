//! The Binary codec: types, how each is measured, written and read, and the errors of doing so.
//!
//! Encoding takes two passes over a [`Value`]: [`Size`] measures and finds what is over a limit, [`Encoder`] writes into
//! memory of that size. [`Decoder`] reads one complete body. Headers and frames are not known here.

mod body_pool;
mod containers;
mod decoder;
mod encoder;
mod error;
mod field;
#[cfg(feature = "json")]
mod json;
mod kind;
mod sink;
mod size;
mod structure;
mod text;
mod unknown;
mod value;
mod walk;

pub use self::decoder::{Decoder, from_bytes};
pub(crate) use self::encoder::encode;
pub use self::encoder::{Encoder, to_bytes};
pub use self::error::{DecodeError, EncodeError, Fault, Step};
pub use self::field::{Decoded, FieldNames, FieldRef, Slot};
pub use self::kind::Type;
pub use self::sink::Sink;
pub use self::size::{DEPTH, Size};
pub use self::structure::{Required, Struct};
pub use self::unknown::UnknownField;
pub use self::value::{Double, ParseUuidError, Uuid, Value};
