//! The innermost service of a channel: which instance, which connection, and whether again.

use std::fmt;
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use std::time::Duration;

use tokio::time::Instant;
use tower::Service;

use super::budget::Budget;
use super::counters::{Counter, Counters};
#[cfg(feature = "grpc")]
use super::deadline::within;
use super::dial::Dialer;
use super::endpoint_connections::EndpointConnections;
use super::endpoint_set::{Attempt, EndpointSet, EndpointSets, nanos};
#[cfg(feature = "grpc")]
use super::http::{Caller, Http};
use super::pool::Caps;
use super::thrift::Thrift;
use super::transport::{Style, Transport};
use kiteline_balance::{Balancer, PickOptions, Verdict};
use kiteline_core::body::Body;
use kiteline_core::error::{Code, Error, Origin};
use kiteline_core::event::Recorders;
use kiteline_core::limits::Limits;
#[cfg(feature = "grpc")]
use kiteline_core::service::Kind;
use kiteline_core::service::{Answer, Call, Form, Handling, Idl};
use kiteline_registry::{Resolver, Snapshot};

/// Second attempts after a request may have been sent.
const RETRIES: usize = 1;

/// Sends calls to instances of one service; what layers wrap.
#[derive(Clone)]
pub(super) struct Dispatch(Arc<Shared>);

/// The builder's settings about connections.
pub(super) struct Settings<'a> {
    pub(super) dialer: Dialer,
    pub(super) waits: bool,
    pub(super) limits: &'a Limits,
    pub(super) recorders: &'a Recorders,
    pub(super) style: Style,
    #[cfg(feature = "grpc")]
    pub(super) http: Option<Http>,
    pub(super) caps: Caps,
}

impl Settings<'_> {
    /// The scheme of endpoints that proto services are called at.
    fn scheme_of_proto(&self) -> &'static str {
        #[cfg(feature = "grpc")]
        if let Some(http) = &self.http {
            return http.scheme();
        }
        Idl::Proto.scheme()
    }
}

struct Shared {
    resolver: Resolver,
    /// Whether a first call waits for a registry that is away.
    waits: bool,
    balancer: Box<dyn Balancer>,
    thrift_endpoints: EndpointSets,
    grpc_endpoints: EndpointSets,
    /// When the channel began: the zero of its balancer's times.
    epoch: Instant,
    budget: Budget,
    counters: Arc<Counters>,
    thrift: Thrift,
    transport: Option<Transport>,
    #[cfg(feature = "grpc")]
    http: Caller,
    /// Whether the channel says that it is HTTP that it speaks.
    #[cfg(feature = "grpc")]
    says_http: bool,
}

impl Shared {
    fn endpoints(&self, idl: Idl) -> &EndpointSets {
        match idl {
            Idl::Thrift => &self.thrift_endpoints,
            Idl::Proto => &self.grpc_endpoints,
        }
    }
}

impl Shared {
    /// Whether the channel says so, or the instance offers it to a channel that says nothing.
    fn multiplexes(&self, peer: &EndpointConnections) -> bool {
        let transport = self.transport.unwrap_or_default();
        transport == Transport::Multiplexed || transport == Transport::TtheaderFramed && peer.multiplexes
    }

    /// Whether a call of a proto service goes over HTTP: the channel says so, or says nothing and the
    /// instance offers nothing that is faster.
    #[cfg(feature = "grpc")]
    fn is_http(&self, call: &Call, peer: &EndpointConnections) -> bool {
        self.transport.is_none() && (self.says_http || !peer.multiplexes || call.method.kind != Kind::Unary)
    }
}

impl fmt::Debug for Dispatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dispatch({})", self.service())
    }
}

impl Service<Call> for Dispatch {
    type Response = Answer;
    type Error = Error;
    type Future = Handling;

    fn poll_ready(&mut self, _: &mut Task<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { this.run(&call, Instant::now()).await })
    }
}

impl Dispatch {
    pub(super) fn new(resolver: Resolver, balancer: Box<dyn Balancer>, settings: &Settings<'_>) -> Self {
        let counters = Arc::<Counters>::default();
        Self(Arc::new(Shared {
            resolver,
            waits: settings.waits,
            balancer,
            thrift_endpoints: EndpointSets::new(Idl::Thrift.scheme(), settings.recorders.clone()),
            grpc_endpoints: EndpointSets::new(settings.scheme_of_proto(), settings.recorders.clone()),
            epoch: Instant::now(),
            budget: Budget::default(),
            thrift: Thrift::new(settings, Arc::clone(&counters)),
            transport: settings.style.transport,
            #[cfg(feature = "grpc")]
            http: Caller::new(
                settings.dialer.clone(),
                settings.limits.grpc_message,
                settings.http.clone().unwrap_or_default(),
            ),
            #[cfg(feature = "grpc")]
            says_http: settings.http.is_some(),
            counters,
        }))
    }

    /// JSON is for calls over HTTP alone.
    pub(super) fn form(&self) -> Form {
        #[cfg(feature = "grpc")]
        if self.0.transport.is_none() {
            return self.0.http.form();
        }
        Form::Binary
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.0.counters
    }

    pub(super) fn service(&self) -> String {
        self.0.resolver.snapshot().service.clone()
    }

    /// One call, which began at `start`; it ends by its deadline.
    pub(super) async fn run(&self, call: &Call, mut start: Instant) -> Result<Answer, Error> {
        let groups = self.0.endpoints(call.method.idl);
        let current = match groups.fresh(&self.0.resolver) {
            Some(current) => current,
            None => {
                // In a box: the path of every call need not have room for it.
                let snapshot = Box::pin(self.known(call)).await?;
                start = Instant::now();
                groups.of(snapshot, &*self.0.balancer)
            }
        };
        self.0.budget.earn();
        let mut tried: Vec<usize> = Vec::new();
        let mut last = None;
        let mut retries = 0;
        while let Some(place) = self.pick(&current, &tried, start, call) {
            let error = match self.attempt(&current, place, start, call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match error.origin() {
                // A stream that was taken is sent nowhere else.
                _ if is_taken(call) => return Err(error),
                // Nobody else has time left either.
                Origin::NotSent if call.cx.remaining().is_some_and(|left| left.is_zero()) => return Err(error),
                // Another instance may be tried; each once.
                Origin::NotSent | Origin::NotConnected => {}
                Origin::Transport if self.may_retry(call, &error, retries) => {
                    retries += 1;
                    self.0.counters.add(Counter::Retries);
                }
                _ => return Err(error),
            }
            tried.push(place);
            last = Some(error);
            start = Instant::now();
        }
        Err(last.map_or_else(|| self.nobody(&current.snapshot, call), |error| self.all_failed(error, tried.len())))
    }

    fn pick(&self, from: &EndpointSet, tried: &[usize], start: Instant, call: &Call) -> Option<usize> {
        let now = nanos(start.saturating_duration_since(self.0.epoch));
        from.picks.pick(&PickOptions { tried, key: call.cx.hash(), now })
    }

    fn may_retry(&self, call: &Call, error: &Error, retries: usize) -> bool {
        // A stream can be sent once.
        let again = !call.method.kind.streams_requests() && error.code() != Code::DeadlineExceeded;
        again && call.method.idempotent && retries < RETRIES && self.0.budget.spend()
    }

    /// The snapshot; the first call of a process waits for the first list, and unless the channel
    /// says otherwise for a registry that is away, too.
    async fn known(&self, call: &Call) -> Result<Arc<Snapshot>, Error> {
        let snapshot = self.0.resolver.snapshot();
        if snapshot.known {
            return Ok(snapshot);
        }
        // Over before the deadline, so that the error says what was waited for.
        let left = |at| Instant::from_std(at).saturating_duration_since(Instant::now());
        let left = call.cx.deadline().map_or(Duration::from_secs(5), left).mul_f64(0.9);
        let resolver = &self.0.resolver;
        let ready = if self.0.waits { resolver.ready(left).await } else { resolver.ready_or_away(left).await };
        ready.map_err(|error| Error::from(error).with_origin(Origin::NotSent))
    }

    async fn attempt(&self, to: &EndpointSet, place: usize, start: Instant, call: &Call) -> Result<Answer, Error> {
        let Some(peer) = to.peer(place) else { return Err(self.nobody(&to.snapshot, call)) };
        let attempt = Attempt::start(to, place, start, &self.0.epoch, &call.cx);
        let result = match call.method.idl {
            #[cfg(feature = "grpc")]
            Idl::Proto if self.0.is_http(call, peer) => {
                Box::pin(within(call.cx.deadline(), self.0.http.exchange(&peer.endpoint, &peer.http, call))).await
            }
            _ if self.0.multiplexes(peer) => {
                self.0.thrift.multiplex((&peer.endpoint, &peer.mux), (call, start), &to.snapshot.service).await
            }
            _ => self.0.thrift.exchange((&peer.endpoint, &peer.pool), (call, start), &to.snapshot.service).await,
        };
        let verdict = result.as_ref().err().map_or(Verdict::Answered, verdict);
        if let (Verdict::Unreachable, Some((instance, _))) = (verdict, to.target(place)) {
            self.0.resolver.unreachable(instance);
        }
        attempt.end(verdict);
        result
    }

    /// What the last attempt gave, with what those before it and the registry say.
    #[cold]
    fn all_failed(&self, error: Error, tried: usize) -> Error {
        let now = self.0.resolver.snapshot();
        let text = if now.known && now.trusted() == 0 {
            let source = self.0.resolver.source();
            let (service, last) = (&now.service, error.message());
            format!("service `{service}` has no instance; looked at {source}; the last one that was known: {last}")
        } else if tried > 1 {
            format!("{} ({tried} instances were tried)", error.message())
        } else {
            return error;
        };
        Error::new(error.code(), text).with_origin(error.origin())
    }

    /// Why there is nobody to call.
    #[cold]
    fn nobody(&self, snapshot: &Snapshot, call: &Call) -> Error {
        let age = match snapshot.stale_since {
            Some(since) => format!("it could not be asked for {} s", since.elapsed().as_secs()),
            None => "the view is fresh".to_owned(),
        };
        let service = &snapshot.service;
        let what = match snapshot.instances.len() {
            0 => format!("service `{service}` has no instance"),
            count => {
                format!("none of the {count} instances of service `{service}` serves {}", call.method.idl.scheme())
            }
        };
        let source = self.0.resolver.source();
        Error::unavailable(format!("{what}; looked at {source}; {age}")).with_origin(Origin::NotSent)
    }
}

/// Whether a call had a stream of requests that went out.
fn is_taken(call: &Call) -> bool {
    matches!(&call.body, Body::Stream(messages) if messages.is_taken())
}

/// What an error says about the instance that it came from.
fn verdict(error: &Error) -> Verdict {
    match (error.origin(), error.code()) {
        (Origin::NotConnected, _) => Verdict::Unreachable,
        (Origin::Transport, _) => Verdict::Failed,
        (Origin::NotSent | Origin::Encode, _) => Verdict::Unknown,
        (Origin::Remote, _) if error.business_code().is_some() => Verdict::Answered,
        (Origin::Remote, Code::Unavailable | Code::Internal | Code::DataLoss | Code::DeadlineExceeded) => {
            Verdict::Troubled
        }
        _ => Verdict::Answered,
    }
}
