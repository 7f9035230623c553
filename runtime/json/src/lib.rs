//! JSON of proto messages and Thrift structs, without a tree in between: generated code has a table of names per message
//! and one line per field to read and to write; one safe reader and one safe writer do the rest.
//!
//! Proto messages follow protobuf's own rules (protobuf.dev/programming-guides/json), Thrift structs are plain JSON with the
//! names of the IDL. Nothing that a peer sent makes it panic, nests deeper than a limit or takes more memory than one.
//!
//! ```
//! use kiteline_json::{Fields, Message, Object, Read, Reader, Style};
//!
//! #[derive(Debug, Default, PartialEq)]
//! struct Point { x: i32, full_name: String }
//!
//! impl Message for Point {
//!     fn fields(&self) -> &'static Fields {
//!         static FIELDS: Fields = Fields::new(&["x", "fullName"]).or(&[("full_name", 1)]);
//!         &FIELDS
//!     }
//!     fn write(&self, out: &mut Object<'_>) {
//!         out.plain(0, &self.x);
//!         out.plain(1, &self.full_name);
//!     }
//!     fn read(&mut self, field: usize, input: &mut Reader<'_>) -> Read {
//!         match field {
//!             0 => input.value(&mut self.x),
//!             _ => input.value(&mut self.full_name),
//!         }
//!     }
//! }
//!
//! let point: Point = kiteline_json::from_slice(r#"{"x": 1, "full_name": "é"}"#.as_bytes(), Style::Proto, Default::default()).unwrap();
//! assert_eq!(kiteline_json::to_vec(&point, Style::Proto).unwrap(), r#"{"x":1,"fullName":"é"}"#.as_bytes());
//! let failure = kiteline_json::from_slice::<Point>(br#"{"x": 1.5}"#, Style::Proto, Default::default()).unwrap_err();
//! assert_eq!(failure.to_string(), "x: 1.5 is not a whole number, at byte 6");
//! ```

mod base64;
mod bind;
mod call;
mod enums;
mod escape;
mod failure;
mod fields;
#[cfg(feature = "proto")]
mod known;
mod message;
mod number;
mod object;
mod objects;
mod places;
mod reader;
mod scalars;
mod scan;
mod types;
mod values;
mod writer;

use kiteline_core::limits::DecodeLimits;

pub use bind::bind;
pub use bytes::Bytes;
pub use call::{
    EXCEPTION, argument, arguments, body, exception, messages, replies, reply, request, requests, result, void,
};
pub use enums::NULL;
pub use failure::{Failure, Read};
pub use fields::{EnumNames, Fields};
pub use message::{Message, Value};
pub use object::Object;
pub use reader::Reader;
pub use types::{AnyType, Types};
pub use writer::{Unwritten, Writer};

/// Whose habits the JSON has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Those of protobuf: 64-bit numbers are texts, enums names.
    Proto,
    /// Those of Thrift's structs as plain JSON: 64-bit numbers are numbers, enums too.
    Thrift,
}

/// Reads a value, of which the bytes have to be all.
///
/// # Errors
///
/// For JSON that is no such value, or where a limit is reached.
pub fn from_slice<T: Value>(json: &[u8], style: Style, limits: DecodeLimits) -> Read<T> {
    let mut input = Reader::new(json, style, limits)?;
    let value = T::read(&mut input)?;
    input.end()?;
    Ok(value)
}

/// Writes a value.
///
/// # Errors
///
/// For a value that JSON has no form for, such as a time after the year 9999.
pub fn to_vec<T: Value>(value: &T, style: Style) -> Result<Vec<u8>, Unwritten> {
    let mut out = Writer::new(style);
    value.write(&mut out);
    out.finish()
}
