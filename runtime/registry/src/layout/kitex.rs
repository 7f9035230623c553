//! Kitex's registry-etcd 0.3.0: `kitex/registry-etcd/<service>/<host:port>` holds
//! `{"network":"tcp","address":"<host:port>","weight":10,"tags":null}`.
//!
//! Writes exactly what Go's `encoding/json` writes; reads what it reads. Two things differ on
//! purpose: IPv6 is written in brackets (the Go side writes it without, and cannot dial it), and
//! what nobody could dial is left out (no address, no port, no or an unknown network).

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::go_json::{pairs, quote};
use super::{Entry, Layout, addresses, stated, take_out_of_order};
use crate::instance::{DEFAULT_WEIGHT, Endpoint, Instance};

/// registry-etcd's `etcdPrefixTpl` begins with this.
const PREFIX: &str = "kitex/registry-etcd";

/// The layout, with its prefix.
#[derive(Debug)]
pub(super) struct Kitex {
    prefix: String,
}

impl Kitex {
    pub(super) fn new(prefix: Option<&str>) -> Self {
        Self { prefix: prefix.unwrap_or(PREFIX).to_owned() }
    }
}

impl Layout for Kitex {
    fn name(&self) -> &'static str {
        "kitex"
    }

    fn prefix(&self, service: &str) -> String {
        format!("{}/{service}/", self.prefix)
    }

    fn write(&self, instance: &Instance, _lease: i64) -> Vec<Entry> {
        let prefix = self.prefix(&instance.service);
        // One port that serves several protocols is one entry: the value has no room for them.
        let entry = |(address, _): (String, &Endpoint)| Entry {
            key: format!("{prefix}{address}"),
            value: value(instance, &address),
        };
        addresses(instance).into_iter().map(entry).collect()
    }

    fn read(&self, service: &str, _key: &[u8], value: &[u8]) -> Result<Vec<Instance>, String> {
        // Go's JSON replaces what is not UTF-8; the entry counts all the same.
        let text = String::from_utf8_lossy(value);
        let info: Info = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        info.instance(service).map(|instance| vec![instance])
    }
}

fn value(instance: &Instance, address: &str) -> String {
    let mut tags = stated(instance);
    let own = [("version", &instance.version), ("zone", &instance.zone)];
    for (key, value) in own.into_iter().filter(|(_, value)| !value.is_empty()) {
        tags.entry(key.to_owned()).or_insert_with(|| value.clone());
    }
    let mut out = String::from("{\"network\":\"tcp\",\"address\":");
    quote(&mut out, address);
    let weight = if instance.weight == 0 { DEFAULT_WEIGHT } else { instance.weight };
    // Writing to a String cannot fail.
    let _ = write!(out, ",\"weight\":{weight},\"tags\":");
    pairs(&mut out, &tags);
    out.push('}');
    out
}

/// registry-etcd's `instanceInfo`, read as Go reads it: names without case, the last of equal
/// names counts, `null` leaves a field as it was, unknown fields are nothing.
#[derive(Default)]
struct Info {
    network: String,
    address: String,
    weight: i64,
    tags: BTreeMap<String, String>,
}

impl Info {
    fn instance(mut self, service: &str) -> Result<Instance, String> {
        if self.address.is_empty() {
            return Err("no address".to_owned());
        }
        if !matches!(self.network.as_str(), "tcp" | "tcp4" | "tcp6") {
            return Err(format!("network `{}` cannot be dialed", self.network));
        }
        let endpoint =
            Endpoint::parse(&self.address).ok_or_else(|| format!("address `{}` is not host:port", self.address))?;
        let out_of_order = take_out_of_order(&mut self.tags);
        let own = |key: &str| self.tags.get(key).cloned().unwrap_or_default();
        let (version, zone) = (own("version"), own("zone"));
        Ok(Instance { version, zone, out_of_order, metadata: self.tags, ..Instance::new(service, endpoint) }
            .with_weight(weight(self.weight)))
    }
}

/// Kitex reads a weight of 0 and below as its default of 10.
fn weight(weight: i64) -> u32 {
    if weight <= 0 { DEFAULT_WEIGHT } else { u32::try_from(weight).unwrap_or(u32::MAX) }
}

impl<'de> Deserialize<'de> for Info {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(InfoVisitor)
    }
}

struct InfoVisitor;

impl<'de> Visitor<'de> for InfoVisitor {
    type Value = Info;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with network, address, weight and tags")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut input: A) -> Result<Info, A::Error> {
        let mut info = Info::default();
        while let Some(name) = input.next_key::<String>()? {
            match name.to_ascii_lowercase().as_str() {
                "network" => set(&mut info.network, input.next_value()?),
                "address" => set(&mut info.address, input.next_value()?),
                "weight" => set(&mut info.weight, input.next_value()?),
                "tags" => match input.next_value::<Option<BTreeMap<String, Option<String>>>>()? {
                    Some(tags) => {
                        info.tags.extend(tags.into_iter().map(|(key, value)| (key, value.unwrap_or_default())))
                    }
                    None => info.tags.clear(),
                },
                _ => drop(input.next_value::<IgnoredAny>()?),
            }
        }
        Ok(info)
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

#[cfg(test)]
#[path = "kitex_tests.rs"]
mod tests;
