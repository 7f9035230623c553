//! Everything that stands in a registry, for people who look: entries as they were read, readable or not.

use std::time::Duration;

use super::instance::Instance;

/// What stands in a registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The entries, by service, then layout, then key.
    pub entries: Vec<Listed>,
    /// What could not be looked at, and why.
    pub notes: Vec<String>,
}

/// One entry of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The service's name.
    pub service: String,
    /// How it is written down: a layout of etcd, such as `kitex`; else the registry's scheme.
    pub layout: String,
    /// The key; empty where the registry has none.
    pub key: String,
    /// The instances that the entry holds, or why it cannot be read.
    pub found: Result<Vec<Instance>, String>,
    /// What is left of the entry's lease, in whole seconds; `None` where it has none. Zero: it ran out meanwhile.
    pub lease: Option<Duration>,
}

impl Listing {
    /// Instances of a registry without keys and leases.
    pub(super) fn of<'a>(layout: &str, instances: impl Iterator<Item = &'a Instance>) -> Self {
        let listed = |it: &Instance| Listed {
            service: it.service.clone(),
            layout: layout.to_owned(),
            key: String::new(),
            found: Ok(vec![it.clone()]),
            lease: None,
        };
        Self { entries: instances.map(listed).collect(), notes: Vec::new() }
    }
}
