//! One call: its message or messages, its work, its answer.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Response};
use tokio::task::unconstrained;

use super::asked::Asked;
use super::incoming::{self, Arriving};
use super::outgoing::{Answers, End as Ending, Outgoing, Sealing, failed};
use super::target::{Target, service_of};
use super::{Connection, Stream};
use crate::admission::Entry;
use crate::counters::Counter;
use crate::failures;
use crate::partial::Held as Reserved;
use crate::running_call::{self, End, GRACE};
use kiteline_core::aside::LARGE;
use kiteline_core::body::Body;
use kiteline_core::cancellation::{CancelGuard, Cancellation};
use kiteline_core::context::{Context, ReplyMetadata, ReplySlot};
use kiteline_core::error::{Code, Error};
use kiteline_core::metadata::Metadata;
use kiteline_core::service::{Answer, Call, Form};
use kiteline_grpc::envelope::Sealed;
use kiteline_grpc::{Protocol, connect, write_reply_metadata};

/// A call on its way.
///
/// Its parts are lent to what works on them: moving them from future to future would copy them each time.
pub(super) struct Exchange {
    stream: Stream,
    asked: Asked,
    /// `None` for a stream of requests whose caller waits for as long as it takes.
    end: Option<End>,
    cancel: Cancellation,
    slot: ReplySlot,
}

impl Exchange {
    pub(super) fn new(stream: Stream, asked: Asked, headers: &HeaderMap) -> Self {
        let (now, limit) = (Instant::now(), stream.connection.shared.handler_limit(asked.route.method));
        let caller = asked.caller.wait(headers).map(|wait| now.checked_add(wait).unwrap_or(now + limit));
        // A stream of requests takes as long as its caller has something to say.
        let own = (!asked.route.method.kind.streams_requests()).then(|| now + limit);
        let end = match (caller, own) {
            (Some(at), own) if own.is_none_or(|own| at < own) => Some(End { at, of_caller: true }),
            (_, own) => own.map(|at| End { at, of_caller: false }),
        };
        let (slot, cancel) = stream.connection.spare();
        Self { stream, asked, end, cancel, slot }
    }

    fn connection(&self) -> &Arc<Connection> {
        &self.stream.connection
    }

    /// Receives the message, lets the service work, gives its answer.
    pub(super) async fn answer(&mut self, head: &mut Parts, body: &mut Arriving) -> Response<Outgoing> {
        let open = Open::new(self);
        let outcome = in_time(self.end, pin!(self.work(head, body))).await;
        let (late, outcome) = match outcome {
            Ok(outcome) => (false, outcome),
            Err(error) => {
                failures::log(self.asked.route.method, &error);
                (true, Err(error))
            }
        };
        let cancel = open.ended(!late);
        if self.is_told_late(late, &outcome) {
            Box::pin(tokio::time::sleep(GRACE)).await;
        }
        let answered = match outcome {
            Ok(answer) => self.respond(answer, cancel).await,
            Err(error) => Err(error),
        };
        answered.unwrap_or_else(|error| {
            self.connection().shared.note(&error);
            self.failed(&error, self.slot.take())
        })
    }

    fn failed(&self, error: &Error, sent: ReplyMetadata) -> Response<Outgoing> {
        let service = service_of(self.asked.route.method.path);
        failed(&self.asked.caller, error, sent, service, self.connection().surface.shape)
    }

    /// Whether the caller's own clock is to ring before it is told: time is over, or the service says so then.
    fn is_told_late(&self, late: bool, outcome: &Result<Answer, Error>) -> bool {
        let says_so = || matches!(outcome, Err(error) if error.code() == Code::DeadlineExceeded);
        self.end.is_some_and(|end| end.of_caller && Instant::now() >= end.at && (late || says_so()))
    }

    fn target(&self) -> Target {
        Target::new(self.connection(), self.asked.route.method)
    }

    /// The body, and what was reserved for it while it arrived.
    async fn body(&self, body: &mut Arriving) -> Result<(Body, Option<Reserved>), Error> {
        let Asked { route, caller, message, .. } = &self.asked;
        let target = self.target();
        Ok(match message {
            Some(message) => (incoming::open(message.clone(), caller, &target)?.into(), None),
            None if route.method.kind.streams_requests() => {
                (incoming::messages(body.take(), caller, target).into(), None)
            }
            None => {
                let (message, held) = incoming::whole(body, caller, target).await?;
                (message.into(), held)
            }
        })
    }

    fn context(&self, headers: HeaderMap) -> Context {
        let mut cx = Context::new().with_peer(self.connection().peer);
        cx.set_cancellation(&self.cancel);
        if let Some(End { at, of_caller }) = self.end {
            cx.set_limit(at);
            if of_caller {
                cx.set_deadline(at);
            }
        }
        if let Some(metadata) = self.asked.caller.metadata(headers) {
            cx.set_unread_metadata(metadata);
        }
        cx.set_reply_slot(self.slot.clone());
        cx
    }

    async fn work(&self, head: &mut Parts, body: &mut Arriving) -> Result<Answer, Error> {
        let (shared, route) = (&self.connection().shared, &self.asked.route);
        let share = self.connection().streams.share();
        let started = self.body(body).await.and_then(|(body, held)| {
            let mut call = Call::new(route.method, Context::new(), body, shared.limits.decode);
            call.form = self.asked.caller.content().form;
            if let Some(rest) = &self.asked.rest {
                rest.fill(&mut call, head)?;
            }
            call.cx = self.context(std::mem::take(&mut head.headers));
            let entry = Entry { share, held, read: None };
            if call.form == Form::Json && call.body.as_whole().is_some_and(|body| body.len() >= LARGE) {
                return shared.start_json_aside(route, call, entry);
            }
            shared.start(route, call, entry)
        });
        match started {
            Ok(mut work) => {
                work.count(share);
                work.await
            }
            Err(error) => {
                failures::log(route.method, &error);
                shared.admission.refused(route.method, Some(self.connection().peer), &error);
                Err(error)
            }
        }
    }

    async fn respond(&mut self, answer: Answer, cancel: Option<CancelGuard>) -> Result<Response<Outgoing>, Error> {
        let method = self.asked.route.method;
        let Answer { head, body, trailers } = answer;
        let mut headers = HeaderMap::new();
        write_reply_metadata(&head, &mut headers);
        match &self.asked.rest {
            Some(rest) => {
                headers.insert(CONTENT_TYPE, rest.content_type(method.kind, &head));
                self.asked.caller.label_encoding(&mut headers);
            }
            None => self.asked.caller.label(&mut headers),
        }
        let framing = self.asked.rest.as_ref().map(|rest| rest.framing);
        let sealing = Sealing { target: self.target(), caller: self.asked.caller.clone(), framing };
        let body = if method.kind.streams_answers() {
            let mut messages = body.into_messages();
            if let Some(end) = self.end.filter(|end| end.of_caller) {
                messages = messages.until(end.at);
            }
            // Asked once: what fails at once is an error of the call, as its protocol says that.
            let first = match poll_fn(|task| Poll::Ready(messages.poll_message(task))).await {
                Poll::Pending => None,
                Poll::Ready(Some(Err(error))) => {
                    cancel.into_iter().for_each(CancelGuard::disarm);
                    self.connection().shared.note(&error);
                    let mut trailers = trailers;
                    trailers.extend(messages.take_trailers());
                    return Ok(self.failed(&error, ReplyMetadata { head, trailers }));
                }
                Poll::Ready(next) => Some(next),
            };
            let stream = self.stream.again();
            Outgoing::stream(Answers { messages, first, trailers, sealing, cancel, slow: None, stream })
        } else {
            cancel.into_iter().for_each(CancelGuard::disarm);
            self.whole(body.into_whole()?, &trailers, &sealing, &mut headers).await?
        };
        let mut response = Response::new(body);
        *response.headers_mut() = headers;
        Ok(response)
    }

    /// The body of an answer that is one message.
    async fn whole(
        &self,
        message: Bytes,
        trailers: &Metadata,
        sealing: &Sealing,
        headers: &mut HeaderMap,
    ) -> Result<Outgoing, Error> {
        let message = match &self.asked.rest {
            Some(rest) => rest.message(self.connection().surface.shape, message),
            None => message,
        };
        let message = if sealing.is_slow(&message) {
            Box::pin(sealing.seal(message)).await?
        } else {
            sealing.message(message)?
        };
        match sealing.caller.content().protocol {
            Protocol::Connect => {
                let mut behind = HeaderMap::new();
                write_reply_metadata(trailers, &mut behind);
                connect::write_trailers(&behind, headers);
            }
            Protocol::Rest | Protocol::Micro => write_reply_metadata(trailers, headers),
            _ => return with_end(message, sealing.end(None, trailers), &self.stream),
        }
        Outgoing::message(message, None, &self.stream)
    }
}

/// One message and what stands behind it.
fn with_end(message: Sealed, end: Ending, stream: &Stream) -> Result<Outgoing, Error> {
    match end {
        Ending::Trailers(trailers) => Outgoing::message(message, Some(trailers), stream),
        Ending::Data(end) => {
            let mut all = BytesMut::with_capacity(message.len() + end.len());
            all.extend_from_slice(&message.into_bytes());
            all.extend_from_slice(&end);
            Outgoing::message(all.freeze().into(), None, stream)
        }
    }
}

/// An answer that comes before the deadline; receiving the message counts.
async fn in_time<T>(end: Option<End>, mut answer: Pin<&mut impl Future<Output = T>>) -> Result<T, Error> {
    if let Poll::Ready(answer) = poll_fn(|task| Poll::Ready(answer.as_mut().poll(task))).await {
        return Ok(answer);
    }
    // In a box, and only for what takes a while: a timer is large.
    let late = end.map(|end| Box::pin(unconstrained(tokio::time::sleep_until(end.at.into()))));
    match late {
        Some(late) => tokio::select! {
            biased;
            answer = answer => Ok(answer),
            () = late => Err(running_call::late()),
        },
        None => Ok(answer.await),
    }
}

/// A call until its answer: whatever ends it before is counted, and cancels it.
struct Open {
    cancel: Option<CancelGuard>,
    deadline: Option<Instant>,
    connection: Arc<Connection>,
}

impl Open {
    fn new(call: &Exchange) -> Self {
        let (cancel, deadline) = (call.cancel.clone().guard(), call.end.map(|end| end.at));
        Self { cancel: Some(cancel), deadline, connection: Arc::clone(call.connection()) }
    }

    /// Answered, or out of time. What cancels an answered call is for its stream, if there is one.
    fn ended(mut self, answered: bool) -> Option<CancelGuard> {
        let cancel = self.cancel.take();
        if !answered {
            self.connection.shared.count(Counter::Deadlines);
            return None;
        }
        cancel
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.cancel.is_some() {
            // A caller whose clock was first ends the stream at the deadline, too.
            let late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
            self.connection.shared.count(if late { Counter::Deadlines } else { Counter::Abandoned });
        }
    }
}
