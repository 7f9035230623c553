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

mod codec;
pub mod compact;
mod message;
mod rpc;
pub mod ttheader;

pub use codec::{
    DEPTH, DecodeError, Decoded, Decoder, Double, EncodeError, Encoder, Fault, FieldNames, FieldRef, ParseUuidError,
    Required, Sink, Size, Slot, Step, Struct, Type, UnknownField, Uuid, Value, from_bytes, to_bytes,
};
pub use message::{
    Frame, FrameError, FrameReader, Frames, Header, HeaderError, Incoming, MAX_FRAME, MAX_NAME, MessageReader,
    MessageType, Outgoing, Protocol, Wire, buffer_pool, receive,
};
pub use rpc::{
    Argument, argument, arguments, body, exception, fields, missing, missing_result, nothing, reply, result, void,
};
pub use ttheader::{TtHeader, TtHeaderError, metainfo};
