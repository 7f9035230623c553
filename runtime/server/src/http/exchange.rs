//! One call: its message or messages, its work, its answer.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use bytes::BytesMut;
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
use kiteline_core::body::Body;
use kiteline_core::cancellation::{CancelGuard, Cancellation};
use kiteline_core::context::{Context, ReplyMetadata, ReplySlot};
use kiteline_core::error::{Code, Error};
use kiteline_core::service::{Answer, Call};
use kiteline_grpc::envelope::Sealed;
use kiteline_grpc::{Protocol, connect, write_reply_metadata};

/// A call on its way.
pub(super) struct Exchange {
    stream: Stream,
    asked: Asked,
    /// `None` for a stream of requests whose caller waits for as long as it takes.
    end: Option<End>,
    cancel: Cancellation,
}

impl Exchange {
    pub(super) fn new(stream: Stream, asked: Asked, headers: &HeaderMap) -> Self {
        let (now, limit) = (Instant::now(), stream.connection.shared.limits.handler);
        let caller = asked.caller.wait(headers).map(|wait| now.checked_add(wait).unwrap_or(now + limit));
        // A stream of requests takes as long as its caller has something to say.
        let own = (!asked.route.method.kind.streams_requests()).then(|| now + limit);
        let end = match (caller, own) {
            (Some(at), own) if own.is_none_or(|own| at < own) => Some(End { at, of_caller: true }),
            (_, own) => own.map(|at| End { at, of_caller: false }),
        };
        Self { stream, asked, end, cancel: Cancellation::default() }
    }

    fn connection(&self) -> &Arc<Connection> {
        &self.stream.connection
    }

    /// Receives the message, lets the service work, gives its answer.
    pub(super) async fn answer(self, head: Parts, body: Arriving) -> Response<Outgoing> {
        let connection = Arc::clone(self.connection());
        let open = Open::new(&self);
        let slot = ReplySlot::default();
        let outcome = in_time(self.end, self.work(head, body, &slot)).await;
        let (late, outcome) = match outcome {
            Ok(outcome) => (false, outcome),
            Err(error) => {
                failures::log(self.asked.route.method, &error);
                (true, Err(error))
            }
        };
        let cancel = open.ended(!late);
        if self.is_told_late(late, &outcome) {
            tokio::time::sleep(GRACE).await;
        }
        let (caller, path) = (self.asked.caller.clone(), self.asked.route.method.path);
        let answered = match outcome {
            Ok(answer) => self.respond(answer, cancel).await,
            Err(error) => Err(error),
        };
        answered.unwrap_or_else(|error| {
            connection.shared.note(&error);
            failed(&caller, &error, slot.take(), service_of(path), connection.surface.shape)
        })
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
    async fn body(&self, body: Arriving) -> Result<(Body, Option<Reserved>), Error> {
        let Asked { route, caller, message, .. } = &self.asked;
        let target = self.target();
        Ok(match message {
            Some(message) => (incoming::open(message.clone(), caller, &target)?.into(), None),
            None if route.method.kind.streams_requests() => (incoming::messages(body, caller, target).into(), None),
            None => {
                let (message, held) = incoming::whole(body, caller, target).await?;
                (message.into(), held)
            }
        })
    }

    fn context(&self, headers: HeaderMap, slot: &ReplySlot) -> Context {
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
        cx.set_reply_slot(slot.clone());
        cx
    }

    async fn work(&self, mut head: Parts, body: Arriving, slot: &ReplySlot) -> Result<Answer, Error> {
        let (shared, route) = (&self.connection().shared, &self.asked.route);
        let share = self.connection().streams.share();
        let started = self.body(body).await.and_then(|(body, held)| {
            let mut call = Call::new(route.method, Context::new(), body, shared.limits.decode);
            call.form = self.asked.caller.content().form;
            if let Some(rest) = &self.asked.rest {
                rest.fill(&mut call, &head)?;
            }
            call.cx = self.context(std::mem::take(&mut head.headers), slot);
            shared.start(route, call, Entry { share, held })
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

    async fn respond(self, answer: Answer, cancel: Option<CancelGuard>) -> Result<Response<Outgoing>, Error> {
        let (protocol, streams) =
            (self.asked.caller.content().protocol, self.asked.route.method.kind.streams_answers());
        let (framing, shape) = (self.asked.rest.as_ref().map(|rest| rest.framing), self.connection().surface.shape);
        let sealing = Sealing { target: self.target(), caller: self.asked.caller, framing };
        let Answer { head, body, trailers } = answer;
        let mut headers = HeaderMap::new();
        write_reply_metadata(&head, &mut headers);
        match &self.asked.rest {
            Some(rest) => {
                headers.insert(CONTENT_TYPE, rest.content_type(self.asked.route.method.kind, &head));
                sealing.caller.label_encoding(&mut headers);
            }
            None => sealing.caller.label(&mut headers),
        }
        let body = if streams {
            let mut messages = body.into_messages();
            if let Some(end) = self.end.filter(|end| end.of_caller) {
                messages = messages.until(end.at);
            }
            // Asked once: what fails at once is an error of the call, as its protocol says that.
            let first = match poll_fn(|task| Poll::Ready(messages.poll_message(task))).await {
                Poll::Pending => None,
                Poll::Ready(Some(Err(error))) => {
                    cancel.into_iter().for_each(CancelGuard::disarm);
                    self.stream.connection.shared.note(&error);
                    let mut trailers = trailers;
                    trailers.extend(messages.take_trailers());
                    let service = service_of(self.asked.route.method.path);
                    let sent = ReplyMetadata { head, trailers };
                    return Ok(failed(&sealing.caller, &error, sent, service, shape));
                }
                Poll::Ready(next) => Some(next),
            };
            Outgoing::stream(Answers { messages, first, trailers, sealing, cancel, slow: None, stream: self.stream })
        } else {
            cancel.into_iter().for_each(CancelGuard::disarm);
            let message = body.into_whole()?;
            let message = match &self.asked.rest {
                Some(rest) => rest.message(shape, message),
                None => message,
            };
            let message = sealing.seal(message).await?;
            if protocol == Protocol::Connect {
                let mut behind = HeaderMap::new();
                write_reply_metadata(&trailers, &mut behind);
                connect::write_trailers(&behind, &mut headers);
                Outgoing::message(message, None, &self.stream)?
            } else if protocol == Protocol::Rest {
                write_reply_metadata(&trailers, &mut headers);
                Outgoing::message(message, None, &self.stream)?
            } else {
                whole(message, sealing.end(None, &trailers), &self.stream)?
            }
        };
        let mut response = Response::new(body);
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// One message and what stands behind it.
fn whole(message: Sealed, end: Ending, stream: &Stream) -> Result<Outgoing, Error> {
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
async fn in_time<T>(end: Option<End>, answer: impl Future<Output = T>) -> Result<T, Error> {
    let mut answer = pin!(answer);
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
