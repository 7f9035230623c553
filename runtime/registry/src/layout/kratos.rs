//! Kratos's etcd registry (v2.9 and v3.0): `/microservices/<service>/<id>` holds
//! `{"id":…,"name":…,"version":…,"metadata":{"weight":"20"},"endpoints":["grpc://10.0.0.1:9000"]}`.
//!
//! One instance is one entry with an endpoint a protocol: `grpc` and `http` (`grpcs` and `https`
//! with TLS) as in Kratos, and `thrift` for Thrift, which Kratos's clients pass over as they do with
//! any scheme that is not theirs.
//!
//! Weights are Kratos's own here: one that is not stated counts as 100. So the weight of 10 that
//! nobody set is not written, and an instance of ours gets the share of any other; every other
//! weight is written as it is. A weight of "0" means no calls, so such an entry is left out.
//!
//! Its scan is `/microservices/<service>` without a closing `/`, and takes instances whose name is
//! the service's alone; ours has the `/` and does the same.

use super::go_json::{Object, pairs, quote, texts};
use super::{Entry, Layout, endpoint_of_url, stated, take_out_of_order};
use crate::instance::{DEFAULT_WEIGHT, Instance};

/// Kratos's default namespace.
const PREFIX: &str = "/microservices";
/// `defaultWeight` of Kratos's `selector/node/direct`.
const USUAL: u32 = 100;

/// The layout, with its prefix.
#[derive(Debug)]
pub(super) struct Kratos {
    prefix: String,
}

impl Kratos {
    pub(super) fn new(prefix: Option<&str>) -> Self {
        Self { prefix: prefix.unwrap_or(PREFIX).to_owned() }
    }
}

impl Layout for Kratos {
    fn name(&self) -> &'static str {
        "kratos"
    }

    fn prefix(&self, service: &str) -> String {
        format!("{}/{service}/", self.prefix)
    }

    fn write(&self, instance: &Instance, _lease: i64) -> Vec<Entry> {
        let key = format!("{}{}", self.prefix(&instance.service), instance.id);
        vec![Entry { key, value: value(instance) }]
    }

    fn read(&self, service: &str, _key: &[u8], value: &[u8]) -> Result<Vec<Instance>, String> {
        let object = Object::parse(value)?;
        let (id, name, version) = (object.text("id")?, object.text("name")?, object.text("version")?);
        if name != service {
            return Err(format!("it is an instance of `{name}`"));
        }
        let mut metadata = object.pairs("metadata")?;
        let weight = match metadata.remove("weight") {
            Some(weight) => read_weight(&weight)?,
            None => USUAL,
        };
        // One that cannot be dialed does not hide the others.
        let endpoints: Vec<_> = object.texts("endpoints")?.iter().filter_map(|url| endpoint_of_url(url)).collect();
        let first = endpoints.first().ok_or("no endpoint is scheme://host:port")?.clone();
        let out_of_order = take_out_of_order(&mut metadata);
        let zone = metadata.get("zone").cloned().unwrap_or_default();
        let instance = Instance::new(service, first);
        let id = if id.is_empty() { instance.id.clone() } else { id };
        Ok(vec![Instance { id, endpoints, version, metadata, zone, weight, out_of_order, ..instance }])
    }

    fn usual_weight(&self) -> u32 {
        USUAL
    }
}

/// As Go's `strconv.ParseInt` reads it; what it does not read counts as none.
fn read_weight(text: &str) -> Result<u32, String> {
    match text.parse::<i64>() {
        Ok(0) => Err("its weight is 0: it takes no calls".to_owned()),
        Ok(weight) => Ok(u32::try_from(weight.max(1)).unwrap_or(u32::MAX)),
        Err(_) => Ok(USUAL),
    }
}

fn value(instance: &Instance) -> String {
    let mut metadata = stated(instance);
    metadata.remove("weight");
    if !matches!(instance.weight, 0 | DEFAULT_WEIGHT | USUAL) {
        metadata.insert("weight".to_owned(), instance.weight.to_string());
    }
    if !instance.zone.is_empty() {
        metadata.entry("zone".to_owned()).or_insert_with(|| instance.zone.clone());
    }
    let mut out = String::new();
    let fields = [("{\"id\":", &instance.id), (",\"name\":", &instance.service), (",\"version\":", &instance.version)];
    for (name, text) in fields {
        out.push_str(name);
        quote(&mut out, text);
    }
    out.push_str(",\"metadata\":");
    pairs(&mut out, &metadata);
    out.push_str(",\"endpoints\":");
    let endpoints: Vec<String> = instance.endpoints.iter().map(url).collect();
    texts(&mut out, endpoints.iter().map(String::as_str));
    out.push('}');
    out
}

/// An endpoint whose protocol nobody named is called a Thrift one: readers of Kratos's take no URL
/// without a scheme.
fn url(endpoint: &crate::Endpoint) -> String {
    match endpoint.scheme.as_str() {
        "" => format!("thrift://{}", endpoint.address()),
        scheme => format!("{scheme}://{}", endpoint.address()),
    }
}
