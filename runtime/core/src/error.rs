//! The one error of handlers, clients and the runtime itself. It owns the code table; how a
//! code looks on a wire is the business of each protocol.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;

use crate::metadata::Metadata;

/// The 16 error codes of gRPC (`google/rpc/code.proto`), used by every protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Code {
    /// The caller gave up.
    Cancelled = 1,
    /// No better code is known.
    Unknown = 2,
    /// The request itself is wrong.
    InvalidArgument = 3,
    /// The deadline passed before an answer came.
    DeadlineExceeded = 4,
    /// What was asked for does not exist.
    NotFound = 5,
    /// What should be made exists.
    AlreadyExists = 6,
    /// The caller is known but may not do this.
    PermissionDenied = 7,
    /// A limit or a quota is used up.
    ResourceExhausted = 8,
    /// The system is not in the state that this call needs.
    FailedPrecondition = 9,
    /// The call was aborted, for example by a conflict.
    Aborted = 10,
    /// Past the valid range.
    OutOfRange = 11,
    /// The method does not exist or is not written yet.
    Unimplemented = 12,
    /// A broken invariant on the serving side.
    Internal = 13,
    /// Nobody could serve the call now; trying again may help.
    Unavailable = 14,
    /// Data was lost or damaged.
    DataLoss = 15,
    /// The caller is not known.
    Unauthenticated = 16,
}

impl Code {
    /// The code of a number on a wire; `None` for 0 (which is success) and unknown ones.
    pub fn from_number(number: i32) -> Option<Self> {
        Some(match number {
            1 => Self::Cancelled,
            2 => Self::Unknown,
            3 => Self::InvalidArgument,
            4 => Self::DeadlineExceeded,
            5 => Self::NotFound,
            6 => Self::AlreadyExists,
            7 => Self::PermissionDenied,
            8 => Self::ResourceExhausted,
            9 => Self::FailedPrecondition,
            10 => Self::Aborted,
            11 => Self::OutOfRange,
            12 => Self::Unimplemented,
            13 => Self::Internal,
            14 => Self::Unavailable,
            15 => Self::DataLoss,
            16 => Self::Unauthenticated,
            _ => return None,
        })
    }

    /// The status of HTTP that stands for the code (`google/rpc/code.proto`, and Connect's table).
    pub const fn http_status(self) -> u16 {
        match self {
            Self::Cancelled => 499,
            Self::InvalidArgument | Self::FailedPrecondition | Self::OutOfRange => 400,
            Self::Unauthenticated => 401,
            Self::PermissionDenied => 403,
            Self::NotFound => 404,
            Self::AlreadyExists | Self::Aborted => 409,
            Self::ResourceExhausted => 429,
            Self::Unimplemented => 501,
            Self::Unavailable => 503,
            Self::DeadlineExceeded => 504,
            Self::Unknown | Self::Internal | Self::DataLoss => 500,
        }
    }

    /// The code that a status of HTTP means where nothing else says it: the other way round, with what proxies answer.
    pub const fn of_http_status(status: u16) -> Self {
        match status {
            400 | 413 | 415 | 422 | 431 => Self::InvalidArgument,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::NotFound,
            405 | 501 => Self::Unimplemented,
            408 | 504 => Self::DeadlineExceeded,
            409 => Self::Aborted,
            412 => Self::FailedPrecondition,
            416 => Self::OutOfRange,
            429 => Self::ResourceExhausted,
            499 => Self::Cancelled,
            500 => Self::Internal,
            502 | 503 => Self::Unavailable,
            _ => Self::Unknown,
        }
    }
}

/// The origin of an error; protocols choose the wire form by it, clients the right to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A handler or a layer returned it.
    Handler,
    /// The bytes of a message could not be decoded.
    Decode,
    /// A value over a limit could not be encoded; nothing was written.
    Encode,
    /// No service or method of that name is served here.
    UnknownMethod,
    /// A handler panicked.
    Panic,
    /// No byte of the request left this process: another instance may be tried.
    NotSent,
    /// The same, because no connection to the instance came about.
    NotConnected,
    /// The connection failed after the request may have been sent.
    Transport,
    /// The peer answered with this error.
    Remote,
}

/// An encoded message that says more about an error, such as `google.rpc.BadRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// The message's full name in its IDL, such as `google.rpc.BadRequest`.
    pub type_name: String,
    /// The message in the encoding of its IDL.
    pub value: Bytes,
}

/// A typed error: a code, a text for people, and what a program may act upon.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    code: Code,
    message: String,
    reason: String,
    pairs: BTreeMap<String, String>,
    details: Vec<Detail>,
    business: Option<i32>,
    origin: Origin,
    metadata: Metadata,
    trailers: Metadata,
}

impl Error {
    /// An error of `code` with a text for people.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code,
            message: message.into(),
            reason: String::new(),
            pairs: BTreeMap::new(),
            details: Vec::new(),
            business: None,
            origin: Origin::Handler,
            metadata: Metadata::new(),
            trailers: Metadata::new(),
        }))
    }

    /// A business error: the call worked, its answer is a refusal with the application's own
    /// `code` and extra pairs. Travels as Kitex carries it (`biz-status`, `biz-message`, `biz-extra`).
    pub fn business(code: i32, message: impl Into<String>, extra: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut error = Self::new(Code::Unknown, message);
        error.0.business = Some(code);
        error.0.pairs = extra.into_iter().collect();
        error
    }

    /// [`Code::InvalidArgument`].
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// [`Code::NotFound`].
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// [`Code::Internal`].
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message)
    }

    /// [`Code::Unavailable`].
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Code::Unavailable, message)
    }

    /// [`Code::DeadlineExceeded`].
    pub fn deadline(message: impl Into<String>) -> Self {
        Self::new(Code::DeadlineExceeded, message)
    }

    /// [`Code::Unimplemented`] for a method (`"AddService.Add"`) that has no body yet.
    pub fn unimplemented(method: &str) -> Self {
        Self::new(Code::Unimplemented, format!("{method} is not implemented"))
    }

    /// Adds a reason: one short constant in capitals that a program may match, such as `USER_BLOCKED`.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<String>) -> Self {
        self.0.reason = reason.into();
        self
    }

    /// Adds a pair for programs.
    #[must_use]
    pub fn with_pair(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.pairs.insert(key.into(), value.into());
        self
    }

    /// Adds a message that says more; callers read it with [`Error::detail`], over any protocol.
    #[cfg(feature = "grpc")]
    #[must_use]
    pub fn with_detail<M: prost::Message + prost::Name>(self, message: &M) -> Self {
        self.with_encoded_detail(Detail { type_name: M::full_name(), value: message.encode_to_vec().into() })
    }

    /// Adds an encoded message that says more.
    #[must_use]
    pub fn with_encoded_detail(mut self, detail: Detail) -> Self {
        self.0.details.push(detail);
        self
    }

    /// Sets the metadata that came with the error, or is to go with it: in front of it and behind it.
    #[must_use]
    pub fn with_metadata(mut self, leading: Metadata, trailing: Metadata) -> Self {
        self.0.metadata = leading;
        self.0.trailers = trailing;
        self
    }

    /// Says where the error was born. For protocol drivers and middleware.
    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.0.origin = origin;
        self
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The text for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The reason for programs; empty when none was given.
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Pairs for programs; the extras of a business error.
    pub fn pairs(&self) -> &BTreeMap<String, String> {
        &self.0.pairs
    }

    /// The first detail of a type; `None` without one, or when it does not decode.
    #[cfg(feature = "grpc")]
    pub fn detail<M: prost::Message + prost::Name + Default>(&self) -> Option<M> {
        let name = M::full_name();
        let detail = self.0.details.iter().find(|detail| detail.type_name == name)?;
        M::decode(detail.value.clone()).ok()
    }

    /// Every detail, encoded.
    pub fn details(&self) -> &[Detail] {
        &self.0.details
    }

    /// The metadata in front of the error.
    pub fn metadata(&self) -> &Metadata {
        &self.0.metadata
    }

    /// The metadata behind the error. Protocols that have one place for both give it as
    /// [`Error::metadata`].
    pub fn trailers(&self) -> &Metadata {
        &self.0.trailers
    }

    /// The application's own code when this is a business error.
    pub fn business_code(&self) -> Option<i32> {
        self.0.business
    }

    /// The origin of the error.
    pub fn origin(&self) -> Origin {
        self.0.origin
    }
}

/// The code and the text: `Unavailable: cannot connect to 127.0.0.1:9091`. The text alone is
/// [`Error::message`].
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { code, message, business, .. } = &*self.0;
        match business {
            Some(business) => write!(f, "business error {business}: {message}"),
            None => write!(f, "{code:?}: {message}"),
        }
    }
}

/// As displayed, with reason, pairs and the names of details, so that a `main` that returns an error shows all of it.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { reason, pairs, details, .. } = &*self.0;
        fmt::Display::fmt(self, f)?;
        if !reason.is_empty() {
            write!(f, " ({reason})")?;
        }
        if !pairs.is_empty() {
            write!(f, " {pairs:?}")?;
        }
        for detail in details {
            write!(f, " [{}]", detail.type_name)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// An error behind a box, as tower's own layers give it: an [`Error`] stays what it is, a timeout
/// (of tower's `TimeoutLayer`, of tokio) is [`Code::DeadlineExceeded`], what tower's `LoadShedLayer`
/// refuses is [`Code::ResourceExhausted`], anything else [`Code::Unknown`] with its text.
impl From<tower::BoxError> for Error {
    fn from(error: tower::BoxError) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(own) => return *own,
            Err(other) => other,
        };
        let code = if error.is::<tower::timeout::error::Elapsed>() || error.is::<tokio::time::error::Elapsed>() {
            Code::DeadlineExceeded
        } else if error.is::<tower::load_shed::error::Overloaded>() {
            Code::ResourceExhausted
        } else {
            Code::Unknown
        };
        Self::new(code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_displayed_with_its_code() {
        let error = Error::not_found("no such thing").with_reason("GONE").with_pair("id", "7");
        assert_eq!(error.to_string(), "NotFound: no such thing");
        assert_eq!(format!("{error:?}"), r#"NotFound: no such thing (GONE) {"id": "7"}"#);
        let business = Error::business(7, "sold out", [("item".to_owned(), "x".to_owned())]);
        assert_eq!(business.to_string(), "business error 7: sold out");
    }

    #[test]
    fn a_boxed_error_keeps_what_it_means() {
        let own = Error::from(Box::new(Error::invalid("no").with_reason("R")) as tower::BoxError);
        assert_eq!((own.code(), own.message(), own.reason()), (Code::InvalidArgument, "no", "R"));
        let late = Error::from(Box::new(tower::timeout::error::Elapsed::new()) as tower::BoxError);
        assert_eq!(late.code(), Code::DeadlineExceeded);
        let shed = Error::from(Box::new(tower::load_shed::error::Overloaded::new()) as tower::BoxError);
        assert_eq!(shed.code(), Code::ResourceExhausted);
        let other = Error::from(tower::BoxError::from("odd"));
        assert_eq!((other.code(), other.message()), (Code::Unknown, "odd"));
    }
}
