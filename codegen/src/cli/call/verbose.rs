//! The lines of `-v`: where the server was found, what was sent and what came back beside the messages. In curl's marks: `*`
//! is said here, `>` goes out, `<` comes in.

use std::time::Duration;

use runtime::registry::Instance;
use runtime::{Context, Metadata};

use super::base64;
use super::target::{Route, Target};
use crate::cli::net::terminal::plain;
use crate::cli::report::Report;

/// What a call sends beside its message.
pub(super) struct Sent<'a> {
    /// The path; by a route with the verb in front.
    pub(super) path: &'a str,
    /// Headers with values of fields.
    pub(super) headers: &'a [(&'static str, String)],
    pub(super) cx: &'a Context,
    pub(super) deadline: Option<Duration>,
}

/// Tells of the way of a call from now on, as it is taken.
pub(super) fn tell(target: &Target, call: &Sent<'_>, report: Report) {
    let Target { route, place, .. } = target;
    if !route.entries.is_empty() {
        let count = route.entries.iter().flat_map(|it| it.found.iter().flatten()).count();
        let word = if count == 1 { "instance" } else { "instances" };
        report.text(&format!("* {}: {count} {word}", plain(place)));
    }
    let mut sent: Vec<String> = call.deadline.map(|it| format!("* deadline {it:?}")).into_iter().collect();
    // One without a name is sent nowhere.
    let headers = call.headers.iter().filter(|(name, _)| !name.is_empty());
    sent.extend(headers.map(|(name, value)| format!("> {name}: {}", plain(value))));
    sent.extend(pairs(">", call.cx.metadata()));
    let (route, path) = (route.clone(), call.path.to_owned());
    target.choices.tell(move |instance| {
        chosen(&route, instance, &path, report);
        sent.iter().for_each(|line| report.text(line));
    });
}

/// An instance that is called: where it was found, and how it is called.
fn chosen(route: &Route, instance: &Instance, path: &str, report: Report) {
    let Some(endpoint) = route.endpoint(instance) else { return };
    let from = match route.entry(instance) {
        None => "--addr".to_owned(),
        Some(it) if it.key.is_empty() => it.layout.clone(),
        Some(it) => format!("{}, key {}", it.layout, it.key),
    };
    let over = if route.is_secure(endpoint) { "TLS" } else { "plain text" };
    report.text(&plain(&format!("* {endpoint} ({from})")));
    report.text(&plain(&format!("> {path} ({}, {over})", route.protocol)));
}

/// Metadata, one pair on each line.
pub(super) fn pairs(mark: &str, metadata: Option<&Metadata>) -> Vec<String> {
    let entries = metadata.into_iter().flat_map(Metadata::iter);
    let line = |entry: &runtime::metadata::Entry| {
        let value = match (entry.value().as_text(), entry.value().as_bytes()) {
            (Some(text), _) => plain(text),
            (_, bytes) => base64::encode(bytes.unwrap_or_default()),
        };
        format!("{mark} {}: {value}", plain(entry.name()))
    };
    entries.map(line).collect()
}
