//! Reading: one key or many, now or at an earlier revision.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::dev::messages::{KeyValue, RangeRequest, RangeResponse};

use super::{Failure, Span, Store, Version, check};

const ASCEND: i32 = 1;
const DESCEND: i32 = 2;

/// The state of a key at a revision.
fn at(versions: &[Version], revision: i64) -> Option<&Arc<KeyValue>> {
    let behind = versions.partition_point(|version| version.revision <= revision);
    versions.get(behind.checked_sub(1)?)?.kv.as_ref()
}

impl Store {
    /// Answers a request of its own.
    pub(crate) fn range(&self, request: &RangeRequest) -> Result<RangeResponse, Failure> {
        check::range(request)?;
        self.readable(request.revision)?;
        let answer = self.read(request, self.revision);
        Ok(RangeResponse { header: Some(self.header()), ..answer })
    }

    /// Whether a revision can be read; 0 is the present one.
    pub(super) fn readable(&self, revision: i64) -> Result<(), Failure> {
        match revision {
            ..=0 => Ok(()),
            _ if revision > self.revision => Err(Failure::FutureRevision),
            _ if revision < self.compacted => Err(Failure::Compacted),
            _ => Ok(()),
        }
    }

    /// Present entries of a range, with what the transaction in work has changed.
    pub(super) fn present(&self, span: &Span) -> Vec<Arc<KeyValue>> {
        span.of(&self.keys).filter_map(|(_, versions)| at(versions, i64::MAX)).cloned().collect()
    }

    /// Reads what can be read, at the request's revision; `now` is the present one for its header.
    pub(super) fn read(&self, request: &RangeRequest, now: i64) -> RangeResponse {
        let revision = if request.revision > 0 { request.revision } else { i64::MAX };
        let span = Span::new(&request.key, &request.range_end);
        let found = span.of(&self.keys).filter_map(|(_, versions)| at(versions, revision));
        let header = super::inner_header(now);
        if request.count_only {
            let count = i64::try_from(found.count()).unwrap_or(i64::MAX);
            return RangeResponse { header, count, ..RangeResponse::default() };
        }
        let mut kvs: Vec<&Arc<KeyValue>> = found.collect();
        let count = i64::try_from(kvs.len()).unwrap_or(i64::MAX);
        let limit = usize::try_from(request.limit).ok().filter(|limit| *limit > 0);
        let limit = limit.unwrap_or(usize::MAX);
        if !refined(request) {
            // etcd sorts by another field than the key only what this leaves.
            kvs.truncate(limit.saturating_add(1));
        }
        kvs.retain(|kv| wanted(request, kv));
        sort(request, &mut kvs);
        let more = kvs.len() > limit;
        kvs.truncate(limit);
        let kvs = kvs.into_iter().map(|kv| shown(kv, request.keys_only)).collect();
        RangeResponse { header, kvs, more, count }
    }
}

/// Whether everything is needed before the limit counts.
fn refined(request: &RangeRequest) -> bool {
    request.sort_order != 0
        || request.min_mod_revision != 0
        || request.max_mod_revision != 0
        || request.min_create_revision != 0
        || request.max_create_revision != 0
}

fn wanted(request: &RangeRequest, kv: &KeyValue) -> bool {
    let low = |least: i64, revision: i64| least == 0 || revision >= least;
    let high = |most: i64, revision: i64| most == 0 || revision <= most;
    low(request.min_mod_revision, kv.mod_revision)
        && high(request.max_mod_revision, kv.mod_revision)
        && low(request.min_create_revision, kv.create_revision)
        && high(request.max_create_revision, kv.create_revision)
}

fn sort(request: &RangeRequest, kvs: &mut [&Arc<KeyValue>]) {
    let order = if request.sort_order == 0 && request.sort_target != 0 { ASCEND } else { request.sort_order };
    if order == 0 {
        return;
    }
    kvs.sort_by(|a, b| {
        let (a, b) = if order == DESCEND { (b, a) } else { (a, b) };
        compare(request.sort_target, a, b)
    });
}

fn compare(target: i32, a: &KeyValue, b: &KeyValue) -> Ordering {
    match target {
        1 => a.version.cmp(&b.version),
        2 => a.create_revision.cmp(&b.create_revision),
        3 => a.mod_revision.cmp(&b.mod_revision),
        4 => a.value.cmp(&b.value),
        _ => a.key.cmp(&b.key),
    }
}

fn shown(kv: &KeyValue, keys_only: bool) -> KeyValue {
    if !keys_only {
        return kv.clone();
    }
    KeyValue {
        key: kv.key.clone(),
        create_revision: kv.create_revision,
        mod_revision: kv.mod_revision,
        version: kv.version,
        value: Vec::new(),
        lease: kv.lease,
    }
}
