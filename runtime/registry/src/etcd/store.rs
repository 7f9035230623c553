//! The transactions of a registration: what is put carries a lease, what is deleted carries ours.
//! Knows no layout and keeps nothing.

use tokio::time::sleep;

use super::api::{
    Client, Compare, DeleteRequest, KeyValue, PutRequest, RangeRequest, TxnOpRequest, TxnOpResponse, TxnRequest,
    TxnRequestOp, TxnResponse,
};
use super::connection::{CALL, Connection, EtcdError, PROBE};
use super::plan::{GUARDED, OPERATIONS, Plan};
use crate::layout::Entry;

/// Puts every entry that is not there as it should be: in one transaction, or guarded in one each
/// where the plan says so. Gives a revision up to which nothing of others is missed; `None` for an
/// empty plan.
pub(super) async fn repair(connection: &Connection, plan: &Plan, lease: i64) -> Result<Option<i64>, EtcdError> {
    loop {
        let entries: Vec<&Entry> = plan.entries().collect();
        let (held, revision) = look(connection, &entries).await?;
        let (together, single) = held.split_at(plan.together.len().min(held.len()));
        let wrong = |held: &Option<KeyValue>, entry: &Entry| {
            held.as_ref().is_none_or(|kv| kv.lease != lease || kv.value != entry.value.as_bytes())
        };
        let puts = plan.together.iter().zip(together).filter(|(entry, held)| wrong(held, entry));
        let puts: Vec<TxnRequestOp> = puts.map(|(entry, _)| put(entry, lease)).collect();
        for chunk in puts.chunks(OPERATIONS) {
            send(connection, all(chunk.to_vec())).await?;
        }
        let mut raced = false;
        for (entry, held) in plan.single.iter().zip(single).filter(|(entry, held)| wrong(held, entry)) {
            let seen = held.as_ref().map_or(0, |kv| kv.mod_revision);
            let unchanged = Compare::mod_revision_is(&entry.key, seen);
            let guarded = TxnRequest { compare: vec![unchanged], ..all(vec![put(entry, lease)]) };
            raced |= !send(connection, guarded).await?.succeeded;
        }
        if !raced {
            return Ok(revision);
        }
        // Somebody else wrote the key since: looked at again.
        sleep(PROBE).await;
    }
}

/// Deletes those of the keys that carry our lease; each comes with whether it has a transaction of
/// its own. Gives the first revision at which one was looked at; `None` without keys.
pub(super) async fn withdraw(
    connection: &Connection,
    keys: &[(String, bool)],
    lease: i64,
) -> Result<Option<i64>, EtcdError> {
    let guarded = |key: &str| {
        let delete = DeleteRequest { key: key.into(), ..DeleteRequest::default() };
        let delete = all(vec![op(TxnOpRequest::RequestDeleteRange(delete))]);
        TxnRequest { compare: vec![Compare::lease_is(key, lease)], ..delete }
    };
    let together = keys.iter().filter(|(_, single)| !single);
    let together: Vec<TxnRequestOp> = together.map(|(key, _)| op(TxnOpRequest::RequestTxn(guarded(key)))).collect();
    let chunks = together.chunks(GUARDED).map(|chunk| all(chunk.to_vec()));
    let single = keys.iter().filter(|(_, single)| *single).map(|(key, _)| guarded(key));
    let mut revision = None;
    for txn in chunks.chain(single) {
        let done = send(connection, txn).await?;
        revision = revision.or(done.header.map(|header| header.revision));
    }
    Ok(revision)
}

/// etcd's revision now; asked for by a look at some key, which the user may be allowed to read.
pub(super) async fn revision(connection: &Connection, key: &str) -> Result<i64, EtcdError> {
    Ok(send(connection, all(vec![get(key)])).await?.header.map_or(0, |header| header.revision))
}

/// What the keys hold now, and the revision of the first look.
async fn look(connection: &Connection, entries: &[&Entry]) -> Result<(Vec<Option<KeyValue>>, Option<i64>), EtcdError> {
    let (mut held, mut revision) = (Vec::with_capacity(entries.len()), None);
    for chunk in entries.chunks(OPERATIONS) {
        let found = send(connection, all(chunk.iter().map(|entry| get(&entry.key)).collect())).await?;
        revision = revision.or(found.header.map(|header| header.revision));
        held.extend(found.responses.into_iter().map(|one| match one.response {
            Some(TxnOpResponse::ResponseRange(got)) => got.kvs.into_iter().next(),
            _ => None,
        }));
    }
    Ok((held, revision))
}

async fn send(connection: &Connection, txn: TxnRequest) -> Result<TxnResponse, EtcdError> {
    connection.call(CALL, |client: Client| async move { client.txn(txn).await }).await
}

/// Operations without a condition.
fn all(success: Vec<TxnRequestOp>) -> TxnRequest {
    TxnRequest { success, ..TxnRequest::default() }
}

fn op(request: TxnOpRequest) -> TxnRequestOp {
    TxnRequestOp { request: Some(request) }
}

fn get(key: &str) -> TxnRequestOp {
    op(TxnOpRequest::RequestRange(RangeRequest { key: key.into(), ..RangeRequest::default() }))
}

fn put(entry: &Entry, lease: i64) -> TxnRequestOp {
    let (key, value) = (entry.key.as_str().into(), entry.value.as_str().into());
    // Never without a lease: such a key would outlive everybody.
    op(TxnOpRequest::RequestPut(PutRequest { key, value, lease, ..PutRequest::default() }))
}
