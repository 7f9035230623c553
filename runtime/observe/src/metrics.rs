//! The recorder: what is counted of which event, and under which names it is shown.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use kiteline_core::event::{Event, Recorder, Side};
use kiteline_core::lock::lock;

use crate::format::{Format, Metric, Type};
use crate::outcome::{labels, outcome};
use crate::series::Sums;
use crate::services::{Services, State};
use crate::table::Table;
use crate::text::Text;

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Gives counts that are kept elsewhere, by the names of what is counted.
type Counts = Box<dyn Fn(&mut dyn FnMut(&'static str, u64)) + Send + Sync>;

/// Writes metrics of the program's own behind ours.
type More = Box<dyn Fn(&mut String) + Send + Sync>;

/// Counts of calls, latencies, connections, registries and balancers, for Prometheus. Clones are one: give them to a
/// server and to channels.
///
/// The names and labels are those that Kratos' middleware has (`server_requests_code_total{kind, operation, code, reason}`
/// and so on), so that its dashboards work; `docs/observability.md` lists all. Labels are methods of the IDL, codes of
/// ours and names that the program chose: nothing that a peer sends.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Inner>);

#[derive(Default)]
struct Inner {
    #[cfg(feature = "otel")]
    began: Began,
    served: Table,
    called: Table,
    connected: AtomicU64,
    disconnected: AtomicU64,
    services: Services,
    counts: Mutex<Vec<Counts>>,
    more: Mutex<Vec<More>>,
}

/// When counting began: what is sent by OTLP says it.
#[cfg(feature = "otel")]
struct Began(std::time::SystemTime);

#[cfg(feature = "otel")]
impl Default for Began {
    fn default() -> Self {
        Self(std::time::SystemTime::now())
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Metrics that have counted nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Has `write` write more behind each text: metrics of the program's own, kept by whatever library, in the text format
    /// of Prometheus under other names than ours.
    pub fn also(&self, write: impl Fn(&mut String) + Send + Sync + 'static) {
        lock(&self.0.more).push(Box::new(write));
    }

    /// Shows counts of a server that it keeps itself: `read` is called for each text, and gives all of them by their names. A
    /// `runtime::Server` calls it.
    pub fn events(&self, read: impl Fn(&mut dyn FnMut(&'static str, u64)) + Send + Sync + 'static) {
        lock(&self.0.counts).push(Box::new(read));
    }

    /// All metrics in the text format of Prometheus ([`CONTENT_TYPE`]).
    ///
    /// ```
    /// let metrics = kiteline_observe::Metrics::new();
    /// metrics.also(|text| text.push_str("# TYPE kites gauge\nkites 3\n"));
    /// assert!(metrics.text().contains("\nserver_connections 0\n"));
    /// assert!(metrics.text().ends_with("\nkites 3\n"));
    /// ```
    pub fn text(&self) -> String {
        let mut text = Text::default();
        self.write(&mut text);
        let mut text = text.into_string();
        lock(&self.0.more).iter().for_each(|write| write(&mut text));
        text
    }

    #[cfg(feature = "otel")]
    pub(crate) fn began(&self) -> std::time::SystemTime {
        self.0.began.0
    }

    /// Writes all metrics but those of [`Metrics::also`].
    pub(crate) fn write(&self, to: &mut dyn Format) {
        calls(to, &self.0.served, &SERVED);
        self.connections(to);
        self.counts(to);
        calls(to, &self.0.called, &CALLED);
        of_services(to, &self.0.services.all());
    }

    fn connections(&self, to: &mut dyn Format) {
        // Ends first, as for calls.
        let ended = self.0.disconnected.load(Ordering::Relaxed);
        let all = self.0.connected.load(Ordering::Relaxed);
        to.metric(&CONNECTIONS);
        to.value(&[], all.saturating_sub(ended));
        to.metric(&ACCEPTED);
        to.value(&[], all);
    }

    fn counts(&self, to: &mut dyn Format) {
        let mut all = BTreeMap::<&'static str, u64>::new();
        for read in lock(&self.0.counts).iter() {
            read(&mut |name, count| *all.entry(name).or_default() += count);
        }
        to.metric(&EVENTS);
        for (event, count) in &all {
            to.value(&[("event", event)], *count);
        }
    }

    fn table(&self, side: Side) -> &Table {
        match side {
            Side::Server => &self.0.served,
            Side::Client => &self.0.called,
        }
    }
}

impl Recorder for Metrics {
    fn record(&self, event: &Event<'_>) {
        let services = &self.0.services;
        match *event {
            Event::CallBegun { side, method, .. } => self.table(side).of(method).begin(),
            Event::CallEnded { side, method, error, took, .. } => {
                self.table(side).of(method).end(outcome(error), took);
            }
            Event::Connected { .. } => _ = self.0.connected.fetch_add(1, Ordering::Relaxed),
            Event::Disconnected { .. } => _ = self.0.disconnected.fetch_add(1, Ordering::Relaxed),
            Event::InstanceLeftOut { service, .. } => services.edit(service, |state| state.left_out += 1),
            Event::InstanceBack { service, .. } => services.edit(service, |state| state.back += 1),
            Event::InstancesChanged { service, instances } => {
                services.edit(service, |state| state.instances = Some(instances));
            }
            Event::Registered { services: all } => {
                all.iter().for_each(|service| services.edit(service, |state| state.registered = Some(true)));
            }
            Event::RegistrationLost { services: all } => all.iter().for_each(|service| {
                services.edit(service, |state| {
                    state.registered = Some(false);
                    state.lost += 1;
                });
            }),
            Event::Deregistered { services: all } => {
                all.iter().for_each(|service| services.edit(service, |state| state.registered = Some(false)));
            }
            // New ones are for newer metrics.
            _ => {}
        }
    }
}

const fn metric(name: &'static str, kind: Type, unit: &'static str, help: &'static str) -> Metric {
    Metric { name, kind, unit, help }
}

const CONNECTIONS: Metric = metric("server_connections", Type::Gauge, "{connection}", "Connections that are open.");
const ACCEPTED: Metric =
    metric("server_connections_accepted_total", Type::Counter, "{connection}", "Connections that were accepted.");
const EVENTS: Metric =
    metric("server_events_total", Type::Counter, "{event}", "What went wrong with connections and calls, by kind.");

/// The metrics of calls on one side.
struct Calls {
    total: Metric,
    seconds: Metric,
    in_flight: Metric,
}

const ENDED: &str = "Calls that have ended, by status of HTTP and code.";
const SERVED: Calls = Calls {
    total: metric("server_requests_code_total", Type::Counter, "{call}", ENDED),
    seconds: metric(
        "server_requests_seconds",
        Type::Histogram,
        "s",
        "Time from the reading of a call to the end of its answer.",
    ),
    in_flight: metric("server_requests_in_flight", Type::Gauge, "{call}", "Calls in work."),
};
const CALLED: Calls = Calls {
    total: metric("client_requests_code_total", Type::Counter, "{call}", ENDED),
    seconds: metric(
        "client_requests_seconds",
        Type::Histogram,
        "s",
        "Time from the beginning of a call to its answer, all attempts included.",
    ),
    in_flight: metric("client_requests_in_flight", Type::Gauge, "{call}", "Calls that wait for their answer."),
};

fn calls(to: &mut dyn Format, table: &Table, metrics: &Calls) {
    // Several crates of generated code may describe a method: it is one series.
    let mut all = BTreeMap::<_, Sums>::new();
    for (method, series) in table.all() {
        let labels = method.map_or(("", "(others)"), |method| (method.idl.scheme(), method.path));
        all.entry(labels).or_default().add(series);
    }
    all.retain(|_, sums| sums.in_flight() > 0 || sums.buckets.iter().any(|count| *count > 0));
    to.metric(&metrics.total);
    for ((kind, operation), sums) in &all {
        // Success is there from the first call on, so that a rate of it has a beginning.
        for (place, count) in sums.outcomes.iter().enumerate().filter(|(place, count)| *place == 0 || **count > 0) {
            let (code, reason) = labels(place);
            to.value(&[("kind", kind), ("operation", operation), ("code", &code), ("reason", &reason)], *count);
        }
    }
    to.metric(&metrics.seconds);
    for ((kind, operation), sums) in &all {
        to.histogram(&[("kind", kind), ("operation", operation)], sums);
    }
    to.metric(&metrics.in_flight);
    for ((kind, operation), sums) in &all {
        to.value(&[("kind", kind), ("operation", operation)], sums.in_flight());
    }
}

/// The value of a service's metric; `None` where it does not have it.
type Of = fn(&State) -> Option<u64>;

const OF_SERVICES: [(Metric, Of); 5] = [
    (
        metric("server_registered", Type::Gauge, "{registration}", "Whether the service stands in the registry."),
        |state| state.registered.map(u64::from),
    ),
    (
        metric("server_registrations_lost_total", Type::Counter, "{registration}", "Registrations that were lost."),
        |state| state.registered.map(|_| state.lost),
    ),
    (
        metric("client_instances", Type::Gauge, "{instance}", "Instances of the service in the registry's list."),
        |state| state.instances.map(|count| count as u64),
    ),
    (
        metric(
            "client_instances_left_out_total",
            Type::Counter,
            "{instance}",
            "Instances taken out of the balancer's choices.",
        ),
        |state| state.instances.map(|_| state.left_out),
    ),
    (
        metric(
            "client_instances_back_total",
            Type::Counter,
            "{instance}",
            "Instances that were left out and are chosen again.",
        ),
        |state| state.instances.map(|_| state.back),
    ),
];

fn of_services(to: &mut dyn Format, services: &BTreeMap<String, State>) {
    for (metric, of) in &OF_SERVICES {
        to.metric(metric);
        for (service, value) in services.iter().filter_map(|(service, state)| Some((service, of(state)?))) {
            to.value(&[("service", service)], value);
        }
    }
}
