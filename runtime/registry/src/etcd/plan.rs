//! Plans the keys of a registration in etcd: the entries of all its instances in all layouts,
//! and how many of them fit into one transaction. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::refused;
use crate::instance::Instance;
use crate::layout::{Entry, Layout};

/// Operations in one transaction, etcd's default for `--max-txn-ops`.
pub(super) const OPERATIONS: usize = 128;
/// Guarded deletes in one transaction: etcd counts a transaction inside of one on top of what
/// stands around it.
pub(super) const GUARDED: usize = OPERATIONS / 2;

/// The entries of one registration under one lease.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Written in one transaction, as far as it holds them.
    pub(super) together: Vec<Entry>,
    /// Written in a transaction each.
    pub(super) single: Vec<Entry>,
}

impl Plan {
    pub(super) fn new(instances: &[Instance], layouts: &[Arc<dyn Layout>], lease: i64) -> Self {
        let mut plan = Self::default();
        for layout in layouts {
            let list = if layout.one_by_one() { &mut plan.single } else { &mut plan.together };
            list.extend(instances.iter().flat_map(|instance| layout.write(instance, lease)));
        }
        plan
    }

    /// All entries; those that are written together first.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.together.iter().chain(&self.single)
    }

    /// All keys, each with whether it has a transaction of its own.
    pub(super) fn keys(&self) -> BTreeMap<String, bool> {
        let keys = |entries: &[Entry], single| {
            entries.iter().map(move |entry| (entry.key.clone(), single)).collect::<Vec<_>>()
        };
        keys(&self.together, false).into_iter().chain(keys(&self.single, true)).collect()
    }

    /// Why etcd would not take it, as far as that can be told without asking.
    pub(super) fn too_large(&self) -> Option<String> {
        let size = |entry: &Entry| entry.key.len() + entry.value.len();
        let largest = self.entries().max_by_key(|entry| size(entry))?;
        (size(largest) > refused::LARGEST).then(|| refused::too_large(&largest.key, size(largest)))
    }
}
