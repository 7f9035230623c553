//! What a format of metrics is told: the seam between the numbers and how they are shown.

use std::fmt::Display;

use crate::series::Sums;

/// The kind of a metric.
#[derive(Clone, Copy)]
pub(crate) enum Type {
    Counter,
    Gauge,
    Histogram,
}

/// A metric, as every format describes it.
#[derive(Clone, Copy)]
pub(crate) struct Metric {
    pub(crate) name: &'static str,
    pub(crate) kind: Type,
    /// In UCUM's spelling, as OpenTelemetry has it: `s`, and in braces what is counted. Prometheus has it in the name.
    #[cfg_attr(not(feature = "otel"), expect(dead_code, reason = "the text has units in names"))]
    pub(crate) unit: &'static str,
    pub(crate) help: &'static str,
}

/// Labels of a sample, each once.
pub(crate) type Labels<'a> = &'a [(&'static str, &'a dyn Display)];

/// A format that metrics are written in, one after the other.
pub(crate) trait Format {
    /// Begins a metric; its samples follow.
    fn metric(&mut self, metric: &Metric);

    /// A sample of a counter or a gauge.
    fn value(&mut self, labels: Labels<'_>, value: u64);

    /// A sample of a histogram.
    fn histogram(&mut self, labels: Labels<'_>, sums: &Sums);
}
