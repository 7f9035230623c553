//! A channel to one service: its settings, layers and connections.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tower::{Layer, Service};

use super::counters::{Counter, Counters};
use super::deadline::{Nanos, is_late, late, within};
use super::dial::Dialer;
use super::dispatch::{Dispatch, Settings, handed};
use super::pool::Caps;
use super::retry::Retry;
use super::transport::{Protocol, Style, Transport};
use crate::config::ClientConfig;
use kiteline_balance::Balancer;
use kiteline_core::error::{Code, Error, Origin};
use kiteline_core::event::{Recorder, Recorders, Side};
use kiteline_core::layered::Layered;
use kiteline_core::limits::{DecodeLimits, Limits};
use kiteline_core::malloc;
use kiteline_core::service::{Answer, Call, Form};
use kiteline_registry::{Endpoint, Registry, Resolver};
use kiteline_tls::ClientTls;

/// A way to one service. Cheap to clone; all clones share connections.
#[derive(Clone)]
pub struct Channel(Arc<Inner>);

struct Inner {
    dispatch: Dispatch,
    /// `None` without layers: such a channel costs nothing for them.
    layered: Option<Layered>,
    timeout: Duration,
    limits: DecodeLimits,
    validate: bool,
    recorders: Recorders,
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Channel({})", self.0.dispatch.service())
    }
}

impl Channel {
    /// A channel to fixed addresses, `host:port` with commas between, without a registry; over TLS `https://host:port`.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for what is not an address.
    ///
    /// ```
    /// assert!(runtime::Channel::to("127.0.0.1:9091,127.0.0.1:9092").is_ok());
    /// assert!(runtime::Channel::to("nowhere").is_err());
    /// ```
    pub fn to(addresses: &str) -> Result<Self, Error> {
        let mut endpoints = Vec::new();
        for one in addresses.split(',') {
            let endpoint = Endpoint::parse_url(one.trim())
                .ok_or_else(|| Error::invalid(format!("`{one}` is no address: write host:port,https://host:port")))?;
            endpoints.push(endpoint);
        }
        Builder::new(addresses).open(Resolver::fixed(addresses, &endpoints))
    }

    /// A channel to the service that has this name in a registry.
    pub fn builder(service: &str) -> Builder {
        Builder::new(service)
    }

    /// Counts of events so far, on all clones of this channel.
    pub fn counters(&self) -> &Counters {
        self.0.dispatch.counters()
    }

    /// For generated code: the form of the messages of calls, where the code has both.
    pub fn form(&self) -> Form {
        self.0.dispatch.form()
    }

    /// For generated code: whether requests are checked by the rules of their IDL before they are sent.
    pub fn validates(&self) -> bool {
        self.0.validate
    }

    pub(super) fn decode_limits(&self) -> DecodeLimits {
        self.0.limits
    }

    /// Drives a call to its end, `timeout` at most (the channel's own without one), and never
    /// beyond the deadline of its context.
    ///
    /// # Errors
    /// What the service answered, or why it did not: no instance, no connection, the deadline.
    pub async fn call(&self, call: Call, timeout: Option<Duration>) -> Result<Answer, Error> {
        self.begin(Ok(call), timeout).await
    }

    /// As [`Channel::call`], told to recorders if there are any.
    pub(super) fn begin(
        &self,
        call: Result<Call, Error>,
        timeout: Option<Duration>,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send>> {
        match call.as_ref().map(|call| call.method) {
            Ok(method) if !self.0.recorders.is_empty() => {
                let channel = self.clone();
                Box::pin(async move {
                    let timed = channel.0.recorders.timed(Side::Client, method, None);
                    let outcome = channel.clone().drive(call, timeout).await;
                    if let Some(timed) = timed {
                        timed.end(outcome.as_ref().err());
                    }
                    outcome
                })
            }
            _ => Box::pin(self.clone().drive(call, timeout)),
        }
    }

    /// [`Channel::call`] as a future that holds everything once: it is allocated for each call.
    pub(super) fn drive(
        self,
        mut call: Result<Call, Error>,
        timeout: Option<Duration>,
    ) -> impl Future<Output = Result<Answer, Error>> + Send + 'static {
        let timeout = timeout.map(Nanos::new);
        async move {
            // At the first poll: a call that is made and waits for its turn is not yet sent.
            let start = Instant::now();
            let call = call.as_mut().map_err(|error| error.clone())?;
            let kind = call.method.kind;
            // A stream takes as long as somebody has something to say.
            let streams = kind.streams_requests() || kind.streams_answers();
            let timeout = match timeout {
                Some(timeout) => timeout.get(),
                None => (!streams).then(|| self.0.dispatch.timeout(call.method).unwrap_or(self.0.timeout)),
            };
            if let Some(deadline) = timeout.and_then(|timeout| start.into_std().checked_add(timeout)) {
                call.cx.set_deadline(deadline);
            }
            if call.cx.deadline().is_some_and(|at| at <= start.into_std()) {
                self.counters().add(Counter::Deadlines);
                return Err(late(call.method.path, start).with_origin(Origin::NotSent));
            }
            let layered = self.0.layered.as_ref().map(|stack| Box::pin(stack.oneshot(handed(call))));
            // With an unfinished call its connection is dropped: a late answer has nobody to reach.
            tokio::select! {
                biased;
                answer = self.attempts(call, layered, start) => match answer {
                    // Noticed here, or told by the peer in its own words.
                    Err(error) if is_late(&error, call) => {
                        self.counters().add(Counter::Deadlines);
                        Err(late(call.method.path, start))
                    }
                    answer => answer,
                },
                () = call.cx.cancelled() => {
                    self.counters().add(Counter::Abandoned);
                    Err(Error::new(Code::Cancelled, format!("the caller of {} went away", call.method.path)))
                }
            }
        }
    }

    async fn attempts(
        &self,
        call: &Call,
        layered: Option<impl Future<Output = Result<Answer, Error>>>,
        start: Instant,
    ) -> Result<Answer, Error> {
        match layered {
            None => self.0.dispatch.run(call, start).await,
            // A layer may wait too.
            Some(layered) => Box::pin(within(call.cx.deadline(), layered)).await,
        }
    }
}

type Wrap = Box<dyn FnOnce(Layered) -> Layered + Send>;

/// Settings of a [`Channel`].
#[must_use = "a builder makes a channel with `build`"]
pub struct Builder {
    service: String,
    registry: Option<Registry>,
    client: ClientConfig,
    limits: Limits,
    validate: bool,
    balancer: Option<Box<dyn Balancer>>,
    recorders: Recorders,
    layers: Vec<Wrap>,
    pub(super) retry: Retry,
    style: Style,
    #[cfg(feature = "grpc")]
    http: Option<super::http::Http>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("service", &self.service)
            .field("registry", &self.registry)
            .field("client", &self.client)
            .field("balancer", &self.balancer)
            .field("layers", &self.layers.len())
            .finish_non_exhaustive()
    }
}

impl Builder {
    fn new(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            registry: None,
            client: ClientConfig::default(),
            limits: Limits::default(),
            validate: false,
            balancer: None,
            recorders: Recorders::default(),
            layers: Vec::new(),
            retry: Retry::default(),
            style: Style::default(),
            #[cfg(feature = "grpc")]
            http: None,
        }
    }

    /// Sets the registry in which the service is found.
    pub fn registry(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// The longest time for one call, all attempts included. Default 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.client.timeout = timeout;
        self
    }

    /// Checks each request by the validation rules of its IDL before it is sent: one that breaks a rule fails with
    /// [`Code::InvalidArgument`] and reaches nobody. Default false; servers check in any case.
    pub fn validate(mut self, validate: bool) -> Self {
        self.validate = validate;
        self
    }

    /// The longest time for one connect. Default 1 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.client.connect_timeout = timeout;
        self
    }

    /// The most connections to one address that carry one call at a time. A call that finds all of them busy waits
    /// for one until its deadline. Default 500: half of what our servers take from an address.
    pub fn max_connections(mut self, count: usize) -> Self {
        self.client.max_connections = count;
        self
    }

    /// The most of them that are kept, for a minute, while no call needs them. Default 500.
    pub fn max_idle_connections(mut self, count: usize) -> Self {
        self.client.max_idle_connections = count;
        self
    }

    /// The times, the connections and the balancer of `[client]` of a configuration.
    pub fn config(mut self, config: &ClientConfig) -> Self {
        self.client = config.clone();
        self
    }

    /// Whom the channel trusts and who it is where it speaks TLS, in place of `[client.tls]`: with instances whose
    /// scheme asks for it (`grpcs`, `https`, `thrifts`), and with addresses that have no scheme. Where nothing is set,
    /// the former are held against the authorities of the system.
    pub fn tls(mut self, settings: ClientTls) -> Self {
        self.client.tls = Some(settings);
        self
    }

    /// The limits for answers: frames, gRPC messages, decoding.
    pub fn limits(mut self, limits: &Limits) -> Self {
        self.limits = limits.clone();
        self
    }

    /// Sets the balancer, in place of what `[client]` says. Default [`RoundRobin`](kiteline_balance::RoundRobin).
    pub fn balancer(mut self, balancer: impl Balancer) -> Self {
        self.balancer = Some(Box::new(balancer));
        self
    }

    /// Tells a recorder what happens on the channel.
    pub fn recorder(mut self, recorder: impl Recorder) -> Self {
        self.recorders.add(Arc::new(recorder));
        self
    }

    /// How requests are wrapped. Default [`Transport::TtheaderFramed`] for a Thrift service. One
    /// for proto is called in Kitex-Protobuf when a transport is given, which may be any but
    /// [`Transport::Buffered`].
    pub fn transport(mut self, transport: Transport) -> Self {
        self.style.transport = Some(transport);
        self
    }

    /// Calls a proto service over HTTP, in this way. Without it and without a transport, calls of
    /// one message each way share connections in Kitex-Protobuf to the instances that offer it,
    /// which are those of this runtime; all others are made over gRPC.
    #[cfg(feature = "grpc")]
    pub fn http(mut self, http: super::http::Http) -> Self {
        self.http = Some(http);
        self
    }

    /// How requests of a Thrift service are written. Default [`Protocol::Binary`].
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.style.protocol = protocol;
        self
    }

    /// Whether a method's name goes out with its service's in front (`AddService:Add`), as servers
    /// with Apache's `TMultiplexedProcessor` want it. Not [`Builder::multiplex`], which is about
    /// connections. Default `false`.
    pub fn multiplexed_names(mut self, on: bool) -> Self {
        self.style.service_names = on;
        self
    }

    /// Whether many calls share a connection; the same as the transport [`Transport::Multiplexed`].
    /// Without it, calls share connections to the instances that offer it.
    pub fn multiplex(self, on: bool) -> Self {
        self.transport(if on { Transport::Multiplexed } else { Transport::default() })
    }

    /// Whether a first call waits until its deadline for a registry that is away (the default), or
    /// fails as soon as it is seen to be. Once a list was read, calls go to the last known instances
    /// in either case.
    pub fn wait_for_registry(mut self, on: bool) -> Self {
        self.client.wait_for_registry = on;
        self
    }

    /// Adds middleware inside of the layers that were added before. What a layer fails with becomes
    /// an [`Error`]: see `From<BoxError>` there for tower's own layers.
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Layered> + Send + 'static,
        L::Service: Service<Call, Response = Answer, Error: Into<Error>> + Clone + Send + Sync + 'static,
        <L::Service as Service<Call>>::Future: Send + 'static,
    {
        self.layers.push(Box::new(move |inner| Layered::new(layer.layer(inner))));
        self
    }

    /// Makes the channel. Connects to nothing yet.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for a service name that no registry takes,
    /// [`Code::FailedPrecondition`] without a registry or outside of a tokio runtime. For TLS: files that cannot be
    /// used, with their setting.
    pub fn build(self) -> Result<Channel, Error> {
        let Some(registry) = &self.registry else {
            let text =
                format!("the channel to `{}` has no registry; call .registry(…), or use Channel::to", self.service);
            return Err(Error::new(Code::FailedPrecondition, text));
        };
        let resolver = registry.resolve(&self.service)?;
        self.open(resolver)
    }

    fn open(self, resolver: Resolver) -> Result<Channel, Error> {
        malloc::retain();
        let settings = Settings {
            dialer: Dialer::new(self.client.connect_timeout, self.client.tls.as_ref())?,
            waits: self.client.wait_for_registry,
            limits: &self.limits,
            recorders: &self.recorders,
            style: self.style,
            methods: &self.client.methods,
            retry: self.retry,
            #[cfg(feature = "grpc")]
            http: self.http,
            caps: Caps { most: self.client.max_connections, idle: self.client.max_idle_connections },
        };
        let balancer = self.balancer.unwrap_or_else(|| self.client.balancer.open());
        let dispatch = Dispatch::new(resolver, balancer, &settings);
        let layered = (!self.layers.is_empty()).then(|| {
            let inner = Layered::new(dispatch.clone());
            self.layers.into_iter().rev().fold(inner, |inner, wrap| wrap(inner))
        });
        let (timeout, limits, validate) = (self.client.timeout, self.limits.decode, self.validate);
        Ok(Channel(Arc::new(Inner { dispatch, layered, timeout, limits, validate, recorders: self.recorders })))
    }
}
