//! From one message to its call: its header, its route, what the handler knows of it, and the start
//! of its work.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use std::time::Instant;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use super::Close;
use super::connection_loop::{ConnectionLoop, Next};
use super::out_of_order;
use super::reply::{Envelope, Outcome};
use crate::admission::Entry;
use crate::counters::Counter;
use crate::failures;
use crate::partial::Held;
use crate::running_call::{End, RunningCall};
use crate::shared::Shared;
use kiteline_core::aside::LARGE;
use kiteline_core::cache_padded::CachePadded;
use kiteline_core::context::{Context, ReplySlot};
use kiteline_core::error::Error;
use kiteline_core::router::Route;
use kiteline_core::service::{Call, Kind};
use kiteline_thrift::metainfo::RequestInfo;
use kiteline_thrift::ttheader::flags;
use kiteline_thrift::{Header, Incoming, MessageType, Protocol};

/// An answer that takes long to close.
pub(super) struct Closing {
    pub(super) envelope: Envelope<'static>,
    pub(super) outcome: Outcome,
    pub(super) kind: Kind,
}

/// A call that was not ready at once.
pub(super) struct Waiting {
    pub(super) running: RunningCall,
    pub(super) reply: Option<ReplySlot>,
    pub(super) envelope: Envelope<'static>,
    pub(super) kind: Kind,
    pub(super) end: End,
}

/// The common parts of a connection's calls.
pub(super) struct Caller<'a> {
    shared: &'a Arc<Shared>,
    peer: SocketAddr,
    cancel: Arc<CachePadded<CancellationToken>>,
    /// Where the handler of the last call could leave metadata.
    reply: ReplySlot,
}

impl ConnectionLoop<'_> {
    /// Makes one message a call, and answers it where it is ready at once; tells what comes before the next message.
    pub(super) fn message(
        &mut self,
        incoming: Incoming,
        held: Option<Held>,
        now: Instant,
        task: &mut Task<'_>,
    ) -> Result<Option<Next>, Close> {
        let shared = self.caller.shared;
        let mut info = RequestInfo::default();
        let pairs = incoming.pairs(|pair| info.take(pair));
        pairs.map_err(|error| self.reader.damaged(Counter::BadFrame, &error))?;
        let read = Header::read(incoming.message());
        let (header, taken) = read.map_err(|error| self.reader.damaged(Counter::BadHeader, &error))?;
        let wire = incoming.wire;
        let envelope = |header| Envelope { wire, header, leaving: false };
        if matches!(header.kind, MessageType::Reply | MessageType::Exception) {
            return self.writer.refuse(&envelope(header)).map(|body| Some(Next::Last(body)));
        }
        let idl = header.protocol.idl();
        // Answered without the service in front: Apache's servers do so, and its clients look.
        let Some(route) = shared.router.find(idl, info.service, header.name) else {
            let name = header.name.split_once(':').map_or(header.name, |(_, name)| name);
            let missing = shared.router.missing(idl, header.name);
            let kind = if header.kind == MessageType::Oneway { Kind::Oneway } else { Kind::Unary };
            return Ok(self.writer.end(&envelope(Header { name, ..header }), missing.into(), kind)?.map(Next::Write));
        };
        let envelope = Envelope { wire, header: Header { name: route.method.name, ..header }, leaving: false };
        let order = incoming.flags & flags::OUT_OF_ORDER == 0;
        let own = now + self.caller.shared.handler_limit(route.method);
        let mut cx = self.caller.context(own);
        let reply = wire.has_header().then(|| self.caller.describe(&mut cx, info, now));
        // The IDL says whether a method is answered, not the message's type, as in Kitex.
        let kind = route.method.kind;
        let end = end_of(&cx, own);
        let started = if incoming.is_cut() {
            Err(shared.admission.shed("too many bytes of requests in work or arriving"))
        } else {
            let entry = Entry { share: self.guard.share(), held, read: Some(now) };
            self.caller.start(route, cx, (envelope.header.protocol, incoming.into_body(taken)), entry)
        };
        let outcome = match started {
            Err(error) => {
                failures::log(route.method, &error);
                shared.admission.refused(route.method, Some(self.caller.peer), &error);
                error.into()
            }
            Ok(mut running) => match Pin::new(&mut running).poll(task) {
                Poll::Ready(result) => Outcome::new(result, reply),
                Poll::Pending => {
                    running.count(self.guard.share());
                    return Ok(self.put_off(Waiting { running, reply, envelope, kind, end }, order));
                }
            },
        };
        if outcome.is_slow(envelope.header.protocol) {
            return Ok(Some(Next::Close(Box::new(Closing { envelope, outcome, kind }))));
        }
        Ok(self.writer.end(&envelope, outcome, kind)?.map(Next::Write))
    }

    /// What becomes of a call that was not ready at once: it goes on beside the connection, unless its answer has to
    /// come before those of later requests.
    fn put_off(&mut self, call: Waiting, order: bool) -> Option<Next> {
        if order {
            return Some(Next::Handler(call));
        }
        let late = self.out_of_order.get_or_insert_default();
        out_of_order::spawn(call, Arc::clone(self.caller.shared), late, CancellationToken::clone(&self.caller.cancel));
        None
    }
}

impl<'a> Caller<'a> {
    pub(super) fn new(shared: &'a Arc<Shared>, peer: SocketAddr, cancel: Arc<CachePadded<CancellationToken>>) -> Self {
        Self { shared, peer, cancel, reply: ReplySlot::default() }
    }

    fn start(
        &self,
        route: &Route,
        cx: Context,
        (protocol, body): (Protocol, Bytes),
        entry: Entry<'_>,
    ) -> Result<RunningCall, Error> {
        if body.len() < LARGE {
            let (body, limits) = self.shared.open(protocol, body)?;
            return self.shared.start(route, Call::new(route.method, cx, body, limits), entry);
        }
        self.shared.start_aside(route, cx, (protocol, body), entry)
    }

    /// What a call's handler knows of it: its time ends at `own` at the latest.
    fn context(&self, own: Instant) -> Context {
        let mut cx = Context::of_connection(self.peer, Arc::clone(&self.cancel));
        cx.set_limit(own);
        cx
    }

    /// Adds what a request's TTHeader says, and the slot of metadata that goes back; gives that too.
    fn describe(&mut self, cx: &mut Context, info: RequestInfo<'_>, now: Instant) -> ReplySlot {
        if let Some(deadline) = info.timeout().and_then(|timeout| now.checked_add(timeout)) {
            cx.set_deadline(deadline);
        }
        if let Some(id) = info.log_id {
            cx.set_log_id(id.into());
        }
        cx.set_metadata(info.into_metadata());
        let slot = self.reply.again();
        cx.set_reply_slot(slot.clone());
        slot
    }
}

/// When a call has to end, of which this server alone would have the time until `own`.
fn end_of(cx: &Context, own: Instant) -> End {
    let at = cx.deadline().unwrap_or(own);
    End { at, of_caller: at < own }
}
