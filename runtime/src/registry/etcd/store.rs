//! The transactions of a registration: what is put carries a lease, what is deleted carries ours.
//! Knows no layout and keeps nothing.

use etcd_client::{
    Client, Compare, CompareOp, KeyValue, PutOptions, ResponseHeader, Txn, TxnOp, TxnOpResponse, TxnResponse,
};
use tokio::time::sleep;

use super::connection::{CALL, Connection, Fault, PROBE};
use super::plan::{GUARDED, OPERATIONS, Plan};
use crate::registry::layout::Entry;

/// Puts every entry that is not there as it should be: in one transaction, or guarded in one each
/// where the plan says so. Gives a revision up to which nothing of others is missed; `None` for an
/// empty plan.
pub(super) async fn repair(connection: &Connection, plan: &Plan, lease: i64) -> Result<Option<i64>, Fault> {
    loop {
        let entries: Vec<&Entry> = plan.entries().collect();
        let (held, revision) = look(connection, &entries).await?;
        let (together, single) = held.split_at(plan.together.len().min(held.len()));
        let wrong = |held: &Option<KeyValue>, entry: &Entry| {
            held.as_ref().is_none_or(|kv| kv.lease() != lease || kv.value() != entry.value.as_bytes())
        };
        let puts = plan.together.iter().zip(together).filter(|(entry, held)| wrong(held, entry));
        let puts: Vec<TxnOp> = puts.map(|(entry, _)| put(entry, lease)).collect();
        for chunk in puts.chunks(OPERATIONS) {
            send(connection, Txn::new().and_then(chunk)).await?;
        }
        let mut raced = false;
        for (entry, held) in plan.single.iter().zip(single).filter(|(entry, held)| wrong(held, entry)) {
            let seen = held.as_ref().map_or(0, KeyValue::mod_revision);
            let unchanged = Compare::mod_revision(entry.key.as_str(), CompareOp::Equal, seen);
            let done = send(connection, Txn::new().when([unchanged]).and_then([put(entry, lease)])).await?;
            raced |= !done.succeeded();
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
) -> Result<Option<i64>, Fault> {
    let ours = |key: &str| Compare::lease(key, CompareOp::Equal, lease);
    let guarded = |key: &str| Txn::new().when([ours(key)]).and_then([TxnOp::delete(key, None)]);
    let together: Vec<TxnOp> =
        keys.iter().filter(|(_, single)| !single).map(|(key, _)| TxnOp::txn(guarded(key))).collect();
    let chunks = together.chunks(GUARDED).map(|chunk| Txn::new().and_then(chunk));
    let single = keys.iter().filter(|(_, single)| *single).map(|(key, _)| guarded(key));
    let mut revision = None;
    for txn in chunks.chain(single) {
        let done = send(connection, txn).await?;
        revision = revision.or(done.header().map(ResponseHeader::revision));
    }
    Ok(revision)
}

/// etcd's revision now; asked for by a look at some key, which the user may be allowed to read.
pub(super) async fn revision(connection: &Connection, key: &str) -> Result<i64, Fault> {
    let get = Txn::new().and_then([TxnOp::get(key, None)]);
    Ok(send(connection, get).await?.header().map_or(0, ResponseHeader::revision))
}

/// What the keys hold now, and the revision of the first look.
async fn look(connection: &Connection, entries: &[&Entry]) -> Result<(Vec<Option<KeyValue>>, Option<i64>), Fault> {
    let (mut held, mut revision) = (Vec::with_capacity(entries.len()), None);
    for chunk in entries.chunks(OPERATIONS) {
        let gets: Vec<TxnOp> = chunk.iter().map(|entry| TxnOp::get(entry.key.as_str(), None)).collect();
        let found = send(connection, Txn::new().and_then(gets)).await?;
        revision = revision.or(found.header().map(ResponseHeader::revision));
        held.extend(found.op_responses().into_iter().map(|one| match one {
            TxnOpResponse::Get(got) => got.kvs().first().cloned(),
            _ => None,
        }));
    }
    Ok((held, revision))
}

async fn send(connection: &Connection, txn: Txn) -> Result<TxnResponse, Fault> {
    connection.call(CALL, |client: Client| async move { client.kv_client().txn(txn).await }).await
}

fn put(entry: &Entry, lease: i64) -> TxnOp {
    // Never without a lease: such a key would outlive everybody.
    let options = PutOptions::new().with_lease(lease);
    TxnOp::put(entry.key.as_str(), entry.value.as_str(), Some(options))
}
