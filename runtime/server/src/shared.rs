//! State that every connection of a server shares.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::task::{Context as Task, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, watch};
use tracing::Instrument;

use super::admission::More;
use super::admission::{Admission, Entry, Permit};
use super::connections::Connections;
use super::counters::{Counter, Counters};
use super::registration::Standing;
use super::running_call::RunningCall;
use super::stage::Stage;
use kiteline_core::aside::{aside, in_a_thread_of_its_own};
use kiteline_core::context::Context;
use kiteline_core::error::Code;
use kiteline_core::error::{Error, Origin};
use kiteline_core::layered::Layered;
use kiteline_core::limits::{DecodeLimits, Limits};
use kiteline_core::malloc::Anchor;
use kiteline_core::methods::Methods;
use kiteline_core::router::{Route, Router};
use kiteline_core::service::{Answer, Call, Handling, Idl, Method, Service};
use kiteline_thrift::Protocol;
use kiteline_tls::Acceptor;

/// A call that began aside.
enum Begun {
    Over(Result<Answer, Error>),
    Pending(Handling, More, Anchor),
}

/// The state of a running server.
pub(super) struct Shared {
    pub(super) router: Router,
    /// `None` without layers: calls go to their service directly.
    pub(super) layers: Option<Layered>,
    pub(super) limits: Limits,
    pub(super) methods: Methods,
    pub(super) admission: Arc<Admission>,
    pub(super) connections: Arc<Connections>,
    pub(super) stage: watch::Sender<Stage>,
    /// Set when the server has started.
    pub(super) standing: Arc<OnceLock<Standing>>,
    pub(super) tls: Option<Acceptor>,
}

impl Shared {
    pub(super) fn counters(&self) -> &Counters {
        &self.admission.counters
    }

    pub(super) fn count(&self, counter: Counter) {
        self.admission.counters.add(counter);
    }

    /// How long the handler of a method may take.
    pub(super) fn handler_limit(&self, method: &Method) -> Duration {
        self.methods.of(method).and_then(|settings| settings.timeout).unwrap_or(self.limits.handler)
    }

    /// The body of a call, and what decoding it may use up.
    ///
    /// # Errors
    ///
    /// As a body that a service cannot decode; a proto message over the limit of gRPC's.
    pub(super) fn open(&self, protocol: Protocol, body: Bytes) -> Result<(Bytes, DecodeLimits), Error> {
        let mut limits = self.limits.decode;
        if protocol.idl() == Idl::Proto && body.len() > self.limits.grpc_message {
            let text = format!("a message of {} bytes is over the limit of {}", body.len(), self.limits.grpc_message);
            return Err(Error::new(Code::ResourceExhausted, text).with_origin(Origin::Decode));
        }
        match protocol.open(body, &mut limits) {
            Ok(body) => Ok((body, limits)),
            Err(error) => Err(error.into_error(Code::InvalidArgument)),
        }
    }

    /// Starts a call of a method.
    ///
    /// # Errors
    ///
    /// When too many calls, or bytes of them, are in work.
    pub(super) fn start(&self, route: &Route, mut call: Call, entry: Entry<'_>) -> Result<RunningCall, Error> {
        let (method, peer, read) = (route.method, call.cx.peer(), entry.read);
        entry.share.describe(&mut call.cx);
        let permit = self.admission.enter(call.body.as_whole().map_or(0, Bytes::len), entry, &self.limits)?;
        call.cx.set_method(method);
        Ok(RunningCall::start(method, (peer, read), permit, || self.handle(&*route.service, call)))
    }

    fn handle(&self, service: &dyn Service, call: Call) -> Handling {
        let span = tracing::info_span!(target: "runtime::server::shared", "call", method = call.method.path, peer = call.cx.peer().map(tracing::field::display));
        if span.is_disabled() {
            return self.begin(service, call);
        }
        let handling = span.in_scope(|| self.begin(service, call));
        Box::pin(handling.instrument(span))
    }

    fn begin(&self, service: &dyn Service, call: Call) -> Handling {
        match &self.layers {
            None => service.call(call),
            Some(layers) => Box::pin(layers.oneshot(call)),
        }
    }

    /// Starts a call with a large body: it is opened aside, and the service begins there too, since that reads it.
    ///
    /// # Errors
    ///
    /// As [`Shared::start`].
    pub(super) fn start_aside(
        self: &Arc<Self>,
        route: &Route,
        mut cx: Context,
        (protocol, body): (Protocol, Bytes),
        entry: Entry<'_>,
    ) -> Result<RunningCall, Error> {
        entry.share.describe(&mut cx);
        let (size, peer, method) = (body.len(), cx.peer(), route.method);
        let permit = self.admission.enter(size, entry, &self.limits)?;
        cx.set_method(method);
        Ok(self.begin_aside(route, peer, permit, move |shared| {
            let (body, limits) = shared.open(protocol, body)?;
            let more = shared.admission.more(body.len().saturating_sub(size), &shared.limits)?;
            Ok((Call::new(method, cx, body, limits), more))
        }))
    }

    /// Starts a call whose large body is in JSON, which takes long to read.
    ///
    /// # Errors
    ///
    /// As [`Shared::start`].
    #[cfg(feature = "grpc")]
    pub(super) fn start_json_aside(
        self: &Arc<Self>,
        route: &Route,
        mut call: Call,
        entry: Entry<'_>,
    ) -> Result<RunningCall, Error> {
        entry.share.describe(&mut call.cx);
        let size = call.body.as_whole().map_or(0, Bytes::len);
        let permit = self.admission.enter(size, entry, &self.limits)?;
        let peer = call.cx.peer();
        call.cx.set_method(route.method);
        Ok(self.begin_aside(route, peer, permit, move |shared| Ok((call, shared.admission.more(0, &shared.limits)?))))
    }

    /// Makes a call and lets its service begin beside the workers.
    fn begin_aside(
        self: &Arc<Self>,
        route: &Route,
        peer: Option<SocketAddr>,
        permit: Permit,
        make: impl FnOnce(&Self) -> Result<(Call, More), Error> + Send + 'static,
    ) -> RunningCall {
        let (shared, service) = (Arc::clone(self), Arc::clone(&route.service));
        let begin = move || -> Result<Begun, Error> {
            let (call, more) = make(&shared)?;
            let anchor = Anchor::take();
            let mut handling = shared.handle(&*service, call);
            // Whoever awaits it polls again.
            let polled = handling.as_mut().poll(&mut Task::from_waker(Waker::noop()));
            Ok(match polled {
                Poll::Ready(result) => {
                    drop(handling);
                    anchor.drop_here();
                    Begun::Over(result)
                }
                Poll::Pending => Begun::Pending(handling, more, anchor),
            })
        };
        let begun = Arc::new(Notify::new());
        let told = Arc::clone(&begun);
        let handling = async move {
            let first = aside(|| in_a_thread_of_its_own(begin)).await;
            told.notify_one();
            match first??? {
                Begun::Over(result) => result,
                Begun::Pending(handling, _more, _anchor) => handling.await,
            }
        };
        RunningCall::start(route.method, (peer, None), permit, || Box::pin(handling)).beginning(begun)
    }

    /// Counts what an error says about the peer or this process.
    pub(super) fn note(&self, error: &Error) {
        match error.origin() {
            Origin::Decode => self.count(Counter::BadArguments),
            Origin::UnknownMethod => self.count(Counter::UnknownMethod),
            _ => {}
        }
    }
}
