//! The data of the embedded registry: what etcd's multi-version store keeps and answers. Pure: no
//! clock, no socket, no randomness; the time is a duration since the start that the caller states.
//!
//! A fact about etcd without another source is of its `server/storage/mvcc` and
//! `server/etcdserver` (`apply`, `api/v3rpc`), and the differential test holds it to a real one.

mod check;
mod compact;
mod failure;
mod lease;
mod range;
mod span;
#[cfg(test)]
mod tests;
mod txn;
mod write;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::dev::messages::{KeyValue, ResponseHeader};

pub(super) use failure::Failure;
pub(super) use span::Span;

use lease::Lease;

/// What is charged for a version or a lease beside its own bytes.
const OVERHEAD: usize = 128;

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Revisions of history; older ones are compacted by half of that at a time.
    pub(super) revisions: usize,
    /// Bytes of all versions and leases; history is given up for it first.
    pub(super) space: usize,
    /// Bytes of one request that writes.
    pub(super) request: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        // The last is etcd's own default; the others are plenty for services on one machine.
        Self { revisions: 10_000, space: 64 << 20, request: 3 << 19 }
    }
}

/// One version of a key; without a value it was deleted then.
#[derive(Clone, Debug)]
struct Version {
    revision: i64,
    kv: Option<Arc<KeyValue>>,
}

/// One key that changed.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// The new state; of a deleted key its name and the revision alone.
    pub(super) kv: Arc<KeyValue>,
    pub(super) deleted: bool,
    pub(super) before: Option<Arc<KeyValue>>,
}

/// Everything that one revision changed, in the order of its operations.
#[derive(Clone, Debug)]
struct Step {
    revision: i64,
    changes: Vec<Change>,
}

/// The whole state.
#[derive(Clone, Debug)]
pub(super) struct Store {
    cluster: u64,
    member: u64,
    bounds: Bounds,
    revision: i64,
    /// Reading below this revision is refused; -1 before the first compaction, as in etcd.
    compacted: i64,
    keys: BTreeMap<Vec<u8>, Vec<Version>>,
    log: VecDeque<Step>,
    leases: BTreeMap<i64, Lease>,
    size: usize,
}

impl Store {
    /// An empty one, at revision 1 as a fresh etcd is.
    pub(super) fn new(cluster: u64, member: u64, bounds: Bounds) -> Self {
        Self {
            cluster,
            member,
            bounds,
            revision: 1,
            compacted: -1,
            keys: BTreeMap::new(),
            log: VecDeque::new(),
            leases: BTreeMap::new(),
            size: 0,
        }
    }

    /// The revision of the last change.
    pub(super) fn revision(&self) -> i64 {
        self.revision
    }

    /// The revision of the last compaction.
    pub(super) fn compacted(&self) -> i64 {
        self.compacted
    }

    /// Bytes that are charged.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    pub(super) fn member(&self) -> u64 {
        self.member
    }

    pub(super) fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Pretends to be another cluster.
    pub(super) fn set_cluster(&mut self, cluster: u64) {
        self.cluster = cluster;
    }

    /// The header of every answer, at the present revision.
    pub(super) fn header(&self) -> ResponseHeader {
        self.header_at(self.revision)
    }

    /// The header of an answer, at another revision.
    pub(super) fn header_at(&self, revision: i64) -> ResponseHeader {
        ResponseHeader { cluster_id: self.cluster, member_id: self.member, revision, raft_term: 2 }
    }

    /// The present state of a key.
    fn current(&self, key: &[u8]) -> Option<&Arc<KeyValue>> {
        self.keys.get(key)?.last()?.kv.as_ref()
    }

    /// Changes of the range from revision `from` on, one revision after the other. Those of
    /// compacted revisions are gone.
    pub(super) fn changes(&self, from: i64) -> impl Iterator<Item = (i64, &[Change])> {
        let start = self.log.partition_point(|step| step.revision < from);
        self.log.range(start..).map(|step| (step.revision, step.changes.as_slice()))
    }
}

/// The header inside of a transaction's answers, which state nothing but the revision.
fn inner_header(revision: i64) -> Option<ResponseHeader> {
    Some(ResponseHeader { revision, ..ResponseHeader::default() })
}

fn weight(kv: &KeyValue) -> usize {
    OVERHEAD + kv.key.len() + kv.value.len()
}
