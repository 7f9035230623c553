//! Validates a request without looking at the store.

use std::collections::BTreeSet;

use crate::dev::messages::{DeleteRequest, PutRequest, RangeRequest, TxnOpRequest as Op, TxnRequest, TxnRequestOp};

use super::{Failure, Span};

/// Operations of one list of a transaction, nested ones included: etcd's default.
const OPS: usize = 128;

pub(super) fn range(request: &RangeRequest) -> Result<(), Failure> {
    if request.key.is_empty() {
        return Err(Failure::EmptyKey);
    }
    if !(0..=2).contains(&request.sort_order) || !(0..=4).contains(&request.sort_target) {
        return Err(Failure::InvalidSort);
    }
    Ok(())
}

pub(super) fn put(request: &PutRequest) -> Result<(), Failure> {
    if request.key.is_empty() {
        return Err(Failure::EmptyKey);
    }
    if request.ignore_value && !request.value.is_empty() {
        return Err(Failure::ValueProvided);
    }
    if request.ignore_lease && request.lease != 0 {
        return Err(Failure::LeaseProvided);
    }
    Ok(())
}

pub(super) fn delete(request: &DeleteRequest) -> Result<(), Failure> {
    if request.key.is_empty() { Err(Failure::EmptyKey) } else { Ok(()) }
}

pub(super) fn txn(request: &TxnRequest) -> Result<(), Failure> {
    within(request, OPS)?;
    changed(&request.success)?;
    changed(&request.failure)?;
    Ok(())
}

fn within(request: &TxnRequest, most: usize) -> Result<(), Failure> {
    let count = request.compare.len().max(request.success.len()).max(request.failure.len());
    let Some(left) = most.checked_sub(count) else { return Err(Failure::TooManyOps) };
    if request.compare.iter().any(|one| one.key.is_empty()) {
        return Err(Failure::EmptyKey);
    }
    for op in request.success.iter().chain(&request.failure) {
        match &op.request {
            Some(Op::RequestRange(inner)) => range(inner)?,
            Some(Op::RequestPut(inner)) => put(inner)?,
            Some(Op::RequestDeleteRange(inner)) => delete(inner)?,
            Some(Op::RequestTxn(inner)) => within(inner, left)?,
            None => return Err(Failure::KeyNotFound),
        }
    }
    Ok(())
}

/// What a list of operations changes.
#[derive(Default)]
struct Changed {
    puts: BTreeSet<Vec<u8>>,
    deletes: Vec<Span>,
}

impl Changed {
    fn free(&self, key: &[u8]) -> Result<(), Failure> {
        let taken = self.puts.contains(key) || self.deletes.iter().any(|span| span.contains(key));
        if taken { Err(Failure::DuplicateKey) } else { Ok(()) }
    }
}

/// No key may be put twice, or put and deleted, in one run of a transaction; the two lists of a
/// nested one exclude each other.
fn changed(ops: &[TxnRequestOp]) -> Result<Changed, Failure> {
    let mut all = Changed::default();
    for op in ops {
        if let Some(Op::RequestDeleteRange(delete)) = &op.request {
            all.deletes.push(Span::new(&delete.key, &delete.range_end));
        }
    }
    for op in ops {
        let Some(Op::RequestTxn(txn)) = &op.request else { continue };
        let (then, otherwise) = (changed(&txn.success)?, changed(&txn.failure)?);
        for key in &then.puts {
            all.free(key)?;
        }
        for key in &otherwise.puts {
            all.free(key)?;
        }
        for part in [then, otherwise] {
            all.puts.extend(part.puts);
            all.deletes.extend(part.deletes);
        }
    }
    for op in ops {
        if let Some(Op::RequestPut(put)) = &op.request {
            all.free(&put.key)?;
            all.puts.insert(put.key.clone());
        }
    }
    Ok(all)
}
