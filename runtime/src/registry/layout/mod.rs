//! How each system writes its instances into etcd: keys and values, nothing else. A layout is
//! one file here, one line in [`NAMES`] and one in [`open`].

mod go_json;
mod go_kit;
mod go_micro;
mod go_zero;
mod grpc;
mod kitex;
mod kratos;
#[cfg(test)]
mod vectors;

use std::fmt;
use std::sync::Arc;

use super::instance::{DEFAULT_WEIGHT, Endpoint, Instance};

/// The layouts of this version.
pub(crate) const NAMES: [&str; 6] = ["kitex", "kratos", "go-micro", "go-kit", "grpc", "go-zero"];

/// Keys and values of one system.
pub(crate) trait Layout: fmt::Debug + Send + Sync {
    /// Its name, one of [`NAMES`].
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
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// The layout of this name (one of [`NAMES`]; any other is the first). `prefix` replaces the
/// system's own.
pub(crate) fn open(name: &str, prefix: Option<&str>) -> Arc<dyn Layout> {
    match name {
        "kratos" => Arc::new(kratos::Kratos::new(prefix)),
        "go-micro" => Arc::new(go_micro::GoMicro::new(prefix)),
        "go-kit" => Arc::new(go_kit::GoKit::new(prefix)),
        "grpc" => Arc::new(grpc::Grpc::new(prefix)),
        "go-zero" => Arc::new(go_zero::GoZero::new(prefix)),
        _ => Arc::new(kitex::Kitex::new(prefix)),
    }
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
