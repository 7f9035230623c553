//! Layouts: the keys and values by which each system writes its instances into etcd. A layout is
//! one file here, one line in [`LAYOUTS`].

mod go_json;
mod go_kit;
mod go_micro;
mod go_zero;
mod grpc;
mod kitex;
mod kratos;
#[cfg(test)]
mod vectors;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::instance::{DEFAULT_WEIGHT, Endpoint, Instance};

/// What makes a layout, with what stands before a service's name in place of the system's own.
type Make = fn(Option<&str>) -> Arc<dyn Layout>;

/// The layouts that a URL may name.
pub(crate) const LAYOUTS: [(&str, Make); 6] = [
    ("kitex", |prefix| Arc::new(kitex::Kitex::new(prefix))),
    ("kratos", |prefix| Arc::new(kratos::Kratos::new(prefix))),
    ("go-micro", |prefix| Arc::new(go_micro::GoMicro::new(prefix))),
    ("go-kit", |prefix| Arc::new(go_kit::GoKit::new(prefix))),
    ("grpc", |prefix| Arc::new(grpc::Grpc::new(prefix))),
    ("go-zero", |prefix| Arc::new(go_zero::GoZero::new(prefix))),
];

/// Keys and values of one system.
pub trait Layout: fmt::Debug + Send + Sync {
    /// Its name in URLs (`layout=kitex`).
    fn name(&self) -> &'static str;

    /// What every key of a service begins with. Ends in `/`, so that `add` never sees `address`.
    fn prefix(&self, service: &str) -> String;

    /// The entries of an instance, keys distinct. `lease` is the id of the lease that they are
    /// put with; with another lease they may have other keys.
    fn write(&self, instance: &Instance, lease: i64) -> Vec<Entry>;

    /// Reads one entry that was found under [`Layout::prefix`]; at least one instance.
    ///
    /// # Errors
    /// Why the entry is left out; the other entries are not touched by it.
    fn read(&self, service: &str, key: &[u8], value: &[u8]) -> Result<Vec<Instance>, String>;

    /// The weight that this system gives an instance that states none: what its weights are
    /// measured by.
    fn usual_weight(&self) -> u32 {
        DEFAULT_WEIGHT
    }

    /// Whether its readers follow one change a transaction only.
    fn one_by_one(&self) -> bool {
        false
    }
}

/// One key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}

/// The pair of metadata that says that an instance answers out of order; to other systems it is one
/// like any other.
const OUT_OF_ORDER: (&str, &str) = ("kiteline", "mux");

/// An instance's metadata with that pair, where it is to be there.
fn stated(instance: &Instance) -> BTreeMap<String, String> {
    let mut metadata = instance.metadata.clone();
    if instance.out_of_order {
        metadata.insert(OUT_OF_ORDER.0.to_owned(), OUT_OF_ORDER.1.to_owned());
    }
    metadata
}

/// Takes that pair out of metadata; tells whether it was there.
fn take_out_of_order(metadata: &mut BTreeMap<String, String>) -> bool {
    let found = metadata.get(OUT_OF_ORDER.0).is_some_and(|value| value == OUT_OF_ORDER.1);
    if found {
        metadata.remove(OUT_OF_ORDER.0);
    }
    found
}

/// The layout of a name, which has to be one of [`LAYOUTS`]; Kitex's where it is not.
pub(crate) fn open(name: &str, prefix: Option<&str>) -> Arc<dyn Layout> {
    let known = LAYOUTS.iter().find(|(known, _)| *known == name).unwrap_or(&LAYOUTS[0]);
    known.1(prefix)
}

/// What all keys of a layout begin with.
pub(crate) fn root(layout: &dyn Layout) -> String {
    let mut prefix = layout.prefix("");
    prefix.pop();
    prefix
}

/// `<prefix>/<service>/`, and `<service>/` where a system has no prefix of its own.
fn under(prefix: Option<&str>, service: &str) -> String {
    match prefix {
        Some(prefix) => format!("{prefix}/{service}/"),
        None => format!("{service}/"),
    }
}

/// Reads `scheme://host:port`, whatever follows; a `isSecure=true` there is Kratos's way to say
/// `grpcs` or `https`.
fn endpoint_of_url(url: &str) -> Option<Endpoint> {
    let (scheme, rest) = url.split_once("://")?;
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    if scheme.is_empty() || !scheme.bytes().all(letter) {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (address, tail) = rest.split_at(end);
    let mut scheme = scheme.to_ascii_lowercase();
    if tail.contains("isSecure=true") && matches!(scheme.as_str(), "grpc" | "http") {
        scheme.push('s');
    }
    Some(Endpoint { scheme, ..Endpoint::parse(address)? })
}

/// The addresses of an instance, each once, each with the first endpoint that has it.
fn addresses(instance: &Instance) -> Vec<(String, &Endpoint)> {
    let mut found: Vec<(String, &Endpoint)> = Vec::new();
    for endpoint in &instance.endpoints {
        let address = endpoint.address();
        if found.iter().all(|(known, _)| *known != address) {
            found.push((address, endpoint));
        }
    }
    found
}
