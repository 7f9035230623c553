//! Calls over HTTP without sockets: gRPC, gRPC-Web and Connect. Content types, envelopes, compression,
//! timeouts, statuses, metadata, bodies in proto and JSON, and what callers of other systems need. Knows
//! nothing of servers, channels or registries. No byte of a peer makes it panic.

pub mod authority;
mod business;
mod caller;
mod compression;
pub mod connect;
mod content;
pub mod envelope;
mod frames;
mod health;
mod metadata;
pub mod micro;
mod percent;
mod status;
mod timeout;
pub mod turn;
pub mod web;

use bytes::Bytes;
use prost::Message;

pub use caller::{Caller, UnreadHeaders, is_micro};
pub use compression::{ENCODINGS, Encoding};
pub use content::{Content, Protocol, SERVED, Unserved};
pub use frames::{Frames, Packed, Piece};
pub use health::{CHECK, HealthListReply, HealthReply, HealthRequest, LIST, ServingStatus, WATCH};
pub use kiteline_core::service::Form;
pub use metadata::{Spelling, read_metadata, write_metadata, write_reply_metadata};
pub use status::{STATUS, Status, error_of, status_of};
pub use timeout::{CONNECT_TIMEOUT, TIMEOUT, read_connect_timeout, read_timeout, write_connect_timeout, write_timeout};

use kiteline_core::Stream;
use kiteline_core::body::{Body, Messages, not_whole};
use kiteline_core::context::Context;
use kiteline_core::error::{Code, Error, Origin};
use kiteline_core::limits::DecodeLimits;
use kiteline_core::malloc;
use kiteline_core::metadata::Metadata;
use kiteline_core::service::{Answer, Call};
use kiteline_core::streaming::{self, Streaming};

/// Reads a call's request. Its size was checked before; prost checks nesting (100) and UTF-8.
///
/// # Errors
///
/// [`Code::InvalidArgument`] with [`Origin::Decode`].
pub fn request<M: Message + Default>(call: &Call) -> Result<M, Error> {
    let body = call.body.as_whole().ok_or_else(not_whole)?;
    M::decode(body.clone()).map_err(|error| undecodable(Code::InvalidArgument, &error))
}

/// The requests of a call that streams them, each read as [`request`] reads one.
pub fn requests<M: Message + Default>(body: Body, limits: DecodeLimits) -> Streaming<M> {
    let decode = |message: Bytes, _| M::decode(message).map_err(|error| undecodable(Code::InvalidArgument, &error));
    Streaming::new(body.into_messages(), decode, limits, Metadata::new())
}

/// Answers with a stream of messages; an error ends it.
pub fn replies<M: Message + 'static>(
    cx: &Context,
    messages: impl Stream<Item = Result<M, Error>> + Send + 'static,
) -> Answer {
    streaming::answer(cx, messages, body)
}

/// Writes the requests of a call that streams them.
pub fn messages<M: Message + 'static>(messages: impl Stream<Item = M> + Send + 'static) -> Messages {
    streaming::requests(messages, body)
}

/// The same with a check of each; a message that does not pass ends the call.
pub fn checked_messages<M: Message + 'static>(
    messages: impl Stream<Item = M> + Send + 'static,
    check: fn(&M) -> Result<(), Error>,
) -> Messages {
    streaming::requests(messages, move |message| check(message).and_then(|()| body(message)))
}

/// Answers with a message.
///
/// # Errors
///
/// [`Origin::Encode`] when the message is over 4 GiB, gRPC's own limit.
pub fn reply<M: Message>(cx: &Context, message: &M) -> Result<Answer, Error> {
    Ok(Answer::new(cx, body(message)?))
}

/// Writes a message.
///
/// # Errors
///
/// [`Origin::Encode`] when the message is over 4 GiB, gRPC's own limit.
pub fn body<M: Message>(message: &M) -> Result<Bytes, Error> {
    let mut bytes = Vec::with_capacity(malloc::room(message.encoded_len()));
    message.encode_raw(&mut bytes);
    if u32::try_from(bytes.len()).is_err() {
        let error = Error::internal("a message is longer than 4 GiB");
        return Err(error.with_origin(Origin::Encode));
    }
    Ok(Bytes::from(bytes))
}

/// Reads an answer's message; its size was limited by the channel.
///
/// # Errors
///
/// [`Code::Internal`] with [`Origin::Decode`].
pub fn result<M: Message + Default>(body: Bytes, limits: DecodeLimits) -> Result<M, Error> {
    if body.len() > limits.budget {
        let error = Error::new(Code::ResourceExhausted, "the answer is over the limit");
        return Err(error.with_origin(Origin::Decode));
    }
    M::decode(body).map_err(|error| undecodable(Code::Internal, &error))
}

#[cold]
fn undecodable(code: Code, error: &prost::DecodeError) -> Error {
    Error::new(code, error.to_string()).with_origin(Origin::Decode)
}
