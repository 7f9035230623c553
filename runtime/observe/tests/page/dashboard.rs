//! The dashboard for Grafana asks for metrics and labels that there are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Labels that Prometheus adds to what it scrapes.
const ADDED: [&str; 2] = ["job", "instance"];
/// Words of PromQL that are no metric.
const WORDS: [&str; 9] =
    ["sum", "min", "by", "rate", "increase", "histogram_quantile", "label_values", "__rate_interval", "__name__"];

/// The labels of each series in the text that is compared with what metrics write.
fn there() -> BTreeMap<String, BTreeSet<String>> {
    let text = include_str!("../metrics.txt");
    let mut all = BTreeMap::<String, BTreeSet<String>>::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let end = line.find(['{', ' ']).unwrap();
        let labels = all.entry(line[..end].to_owned()).or_default();
        let parts: Vec<_> = line[end..].split("=\"").collect();
        let before_values = parts.iter().take(parts.len() - 1);
        labels.extend(before_values.filter_map(|part| part.rsplit(['{', ',']).next()).map(str::to_owned));
    }
    all
}

/// What a query names: metrics with the labels that stand in their braces, and the labels that it groups by.
fn named(query: &str) -> (Vec<(String, Vec<String>)>, Vec<String>) {
    let (mut metrics, mut groups) = (Vec::<(String, Vec<String>)>::new(), Vec::new());
    let (mut rest, mut in_braces, mut in_group) = (query, false, false);
    while let Some(c) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if word > 0 {
            let (text, behind) = rest.split_at(word);
            if in_braces {
                metrics.last_mut().unwrap().1.push(text.to_owned());
            } else if in_group {
                groups.push(text.to_owned());
            } else if !WORDS.contains(&text) && !text.starts_with(|c: char| c.is_ascii_digit()) {
                metrics.push((text.to_owned(), Vec::new()));
            }
            in_group = in_group || text == "by";
            rest = behind;
            continue;
        }
        match c {
            '{' => in_braces = true,
            '}' => in_braces = false,
            ')' => in_group = false,
            _ => {}
        }
        rest = match c {
            '"' => rest[1..].split_once('"').unwrap().1,
            '[' => rest.split_once(']').unwrap().1,
            _ => &rest[c.len_utf8()..],
        };
    }
    (metrics, groups)
}

fn queries(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(all) => all.iter().for_each(|(key, value)| match value {
            Value::String(text) if key == "expr" => found.push(text.clone()),
            value => queries(value, found),
        }),
        Value::Array(all) => all.iter().for_each(|value| queries(value, found)),
        _ => {}
    }
}

#[test]
fn every_query_names_metrics_and_labels_that_there_are() {
    let dashboard: Value = serde_json::from_str(include_str!("../../../../docs/observability/dashboard.json")).unwrap();
    let mut all = Vec::new();
    queries(&dashboard, &mut all);
    assert!(all.len() > 15, "{}", all.len());
    let there = there();
    let mut asked = BTreeSet::new();
    for query in &all {
        let (metrics, groups) = named(query);
        assert!(!metrics.is_empty(), "{query}");
        for (metric, labels) in metrics {
            let known = there.get(&metric).unwrap_or_else(|| panic!("`{metric}` is no metric: {query}"));
            for label in labels.iter().chain(&groups).filter(|label| !ADDED.contains(&label.as_str())) {
                assert!(known.contains(label), "`{metric}` has no label `{label}`: {query}");
            }
            asked.insert(metric);
        }
    }
    let missing: Vec<_> = there.keys().filter(|name| !asked.contains(*name)).collect();
    assert!(missing.is_empty(), "the dashboard does not show {missing:?}");
}

#[test]
fn the_page_lists_every_metric() {
    let page = include_str!("../../../../docs/observability.md");
    for line in include_str!("../metrics.txt").lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        let row = page.lines().find(|row| row.starts_with(&format!("| `{name}` | {kind} |")));
        assert!(row.is_some(), "docs/observability.md has no row of `{name}`, a {kind}");
    }
}

#[test]
fn queries_are_read_as_prometheus_reads_them() {
    let (metrics, groups) =
        named("histogram_quantile(0.5, sum by (le, x) (rate(a_bucket{job=~\"$j, x\",y!=\"2\"}[5m]))) / b");
    let labels = |all: &[&str]| all.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>();
    assert_eq!(metrics, [("a_bucket".to_owned(), labels(&["job", "y"])), ("b".to_owned(), labels(&[]))]);
    assert_eq!(groups, labels(&["le", "x"]));
    assert_eq!(there()["server_requests_seconds_bucket"], ["kind", "operation", "le"].map(str::to_owned).into());
}
