//! go-zero's zrpc (1.10, `core/discov`): `<service>/<lease id in decimal>` holds `<host:port>`.
//!
//! The key depends on the lease: a new lease is a new key, and the old key ends with the old lease.
//! A key has room for one address, so the first one of an instance is written. Values are read with
//! blanks around them; what is not an address is left out.

use super::{Entry, Layout, under};
use crate::instance::{Endpoint, Instance};

/// The layout, with its prefix.
#[derive(Debug)]
pub(super) struct GoZero {
    prefix: Option<String>,
}

impl GoZero {
    pub(super) fn new(prefix: Option<&str>) -> Self {
        Self { prefix: prefix.map(str::to_owned) }
    }
}

impl Layout for GoZero {
    fn name(&self) -> &'static str {
        "go-zero"
    }

    fn prefix(&self, service: &str) -> String {
        under(self.prefix.as_deref(), service)
    }

    fn write(&self, instance: &Instance, lease: i64) -> Vec<Entry> {
        let key = format!("{}{lease}", self.prefix(&instance.service));
        let first = instance.endpoints.first();
        first.map(|endpoint| Entry { key, value: endpoint.address() }).into_iter().collect()
    }

    fn read(&self, service: &str, _key: &[u8], value: &[u8]) -> Result<Vec<Instance>, String> {
        let text = str::from_utf8(value).map_err(|error| error.to_string())?.trim();
        let endpoint = Endpoint::parse(text).ok_or_else(|| format!("`{}` is not host:port", text.escape_debug()))?;
        Ok(vec![Instance::new(service, endpoint)])
    }
}
