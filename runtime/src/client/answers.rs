//! What an answer on any transport means, read as Kitex's client reads it.

use super::counters::{Counter, Counters};
use crate::error::{Error, Origin};
use crate::metadata::Metadata;
use crate::registry::Endpoint;
use crate::service::{Answer, Call};
use crate::thrift::metainfo::Answered;
use crate::thrift::{Header, Incoming, MessageType};

/// Reads an answer; tells too whether its connection ends.
pub(super) fn understand(
    incoming: Incoming,
    seq: i32,
    call: &Call,
    at: &Endpoint,
    counters: &Counters,
) -> (Result<Answer, Error>, bool) {
    match try_understand(incoming, seq, call, at) {
        Ok((result, leaving)) => (result, leaving),
        Err(broken) => {
            counters.add(Counter::BrokenReplies);
            (Err(broken), true)
        }
    }
}

type Understood = (Result<Answer, Error>, bool);

fn try_understand(incoming: Incoming, seq: i32, call: &Call, at: &Endpoint) -> Result<Understood, Error> {
    let mut answered = Answered::default();
    incoming.pairs(|pair| answered.take(pair)).map_err(|error| broken(at, &error))?;
    let (header, size) = Header::read(incoming.message()).map_err(|error| broken(at, &error))?;
    // A proxy that answers for its upstream may not know the call's number.
    let foreign = header.kind == MessageType::Exception && header.seq == 0;
    if header.seq != seq && !foreign {
        return Err(broken(at, &format!("an answer to call {}, not to {seq}", header.seq)));
    }
    if header.protocol.idl() != call.method.idl {
        return Err(broken(at, &"an answer in the protocol of another IDL"));
    }
    // An exception may come from somebody who knows no method, a result cannot; as in Kitex.
    if header.kind == MessageType::Reply && header.name != call.method.name {
        return Err(broken(at, &format!("an answer to method {}, not to {}", header.name, call.method.name)));
    }
    let Header { protocol, kind, .. } = header;
    let mut leaving = foreign || answered.closing();
    let business = answered.business();
    let metadata = answered.metadata;
    let body = incoming.into_body(size);
    let result = match kind {
        MessageType::Reply => match business {
            Some(error) => Err(error.with_metadata(metadata, Metadata::new())),
            None => {
                let opened = protocol.open(body, &mut { call.limits }).map_err(Error::from);
                opened.map(|body| Answer { head: metadata, ..Answer::from(body) })
            }
        },
        MessageType::Exception => {
            let (error, may_close) = protocol.error(body, call.limits);
            leaving |= may_close;
            Err(error.with_metadata(metadata, Metadata::new()))
        }
        MessageType::Call | MessageType::Oneway => return Err(broken(at, &"a request where an answer belongs")),
    };
    Ok((result, leaving))
}

/// Whether a message that answers nobody tells that its connection ends, as Kitex's server does
/// with the number 0 when it shuts down (`netpollmux/server_handler.go`).
pub(super) fn says_goodbye(incoming: &Incoming) -> bool {
    let mut answered = Answered::default();
    incoming.pairs(|pair| answered.take(pair)).is_ok() && answered.closing()
}

/// The number that says whose answer it is.
pub(super) fn number(incoming: &Incoming) -> Result<i32, String> {
    if incoming.wire.has_header() {
        return Ok(incoming.seq);
    }
    Header::read(incoming.message()).map(|(header, _)| header.seq).map_err(|error| error.to_string())
}

/// The error of a call whose connection failed while it waited.
#[cold]
pub(super) fn broken(at: &Endpoint, why: &dyn std::fmt::Display) -> Error {
    Error::unavailable(format!("the connection to {} failed: {why}", at.address())).with_origin(Origin::Transport)
}
