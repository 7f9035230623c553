//! Messages of the suite's service in JSON: read and written by what was generated of its protos, so that the drivers
//! themselves know proto's own encoding alone.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use runtime::body::{Messages, Source};
use runtime::{Body, Error, Form, Metadata};

/// Turns one message.
pub type Turn = fn(&[u8]) -> Result<Bytes, Error>;

/// How a method's requests and answers are turned.
#[derive(Clone, Copy, Debug)]
pub struct Turns {
    /// A request's JSON as proto.
    pub read_request: Turn,
    /// A request as JSON.
    pub write_request: Turn,
    /// An answer's JSON as proto.
    pub read_answer: Turn,
    /// An answer as JSON.
    pub write_answer: Turn,
}

/// How the messages of a method are turned in a form.
///
/// # Errors
///
/// For JSON, where the protos were not there when this was built.
pub fn turns(form: Form, method: &str) -> Result<Option<Turns>, Error> {
    if form == Form::Binary { Ok(None) } else { json(method).map(Some) }
}

#[cfg(conformance_proto)]
#[allow(missing_docs, rustdoc::all, reason = "the suite's protos say what they are")]
mod generated {
    runtime::include_generated!();
}

#[cfg(conformance_proto)]
fn json(method: &str) -> Result<Turns, Error> {
    use generated::connectrpc::conformance::v1::{
        BidiStreamRequest, ClientStreamRequest, IdempotentUnaryRequest, ServerStreamRequest, UnaryRequest,
        UnaryResponse,
    };
    use runtime::json::{Message, Style, from_slice, to_vec};

    fn read<M: Message + prost::Message + Default>(json: &[u8]) -> Result<Bytes, Error> {
        let message = from_slice::<M>(json, Style::Proto, Default::default());
        let message = message.map_err(|failure| failure.into_error(runtime::Code::InvalidArgument))?;
        Ok(message.encode_to_vec().into())
    }

    fn write<M: Message + prost::Message + Default>(proto: &[u8]) -> Result<Bytes, Error> {
        let message = M::decode(proto).map_err(|error| Error::internal(error.to_string()))?;
        Ok(to_vec(&message, Style::Proto)?.into())
    }

    // All answers are alike.
    let (read_answer, write_answer): (Turn, Turn) = (read::<UnaryResponse>, write::<UnaryResponse>);
    let (read_request, write_request): (Turn, Turn) = match method {
        "Unary" => (read::<UnaryRequest>, write::<UnaryRequest>),
        "IdempotentUnary" => (read::<IdempotentUnaryRequest>, write::<IdempotentUnaryRequest>),
        "ServerStream" => (read::<ServerStreamRequest>, write::<ServerStreamRequest>),
        "ClientStream" => (read::<ClientStreamRequest>, write::<ClientStreamRequest>),
        "BidiStream" => (read::<BidiStreamRequest>, write::<BidiStreamRequest>),
        _ => (|_| Ok(Bytes::new()), |_| Ok(Bytes::from_static(b"{}"))),
    };
    Ok(Turns { read_request, write_request, read_answer, write_answer })
}

#[cfg(not(conformance_proto))]
fn json(_: &str) -> Result<Turns, Error> {
    Err(Error::unimplemented("JSON: built without the suite's protos"))
}

/// A body with every message turned.
///
/// # Errors
///
/// For a whole message that cannot be.
pub fn turned(body: Body, turn: Turn) -> Result<Body, Error> {
    Ok(match body {
        Body::Whole(message) => turn(&message)?.into(),
        Body::Stream(messages) => Messages::from_source(Turned { messages, turn }).into(),
    })
}

struct Turned {
    messages: Messages,
    turn: Turn,
}

impl Source for Turned {
    fn poll_next(mut self: std::pin::Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let message = ready!(self.messages.poll_message(task));
        Poll::Ready(message.map(|message| (self.turn)(&message?)))
    }

    fn trailers(mut self: std::pin::Pin<&mut Self>) -> Metadata {
        self.messages.take_trailers()
    }
}
