//! gRPC's naming in etcd, of 2018 (`clientv3/naming`) and of today (`client/v3/naming/endpoints`):
//! `<target>/<host:port>` holds `{"Op":0,"Addr":"<host:port>","Metadata":null}`; a target is a
//! service's name behind the prefix, if there is one.
//!
//! `Metadata` is always written `null`: what else it may hold is not the same for all readers. So
//! weight, version, zone and metadata of ours stay behind. What others wrote there is read when it
//! is an object: texts and numbers, `weight` among them. A changed address is a new key.

use std::collections::BTreeMap;

use serde_json::Value;

use super::go_json::{Object, quote};
use super::{Entry, Layout, addresses, take_out_of_order, under};
use crate::instance::{Endpoint, Instance};

/// The layout, with its prefix.
#[derive(Debug)]
pub(super) struct Grpc {
    prefix: Option<String>,
}

impl Grpc {
    pub(super) fn new(prefix: Option<&str>) -> Self {
        Self { prefix: prefix.map(str::to_owned) }
    }
}

impl Layout for Grpc {
    fn name(&self) -> &'static str {
        "grpc"
    }

    fn prefix(&self, service: &str) -> String {
        under(self.prefix.as_deref(), service)
    }

    fn write(&self, instance: &Instance, _lease: i64) -> Vec<Entry> {
        let prefix = self.prefix(&instance.service);
        let entry = |(address, _): (String, &Endpoint)| {
            let mut value = String::from("{\"Op\":0,\"Addr\":");
            quote(&mut value, &address);
            value.push_str(",\"Metadata\":null}");
            Entry { key: format!("{prefix}{address}"), value }
        };
        addresses(instance).into_iter().map(entry).collect()
    }

    fn read(&self, service: &str, _key: &[u8], value: &[u8]) -> Result<Vec<Instance>, String> {
        let update = Object::parse(value)?;
        if update.field("Op").is_some_and(|op| !op.is_u64()) {
            return Err("`Op` is not a number".to_owned());
        }
        let address = update.text("Addr")?;
        let endpoint = Endpoint::parse(&address).ok_or_else(|| format!("address `{address}` is not host:port"))?;
        let mut metadata = update.field("Metadata").map(metadata).unwrap_or_default();
        let out_of_order = take_out_of_order(&mut metadata);
        let weight = metadata.get("weight").and_then(|weight| weight.parse().ok()).unwrap_or_default();
        let zone = metadata.get("zone").cloned().unwrap_or_default();
        Ok(vec![Instance { metadata, zone, out_of_order, ..Instance::new(service, endpoint) }.with_weight(weight)])
    }
}

fn metadata(value: &Value) -> BTreeMap<String, String> {
    let pair = |(key, value): (&String, &Value)| match value {
        Value::String(text) => Some((key.clone(), text.clone())),
        Value::Number(number) => Some((key.clone(), number.to_string())),
        _ => None,
    };
    value.as_object().map(|fields| fields.iter().filter_map(pair).collect()).unwrap_or_default()
}
