//! Application exceptions: how an [`Error`] travels when the IDL declares none for it.
//!
//! Every implementation reads field 1 (text) and field 2 (type) and skips the rest, so the
//! fields from 3 on, which give our own clients the whole error back, harm nobody.

use bytes::Bytes;

use super::call::{Argument, body, fields};
use super::error::DecodeError;
use super::field::FieldRef;
use crate::error::{Code, Error, Origin};
use crate::limits::DecodeLimits;

/// The types of Thrift's `TApplicationException` that are used here (`Thrift.h` of Apache;
/// `trans_errors.go` of Kitex adds 20 and 21).
mod types {
    pub(super) const UNKNOWN_METHOD: i32 = 1;
    pub(super) const MESSAGE_TYPE: i32 = 2;
    pub(super) const METHOD_NAME: i32 = 3;
    pub(super) const INTERNAL: i32 = 6;
    pub(super) const PROTOCOL: i32 = 7;
    pub(super) const TRANSFORM: i32 = 8;
    pub(super) const CLIENT: i32 = 10;
    pub(super) const UNKNOWN_SERVICE: i32 = 20;
    pub(super) const NO_SERVICE_NAME: i32 = 21;
}

/// The fields: 1 and 2 are Thrift's, the others ours.
mod ids {
    pub(super) const MESSAGE: i16 = 1;
    pub(super) const TYPE: i16 = 2;
    pub(super) const CODE: i16 = 3;
    pub(super) const REASON: i16 = 4;
    pub(super) const BUSINESS: i16 = 5;
    pub(super) const METADATA: i16 = 6;
}

/// The exception type of an error, by its origin.
fn type_of(error: &Error) -> i32 {
    match error.origin() {
        Origin::UnknownMethod => types::UNKNOWN_METHOD,
        Origin::Decode => types::PROTOCOL,
        _ => types::INTERNAL,
    }
}

/// Writes an error as the body of a message of type exception. A business error on a transport
/// without headers travels like this too: Kitex would lose it and report success.
///
/// # Errors
///
/// [`Origin::Encode`] for a text over 2 GiB.
pub fn encode(error: &Error) -> Result<Bytes, Error> {
    write(error, type_of(error))
}

/// The exception for a message that a server cannot take, such as a reply (type 2,
/// `INVALID_MESSAGE_TYPE`).
///
/// # Errors
///
/// As [`encode`].
pub fn wrong_message_type() -> Result<Bytes, Error> {
    write(&Error::invalid("a server takes calls and oneways only"), types::MESSAGE_TYPE)
}

fn write(error: &Error, kind: i32) -> Result<Bytes, Error> {
    let message = error.message().to_owned();
    let code = i32::from(error.code() as u8);
    let reason = error.reason().to_owned();
    let metadata = error.metadata();
    let business = error.business_code();
    let mut parts: Vec<(i16, &dyn Argument)> = vec![(ids::MESSAGE, &message), (ids::TYPE, &kind), (ids::CODE, &code)];
    if !reason.is_empty() {
        parts.push((ids::REASON, &reason));
    }
    if let Some(business) = &business {
        parts.push((ids::BUSINESS, business));
    }
    if !metadata.is_empty() {
        parts.push((ids::METADATA, metadata));
    }
    body(&parts)
}

/// What an exception says.
#[derive(Default)]
struct Exception {
    message: String,
    kind: i32,
    code: Option<i32>,
    reason: String,
    business: Option<i32>,
    metadata: std::collections::BTreeMap<String, String>,
}

impl Exception {
    fn take(&mut self, field: FieldRef<'_, '_>) -> Result<(), DecodeError> {
        match field.id {
            // Texts of exceptions are shown to people: a damaged one is still worth showing.
            ids::MESSAGE => field.lossy(&mut self.message),
            ids::TYPE => field.read(&mut self.kind),
            ids::CODE => field.read(&mut self.code),
            ids::REASON => field.read(&mut self.reason),
            ids::BUSINESS => field.read(&mut self.business),
            ids::METADATA => field.read(&mut self.metadata),
            _ => field.skip(),
        }
    }

    fn into_error(self) -> Error {
        let mut error = match self.business {
            Some(code) => Error::business(code, self.message, self.metadata),
            None => {
                let code = self.code.and_then(Code::from_number).unwrap_or(code_of(self.kind));
                let error = Error::new(code, self.message);
                self.metadata.into_iter().fold(error, |error, (k, v)| error.with_metadata(k, v))
            }
        };
        if !self.reason.is_empty() {
            error = error.with_reason(self.reason);
        }
        error.with_origin(Origin::Remote)
    }
}

/// The code for an exception of a server that sends none.
fn code_of(kind: i32) -> Code {
    match kind {
        types::UNKNOWN_METHOD | types::UNKNOWN_SERVICE | types::NO_SERVICE_NAME => Code::Unimplemented,
        types::MESSAGE_TYPE | types::PROTOCOL => Code::InvalidArgument,
        types::METHOD_NAME..=types::INTERNAL | types::TRANSFORM..=types::CLIENT => Code::Internal,
        _ => Code::Unknown,
    }
}

/// Reads the body of a message of type exception; the error has [`Origin::Remote`].
/// A body that cannot be read gives an error too, with [`Origin::Decode`].
pub fn decode(body: &Bytes, limits: DecodeLimits) -> Error {
    let mut exception = Exception::default();
    match fields(body, limits, |field| exception.take(field)) {
        Ok(()) => exception.into_error(),
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(error: &Error) -> Error {
        decode(&encode(error).unwrap(), DecodeLimits::default())
    }

    #[test]
    fn our_client_gets_the_whole_error_back() {
        let error = Error::not_found("no such user").with_reason("USER_GONE").with_metadata("id", "7");
        let back = round(&error);
        assert_eq!(back.code(), Code::NotFound);
        assert_eq!(back.message(), "no such user");
        assert_eq!(back.reason(), "USER_GONE");
        assert_eq!(back.metadata(), error.metadata());
        assert_eq!(back.origin(), Origin::Remote);
    }

    #[test]
    fn a_business_error_keeps_its_code() {
        let error = Error::business(-404, "refused", [("a".to_owned(), "b".to_owned())]);
        let back = round(&error);
        assert_eq!(back.business_code(), Some(-404));
        assert_eq!(back.metadata(), error.metadata());
    }

    #[test]
    fn the_origin_chooses_the_type() {
        let kind = |origin| {
            let body = encode(&Error::internal("x").with_origin(origin)).unwrap();
            let mut exception = Exception::default();
            fields(&body, DecodeLimits::default(), |field| exception.take(field)).unwrap();
            exception.kind
        };
        assert_eq!(kind(Origin::UnknownMethod), 1);
        assert_eq!(kind(Origin::Decode), 7);
        assert_eq!(kind(Origin::Panic), 6);
        assert_eq!(kind(Origin::Handler), 6);
    }

    #[test]
    fn exceptions_of_others_have_a_code() {
        let body = body(&[(1, &"unknown service".to_owned()), (2, &20)]).unwrap();
        let error = decode(&body, DecodeLimits::default());
        assert_eq!(error.code(), Code::Unimplemented);
        let error = decode(&Bytes::from_static(&[0x0b, 0, 1]), DecodeLimits::default());
        assert_eq!(error.origin(), Origin::Decode);
    }
}
