//! Interprets an answer on any transport, as Kitex's client does.

use super::counters::{Counter, Counters};
use kiteline_core::aside::aside;
use kiteline_core::error::{Error, Origin};
use kiteline_core::limits::DecodeLimits;
use kiteline_core::service::{Answer, Call};
use kiteline_registry::Endpoint;
use kiteline_thrift::metainfo::ReplyInfo;
use kiteline_thrift::{Header, Incoming, MessageType, Protocol};

/// The meaning of an answer.
pub(super) struct Understood {
    pub(super) result: Result<Answer, Error>,
    /// Whether its connection ends.
    pub(super) leaving: bool,
    /// Whether the body is as it was on the wire, still to be opened by [`open_aside`].
    pub(super) closed: bool,
}

/// Opens the body of an answer aside.
pub(super) async fn open_aside(
    result: Result<Answer, Error>,
    protocol: Protocol,
    mut limits: DecodeLimits,
) -> Result<Answer, Error> {
    let Answer { head, body, trailers } = result?;
    let body = body.into_whole()?;
    let body = aside(move || protocol.open(body, &mut limits)).await??;
    Ok(Answer { head, body: body.into(), trailers })
}

/// Reads an answer.
pub(super) fn understand(incoming: Incoming, seq: i32, call: &Call, at: &Endpoint, counters: &Counters) -> Understood {
    try_understand(incoming, seq, call, at).unwrap_or_else(|broken| {
        counters.add(Counter::BrokenReplies);
        Understood { result: Err(broken), leaving: true, closed: false }
    })
}

fn try_understand(incoming: Incoming, seq: i32, call: &Call, at: &Endpoint) -> Result<Understood, Error> {
    let mut info = ReplyInfo::default();
    incoming.pairs(|pair| info.take(pair)).map_err(|error| broken(at, &error))?;
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
    let mut leaving = foreign || info.closing();
    let business = info.business(|whole| protocol.error(whole, call.limits).0);
    let (head, trailers) = info.into_metadata();
    let body = incoming.into_body(size);
    let mut closed = false;
    let result = match kind {
        MessageType::Reply => match business {
            Some(error) => Err(error.with_metadata(head, trailers)),
            None if protocol.is_slow(body.len()) => {
                closed = true;
                Ok(Answer { head, body: body.into(), trailers })
            }
            None => {
                let opened = protocol.open(body, &mut { call.limits }).map_err(Error::from);
                opened.map(|body| Answer { head, body: body.into(), trailers })
            }
        },
        MessageType::Exception => {
            let (error, may_close) = protocol.error(body, call.limits);
            leaving |= may_close;
            Err(error.with_metadata(head, trailers))
        }
        MessageType::Call | MessageType::Oneway => return Err(broken(at, &"a request where an answer belongs")),
    };
    Ok(Understood { result, leaving, closed })
}

/// Whether a message that answers nobody tells that its connection ends, as Kitex's server does
/// with the number 0 when it shuts down (`netpollmux/server_handler.go`).
pub(super) fn says_goodbye(incoming: &Incoming) -> bool {
    let mut info = ReplyInfo::default();
    incoming.pairs(|pair| info.take(pair)).is_ok() && info.closing()
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
