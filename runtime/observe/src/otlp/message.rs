//! The message that carries metrics by OTLP (`opentelemetry/proto/collector/metrics/v1`), made of the numbers as they are.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric as Sent, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, Sum, metric::Data, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;

use crate::format::{Format, Labels, Metric, Type};
use crate::series::{BOUNDS, Sums};

/// Numbers count from the beginning of the process: what a collector that was away missed is in the next message.
const CUMULATIVE: i32 = AggregationTemporality::Cumulative as i32;

/// A message that is being written, one metric after the other.
pub(super) struct Message {
    metrics: Vec<Sent>,
    /// In nanoseconds since 1970: when counting began, and now.
    began: u64,
    now: u64,
}

impl Message {
    /// An empty one, of numbers that count since `began`.
    pub(super) fn new(began: SystemTime, now: SystemTime) -> Self {
        Self { metrics: Vec::new(), began: nanos(began), now: nanos(now) }
    }

    /// The message, from a process that `resource` describes. Metrics without samples are not in it.
    pub(super) fn into_request(mut self, resource: &opentelemetry_sdk::Resource) -> ExportMetricsServiceRequest {
        self.metrics.retain(|metric| match &metric.data {
            Some(Data::Gauge(gauge)) => !gauge.data_points.is_empty(),
            Some(Data::Sum(sum)) => !sum.data_points.is_empty(),
            Some(Data::Histogram(histogram)) => !histogram.data_points.is_empty(),
            _ => false,
        });
        let attributes = resource.iter().map(|(name, value)| KeyValue {
            key: name.to_string(),
            value: Some(value.clone().into()),
            ..KeyValue::default()
        });
        let resource = Resource { attributes: attributes.collect(), ..Resource::default() };
        let scope = InstrumentationScope {
            name: "kiteline".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        };
        let scope = ScopeMetrics { scope: Some(scope), metrics: self.metrics, ..ScopeMetrics::default() };
        let all =
            ResourceMetrics { resource: Some(resource), scope_metrics: vec![scope], ..ResourceMetrics::default() };
        ExportMetricsServiceRequest { resource_metrics: vec![all] }
    }
}

impl Format for Message {
    fn metric(&mut self, metric: &Metric) {
        let data = match metric.kind {
            Type::Gauge => Data::Gauge(Gauge::default()),
            Type::Counter => {
                Data::Sum(Sum { aggregation_temporality: CUMULATIVE, is_monotonic: true, ..Sum::default() })
            }
            Type::Histogram => {
                Data::Histogram(Histogram { aggregation_temporality: CUMULATIVE, ..Histogram::default() })
            }
        };
        self.metrics.push(Sent {
            name: metric.name.to_owned(),
            description: metric.help.to_owned(),
            unit: metric.unit.to_owned(),
            data: Some(data),
            ..Sent::default()
        });
    }

    fn value(&mut self, labels: Labels<'_>, value: u64) {
        let mut point = NumberDataPoint {
            attributes: attributes(labels),
            time_unix_nano: self.now,
            value: Some(number_data_point::Value::AsInt(i64::try_from(value).unwrap_or(i64::MAX))),
            ..NumberDataPoint::default()
        };
        match self.metrics.last_mut().and_then(|metric| metric.data.as_mut()) {
            Some(Data::Gauge(gauge)) => gauge.data_points.push(point),
            Some(Data::Sum(sum)) => {
                point.start_time_unix_nano = self.began;
                sum.data_points.push(point);
            }
            _ => {}
        }
    }

    fn histogram(&mut self, labels: Labels<'_>, sums: &Sums) {
        let point = HistogramDataPoint {
            attributes: attributes(labels),
            start_time_unix_nano: self.began,
            time_unix_nano: self.now,
            count: sums.buckets.iter().sum(),
            sum: Some(sums.seconds()),
            bucket_counts: sums.buckets.to_vec(),
            explicit_bounds: BOUNDS.iter().map(|(_, nanos)| *nanos as f64 / 1e9).collect(),
            ..HistogramDataPoint::default()
        };
        if let Some(Data::Histogram(histogram)) = self.metrics.last_mut().and_then(|metric| metric.data.as_mut()) {
            histogram.data_points.push(point);
        }
    }
}

/// Labels as attributes, also those with an empty text.
fn attributes(labels: Labels<'_>) -> Vec<KeyValue> {
    let attribute = |(name, value): &(&str, &dyn std::fmt::Display)| KeyValue {
        key: (*name).to_owned(),
        value: Some(AnyValue { value: Some(any_value::Value::StringValue(value.to_string())) }),
        ..KeyValue::default()
    };
    labels.iter().map(attribute).collect()
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
