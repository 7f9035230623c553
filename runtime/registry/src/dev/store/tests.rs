use std::time::Duration;

use crate::dev::messages::*;

use super::*;
use crate::dev::watch::{PROGRESS, Wanted, Watches};

const NOW: Duration = Duration::from_secs(100);

fn store() -> Store {
    Store::new(1, 2, Bounds { revisions: 1000, ..Bounds::default() })
}

fn put(store: &mut Store, key: &str, lease: i64) -> i64 {
    let request = PutRequest { key: key.into(), value: b"v".to_vec(), lease, ..PutRequest::default() };
    store.put(&request).unwrap().header.unwrap().revision
}

fn delete(store: &mut Store, key: &str, end: &str) -> i64 {
    let request = DeleteRequest { key: key.into(), range_end: end.into(), ..DeleteRequest::default() };
    store.delete(&request).unwrap().deleted
}

fn keys(store: &Store, revision: i64) -> Result<Vec<String>, Failure> {
    let all = RangeRequest { key: vec![0], range_end: vec![0], revision, ..RangeRequest::default() };
    let found = store.range(&all)?.kvs.into_iter();
    Ok(found.map(|kv| String::from_utf8(kv.key).unwrap()).collect())
}

fn all() -> Wanted {
    Wanted { range_end: vec![0], puts: true, deletes: true, ..Wanted::default() }
}

/// Everything that is told now, as `+key` and `-key`; one list an answer.
fn told(watches: &mut Watches, store: &Store) -> Vec<Vec<String>> {
    let mut told = Vec::new();
    loop {
        let answers = watches.poll(store, NOW);
        if answers.is_empty() {
            return told;
        }
        told.extend(answers.into_iter().map(|answer| answer.events.into_iter().map(text).collect()));
    }
}

fn text(event: Event) -> String {
    let sign = if event.r#type == 0 { '+' } else { '-' };
    format!("{sign}{}", String::from_utf8(event.kv.unwrap().key).unwrap())
}

#[test]
fn a_lease_takes_its_keys_at_one_revision_when_its_time_is_over() {
    let mut store = store();
    let grant = |id, ttl| LeaseGrantRequest { id, ttl };
    assert_eq!(store.grant(&grant(7, 1), NOW).unwrap().ttl, 2, "etcd grants no less");
    store.grant(&grant(8, 10), NOW).unwrap();
    put(&mut store, "a", 7);
    put(&mut store, "b", 7);
    put(&mut store, "c", 7);
    let last = put(&mut store, "c", 8);
    assert_eq!(store.next_expiry(), Some(NOW + Duration::from_secs(2)));
    let later = NOW + Duration::from_millis(1900);
    assert_eq!(store.keep_alive(7, later).ttl, 2);
    store.expire(later + Duration::from_millis(1999));
    assert_eq!(keys(&store, 0).unwrap(), ["a", "b", "c"]);
    let end = later + Duration::from_secs(2);
    assert_eq!(store.keep_alive(7, end).ttl, 0, "its time is over");
    store.expire(end);
    assert_eq!((keys(&store, 0).unwrap(), store.revision()), (vec!["c".to_owned()], last + 1));
    assert_eq!(keys(&store, last).unwrap(), ["a", "b", "c"]);
    assert_eq!(store.leases().leases.len(), 1);
}

#[test]
fn history_ends_at_its_bound_and_reading_says_so() {
    let mut store = store();
    for _ in 0..1500 {
        put(&mut store, "a", 0);
    }
    assert!(store.log.len() <= 1000 && store.compacted() > 1);
    assert_eq!(keys(&store, 2), Err(Failure::Compacted));
    assert_eq!(keys(&store, store.revision() + 1), Err(Failure::FutureRevision));
    assert_eq!(keys(&store, store.compacted()).unwrap(), ["a"]);
    let size = store.size();
    for _ in 0..5000 {
        put(&mut store, "a", 0);
    }
    assert!(store.size() <= size * 2, "{} and {size} bytes", store.size());
    delete(&mut store, "a", "");
    let revision = store.revision();
    store.compact(&CompactionRequest { revision, physical: false }).unwrap();
    assert_eq!((store.size(), store.keys.len()), (0, 0));
}

#[test]
fn a_watch_sees_history_then_the_present() {
    let mut store = store();
    put(&mut store, "a", 0);
    let from = put(&mut store, "b", 0);
    let mut watches = Watches::default();
    let old = watches.create(Wanted { start: from, ..all() }, &store, NOW);
    let new = watches.create(Wanted { puts: false, ..all() }, &store, NOW);
    assert_eq!((old.watch_id, new.watch_id, old.created && new.created), (0, 1, true));
    assert_eq!(told(&mut watches, &store), [["+b"]]);
    put(&mut store, "c", 0);
    delete(&mut store, "a", "d");
    assert_eq!(told(&mut watches, &store), [vec!["+c", "-a", "-b", "-c"], vec!["-a", "-b", "-c"]]);
    assert!(watches.cancel(1, &store).unwrap().canceled);
    assert!(watches.cancel(1, &store).is_none());
    assert!(watches.create(Wanted { id: -2, ..all() }, &store, NOW).canceled);
    assert!(watches.create(Wanted { key: b"b".to_vec(), range_end: b"a".to_vec(), ..all() }, &store, NOW).canceled);
}

#[test]
fn a_watch_that_fell_behind_a_compaction_is_canceled() {
    let mut store = store();
    let mut watches = Watches::default();
    let first = put(&mut store, "a", 0);
    delete(&mut store, "a", "");
    let last = put(&mut store, "b", 0);
    watches.create(Wanted { start: first, ..all() }, &store, NOW);
    watches.create(Wanted { start: last, ..all() }, &store, NOW);
    store.compact(&CompactionRequest { revision: last, physical: false }).unwrap();
    let answers = watches.poll(&store, NOW);
    let canceled: Vec<_> = answers.iter().filter(|answer| answer.canceled).collect();
    assert_eq!(canceled.len(), 1);
    assert_eq!((canceled[0].watch_id, canceled[0].compact_revision), (0, last));
    assert_eq!(answers.len(), 2, "the other one sees `b`");
    assert!(watches.poll(&store, NOW).is_empty());
}

#[test]
fn a_long_history_comes_in_batches_that_split_no_revision() {
    let mut store = Store::new(1, 2, Bounds { revisions: 5000, ..Bounds::default() });
    let ops = |round: usize| {
        let put = |one| PutRequest { key: format!("{round}/{one}").into(), ..PutRequest::default() };
        let puts = (0..3).map(|one| TxnRequestOp { request: Some(TxnOpRequest::RequestPut(put(one))) });
        TxnRequest { success: puts.collect(), ..TxnRequest::default() }
    };
    for round in 0..2500 {
        store.txn(&ops(round)).unwrap();
    }
    let mut watches = Watches::default();
    watches.create(Wanted { start: 1, ..all() }, &store, NOW);
    let told: Vec<usize> = told(&mut watches, &store).iter().map(Vec::len).collect();
    assert_eq!(told, [3000, 3000, 1500]);
}

#[test]
fn a_silent_watch_is_told_the_revision() {
    let mut store = store();
    let mut watches = Watches::default();
    watches.create(Wanted { key: b"x".to_vec(), range_end: Vec::new(), progress: true, ..all() }, &store, NOW);
    assert_eq!(watches.next_progress(), Some(NOW + PROGRESS));
    let revision = put(&mut store, "a", 0);
    assert!(watches.poll(&store, NOW).is_empty());
    watches.ask();
    let asked = watches.poll(&store, NOW);
    assert_eq!((asked[0].watch_id, asked[0].header.unwrap().revision), (-1, revision));
    let silent = watches.poll(&store, NOW + PROGRESS);
    assert_eq!((silent.len(), silent[0].watch_id, silent[0].events.len()), (1, 0, 0));
    assert!(watches.poll(&store, NOW + PROGRESS).is_empty());
}

#[test]
fn no_key_is_changed_twice_by_one_transaction() {
    let mut store = store();
    let put = PutRequest { key: b"b".to_vec(), ..PutRequest::default() };
    let put = || TxnRequestOp { request: Some(TxnOpRequest::RequestPut(put.clone())) };
    let delete = |end: &[u8]| {
        let delete = DeleteRequest { key: b"a".to_vec(), range_end: end.to_vec(), ..DeleteRequest::default() };
        TxnRequestOp { request: Some(TxnOpRequest::RequestDeleteRange(delete)) }
    };
    let txn = |success| TxnRequest { success, ..TxnRequest::default() };
    let nested = |success, failure| {
        let inner = TxnRequest { success, failure, ..TxnRequest::default() };
        TxnRequestOp { request: Some(TxnOpRequest::RequestTxn(inner)) }
    };
    let twice = [
        vec![put(), put()],
        vec![put(), delete(b"c")],
        vec![put(), delete(&[0])],
        vec![put(), nested(vec![put()], vec![])],
        vec![delete(b"c"), nested(vec![], vec![put()])],
        vec![nested(vec![put()], vec![]), nested(vec![], vec![put()])],
    ];
    for ops in twice {
        assert_eq!(store.txn(&txn(ops)).unwrap_err(), Failure::DuplicateKey);
    }
    for ops in [vec![put(), delete(b"b")], vec![nested(vec![put()], vec![put()])], vec![delete(b"c"), delete(b"c")]] {
        store.txn(&txn(ops)).unwrap();
    }
}
