//! The text format of Prometheus, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::fmt::{Display, Write};

use crate::format::{Format, Labels, Metric, Type};
use crate::series::{BOUNDS, Sums};

/// A text that is being written, one metric after the other.
#[derive(Default)]
pub(crate) struct Text {
    text: String,
    /// The name of the metric whose samples are written.
    name: &'static str,
}

impl Format for Text {
    fn metric(&mut self, metric: &Metric) {
        let Metric { name, kind, help, .. } = *metric;
        let kind = match kind {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
            Type::Histogram => "histogram",
        };
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        self.name = name;
    }

    fn value(&mut self, labels: Labels<'_>, value: u64) {
        self.sample("", labels, None, value);
    }

    fn histogram(&mut self, labels: Labels<'_>, sums: &Sums) {
        let mut below = 0;
        for (count, bound) in sums.buckets.iter().zip(BOUNDS.iter().map(|(bound, _)| *bound).chain(["+Inf"])) {
            below += count;
            self.sample("_bucket", labels, Some(bound), below);
        }
        self.sample("_sum", labels, None, sums.seconds());
        self.sample("_count", labels, None, below);
    }
}

impl Text {
    /// One sample; `ending` is what histograms have behind the metric's name, `le` the upper end of a bucket.
    fn sample(&mut self, ending: &str, labels: Labels<'_>, le: Option<&str>, value: impl Display) {
        self.text.push_str(self.name);
        self.text.push_str(ending);
        let le = le.as_ref().map(|le| ("le", le as &dyn Display));
        let mut opened = false;
        for (label, text) in labels.iter().copied().chain(le) {
            let _ = write!(self.text, "{}{label}=\"", if opened { ',' } else { '{' });
            let _ = write!(Escaped(&mut self.text), "{text}");
            self.text.push('"');
            opened = true;
        }
        let end = if opened { "}" } else { "" };
        let _ = writeln!(self.text, "{end} {value}");
    }

    pub(crate) fn into_string(self) -> String {
        self.text
    }
}

/// Writes the value of a label.
struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for c in text.chars() {
            match c {
                '\\' => self.0.push_str("\\\\"),
                '"' => self.0.push_str("\\\""),
                '\n' => self.0.push_str("\\n"),
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut text = Text::default();
        text.metric(&Metric { name: "a_total", kind: Type::Counter, unit: "{a}", help: "What it is." });
        text.value(&[], 1);
        text.value(&[("x", &"a\\b\"c\nd"), ("y", &7)], 25);
        let wanted = "# HELP a_total What it is.\n# TYPE a_total counter\na_total 1\n\
                      a_total{x=\"a\\\\b\\\"c\\nd\",y=\"7\"} 25\n";
        assert_eq!(text.into_string(), wanted);
    }
}
