//! Which metrics are shown, and how: rates and quantiles of what lies between two scrapes.

use std::collections::BTreeSet;

use super::scrape::{Sample, Series, quantile};
use super::svg::{Line, Panel};

/// Colours by number; the picture has one of each for a light and a dark page.
const BLUE: usize = 0;
const ORANGE: usize = 1;
const GREEN: usize = 2;
const RED: usize = 3;

pub(super) fn panels(samples: &[Sample]) -> Vec<Panel> {
    vec![by_code(samples), by_server(samples), latency(samples), instances(samples)]
}

/// A line through one value for each two scrapes that follow each other.
fn between(samples: &[Sample], value: impl Fn(&Sample, &Sample) -> Option<f64>) -> Vec<(f64, Option<f64>)> {
    samples.windows(2).filter_map(|pair| Some((pair.get(1)?.at, value(pair.first()?, pair.get(1)?)))).collect()
}

fn by_code(samples: &[Sample]) -> Panel {
    const METRIC: &str = "client_requests_code_total";
    let rate = |code: &str, before: &Sample, after: &Sample| {
        let of = |series: &Series| series.sums(METRIC, "code").get(code).copied().unwrap_or_default();
        (of(&after.client) - of(&before.client)) / (after.at - before.at)
    };
    let codes: BTreeSet<_> = samples.iter().flat_map(|sample| sample.client.sums(METRIC, "code").into_keys()).collect();
    let colour = |code: &str| if code == "200" { BLUE } else { RED };
    let line = |code: String| Line {
        points: between(samples, |before, after| Some(rate(&code, before, after))),
        colour: colour(&code),
        name: format!("code {code}"),
        steps: false,
    };
    Panel {
        title: "calls per second, as the client sees them",
        lines: codes.into_iter().map(line).collect(),
        decades: false,
    }
}

fn by_server(samples: &[Sample]) -> Panel {
    let count = |sample: &Sample, place: usize| {
        Some(sample.servers.get(place)?.as_ref()?.sum("server_requests_code_total", "code"))
    };
    let line = |(place, colour): (usize, usize)| Line {
        points: between(samples, |before, after| {
            // After a start the count begins anew, as Prometheus' `rate` has it.
            let (old, new) = (count(before, place)?, count(after, place)?);
            Some(if new < old { new } else { new - old } / (after.at - before.at))
        }),
        colour,
        name: format!("server {}", place + 1),
        steps: false,
    };
    let lines = [BLUE, GREEN, ORANGE].into_iter().enumerate().map(line).collect();
    Panel { title: "calls per second, as the servers see them", lines, decades: false }
}

fn latency(samples: &[Sample]) -> Panel {
    let millis = |seconds: f64| seconds * 1000.0;
    let client = between(samples, |before, after| {
        quantile(0.99, "client_requests_seconds", &before.client, &after.client).map(millis)
    });
    let server = between(samples, |before, after| {
        let pair = before.servers.first()?.as_ref()?;
        quantile(0.99, "server_requests_seconds", pair, after.servers.first()?.as_ref()?).map(millis)
    });
    let lines = vec![
        Line { points: client, colour: BLUE, name: "client".to_owned(), steps: false },
        Line { points: server, colour: GREEN, name: "server 1".to_owned(), steps: false },
    ];
    Panel { title: "99 of 100 calls took no longer than, in ms", lines, decades: true }
}

fn instances(samples: &[Sample]) -> Panel {
    let line = |metric: &str, name: &str, colour| Line {
        points: samples.iter().map(|sample| (sample.at, Some(sample.client.sum(metric, "service")))).collect(),
        colour,
        name: name.to_owned(),
        steps: true,
    };
    let lines = vec![
        line("client_instances", "in the registry's list", BLUE),
        line("client_instances_left_out_total", "left out so far", RED),
        line("client_instances_back_total", "chosen again so far", GREEN),
    ];
    Panel { title: "instances, as the client sees them", lines, decades: false }
}
