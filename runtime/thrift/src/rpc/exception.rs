//! Application exceptions: how an [`Error`] travels when the IDL declares none for it.
//!
//! Every implementation reads field 1 (text) and field 2 (type). The fields from 3 on give our own
//! clients the whole error back; others skip them. All of them have a fixed size: every reader of
//! exceptions steps over those.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::call::{Argument, body, fields};
use crate::codec::{DecodeError, Decoder, FieldRef};
use kiteline_core::error::{Code, Detail, Error, Origin};
use kiteline_core::limits::DecodeLimits;

/// The types of Thrift's `TApplicationException` that are used here (`Thrift.h` of Apache;
/// `trans_errors.go` of Kitex adds 20 and 21).
pub(super) mod types {
    pub(crate) const UNKNOWN_METHOD: i32 = 1;
    pub(crate) const MESSAGE_TYPE: i32 = 2;
    pub(crate) const METHOD_NAME: i32 = 3;
    pub(crate) const INTERNAL: i32 = 6;
    pub(crate) const PROTOCOL: i32 = 7;
    pub(crate) const TRANSFORM: i32 = 8;
    pub(crate) const CLIENT: i32 = 10;
    pub(crate) const UNKNOWN_SERVICE: i32 = 20;
    pub(crate) const NO_SERVICE_NAME: i32 = 21;
}

/// The fields: 1 and 2 are Thrift's, the others ours.
mod ids {
    pub(super) const MESSAGE: i16 = 1;
    pub(super) const TYPE: i16 = 2;
    pub(super) const CODE: i16 = 3;
    pub(super) const BUSINESS: i16 = 5;
    /// The first of the `i64` fields that hold a [`Rest`], 8 bytes each.
    pub(super) const REST: i16 = 16;
    /// Fields of a [`Rest`].
    pub(super) const REASON: i16 = 1;
    pub(super) const PAIRS: i16 = 2;
    /// A list: name and message of each detail in turn.
    pub(super) const DETAILS: i16 = 3;
}

/// The most fields of a [`Rest`]: 256 kB of reason, pairs and details. What is longer is left out.
const MOST: usize = 32_000;

/// The exception type of an error, by its origin.
pub(super) fn type_of(error: &Error) -> i32 {
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
    let business = error.business_code();
    let mut parts: Vec<(i16, &dyn Argument)> = vec![(ids::MESSAGE, &message), (ids::TYPE, &kind), (ids::CODE, &code)];
    if let Some(business) = &business {
        parts.push((ids::BUSINESS, business));
    }
    let rest = Rest::write(error)?;
    parts.extend((ids::REST..).zip(rest.iter().map(|part| part as &dyn Argument)));
    body(&parts)
}

/// The parts of an error that have no fixed size: a struct in Binary, cut into numbers.
#[derive(Default)]
pub(super) struct Rest {
    pub(super) reason: String,
    pub(super) pairs: BTreeMap<String, String>,
    pub(super) details: Vec<Detail>,
}

impl Rest {
    fn write(error: &Error) -> Result<Vec<i64>, Error> {
        if error.reason().is_empty() && error.pairs().is_empty() && error.details().is_empty() {
            return Ok(Vec::new());
        }
        let reason = error.reason().to_owned();
        let details: Vec<Bytes> =
            error.details().iter().flat_map(|detail| [detail.type_name.clone().into(), detail.value.clone()]).collect();
        let mut parts: Vec<(i16, &dyn Argument)> = vec![(ids::REASON, &reason), (ids::PAIRS, error.pairs())];
        if !details.is_empty() {
            parts.push((ids::DETAILS, &details));
        }
        let whole = body(&parts)?;
        let number =
            |part: &[u8]| part.iter().fold(0, |number, byte| number << 8 | i64::from(*byte)) << (64 - 8 * part.len());
        let numbers: Vec<i64> = whole.chunks(8).map(number).collect();
        Ok(if numbers.len() > MOST { Vec::new() } else { numbers })
    }

    /// Reads what `write` has written, with zeros behind it.
    fn read(numbers: &[i64], limits: DecodeLimits) -> Result<Self, DecodeError> {
        let bytes: Bytes = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
        let mut rest = Self::default();
        let mut details = Vec::<Bytes>::new();
        Decoder::new(&bytes, limits).flat("", |field| match field.id {
            ids::REASON => field.read(&mut rest.reason),
            ids::PAIRS => field.read(&mut rest.pairs),
            ids::DETAILS => field.read(&mut details),
            _ => field.skip(),
        })?;
        for pair in details.chunks_exact(2) {
            let [name, value] = [&pair[0], &pair[1]];
            let type_name = String::from_utf8_lossy(name).into_owned();
            rest.details.push(Detail { type_name, value: value.clone() });
        }
        Ok(rest)
    }
}

/// The contents of an exception.
#[derive(Default)]
pub(super) struct Exception {
    pub(super) message: String,
    pub(super) kind: i32,
    pub(super) code: Option<i32>,
    pub(super) business: Option<i32>,
    pub(super) rest: Rest,
}

impl Exception {
    /// Takes one field; the parts of the rest are gathered in `rest`.
    fn take(&mut self, field: FieldRef<'_, '_>, rest: &mut Vec<i64>) -> Result<(), DecodeError> {
        match field.id {
            // Texts of exceptions are shown to people: a damaged one is still worth showing.
            ids::MESSAGE => field.lossy(&mut self.message),
            ids::TYPE => field.read(&mut self.kind),
            ids::CODE => field.read(&mut self.code),
            ids::BUSINESS => field.read(&mut self.business),
            ids::REST.. => field.with(|part| rest.push(part)),
            _ => field.skip(),
        }
    }

    /// Whether its sender may close the connection behind it: Kitex does after what it did not
    /// take, and not after an error of a handler. Our servers never do.
    pub(super) fn may_close(&self) -> bool {
        self.code.is_none() && self.kind != types::INTERNAL
    }

    pub(super) fn into_error(mut self) -> Error {
        if self.message.is_empty() && self.code.is_none() {
            self.message = format!("the peer gave no reason (application exception of type {})", self.kind);
        }
        let rest = self.rest;
        let mut error = match self.business {
            Some(code) => Error::business(code, self.message, rest.pairs),
            None => {
                let code = self.code.and_then(Code::from_number).unwrap_or(code_of(self.kind));
                let error = Error::new(code, self.message);
                rest.pairs.into_iter().fold(error, |error, (k, v)| error.with_pair(k, v))
            }
        };
        if !rest.reason.is_empty() {
            error = error.with_reason(rest.reason);
        }
        error = rest.details.into_iter().fold(error, Error::with_encoded_detail);
        error.with_origin(Origin::Remote)
    }
}

/// The code for an exception of a server that sends none.
pub(super) fn code_of(kind: i32) -> Code {
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
    read(body, limits).0
}

/// Reads an exception as [`decode`] does; tells too whether the sender may close the connection behind it.
pub fn read(body: &Bytes, limits: DecodeLimits) -> (Error, bool) {
    let (mut exception, mut rest) = (Exception::default(), Vec::new());
    match fields(body, limits, |field| exception.take(field, &mut rest)) {
        Ok(()) => {
            // Another implementation's fields mean something else: the text still counts.
            exception.rest = Rest::read(&rest, limits).unwrap_or_default();
            let may_close = exception.may_close();
            (exception.into_error(), may_close)
        }
        Err(error) => (error, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Type;

    fn round(error: &Error) -> Error {
        decode(&encode(error).unwrap(), DecodeLimits::default())
    }

    #[test]
    fn our_client_gets_the_whole_error_back() {
        let error = Error::not_found("no such user").with_reason("USER_GONE").with_pair("id", "7");
        let back = round(&error);
        assert_eq!(back.code(), Code::NotFound);
        assert_eq!(back.message(), "no such user");
        assert_eq!(back.reason(), "USER_GONE");
        assert_eq!(back.pairs(), error.pairs());
        assert_eq!(back.origin(), Origin::Remote);
    }

    #[test]
    fn a_business_error_keeps_its_code() {
        let error = Error::business(-404, "refused", [("a".to_owned(), "b".to_owned())]);
        let back = round(&error);
        assert_eq!(back.business_code(), Some(-404));
        assert_eq!(back.pairs(), error.pairs());
    }

    #[test]
    fn details_come_back_in_their_order() {
        let detail = |name: &str, value: &'static [u8]| Detail { type_name: name.into(), value: value.into() };
        let details = [detail("a.B", &[1, 2, 3]), detail("c.D", &[]), detail("a.B", &[4; 40])];
        let error = details.iter().cloned().fold(Error::invalid("no"), Error::with_encoded_detail);
        assert_eq!(round(&error).details(), details);
    }

    /// As Kitex's clients need it.
    #[test]
    fn every_field_behind_the_text_has_a_fixed_size() {
        let error = Error::business(7, "refused", [("key".to_owned(), "value \u{1F642}".to_owned())]).with_reason("NO");
        let mut kinds = Vec::new();
        let read = fields(&encode(&error).unwrap(), DecodeLimits::default(), |field| {
            kinds.push((field.id, field.kind().unwrap()));
            field.skip()
        });
        read.unwrap();
        assert_eq!(kinds[..2], [(1, Type::String), (2, Type::I32)]);
        assert!(kinds[2..].iter().all(|(_, kind)| matches!(kind, Type::I32 | Type::I64)), "{kinds:?}");
        assert_eq!(round(&error).pairs(), error.pairs());
    }

    #[test]
    fn pairs_of_any_length_come_back_until_they_are_too_many() {
        for length in (0..40).chain([200_000]) {
            let error = Error::internal("x").with_pair("k", "v".repeat(length));
            assert_eq!(round(&error).pairs(), error.pairs(), "{length}");
        }
        let back = round(&Error::not_found("x").with_pair("k", "v".repeat(300_000)));
        assert_eq!((back.code(), back.message(), back.pairs().len()), (Code::NotFound, "x", 0));
    }

    #[test]
    fn foreign_fields_do_not_hide_the_text() {
        let foreign = body(&[(1, &"text".to_owned()), (2, &6), (16, &-1_i64), (17, &"y".to_owned())]).unwrap();
        let error = decode(&foreign, DecodeLimits::default());
        assert_eq!((error.code(), error.message()), (Code::Internal, "text"));
    }

    #[test]
    fn the_origin_chooses_the_type() {
        let kind = |origin| {
            let body = encode(&Error::internal("x").with_origin(origin)).unwrap();
            let mut exception = Exception::default();
            fields(&body, DecodeLimits::default(), |field| exception.take(field, &mut Vec::new())).unwrap();
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
        let error = decode(&Bytes::from_static(&[0]), DecodeLimits::default());
        assert_eq!(error.message(), "the peer gave no reason (application exception of type 0)");
        let error = decode(&Bytes::from_static(&[0x0b, 0, 1]), DecodeLimits::default());
        assert_eq!(error.origin(), Origin::Decode);
    }
}
