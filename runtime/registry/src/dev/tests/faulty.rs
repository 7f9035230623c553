//! Registrar and resolver while their registry misbehaves.

use std::time::Duration;

use tokio::task::JoinHandle;
use tonic::Code;

use super::{client, embedded, registry};
use crate::etcd::tests::{LONG, fewest, instance, status, trusted};
use crate::{Registry, Resolver, Snapshot, Status};

async fn stale(resolver: &Resolver) {
    resolver.wait(LONG, |seen| seen.stale_since.is_some()).await.unwrap();
}

#[tokio::test]
async fn older_data_is_noticed_with_and_without_a_bump() {
    for bump in [0, 1000] {
        let dev = embedded().await;
        let (servers, faults) = (registry(&dev), dev.faults());
        let add = registry(&dev).resolve("add").unwrap();
        let first = servers.register(vec![instance("add", 8888)]).unwrap();
        trusted(&add, 1).await;
        let saved = faults.save();
        let second = servers.register(vec![instance("add", 8889)]).unwrap();
        trusted(&add, 2).await;
        let least = fewest(&add);
        faults.restore(saved, bump);
        add.wait(LONG, |seen| seen.revision != 0 && seen.trusted() < 2 || seen.stale_since.is_some()).await.unwrap();
        trusted(&add, 2).await;
        let least = least.await.unwrap();
        // A bump looks like progress: the second is away until it is registered again.
        assert!(least == 2 || bump > 0 && least == 1, "{least} with a bump of {bump}");
        drop((first, second));
    }
}

/// Older data of the same etcd, and those of another one whose revision is higher. Without a list
/// that follows, what they lack and what is written to them then would be hidden for minutes.
#[tokio::test]
async fn other_data_between_a_list_and_its_watch_are_noticed() {
    for another in [false, true] {
        let (dev, other) = (embedded().await, embedded().await);
        let mut of_other = client(&other).await;
        put(&mut of_other, 1).await;
        for _ in 0..9 {
            of_other.put("elsewhere", "", None).await.unwrap();
        }
        let mut client = client(&dev).await;
        put(&mut client, 1).await;
        let saved = if another { &other } else { &dev }.faults().save();
        put(&mut client, 2).await;
        put(&mut client, 3).await;
        dev.faults().restore_before_watch(saved);
        let add = registry(&dev).resolve("add").unwrap();
        // Nobody said that the other two had ended.
        assert_eq!(trusted(&add, 1).await.instances.len(), 3);
        put(&mut client, 4).await;
        trusted(&add, 2).await;
    }
}

/// A doubt is about the watch before it alone: what follows an outage is looked at again.
#[tokio::test]
async fn other_data_after_an_outage_that_began_in_a_doubt_are_noticed() {
    let end = std::time::Instant::now() + LONG;
    let rest = |what| {
        assert!(std::time::Instant::now() < end, "{what}");
        tokio::task::yield_now()
    };
    loop {
        rest("a list always comes before the outage").await;
        let dev = embedded().await;
        let (faults, mut client) = (dev.faults(), client(&dev).await);
        put(&mut client, 1).await;
        let saved = faults.save();
        put(&mut client, 2).await;
        put(&mut client, 3).await;
        faults.open_watches_behind(true);
        let before = faults.calls();
        let add = registry(&dev).resolve("add").unwrap();
        while faults.calls() - before < 2 {
            rest("no watch").await;
        }
        faults.fail(Code::Unavailable, "away", 1_000);
        if faults.calls() - before > 2 {
            continue;
        }
        while faults.calls() - before < 3 {
            rest("no list in the outage").await;
        }
        faults.open_watches_behind(false);
        faults.restore_before_watch(saved);
        faults.stop_failing();
        assert_eq!(trusted(&add, 1).await.instances.len(), 3);
        return;
    }
}

#[tokio::test]
async fn a_watch_on_a_member_that_lags_is_kept_after_one_more_list() {
    let dev = embedded().await;
    let (faults, mut client) = (dev.faults(), client(&dev).await);
    put(&mut client, 1).await;
    put(&mut client, 2).await;
    faults.open_watches_behind(true);
    let before = faults.calls();
    let add = registry(&dev).resolve("add").unwrap();
    trusted(&add, 2).await;
    let end = std::time::Instant::now() + LONG;
    while faults.calls() - before < 4 {
        assert!(std::time::Instant::now() < end, "no list again");
        tokio::task::yield_now().await;
    }
    let lease = client.lease_grant(2, None).await.unwrap().id();
    let options = etcd_client::PutOptions::new().with_lease(lease);
    let value = r#"{"network":"tcp","address":"127.0.0.1:3"}"#;
    client.put("kitex/registry-etcd/add/127.0.0.1:3", value, Some(options)).await.unwrap();
    trusted(&add, 3).await;
    // The lease's time is more than a loop would wait.
    trusted(&add, 2).await;
    // Two lists, two watches, and the two calls of this test.
    assert_eq!(faults.calls() - before, 6);
}

#[tokio::test]
async fn what_is_paused_does_not_come_back_with_older_data() {
    let dev = embedded().await;
    let (servers, faults) = (registry(&dev), dev.faults());
    let add = registry(&dev).resolve("add").unwrap();
    let kept = servers.register(vec![instance("add", 8888)]).unwrap();
    trusted(&add, 1).await;
    let saved = faults.save();
    kept.pause();
    trusted(&add, 0).await;
    status(&kept, |status| *status == Status::Paused).await;
    faults.restore(saved, 0);
    // The entry is there at this moment; the owner's lease has come back with it.
    let mut client = client(&dev).await;
    let end = std::time::Instant::now() + LONG;
    while !client.get("kitex/registry-etcd/add/127.0.0.1:8888", None).await.unwrap().kvs().is_empty() {
        assert!(std::time::Instant::now() < end, "the entry stays");
    }
    trusted(&add, 0).await;
    assert_eq!(*kept.status().borrow(), Status::Paused);
    kept.resume();
    trusted(&add, 1).await;
}

#[tokio::test]
async fn another_cluster_in_the_same_place_is_noticed() {
    let dev = embedded().await;
    let add = registry(&dev).resolve("add").unwrap();
    let servers = registry(&dev);
    let kept = servers.register(vec![instance("add", 8888)]).unwrap();
    trusted(&add, 1).await;
    let empty = embedded().await.faults().save();
    dev.faults().restore(empty, 0);
    dev.faults().set_cluster(42);
    status(&kept, |status| *status == Status::Lost).await;
    trusted(&add, 1).await;
    assert_eq!(client(&dev).await.leases().await.unwrap().header().unwrap().cluster_id(), 42);
}

/// Puts an entry of `add` without a lease.
async fn put(client: &mut etcd_client::Client, port: u16) -> i64 {
    let key = format!("kitex/registry-etcd/add/127.0.0.1:{port}");
    let value = format!(r#"{{"network":"tcp","address":"127.0.0.1:{port}"}}"#);
    client.put(key, value, None).await.unwrap().header().unwrap().revision()
}

async fn delete(client: &mut etcd_client::Client, port: u16) {
    client.delete(format!("kitex/registry-etcd/add/127.0.0.1:{port}"), None).await.unwrap();
}

#[tokio::test]
async fn a_compaction_while_the_resolver_is_cut_hides_nothing() {
    // What the resolver saw last lies below, at and above the revision of the compaction.
    for compacted in [1, 0, -1] {
        let (dev, elsewhere) = (embedded().await, embedded().await);
        let faults = dev.faults();
        let mut before = client(&dev).await;
        put(&mut before, 1).await;
        let seen = put(&mut before, 2).await;
        let add = registry(&dev).resolve("add").unwrap();
        trusted(&add, 2).await;
        // The same data go on in another place while nobody sees it.
        elsewhere.faults().restore(faults.save(), 0);
        let mut after = client(&elsewhere).await;
        delete(&mut after, 1).await;
        put(&mut after, 3).await;
        after.compact(seen + compacted, None).await.unwrap();
        faults.fail(Code::Unavailable, "cut", usize::MAX >> 40);
        faults.drop_connections();
        stale(&add).await;
        faults.restore(elsewhere.faults().save(), 0);
        assert!(faults.stop_failing() > 0);
        let holds = |seen: &Snapshot| {
            let ids: Vec<&str> = seen.instances.iter().map(|one| one.id.as_str()).collect();
            ids == ["127.0.0.1:2", "127.0.0.1:3"] && seen.trusted() == 2 && seen.stale_since.is_none()
        };
        add.wait(LONG, holds).await.unwrap();
    }
}

#[tokio::test]
async fn a_batch_that_is_cut_or_told_twice_changes_nothing() {
    let dev = embedded().await;
    let (faults, mut client) = (dev.faults(), client(&dev).await);
    let add = registry(&dev).resolve("add").unwrap();
    assert!(add.ready(LONG).await.unwrap().instances.is_empty());
    faults.double_events(true);
    for port in 1..=4 {
        put(&mut client, port).await;
    }
    trusted(&add, 4).await;
    delete(&mut client, 4).await;
    trusted(&add, 3).await;
    faults.double_events(false);
    faults.cut_next_batch();
    let puts = (10..20).map(|port| {
        let value = format!(r#"{{"network":"tcp","address":"127.0.0.1:{port}"}}"#);
        etcd_client::TxnOp::put(format!("kitex/registry-etcd/add/127.0.0.1:{port}"), value, None)
    });
    client.txn(etcd_client::Txn::new().and_then(puts.collect::<Vec<_>>())).await.unwrap();
    trusted(&add, 13).await;
    // Broken connections while things happen.
    for port in 20..30 {
        faults.drop_connections();
        let mut fresh = super::client(&dev).await;
        put(&mut fresh, port).await;
    }
    trusted(&add, 23).await;
}

#[tokio::test]
async fn a_registry_that_is_full_or_without_quorum_takes_nobody_away() {
    let dev = embedded().await;
    let (servers, faults) = (registry(&dev), dev.faults());
    let add = registry(&dev).resolve("add").unwrap();
    let kept = servers.register(vec![instance("add", 8888)]).unwrap();
    trusted(&add, 1).await;
    let errors = [
        (Code::ResourceExhausted, "etcdserver: mvcc: database space exceeded"),
        (Code::Unavailable, "etcdserver: no leader"),
        (Code::Unavailable, "etcdserver: request timed out"),
    ];
    for (code, text) in errors {
        faults.fail(code, text, usize::MAX >> 40);
        faults.drop_connections();
        stale(&add).await;
        assert_eq!(add.snapshot().instances.len(), 1);
        assert!(faults.stop_failing() > 0);
        trusted(&add, 1).await;
        status(&kept, |status| matches!(status, Status::Registered(_))).await;
    }
}

#[tokio::test]
async fn a_frozen_one_takes_nobody_away() {
    let dev = embedded().await;
    let (servers, faults) = (registry(&dev), dev.faults());
    let add = registry(&dev).resolve("add").unwrap();
    let kept = servers.register(vec![instance("add", 8888)]).unwrap();
    trusted(&add, 1).await;
    let least: JoinHandle<usize> = fewest(&add);
    faults.freeze();
    stale(&add).await;
    status(&kept, |status| *status == Status::Lost).await;
    faults.thaw();
    trusted(&add, 1).await;
    status(&kept, |status| matches!(status, Status::Registered(_))).await;
    assert_eq!(least.await.unwrap(), 1);
}

/// A member that lost its leader ends its watches and lets every other call wait for seconds.
#[tokio::test]
async fn a_member_whose_watch_broke_is_not_asked_again() {
    let (left, next) = (embedded().await, embedded().await);
    let both = format!("etcd://{},{}?ttl=2", left.address(), next.address());
    put(&mut client(&left).await, 1).await;
    let add = Registry::open(&both).unwrap().resolve("add").unwrap();
    trusted(&add, 1).await;
    next.faults().restore(left.faults().save(), 0);
    put(&mut client(&next).await, 2).await;
    let never = 1 << 20;
    left.faults().fail(Code::Unavailable, "etcdserver: no leader", never);
    left.faults().drop_connections();
    trusted(&add, 2).await;
    assert_eq!(left.faults().stop_failing(), never);
}

#[tokio::test]
async fn what_is_slow_is_waited_for() {
    let dev = embedded().await;
    dev.faults().delay(Duration::from_millis(200));
    let kept = registry(&dev).register(vec![instance("add", 8888)]).unwrap();
    let add = registry(&dev).resolve("add").unwrap();
    trusted(&add, 1).await;
    // Watches that tell nothing: the next list shows it.
    dev.faults().swallow_events(true);
    let second = registry(&dev).register(vec![instance("add", 8889)]).unwrap();
    second.registered().await.unwrap();
    assert_eq!(add.snapshot().instances.len(), 1);
    dev.faults().drop_connections();
    trusted(&add, 2).await;
    drop(kept);
}
