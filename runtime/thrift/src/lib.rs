//! The Thrift protocol: values in Binary, Compact by transcoding, messages, frames, TTHeader and application exceptions.
//!
//! This crate owns every byte of Thrift. It neither listens nor connects, and it knows no server and no registry.
//! There is one codec: a [`Value`] is not generic over protocols; [`compact`] transcodes.
//!
//! ```
//! use runtime::thrift::{from_bytes, to_bytes};
//!
//! let ages = std::collections::HashMap::from([("kite".to_owned(), 7_i64)]);
//! let bytes = to_bytes(&ages)?;
//! // Two element types, a count, a text with its length, a number.
//! assert_eq!(bytes.len(), 2 + 4 + (4 + 4) + 8);
//! assert_eq!(from_bytes(bytes, Default::default()), Ok(ages));
//! # Ok::<_, runtime::thrift::EncodeError>(())
//! ```
//!
//! | items | are |
//! |---|---|
//! | [`Value`], [`Struct`], [`Type`], [`Uuid`], [`Double`], [`UnknownField`] | types and how they are written |
//! | [`to_bytes`], [`from_bytes`], [`Encoder`], [`Decoder`], [`Size`] | the Binary codec |
//! | [`Header`], [`Protocol`], [`exception`] | the header of a message, its protocol, errors |
//! | [`MessageReader`], [`Incoming`], [`Outgoing`], [`Wire`] | messages cut from bytes, and wrapped to be sent |
//! | [`Frame`], [`FrameReader`], [`ttheader`], [`metainfo`] | frames, TTHeader and what its pairs mean |
//! | [`argument`], [`arguments`], [`reply`], [`result`], … | what generated services and clients call |
//!
//! Features: `grpc` adds Kitex-Protobuf, `serde` the traits of serde for the types of values.

mod body_pool;
pub mod buffer_pool;
mod call;
pub mod compact;
mod containers;
mod decoder;
mod encoder;
mod error;
pub mod exception;
mod field;
mod frame;
mod kind;
#[cfg(feature = "grpc")]
mod kitex_protobuf;
mod message;
mod message_reader;
pub mod metainfo;
mod outgoing;
mod protocol;
pub mod receive;
mod scanner;
mod sink;
mod size;
mod structure;
mod text;
pub mod ttheader;
mod unknown;
mod value;
mod walk;

pub use call::{Argument, argument, arguments, body, fields, missing, missing_result, nothing, reply, result, void};
pub use decoder::{Decoder, from_bytes};
pub use encoder::{Encoder, to_bytes};
pub use error::{DecodeError, EncodeError, Fault, Step};
pub use field::{Decoded, FieldNames, FieldRef, Slot};
pub use frame::{Frame, FrameError, FrameReader, Frames, MAX_FRAME};
pub use kind::Type;
pub use message::{Header, HeaderError, MAX_NAME, MessageType};
pub use message_reader::{Incoming, MessageReader, Wire};
pub use outgoing::Outgoing;
pub use protocol::Protocol;
pub use sink::Sink;
pub use size::{DEPTH, Size};
pub use structure::{Required, Struct};
pub use ttheader::{TtHeader, TtHeaderError};
pub use unknown::UnknownField;
pub use value::{Double, ParseUuidError, Uuid, Value};
