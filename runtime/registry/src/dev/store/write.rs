//! Changing keys: everything of one request at one revision.

use std::sync::Arc;

use crate::dev::messages::{DeleteRequest, DeleteResponse, KeyValue, PutRequest, PutResponse};

use super::{Change, Failure, Span, Step, Store, Version, check, inner_header, weight};

/// The changes of one request until they are committed.
#[derive(Debug)]
pub(super) struct Batch {
    /// The revision that they get.
    revision: i64,
    changes: Vec<Change>,
}

impl Batch {
    /// The revision that a reader inside of the request sees.
    pub(super) fn seen(&self) -> i64 {
        if self.changes.is_empty() { self.revision - 1 } else { self.revision }
    }
}

impl Store {
    pub(super) fn batch(&self) -> Batch {
        Batch { revision: self.revision + 1, changes: Vec::new() }
    }

    /// Makes the changes visible to readers of history and to watches.
    pub(super) fn commit(&mut self, batch: Batch) {
        if batch.changes.is_empty() {
            return;
        }
        self.revision = batch.revision;
        self.log.push_back(Step { revision: batch.revision, changes: batch.changes });
        self.forget_history();
    }

    /// Puts one key.
    pub(crate) fn put(&mut self, request: &PutRequest) -> Result<PutResponse, Failure> {
        check::put(request)?;
        self.make_room(weight_of(request))?;
        // etcd looks at these two in another order than inside of a transaction.
        self.has_its_lease(request)?;
        self.can_put(request)?;
        let mut batch = self.batch();
        let answer = self.apply_put(request, &mut batch);
        self.commit(batch);
        Ok(PutResponse { header: Some(self.header()), ..answer })
    }

    /// Deletes a range.
    pub(crate) fn delete(&mut self, request: &DeleteRequest) -> Result<DeleteResponse, Failure> {
        check::delete(request)?;
        let mut batch = self.batch();
        let answer = self.apply_delete(request, &mut batch);
        self.commit(batch);
        Ok(DeleteResponse { header: Some(self.header()), ..answer })
    }

    /// Whether the store has what a put needs.
    pub(super) fn can_put(&self, request: &PutRequest) -> Result<(), Failure> {
        if (request.ignore_value || request.ignore_lease) && self.current(&request.key).is_none() {
            return Err(Failure::KeyNotFound);
        }
        self.has_its_lease(request)
    }

    fn has_its_lease(&self, request: &PutRequest) -> Result<(), Failure> {
        if request.lease != 0 && !self.leases.contains_key(&request.lease) {
            return Err(Failure::LeaseNotFound);
        }
        Ok(())
    }

    pub(super) fn apply_put(&mut self, request: &PutRequest, batch: &mut Batch) -> PutResponse {
        let before = self.current(&request.key).cloned();
        let old = before.as_deref();
        let kv = KeyValue {
            key: request.key.clone(),
            create_revision: old.map_or(batch.revision, |old| old.create_revision),
            mod_revision: batch.revision,
            version: old.map_or(1, |old| old.version + 1),
            value: if request.ignore_value { old.map(|old| old.value.clone()) } else { None }
                .unwrap_or_else(|| request.value.clone()),
            lease: if request.ignore_lease { old.map_or(0, |old| old.lease) } else { request.lease },
        };
        let lease = kv.lease;
        let kv = Arc::new(kv);
        self.detach(before.as_deref());
        if let Some(lease) = self.leases.get_mut(&lease) {
            lease.keys.insert(request.key.clone());
        }
        self.push(&request.key, Some(&kv), batch.revision);
        let prev_kv = before.as_deref().filter(|_| request.prev_kv).cloned();
        batch.changes.push(Change { kv, deleted: false, before });
        PutResponse { header: inner_header(batch.revision), prev_kv }
    }

    pub(super) fn apply_delete(&mut self, request: &DeleteRequest, batch: &mut Batch) -> DeleteResponse {
        let found = self.present(&Span::new(&request.key, &request.range_end));
        let prev_kvs = if request.prev_kv { found.iter().map(|kv| KeyValue::clone(kv)).collect() } else { Vec::new() };
        let deleted = i64::try_from(found.len()).unwrap_or(i64::MAX);
        for before in found {
            self.remove(before, batch);
        }
        DeleteResponse { header: inner_header(batch.seen()), deleted, prev_kvs }
    }

    /// Deletes a key that is there.
    pub(super) fn remove(&mut self, before: Arc<KeyValue>, batch: &mut Batch) {
        self.detach(Some(&before));
        self.push(&before.key, None, batch.revision);
        let gone = KeyValue { key: before.key.clone(), mod_revision: batch.revision, ..KeyValue::default() };
        batch.changes.push(Change { kv: Arc::new(gone), deleted: true, before: Some(before) });
    }

    fn detach(&mut self, kv: Option<&KeyValue>) {
        if let Some(kv) = kv
            && let Some(lease) = self.leases.get_mut(&kv.lease)
        {
            lease.keys.remove(&kv.key);
        }
    }

    fn push(&mut self, key: &[u8], kv: Option<&Arc<KeyValue>>, revision: i64) {
        self.size += version_weight(key, kv);
        self.keys.entry(key.to_owned()).or_default().push(Version { revision, kv: kv.cloned() });
    }
}

/// The charge for a version.
pub(super) fn version_weight(key: &[u8], kv: Option<&Arc<KeyValue>>) -> usize {
    kv.map_or(super::OVERHEAD + key.len(), |kv| weight(kv))
}

/// The charge for a put.
pub(super) fn weight_of(request: &PutRequest) -> usize {
    super::OVERHEAD + request.key.len() + request.value.len()
}
