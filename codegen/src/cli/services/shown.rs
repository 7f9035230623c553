//! A listing as a table, and as JSON.

use runtime::registry::{Endpoint, Instance, Listed, Listing, Registry};
use serde_json::{Value, json};

use super::probe::Answers;
use crate::cli::net::terminal::short;

const HEADS: [&str; 8] = ["SERVICE", "LAYOUT", "ADDRESS", "WEIGHT", "VERSION", "LEASE", "TAGS", "ANSWERS"];
/// Letters of one cell.
const MOST: usize = 60;

type Row = [String; 8];

/// One line per endpoint, columns aligned; nothing for an empty listing.
pub(super) fn table(listing: &Listing, answers: &Answers) -> String {
    let rows: Vec<Row> = listing.entries.iter().flat_map(|it| rows(it, answers)).collect();
    if rows.is_empty() {
        return String::new();
    }
    let heads = HEADS.map(str::to_owned);
    let all: Vec<&Row> = std::iter::once(&heads).chain(&rows).collect();
    let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
    let mut out = String::new();
    for row in all {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}

fn rows(entry: &Listed, answers: &Answers) -> Vec<Row> {
    let [service, layout, lease] = [&entry.service, &entry.layout, &lease(entry)].map(|it| short(it, MOST));
    let instances = match &entry.found {
        Ok(instances) => instances,
        Err(why) => {
            let none = || "-".to_owned();
            let why = format!("unreadable: {}", short(why, MOST));
            return vec![[service, layout, short(&entry.key, MOST), none(), none(), lease, none(), why]];
        }
    };
    let row = |(instance, endpoint): (&Instance, &Endpoint)| {
        let answers = answers.get(endpoint).map(|all| all.join(", ")).unwrap_or_default();
        let (address, weight) = (endpoint.to_string(), instance.weight.to_string());
        let cells = [address, weight, instance.version.clone(), lease.clone(), tags(instance), answers];
        let [address, weight, version, lease, tags, answers] =
            cells.map(|it| if it.is_empty() { "-".to_owned() } else { short(&it, MOST) });
        [service.clone(), layout.clone(), address, weight, version, lease, tags, answers]
    };
    let endpoints = instances.iter().flat_map(|it| it.endpoints.iter().map(move |endpoint| (it, endpoint)));
    endpoints.map(row).collect()
}

fn lease(entry: &Listed) -> String {
    match entry.lease.map(|it| it.as_secs()) {
        None => "-".to_owned(),
        Some(0) => "gone".to_owned(),
        Some(left) => format!("{left} s"),
    }
}

/// The pairs of an instance, and what is known of it beside them.
fn tags(instance: &Instance) -> String {
    let mux = instance.out_of_order.then(|| "mux".to_owned());
    let zone = Some(&instance.zone).filter(|it| !it.is_empty() && !instance.metadata.contains_key("zone"));
    let zone = zone.map(|it| format!("zone={it}"));
    let pairs = instance.metadata.iter().map(|(key, value)| format!("{key}={value}"));
    mux.into_iter().chain(zone).chain(pairs).collect::<Vec<_>>().join(" ")
}

/// Everything, for programs.
pub(super) fn json(registry: &Registry, listing: &Listing, answers: &Answers) -> String {
    let entries: Vec<Value> = listing.entries.iter().map(|it| entry(it, answers)).collect();
    let all = json!({ "registry": registry.to_string(), "entries": entries, "notes": listing.notes });
    format!("{all:#}\n")
}

fn entry(listed: &Listed, answers: &Answers) -> Value {
    let mut out = json!({
        "service": listed.service,
        "layout": listed.layout,
        "key": listed.key,
        "lease": listed.lease.map(|it| it.as_secs()),
    });
    match &listed.found {
        Ok(instances) => out["instances"] = instances.iter().map(|it| instance(it, answers)).collect(),
        Err(why) => out["unreadable"] = why.as_str().into(),
    }
    out
}

fn instance(it: &Instance, answers: &Answers) -> Value {
    let endpoint = |it: &Endpoint| json!({ "scheme": it.scheme, "address": it.address(), "answers": answers.get(it).cloned().unwrap_or_default() });
    json!({
        "id": it.id,
        "endpoints": it.endpoints.iter().map(endpoint).collect::<Vec<_>>(),
        "weight": it.weight,
        "version": it.version,
        "zone": it.zone,
        "tags": it.metadata,
        "mux": it.out_of_order,
    })
}
