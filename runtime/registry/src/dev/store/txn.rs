//! Transactions: which way they go is settled on the state before them, nested ones too; then
//! every operation sees what those before it did.

use std::cmp::Ordering;

use crate::dev::messages::{
    Compare, KeyValue, ResponseOp, TargetUnion as Target, TxnOpRequest as Op, TxnOpResponse as Answer, TxnRequest,
    TxnRequestOp, TxnResponse,
};

use super::write::{Batch, weight_of};
use super::{Failure, Span, Store, check};

const VALUE: i32 = 3;

/// Which list of a transaction is run, and of those nested in it.
struct Path {
    succeeded: bool,
    nested: Vec<Path>,
}

impl Store {
    /// Runs a transaction; all of its changes get one revision.
    pub(crate) fn txn(&mut self, request: &TxnRequest) -> Result<TxnResponse, Failure> {
        check::txn(request)?;
        let path = self.path(request);
        self.make_room_for(request, &path)?;
        self.all(request, &path, &|store, op| match op {
            Op::RequestPut(put) => store.can_put(put),
            _ => Ok(()),
        })?;
        self.all(request, &path, &|store, op| match op {
            Op::RequestRange(range) => store.readable(range.revision),
            _ => Ok(()),
        })?;
        let mut batch = self.batch();
        let answer = self.apply(request, &path, &mut batch);
        self.commit(batch);
        Ok(TxnResponse { header: Some(self.header()), ..answer })
    }

    fn path(&self, request: &TxnRequest) -> Path {
        let succeeded = request.compare.iter().all(|one| self.holds(one));
        let nested = taken(request, succeeded).iter().filter_map(|op| match &op.request {
            Some(Op::RequestTxn(inner)) => Some(self.path(inner)),
            _ => None,
        });
        Path { succeeded, nested: nested.collect() }
    }

    fn holds(&self, compare: &Compare) -> bool {
        let found = self.present(&Span::new(&compare.key, &compare.range_end));
        if found.is_empty() {
            // A key that is not there has no value, not even the empty one; all else of it is 0.
            return compare.target != VALUE && matches(compare, &KeyValue::default());
        }
        found.iter().all(|kv| matches(compare, kv))
    }

    fn make_room_for(&mut self, request: &TxnRequest, path: &Path) -> Result<(), Failure> {
        let room = std::cell::Cell::new(0_usize);
        self.all(request, path, &|_, op| {
            if let Op::RequestPut(put) = op {
                room.set(room.get().saturating_add(weight_of(put)));
            }
            Ok(())
        })?;
        if room.get() > 0 { self.make_room(room.get()) } else { Ok(()) }
    }

    /// Asks `ask` of every operation that will be run.
    fn all(
        &self,
        request: &TxnRequest,
        path: &Path,
        ask: &dyn Fn(&Self, &Op) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut nested = path.nested.iter();
        for op in taken(request, path.succeeded) {
            match (&op.request, &mut nested) {
                (Some(Op::RequestTxn(inner)), nested) => {
                    if let Some(path) = nested.next() {
                        self.all(inner, path, ask)?;
                    }
                }
                (Some(op), _) => ask(self, op)?,
                (None, _) => {}
            }
        }
        Ok(())
    }

    fn apply(&mut self, request: &TxnRequest, path: &Path, batch: &mut Batch) -> TxnResponse {
        let mut nested = path.nested.iter();
        let mut responses = Vec::new();
        for op in taken(request, path.succeeded) {
            let answer = match &op.request {
                Some(Op::RequestRange(range)) => Some(Answer::ResponseRange(self.read(range, batch.seen()))),
                Some(Op::RequestPut(put)) => Some(Answer::ResponsePut(self.apply_put(put, batch))),
                Some(Op::RequestDeleteRange(delete)) => {
                    Some(Answer::ResponseDeleteRange(self.apply_delete(delete, batch)))
                }
                Some(Op::RequestTxn(inner)) => {
                    nested.next().map(|path| Answer::ResponseTxn(self.apply(inner, path, batch)))
                }
                None => None,
            };
            responses.push(ResponseOp { response: answer });
        }
        // etcd leaves the header of a nested one empty.
        TxnResponse { header: super::inner_header(0), succeeded: path.succeeded, responses }
    }
}

fn taken(request: &TxnRequest, succeeded: bool) -> &[TxnRequestOp] {
    if succeeded { &request.success } else { &request.failure }
}

fn matches(compare: &Compare, kv: &KeyValue) -> bool {
    let order = match (compare.target, &compare.target_union) {
        (0, Some(Target::Version(wanted))) => kv.version.cmp(wanted),
        (0, _) => kv.version.cmp(&0),
        (1, Some(Target::CreateRevision(wanted))) => kv.create_revision.cmp(wanted),
        (1, _) => kv.create_revision.cmp(&0),
        (2, Some(Target::ModRevision(wanted))) => kv.mod_revision.cmp(wanted),
        (2, _) => kv.mod_revision.cmp(&0),
        (VALUE, Some(Target::Value(wanted))) => kv.value.cmp(wanted),
        (VALUE, _) => kv.value.as_slice().cmp(&[]),
        (4, Some(Target::Lease(wanted))) => kv.lease.cmp(wanted),
        (4, _) => kv.lease.cmp(&0),
        // etcd compares nothing then, and 0 is equal to 0.
        _ => Ordering::Equal,
    };
    match compare.result {
        0 => order.is_eq(),
        1 => order.is_gt(),
        2 => order.is_lt(),
        3 => order.is_ne(),
        _ => true,
    }
}
