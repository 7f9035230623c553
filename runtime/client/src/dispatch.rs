//! The innermost service of a channel: which instance, which connection, and whether again.

use std::fmt;
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use std::time::Duration;

use tokio::time::Instant;
use tower::Service;

use super::budget::Budget;
use super::counters::{Counter, Counters};
use super::deadline::left;
#[cfg(feature = "grpc")]
use super::deadline::within;
use super::dial::Dialer;
use super::endpoint_connections::EndpointConnections;
use super::endpoint_set::{Attempt, EndpointSet, EndpointSets, nanos};
#[cfg(feature = "grpc")]
use super::http::{Caller, Http};
use super::pool::Caps;
use super::retry::{Plan, Retry, is_not_sent};
use super::thrift::Thrift;
use super::transport::{Style, Transport};
use kiteline_balance::{Balancer, PickOptions, Verdict};
use kiteline_core::body::Body;
use kiteline_core::error::{Code, Error, Origin};
use kiteline_core::event::Recorders;
use kiteline_core::limits::Limits;
use kiteline_core::methods::Methods;
#[cfg(feature = "grpc")]
use kiteline_core::service::Kind;
use kiteline_core::service::{Answer, Call, Form, Handling, Idl, Method};
use kiteline_registry::{Resolver, Snapshot};

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
    pub(super) methods: &'a Methods,
    pub(super) retry: Retry,
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
    retry: Retry,
    methods: Methods,
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
            waits: settings.waits,
            balancer,
            thrift_endpoints: EndpointSets::new(Idl::Thrift.scheme(), settings.recorders.clone()),
            grpc_endpoints: EndpointSets::new(settings.scheme_of_proto(), settings.recorders.clone()),
            epoch: Instant::now(),
            budget: Budget::new(settings.retry.cost()),
            retry: settings.retry.clone(),
            methods: settings.methods.clone(),
            thrift: Thrift::new(settings, Arc::clone(&counters)),
            transport: settings.style.transport,
            #[cfg(feature = "grpc")]
            http: Caller::new(
                settings.dialer.clone(),
                settings.limits.grpc_message,
                settings.http.clone().unwrap_or_default(),
                resolver.snapshot().service.clone(),
            ),
            #[cfg(feature = "grpc")]
            says_http: settings.http.is_some(),
            resolver,
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

    /// The time limit that the settings of a method say.
    pub(super) fn timeout(&self, method: &Method) -> Option<Duration> {
        self.0.methods.of(method)?.timeout
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
        let mut current = match groups.fresh(&self.0.resolver) {
            Some(current) => current,
            None => {
                // In a box: the path of every call need not have room for it.
                let snapshot = Box::pin(self.known(call)).await?;
                start = Instant::now();
                groups.of(snapshot, &*self.0.balancer)
            }
        };
        self.0.budget.earn();
        let mut failed: Option<Box<Failed>> = None;
        loop {
            let tried = failed.as_ref().map_or(&[][..], |failed| &failed.tried);
            let Some(place) = self.pick(&current, tried, start, call) else {
                // From the first one on again, where that is asked for.
                let Some(failed) = &mut failed else { break };
                if !Box::pin(self.goes_round(failed, call)).await {
                    break;
                }
                failed.tried.clear();
                current = groups.fresh(&self.0.resolver).unwrap_or(current);
                start = Instant::now();
                continue;
            };
            let error = match self.attempt(&current, place, start, call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let failed = failed.get_or_insert_default();
            failed.tried.push(place);
            match error.origin() {
                // A stream that was taken is sent nowhere else.
                _ if is_taken(call) => return Err(error),
                // Nobody else has time left either.
                Origin::NotSent if call.cx.remaining().is_some_and(|left| left.is_zero()) => return Err(error),
                // Another instance may be tried; each once.
                Origin::NotSent | Origin::NotConnected => {}
                _ => match self.again(failed.used, &error, call) {
                    Some(wait) if Box::pin(pause(wait, call)).await => failed.used += 1,
                    _ => return Err(error),
                },
            }
            failed.last = Some(error);
            start = Instant::now();
        }
        match failed.as_deref_mut().and_then(|failed| failed.last.take().zip(Some(failed.tried.len()))) {
            Some((error, tried)) => Err(self.all_failed(error, tried)),
            None => Err(self.nobody(&current.snapshot, call)),
        }
    }

    fn pick(&self, from: &EndpointSet, tried: &[usize], start: Instant, call: &Call) -> Option<usize> {
        let now = nanos(start.saturating_duration_since(self.0.epoch));
        from.picks.pick(&PickOptions { tried, key: call.cx.hash(), now })
    }

    /// The pause after which a call that may have been sent is sent again, for another time than the `used` ones before; `None`
    /// where it is not.
    fn again(&self, used: u32, error: &Error, call: &Call) -> Option<Duration> {
        let wait = Plan::new(&self.0.retry, &self.0.methods, call).again(used, error, call)?;
        self.0.budget.spend().then(|| {
            self.0.counters.add(Counter::Retries);
            wait
        })
    }

    /// Whether the instances are tried from the first one on again when all were, the last one with this error.
    async fn goes_round(&self, failed: &mut Failed, call: &Call) -> bool {
        let plan = Plan::new(&self.0.retry, &self.0.methods, call);
        let rounds = plan.goes_round() && !failed.tried.is_empty();
        if !rounds || !failed.last.as_ref().is_some_and(is_not_sent) {
            // What may have been sent is counted already.
            return rounds;
        }
        let pays = plan.has(failed.used) && self.0.budget.spend();
        failed.used += 1;
        pays && pause(plan.pause(failed.used - 1), call).await
    }

    /// The snapshot; the first call of a process waits for the first list, and unless the channel
    /// says otherwise for a registry that is away, too.
    async fn known(&self, call: &Call) -> Result<Arc<Snapshot>, Error> {
        let snapshot = self.0.resolver.snapshot();
        if snapshot.known {
            return Ok(snapshot);
        }
        // Over before the deadline, so that the error says what was waited for.
        let left = left(call).unwrap_or(Duration::from_secs(5)).mul_f64(0.9);
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
                let scheme = self.0.endpoints(call.method.idl).scheme();
                format!("none of the {count} instances of service `{service}` serves {scheme}")
            }
        };
        let source = self.0.resolver.source();
        Error::unavailable(format!("{what}; looked at {source}; {age}")).with_origin(Origin::NotSent)
    }
}

/// What came of the attempts of a call so far: in a box, since most calls have none.
#[derive(Default)]
struct Failed {
    /// The instances, by their places.
    tried: Vec<usize>,
    /// What the last one failed with.
    last: Option<Error>,
    /// How often the call was sent again after it may have been sent, or after nobody was there.
    used: u32,
}

/// Waits, unless the call's time is over before that.
async fn pause(pause: Duration, call: &Call) -> bool {
    if left(call).is_some_and(|left| left <= pause) {
        return false;
    }
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    true
}

/// The call that layers get; the body is theirs.
pub(super) fn handed(call: &mut Call) -> Call {
    let (body, http) = (std::mem::take(&mut call.body), call.http.take());
    Call { method: call.method, cx: call.cx.clone(), body, form: call.form, http, limits: call.limits }
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
