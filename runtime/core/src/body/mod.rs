//! The body of a call or an answer: one encoded message, or a stream of them.

mod adapters;
mod channel;
mod messages;

use std::fmt;

use bytes::Bytes;

use crate::error::Error;

pub use channel::MessageSender;
pub use messages::{Messages, Source};

/// Encoded messages that go in one direction.
#[derive(Debug)]
pub enum Body {
    /// The one message of a direction that does not stream.
    Whole(Bytes),
    /// Any number of messages.
    Stream(Messages),
}

impl Body {
    /// The one message; `None` for a stream.
    pub fn as_whole(&self) -> Option<&Bytes> {
        match self {
            Self::Whole(message) => Some(message),
            Self::Stream(_) => None,
        }
    }

    /// The one message.
    ///
    /// # Errors
    ///
    /// [`Code::Internal`](crate::Code::Internal) for a stream.
    pub fn into_whole(self) -> Result<Bytes, Error> {
        match self {
            Self::Whole(message) => Ok(message),
            Self::Stream(_) => Err(not_whole()),
        }
    }

    /// The messages of a stream; one message is a stream of one.
    pub fn into_messages(self) -> Messages {
        match self {
            Self::Whole(message) => Messages::once(message),
            Self::Stream(messages) => messages,
        }
    }
}

/// The error of a stream where one message belongs.
#[cold]
pub fn not_whole() -> Error {
    Error::internal("a stream of messages where one message belongs")
}

impl Default for Body {
    fn default() -> Self {
        Self::Whole(Bytes::new())
    }
}

impl From<Bytes> for Body {
    fn from(message: Bytes) -> Self {
        Self::Whole(message)
    }
}

impl From<Messages> for Body {
    fn from(messages: Messages) -> Self {
        Self::Stream(messages)
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Messages")
    }
}

#[cfg(test)]
mod tests;
