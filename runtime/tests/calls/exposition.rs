//! A strict reader of the text format of Prometheus, version 0.0.4: each metric is described before its samples, once, and
//! no series is there twice.

use std::collections::{BTreeMap, BTreeSet};

/// The metrics of a text.
#[derive(Debug, Default)]
pub(crate) struct Exposition {
    /// Kinds by names.
    pub(crate) kinds: BTreeMap<String, String>,
    /// Values by series, as they are written, with labels in the order of their names.
    pub(crate) samples: BTreeMap<String, f64>,
    /// Names of labels by names of samples.
    pub(crate) labels: BTreeMap<String, BTreeSet<String>>,
}

fn is_name(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    text.starts_with(letter) && text.chars().all(|c| letter(c) || c.is_ascii_digit())
}

impl Exposition {
    /// Reads a text; panics for one that is not well-formed.
    pub(crate) fn read(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has no end");
        let mut all = Self::default();
        let (mut current, mut helped) = (String::new(), BTreeSet::new());
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, _) = help.split_once(' ').unwrap();
                assert!(is_name(name) && helped.insert(name.to_owned()), "{line}");
                continue;
            }
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap();
                assert!(helped.contains(name) && ["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                assert!(all.kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "{line}");
                current = name.to_owned();
                continue;
            }
            all.sample(line, &current);
        }
        all.check_histograms();
        all
    }

    fn sample(&mut self, line: &str, current: &str) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let value: f64 = value.parse().unwrap();
        let (name, labels) = match series.split_once('{') {
            Some((name, rest)) => (name, labels(rest.strip_suffix('}').unwrap())),
            None => (series, BTreeMap::new()),
        };
        let ending = name.strip_prefix(current).unwrap();
        match self.kinds[current].as_str() {
            "histogram" => assert!(["_bucket", "_sum", "_count"].contains(&ending), "{line}"),
            _ => assert_eq!(ending, "", "{line}"),
        }
        let names: BTreeSet<_> = labels.keys().cloned().collect();
        let known = self.labels.entry(name.to_owned()).or_insert_with(|| names.clone());
        assert_eq!(*known, names, "{line}");
        let key = labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(",");
        assert!(self.samples.insert(format!("{name}{{{key}}}"), value).is_none(), "{line} is there twice");
    }

    /// Buckets grow, and the last one has all.
    fn check_histograms(&self) {
        let mut buckets = BTreeMap::<String, Vec<(f64, f64)>>::new();
        for (series, value) in &self.samples {
            let Some((name, labels)) = series.split_once("_bucket{") else { continue };
            let (others, le): (Vec<_>, Vec<_>) =
                labels.trim_end_matches('}').split(',').partition(|label| !label.starts_with("le="));
            let bound = le[0].trim_start_matches("le=").replace("+Inf", "inf").parse().unwrap();
            buckets.entry(format!("{name}_count{{{}}}", others.join(","))).or_default().push((bound, *value));
        }
        for (count, mut buckets) in buckets {
            buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
            assert!(buckets.is_sorted_by(|one, other| one.1 <= other.1), "{count}: {buckets:?}");
            assert_eq!(*buckets.last().unwrap(), (f64::INFINITY, self.samples[&count]), "{count}");
        }
    }

    /// The value of a series; 0 where it is not there.
    pub(crate) fn value(&self, series: &str) -> f64 {
        self.samples.get(series).copied().unwrap_or_default()
    }
}

fn labels(text: &str) -> BTreeMap<String, String> {
    let (mut all, mut rest) = (BTreeMap::new(), text);
    while !rest.is_empty() {
        let (name, behind) = rest.split_once("=\"").unwrap();
        assert!(is_name(name) && !name.contains(':'), "{text}");
        let (mut value, mut chars) = (String::new(), behind.char_indices());
        let end = loop {
            match chars.next().unwrap() {
                (at, '"') => break at,
                (_, '\\') => value.push(match chars.next().unwrap().1 {
                    'n' => '\n',
                    c @ ('\\' | '"') => c,
                    c => panic!("\\{c} in {text}"),
                }),
                (_, c) => value.push(c),
            }
        };
        assert!(all.insert(name.to_owned(), value).is_none(), "{text}");
        rest = &behind[end + 1..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
    all
}
