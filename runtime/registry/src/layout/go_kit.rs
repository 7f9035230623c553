//! go-kit's `sd/etcdv3`: `<service>/<host:port>` holds `<host:port>`, no more.
//!
//! Keys and values are wholly the user's there; these are the ones of its examples. A service over
//! HTTP is registered by its URL, as go-kit's HTTP clients take it. Values are read with blanks
//! around them and as URLs; what is not an address is left out. A go-kit reader adds no `/` to its
//! prefix and takes every value under it, so give it the prefix with the `/`.

use super::{Entry, Layout, addresses, endpoint_of_url, under};
use crate::instance::{Endpoint, Instance};

/// The layout, with its prefix.
#[derive(Debug)]
pub(super) struct GoKit {
    prefix: Option<String>,
}

impl GoKit {
    pub(super) fn new(prefix: Option<&str>) -> Self {
        Self { prefix: prefix.map(str::to_owned) }
    }
}

impl Layout for GoKit {
    fn name(&self) -> &'static str {
        "go-kit"
    }

    fn prefix(&self, service: &str) -> String {
        under(self.prefix.as_deref(), service)
    }

    fn write(&self, instance: &Instance, _lease: i64) -> Vec<Entry> {
        let prefix = self.prefix(&instance.service);
        let entry = |(address, endpoint): (String, &Endpoint)| Entry {
            key: format!("{prefix}{address}"),
            value: match endpoint.scheme.as_str() {
                "http" | "https" => format!("{}://{address}", endpoint.scheme),
                _ => address,
            },
        };
        addresses(instance).into_iter().map(entry).collect()
    }

    fn read(&self, service: &str, _key: &[u8], value: &[u8]) -> Result<Vec<Instance>, String> {
        let text = str::from_utf8(value).map_err(|error| error.to_string())?.trim();
        let endpoint = endpoint_of_url(text).or_else(|| Endpoint::parse(text));
        let endpoint = endpoint.ok_or_else(|| format!("`{}` is not host:port", text.escape_debug()))?;
        Ok(vec![Instance::new(service, endpoint)])
    }
}
