//! Leases: keys that end with them.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::dev::messages::{
    LeaseGrantRequest, LeaseGrantResponse, LeaseKeepAliveResponse, LeaseLeasesResponse, LeaseRevokeResponse,
    LeaseStatus, LeaseTimeToLiveRequest, LeaseTimeToLiveResponse,
};

use super::{Failure, OVERHEAD, Store};

/// The smallest time to live in seconds: etcd's, from its election timeout of 1 s.
const LEAST: i64 = 2;
/// The largest: etcd's.
const MOST: i64 = 9_000_000_000;

/// One lease.
#[derive(Clone, Debug)]
pub(super) struct Lease {
    /// Seconds.
    ttl: i64,
    /// Since the start.
    expires: Duration,
    pub(super) keys: BTreeSet<Vec<u8>>,
}

fn seconds(ttl: i64) -> Duration {
    Duration::from_secs(u64::try_from(ttl).unwrap_or_default())
}

impl Store {
    /// Grants a lease under the id that the request names.
    pub(crate) fn grant(&mut self, request: &LeaseGrantRequest, now: Duration) -> Result<LeaseGrantResponse, Failure> {
        self.make_room(OVERHEAD)?;
        if request.ttl > MOST {
            return Err(Failure::TtlTooLarge);
        }
        if self.leases.contains_key(&request.id) {
            return Err(Failure::LeaseExists);
        }
        let ttl = request.ttl.max(LEAST);
        self.leases.insert(request.id, Lease { ttl, expires: now + seconds(ttl), keys: BTreeSet::new() });
        self.size += OVERHEAD;
        Ok(LeaseGrantResponse { header: Some(self.header()), id: request.id, ttl, error: String::new() })
    }

    /// Whether an id is taken.
    pub(crate) fn has_lease(&self, id: i64) -> bool {
        self.leases.contains_key(&id)
    }

    /// Ends a lease; its keys go at one revision.
    pub(crate) fn revoke(&mut self, id: i64) -> Result<LeaseRevokeResponse, Failure> {
        let Some(lease) = self.leases.remove(&id) else { return Err(Failure::LeaseNotFound) };
        self.size = self.size.saturating_sub(OVERHEAD);
        let mut batch = self.batch();
        for key in lease.keys {
            if let Some(kv) = self.current(&key).cloned() {
                self.remove(kv, &mut batch);
            }
        }
        self.commit(batch);
        Ok(LeaseRevokeResponse { header: Some(self.header()) })
    }

    /// Starts a lease's time again; a TTL of 0 says that there is no such lease.
    pub(crate) fn keep_alive(&mut self, id: i64, now: Duration) -> LeaseKeepAliveResponse {
        let header = Some(self.header());
        let alive = self.leases.get_mut(&id).filter(|lease| lease.expires > now);
        let ttl = alive.map_or(0, |lease| {
            lease.expires = now + seconds(lease.ttl);
            lease.ttl
        });
        LeaseKeepAliveResponse { header, id, ttl }
    }

    /// The time left of a lease; a TTL of -1 says that there is no such lease.
    pub(crate) fn time_to_live(&self, request: &LeaseTimeToLiveRequest, now: Duration) -> LeaseTimeToLiveResponse {
        let header = Some(self.header());
        let Some(lease) = self.leases.get(&request.id).filter(|lease| lease.expires > now) else {
            return LeaseTimeToLiveResponse { header, id: request.id, ttl: -1, ..Default::default() };
        };
        LeaseTimeToLiveResponse {
            header,
            id: request.id,
            ttl: i64::try_from(lease.expires.saturating_sub(now).as_secs()).unwrap_or(i64::MAX),
            granted_ttl: lease.ttl,
            keys: if request.keys { lease.keys.iter().cloned().collect() } else { Vec::new() },
        }
    }

    /// All leases, the one that ends first in front.
    pub(crate) fn leases(&self) -> LeaseLeasesResponse {
        let mut all: Vec<(Duration, i64)> = self.leases.iter().map(|(id, lease)| (lease.expires, *id)).collect();
        all.sort_unstable();
        let leases = all.into_iter().map(|(_, id)| LeaseStatus { id }).collect();
        LeaseLeasesResponse { header: Some(self.header()), leases }
    }

    /// When the next lease ends.
    pub(crate) fn next_expiry(&self) -> Option<Duration> {
        self.leases.values().map(|lease| lease.expires).min()
    }

    /// Ends the leases whose time is over, each at a revision of its own.
    pub(crate) fn expire(&mut self, now: Duration) {
        let over = self.leases.iter().filter(|(_, lease)| lease.expires <= now);
        let mut over: Vec<(Duration, i64)> = over.map(|(id, lease)| (lease.expires, *id)).collect();
        over.sort_unstable();
        for (_, id) in over {
            // It was there a line ago.
            let _ = self.revoke(id);
        }
    }

    /// Gives every lease its whole time again, as etcd does after it was away.
    pub(crate) fn extend_leases(&mut self, now: Duration) {
        for lease in self.leases.values_mut() {
            lease.expires = now + seconds(lease.ttl);
        }
    }
}
