//! The text format of Prometheus, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::fmt::{Display, Write};

/// A text that is being written, one metric after the other.
#[derive(Default)]
pub(crate) struct Text(String);

/// The kind of a metric.
#[derive(Clone, Copy)]
pub(crate) enum Type {
    Counter,
    Gauge,
    Histogram,
}

impl Text {
    /// Begins a metric; its samples follow.
    pub(crate) fn metric(&mut self, name: &'static str, kind: Type, help: &'static str) {
        let kind = match kind {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
            Type::Histogram => "histogram",
        };
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// One sample: the metric's name and, for histograms, an ending.
    pub(crate) fn sample(
        &mut self,
        (name, ending): (&str, &str),
        labels: &[(&str, &dyn Display)],
        value: impl Display,
    ) {
        self.0.push_str(name);
        self.0.push_str(ending);
        for (place, (label, text)) in labels.iter().enumerate() {
            let _ = write!(self.0, "{}{label}=\"", if place == 0 { '{' } else { ',' });
            let _ = write!(Escaped(&mut self.0), "{text}");
            self.0.push('"');
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{end} {value}");
    }

    pub(crate) fn into_string(self) -> String {
        self.0
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
        text.metric("a_total", Type::Counter, "What it is.");
        text.sample(("a_total", ""), &[], 1);
        text.sample(("a_total", ""), &[("x", &"a\\b\"c\nd"), ("y", &7)], 0.25);
        let wanted = "# HELP a_total What it is.\n# TYPE a_total counter\na_total 1\n\
                      a_total{x=\"a\\\\b\\\"c\\nd\",y=\"7\"} 0.25\n";
        assert_eq!(text.into_string(), wanted);
    }
}
