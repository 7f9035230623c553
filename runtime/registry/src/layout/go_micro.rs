//! go-micro's etcd registry (v4 to v6): `/micro/registry/<service>/<node id>` holds a service with
//! one node, `{"name":…,"version":"latest","metadata":null,"endpoints":[],"nodes":[{"metadata":
//! {"protocol":"grpc",…},"id":"<service>-…","address":"10.0.0.1:8080"}]}`.
//!
//! `/` in names and ids is `-` in keys. A node's protocol stands in its metadata: `grpc`, `mucp`
//! for go-micro's own protocol over HTTP/1.1, and `thrift` for Thrift; readers merge services by
//! version and take every node. Its watcher follows the first change of a transaction alone, hence
//! [`Layout::one_by_one`]. A weight other than 10 stands in the node's metadata, for us alone.
//!
//! Read as Go reads it: a field of another type is as if it were absent; several nodes in one value
//! are several instances.

use std::collections::BTreeMap;

use serde_json::Value;

use super::go_json::{Object, pairs, quote};
use super::{Entry, Layout, addresses, stated, take_out_of_order};
use crate::instance::{DEFAULT_WEIGHT, Endpoint, Instance};

/// The package's `prefix`, without the closing `/`.
const PREFIX: &str = "/micro/registry";
/// The version of a service that states none.
const VERSION: &str = "latest";
/// What a go-micro server writes over in its node's metadata.
const OWN: [&str; 5] = ["broker", "protocol", "registry", "server", "transport"];

/// The layout, with its prefix.
#[derive(Debug)]
pub(super) struct GoMicro {
    prefix: String,
}

impl GoMicro {
    pub(super) fn new(prefix: Option<&str>) -> Self {
        Self { prefix: prefix.unwrap_or(PREFIX).to_owned() }
    }
}

impl Layout for GoMicro {
    fn name(&self) -> &'static str {
        "go-micro"
    }

    fn prefix(&self, service: &str) -> String {
        format!("{}/{}/", self.prefix, service.replace('/', "-"))
    }

    fn write(&self, instance: &Instance, _lease: i64) -> Vec<Entry> {
        let prefix = self.prefix(&instance.service);
        let own = format!("{}-", instance.service);
        let first = if instance.id.starts_with(&own) { instance.id.clone() } else { own + &instance.id };
        let entry = |(place, (address, endpoint)): (usize, (String, &Endpoint))| {
            // One node a key: an instance with several addresses is several nodes.
            let id = if place == 0 { first.clone() } else { format!("{first}-{address}") };
            Entry { key: format!("{prefix}{}", id.replace('/', "-")), value: value(instance, &id, endpoint, &address) }
        };
        addresses(instance).into_iter().enumerate().map(entry).collect()
    }

    fn read(&self, service: &str, _key: &[u8], value: &[u8]) -> Result<Vec<Instance>, String> {
        let object = Object::parse(value)?;
        let version = object.text("version").unwrap_or_default();
        let nodes = object.field("nodes").and_then(Value::as_array).ok_or("it has no nodes")?;
        let nodes = nodes.iter().filter_map(Object::inner);
        let found: Vec<Instance> = nodes.filter_map(|node| instance(service, &version, &node)).collect();
        if found.is_empty() { Err("no node has an address that is host:port".to_owned()) } else { Ok(found) }
    }

    fn one_by_one(&self) -> bool {
        true
    }
}

fn instance(service: &str, version: &str, node: &Object) -> Option<Instance> {
    let mut metadata: BTreeMap<String, String> = BTreeMap::new();
    if let Some(fields) = node.field("metadata").and_then(Value::as_object) {
        let texts = fields.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
        metadata.extend(texts);
    }
    let scheme = metadata.get("protocol").cloned().unwrap_or_default();
    let endpoint = Endpoint { scheme, ..Endpoint::parse(&node.text("address").ok()?)? };
    let weight = metadata.remove("weight").and_then(|weight| weight.parse().ok()).unwrap_or_default();
    metadata.retain(|key, _| !OWN.contains(&key.as_str()));
    let out_of_order = take_out_of_order(&mut metadata);
    let zone = metadata.get("zone").cloned().unwrap_or_default();
    let instance = Instance::new(service, endpoint).with_weight(weight);
    let id = node.text("id").ok().filter(|id| !id.is_empty()).unwrap_or_else(|| instance.id.clone());
    Some(Instance { id, version: version.to_owned(), metadata, zone, out_of_order, ..instance })
}

fn value(instance: &Instance, id: &str, endpoint: &Endpoint, address: &str) -> String {
    let mut out = String::from("{\"name\":");
    quote(&mut out, &instance.service);
    out.push_str(",\"version\":");
    quote(&mut out, if instance.version.is_empty() { VERSION } else { &instance.version });
    out.push_str(",\"metadata\":null,\"endpoints\":[],\"nodes\":[{\"metadata\":");
    pairs(&mut out, &node_metadata(instance, endpoint));
    out.push_str(",\"id\":");
    quote(&mut out, id);
    out.push_str(",\"address\":");
    quote(&mut out, address);
    out.push_str("}]}");
    out
}

fn node_metadata(instance: &Instance, endpoint: &Endpoint) -> BTreeMap<String, String> {
    let mut metadata = stated(instance);
    metadata.remove("weight");
    let (protocol, transport) = match endpoint.scheme.as_str() {
        "" => ("thrift", "thrift"),
        "mucp" => ("mucp", "http"),
        scheme => (scheme, scheme),
    };
    let own = ["http", protocol, "etcd", protocol, transport];
    metadata.extend(OWN.into_iter().zip(own).map(|(key, value)| (key.to_owned(), value.to_owned())));
    if !matches!(instance.weight, 0 | DEFAULT_WEIGHT) {
        metadata.insert("weight".to_owned(), instance.weight.to_string());
    }
    if !instance.zone.is_empty() {
        metadata.entry("zone".to_owned()).or_insert_with(|| instance.zone.clone());
    }
    metadata
}
