//! Conversion of a call's body for the protocol of its message: generated code reads and writes Binary for a Thrift IDL
//! and proto messages for a proto IDL, whatever is on the wire.

use std::borrow::Cow;

use bytes::Bytes;

use super::exception;
#[cfg(feature = "grpc")]
use super::kitex_protobuf;
use crate::codec::DecodeError;
use crate::compact;
use crate::message::Protocol;
use kiteline_core::aside;
use kiteline_core::error::{Error, Origin};
use kiteline_core::limits::DecodeLimits;

impl Protocol {
    /// Whether a body of so many bytes is opened and closed aside: it is transcoded, and long.
    #[inline]
    pub fn is_slow(self, size: usize) -> bool {
        self == Self::Compact && size >= aside::LARGE
    }

    /// Closes a body aside, as [`Protocol::close`] does.
    pub async fn close_aside(self, body: &Bytes) -> Result<Bytes, Error> {
        let body = Bytes::clone(body);
        aside::aside(move || self.close(&body).map(Cow::into_owned)).await?
    }

    /// The body of a call or an answer from what the wire has. What transcoding takes comes off the budget.
    ///
    /// # Errors
    ///
    /// As [`compact::to_binary`].
    #[inline]
    pub fn open(self, body: Bytes, limits: &mut DecodeLimits) -> Result<Bytes, DecodeError> {
        if self != Self::Compact {
            return Ok(body);
        }
        let body = compact::to_binary(&body, *limits)?;
        limits.budget -= body.len().min(limits.budget);
        Ok(body)
    }

    /// The bytes on the wire for the body of a call or an answer.
    ///
    /// # Errors
    ///
    /// [`Origin::Encode`] for a body that is not a struct in Binary.
    #[inline]
    pub fn close(self, body: &Bytes) -> Result<Cow<'_, Bytes>, Error> {
        if self != Self::Compact {
            return Ok(Cow::Borrowed(body));
        }
        let transcoded = compact::from_binary(body).map_err(|error| Error::from(error).with_origin(Origin::Encode));
        transcoded.map(Cow::Owned)
    }

    /// An error as what follows the header of a message of type exception.
    ///
    /// # Errors
    ///
    /// As [`exception::encode`].
    pub fn exception(self, error: &Error) -> Result<Bytes, Error> {
        match self {
            Self::Binary | Self::Compact => self.close(&exception::encode(error)?).map(Cow::into_owned),
            #[cfg(feature = "grpc")]
            Self::KitexProtobuf => Ok(kitex_protobuf::encode(error)),
        }
    }

    /// The exception for a message that a server cannot take.
    ///
    /// # Errors
    ///
    /// As [`exception::encode`].
    pub fn wrong_message_type(self) -> Result<Bytes, Error> {
        match self {
            Self::Binary | Self::Compact => self.close(&exception::wrong_message_type()?).map(Cow::into_owned),
            #[cfg(feature = "grpc")]
            Self::KitexProtobuf => Ok(kitex_protobuf::wrong_message_type()),
        }
    }

    /// Reads the bytes behind the header of an exception as an error. One that cannot be read gives an error too, with
    /// [`Origin::Decode`]. Tells too whether the sender may close the connection behind it.
    pub fn error(self, body: Bytes, mut limits: DecodeLimits) -> (Error, bool) {
        match self {
            Self::Binary | Self::Compact => match self.open(body, &mut limits) {
                Ok(body) => exception::read(&body, limits),
                Err(error) => (error.into(), true),
            },
            #[cfg(feature = "grpc")]
            Self::KitexProtobuf => kitex_protobuf::decode(body),
        }
    }

    /// An answer without a value: what a business error travels with, as in Kitex.
    pub fn nothing(self) -> Bytes {
        match self {
            Self::Binary | Self::Compact => Bytes::from_static(&[0]),
            #[cfg(feature = "grpc")]
            Self::KitexProtobuf => Bytes::new(),
        }
    }
}
