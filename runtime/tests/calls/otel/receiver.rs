//! A receiver of metrics by OTLP over gRPC: the messages of `opentelemetry/proto/collector/metrics/v1`, as far as the tests look
//! at them, and the series of a message under the names that Prometheus' text has for them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use runtime::service::Idl;
use runtime::{Call, Handling, Method, Service, ServiceInfo, grpc};
use tokio::sync::watch;

use super::collector::{KeyValue, Resource, pairs};

#[derive(Clone, PartialEq, prost::Message)]
struct Export {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<ResourceMetrics>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ResourceMetrics {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<ScopeMetrics>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ScopeMetrics {
    #[prost(message, repeated, tag = "2")]
    metrics: Vec<Metric>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Metric {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "3")]
    unit: String,
    #[prost(oneof = "Data", tags = "5, 7, 9")]
    data: Option<Data>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Data {
    #[prost(message, tag = "5")]
    Gauge(Points),
    #[prost(message, tag = "7")]
    Sum(Points),
    #[prost(message, tag = "9")]
    Histogram(Histogram),
}

/// A gauge has no temporality.
#[derive(Clone, PartialEq, prost::Message)]
struct Points {
    #[prost(message, repeated, tag = "1")]
    points: Vec<Point>,
    #[prost(int32, tag = "2")]
    temporality: i32,
    #[prost(bool, tag = "3")]
    monotonic: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Point {
    #[prost(message, repeated, tag = "7")]
    attributes: Vec<KeyValue>,
    #[prost(fixed64, tag = "2")]
    start: u64,
    #[prost(fixed64, tag = "3")]
    time: u64,
    #[prost(sfixed64, tag = "6")]
    value: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Histogram {
    #[prost(message, repeated, tag = "1")]
    points: Vec<HistogramPoint>,
    #[prost(int32, tag = "2")]
    temporality: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct HistogramPoint {
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(fixed64, tag = "2")]
    start: u64,
    #[prost(fixed64, tag = "3")]
    time: u64,
    #[prost(fixed64, tag = "4")]
    count: u64,
    #[prost(double, optional, tag = "5")]
    sum: Option<f64>,
    #[prost(fixed64, repeated, tag = "6")]
    buckets: Vec<u64>,
    #[prost(double, repeated, tag = "7")]
    bounds: Vec<f64>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Exported {}

/// The number of `AGGREGATION_TEMPORALITY_CUMULATIVE`.
const CUMULATIVE: i32 = 2;

/// One message that came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) about: BTreeMap<String, String>,
    pub(crate) authorization: Option<String>,
    /// Values by series, as Prometheus' text has them.
    pub(crate) samples: BTreeMap<String, f64>,
    /// Kinds and units by names.
    pub(crate) kinds: BTreeMap<String, (&'static str, String)>,
}

impl Seen {
    fn add(&mut self, name: &str, labels: BTreeMap<String, String>, value: f64) {
        let labels: Vec<_> = labels.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let series = format!("{name}{{{}}}", labels.join(","));
        assert!(self.samples.insert(series.clone(), value).is_none(), "{series} is there twice");
    }

    fn metric(&mut self, Metric { name, unit, data }: Metric) {
        let kind = match data.unwrap() {
            Data::Gauge(gauge) => {
                gauge.points.into_iter().for_each(|point| self.point(&name, point));
                "gauge"
            }
            Data::Sum(sum) => {
                assert!(sum.monotonic && sum.temporality == CUMULATIVE, "{name}");
                for point in sum.points {
                    assert!(0 < point.start && point.start <= point.time, "{name}");
                    self.point(&name, point);
                }
                "counter"
            }
            Data::Histogram(histogram) => {
                assert_eq!(histogram.temporality, CUMULATIVE, "{name}");
                histogram.points.into_iter().for_each(|point| self.histogram(&name, point));
                "histogram"
            }
        };
        assert!(self.kinds.insert(name.clone(), (kind, unit)).is_none(), "{name} is there twice");
    }

    fn point(&mut self, name: &str, point: Point) {
        self.add(name, pairs(point.attributes), point.value as f64);
    }

    fn histogram(&mut self, name: &str, point: HistogramPoint) {
        let HistogramPoint { attributes, start, time, count, sum, buckets, bounds } = point;
        assert!(0 < start && start <= time && buckets.len() == bounds.len() + 1, "{name}");
        let (labels, mut below) = (pairs(attributes), 0);
        let ends = bounds.iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
        for (bound, bucket) in ends.zip(buckets) {
            below += bucket;
            let mut labels = labels.clone();
            labels.insert("le".to_owned(), bound);
            self.add(&format!("{name}_bucket"), labels, below as f64);
        }
        self.add(&format!("{name}_sum"), labels.clone(), sum.unwrap());
        self.add(&format!("{name}_count"), labels, count as f64);
    }
}

static METHODS: [Method; 1] =
    [Method::new(Idl::Proto, "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", 0)];
static INFO: ServiceInfo = ServiceInfo {
    name: "MetricsService",
    package: "opentelemetry.proto.collector.metrics.v1",
    registry_name: "otlp-metrics",
    idl: Idl::Proto,
    methods: &METHODS,
};

/// The receiver, and what came.
#[derive(Clone, Default)]
pub(crate) struct Receiver(Arc<Inner>);

#[derive(Default)]
struct Inner {
    seen: Mutex<Vec<Seen>>,
    came: watch::Sender<usize>,
    /// Whether messages are left without an answer, and how many were.
    hangs: watch::Sender<bool>,
    hung: watch::Sender<usize>,
}

impl Receiver {
    pub(crate) fn hang(&self, hangs: bool) {
        self.0.hangs.send_replace(hangs);
    }

    /// Waits until so many messages were left without an answer.
    pub(crate) async fn hung(&self, count: usize) {
        self.0.hung.subscribe().wait_for(|hung| *hung >= count).await.unwrap();
    }

    /// Waits until so many messages came, and gives the last one.
    pub(crate) async fn came(&self, count: usize) -> Seen {
        self.0.came.subscribe().wait_for(|came| *came >= count).await.unwrap();
        self.0.seen.lock().unwrap().last().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        *self.0.came.borrow()
    }

    fn take(&self, call: &Call) -> Result<(), runtime::Error> {
        let export = grpc::request::<Export>(call)?;
        let mut seen = Seen { authorization: call.cx.get("authorization").map(str::to_owned), ..Seen::default() };
        for resource in export.resources {
            seen.about = pairs(resource.resource.unwrap_or_default().attributes);
            let metrics = resource.scopes.into_iter().flat_map(|scope| scope.metrics);
            metrics.for_each(|metric| seen.metric(metric));
        }
        self.0.seen.lock().unwrap().push(seen);
        self.0.came.send_modify(|came| *came += 1);
        Ok(())
    }
}

impl Service for Receiver {
    fn info(&self) -> &'static ServiceInfo {
        &INFO
    }

    fn call(&self, call: Call) -> Handling {
        let this = self.clone();
        Box::pin(async move {
            if *this.0.hangs.borrow() {
                this.0.hung.send_modify(|hung| *hung += 1);
                std::future::pending::<()>().await;
            }
            this.take(&call)?;
            grpc::reply(&call.cx, &Exported {})
        })
    }
}
