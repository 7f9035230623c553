//! The innermost service of a channel: which instance, which connection, and whether again.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use std::time::{Duration, Instant};

use tower::Service;

use super::budget::Budget;
use super::counters::{Counter, Counters};
#[cfg(feature = "grpc")]
use super::grpc::Grpc;
#[cfg(feature = "thrift")]
use super::multiplex;
#[cfg(feature = "thrift")]
use super::thrift::Pool;
#[cfg(feature = "thrift")]
use super::transport::{Style, Transport};
use crate::balance::{Balancer, Verdict};
use crate::error::{Code, Error, Origin};
use crate::limits::Limits;
use crate::registry::{Endpoint, Instance, Resolver, Snapshot};
use crate::service::{Answer, Call, Idl};

/// Second attempts after a request may have been sent.
const RETRIES: usize = 1;

/// Sends calls to instances of one service; what layers wrap.
#[derive(Clone)]
pub(super) struct Dispatch(Arc<Shared>);

/// What a builder says about connections.
#[cfg_attr(not(any(feature = "thrift", feature = "grpc")), allow(dead_code, reason = "no protocol is built"))]
pub(super) struct Settings<'a> {
    pub(super) connect: Duration,
    pub(super) limits: &'a Limits,
    #[cfg(feature = "thrift")]
    pub(super) style: Style,
}

struct Shared {
    resolver: Resolver,
    balancer: Box<dyn Balancer>,
    budget: Budget,
    counters: Arc<Counters>,
    #[cfg(feature = "thrift")]
    thrift: Pool,
    #[cfg(feature = "thrift")]
    transport: Option<Transport>,
    #[cfg(feature = "grpc")]
    grpc: Grpc,
}

#[cfg(feature = "thrift")]
impl Shared {
    /// Whether the channel says so, or the instance offers it to a channel that says nothing.
    fn multiplexes(&self, instance: &Instance) -> bool {
        let offered = instance.metadata.get(multiplex::KEY).is_some_and(|value| value == multiplex::VALUE);
        let transport = self.transport.unwrap_or_default();
        transport == Transport::Multiplexed || transport == Transport::TtheaderFramed && offered
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
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send + 'static>>;

    fn poll_ready(&mut self, _: &mut Task<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { this.run(call).await })
    }
}

impl Dispatch {
    #[cfg_attr(
        not(any(feature = "thrift", feature = "grpc")),
        allow(unused_variables, reason = "no protocol is built")
    )]
    pub(super) fn new(resolver: Resolver, balancer: Box<dyn Balancer>, settings: &Settings<'_>) -> Self {
        let counters = Arc::<Counters>::default();
        Self(Arc::new(Shared {
            resolver,
            balancer,
            budget: Budget::default(),
            #[cfg(feature = "thrift")]
            thrift: Pool::new(settings.connect, settings.limits.frame, settings.style, Arc::clone(&counters)),
            #[cfg(feature = "thrift")]
            transport: settings.style.transport,
            #[cfg(feature = "grpc")]
            grpc: Grpc::new(settings.connect, settings.limits.grpc_message),
            counters,
        }))
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.0.counters
    }

    pub(super) fn service(&self) -> String {
        self.0.resolver.snapshot().service.clone()
    }

    pub(super) async fn run(&self, call: Call) -> Result<Answer, Error> {
        let snapshot = self.known(&call).await?;
        self.0.budget.earn();
        let mut tried: Vec<&str> = Vec::new();
        let mut last = None;
        let mut retries = 0;
        while let Some((instance, endpoint)) = self.pick(&snapshot, &call, &tried) {
            let error = match self.attempt(instance, endpoint, &call, &snapshot).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match error.origin() {
                // Another instance may be tried; each once.
                Origin::NotSent => {}
                Origin::Transport if self.may_retry(&call, &error, retries) => {
                    retries += 1;
                    self.0.counters.add(Counter::Retries);
                }
                _ => return Err(error),
            }
            tried.push(&instance.id);
            last = Some(error);
        }
        Err(last.map_or_else(|| self.nobody(&snapshot, &call), |error| all_failed(error, tried.len())))
    }

    fn may_retry(&self, call: &Call, error: &Error, retries: usize) -> bool {
        let in_time = error.code() != Code::DeadlineExceeded;
        in_time && call.method.idempotent && retries < RETRIES && self.0.budget.spend()
    }

    /// The snapshot; the first call of a process waits for the first list.
    async fn known(&self, call: &Call) -> Result<Arc<Snapshot>, Error> {
        let snapshot = self.0.resolver.snapshot();
        if snapshot.known {
            return Ok(snapshot);
        }
        // The call's own deadline comes first by the channel; this one only makes the text better.
        let left = call.cx.remaining().unwrap_or(Duration::from_secs(5)).mul_f64(0.9);
        let ready = self.0.resolver.ready(left).await;
        ready.map_err(|error| Error::from(error).with_origin(Origin::NotSent))
    }

    fn pick<'a>(
        &self,
        snapshot: &'a Snapshot,
        call: &Call,
        tried: &[&str],
    ) -> Option<(&'a Arc<Instance>, &'a Endpoint)> {
        let scheme = scheme(call.method.idl);
        let usable =
            |instance: &Instance| instance.endpoint(scheme).is_some() && !tried.contains(&instance.id.as_str());
        let place = self.0.balancer.pick(&snapshot.instances, &usable)?;
        let instance = snapshot.instances.get(place)?;
        Some((instance, instance.endpoint(scheme)?))
    }

    async fn attempt(
        &self,
        instance: &Arc<Instance>,
        endpoint: &Endpoint,
        call: &Call,
        snapshot: &Snapshot,
    ) -> Result<Answer, Error> {
        let mut watch = Attempt::start(&self.0, instance);
        let result = match call.method.idl {
            #[cfg(feature = "grpc")]
            Idl::Proto if self.0.transport.is_none() => self.0.grpc.exchange(endpoint, call, snapshot).await,
            #[cfg(feature = "thrift")]
            _ if self.0.multiplexes(instance) => self.0.thrift.multiplex(endpoint, call, snapshot).await,
            #[cfg(feature = "thrift")]
            _ => self.0.thrift.exchange(endpoint, call, snapshot).await,
            #[cfg(not(feature = "thrift"))]
            _ => {
                let _ = (endpoint, snapshot);
                Err(Error::unimplemented("this build's protocols: the feature for this IDL is off;"))
            }
        };
        watch.verdict = match result.as_ref().map_err(Error::origin) {
            Err(Origin::NotSent) => Verdict::Unreachable,
            Err(Origin::Transport) => Verdict::Failed,
            _ => Verdict::Answered,
        };
        if watch.verdict == Verdict::Unreachable {
            self.0.resolver.unreachable(instance);
        }
        result
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
            count => format!("none of the {count} instances of service `{service}` serves {}", scheme(call.method.idl)),
        };
        let source = self.0.resolver.source();
        Error::unavailable(format!("{what}; looked at {source}; {age}")).with_origin(Origin::NotSent)
    }
}

/// Tells the balancer how an attempt ended, one that was dropped at its deadline included.
struct Attempt<'a> {
    shared: &'a Shared,
    instance: &'a Instance,
    start: Instant,
    verdict: Verdict,
}

impl<'a> Attempt<'a> {
    fn start(shared: &'a Shared, instance: &'a Instance) -> Self {
        shared.balancer.started(instance);
        Self { shared, instance, start: Instant::now(), verdict: Verdict::Failed }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.shared.balancer.ended(self.instance, self.verdict, self.start.elapsed());
    }
}

fn scheme(idl: Idl) -> &'static str {
    match idl {
        Idl::Thrift => "thrift",
        Idl::Proto => "grpc",
    }
}

#[cold]
fn all_failed(error: Error, tried: usize) -> Error {
    if tried < 2 {
        return error;
    }
    let text = format!("{} ({tried} instances were tried)", error.message());
    Error::new(error.code(), text).with_origin(error.origin())
}
