use std::time::Instant;

use super::process::EtcdProcess;

use crate::url::hide;
use crate::{Endpoint, Instance, Password, Registry, Resolver, Snapshot, Status};

use super::*;

pub(crate) const LONG: Duration = Duration::from_secs(60);
const KEY: &str = "kitex/registry-etcd/add/127.0.0.1:8888";

/// The settings in a URL of etcd; `password` is what the environment holds.
pub(crate) fn settings(text: &str, password: Option<&Password>) -> EtcdUrl {
    let (shown, secret) = hide(text);
    EtcdUrl::read(&Url::new(&shown, secret.as_ref().or(password), 0)).unwrap()
}

pub(crate) fn instance(service: &str, port: u16) -> Instance {
    Instance::new(service, Endpoint::new("thrift", "127.0.0.1", port))
}

pub(crate) async fn trusted(resolver: &Resolver, count: usize) -> Arc<Snapshot> {
    let fresh = |snapshot: &Snapshot| snapshot.trusted() == count && snapshot.stale_since.is_none();
    resolver.wait(LONG, fresh).await.unwrap()
}

pub(crate) async fn status(kept: &crate::Registration, wanted: impl Fn(&Status) -> bool) {
    let mut status = kept.status();
    let seen = tokio::time::timeout(LONG, status.wait_for(|status| wanted(status))).await.is_ok();
    assert!(seen, "it stays at {:?}", *kept.status().borrow());
}

/// The behaviour of every registry; run against memory, etcd and the embedded registry. `weight` is what becomes of a
/// weight there, nothing where there is no room for one.
pub(crate) async fn suite(servers: Registry, callers: Registry, weight: fn(u32) -> Option<u32>) {
    let add = callers.resolve("add").unwrap();
    assert!(add.ready(LONG).await.unwrap().instances.is_empty());
    let both = vec![instance("add", 8888), instance("echo", 8888)];
    let first = servers.register(both).unwrap();
    first.registered().await.unwrap();
    assert!(first.is_registered());
    let found = trusted(&add, 1).await;
    assert_eq!(found.instances[0].endpoints[0].address(), "127.0.0.1:8888");
    assert_eq!(callers.resolve("ad").unwrap().ready(LONG).await.unwrap().instances.len(), 0);
    let second = servers.register(vec![instance("add", 8889).with_weight(30)]).unwrap();
    trusted(&add, 2).await;
    // Entries of several layouts come one after the other.
    let thirty = weight(30).unwrap_or(10);
    add.wait(LONG, |snapshot| snapshot.instances.iter().any(|one| one.weight == thirty)).await.unwrap();
    // The same address again, as after a restart; the old owner's late end takes nothing away.
    let again = servers.register(vec![instance("add", 8888).with_weight(20)]).unwrap();
    again.registered().await.unwrap();
    let twenty = weight(20).unwrap_or(10);
    let newer = |snapshot: &Snapshot| snapshot.instances.first().is_some_and(|one| one.weight == twenty);
    add.wait(LONG, newer).await.unwrap();
    first.deregister().await;
    second.deregister().await;
    trusted(&add, 1).await;
    add.wait(LONG, newer).await.unwrap();
    again.deregister().await;
    trusted(&add, 0).await;
}

#[tokio::test]
async fn memory_passes_the_suite() {
    let registry = Registry::open("memory").unwrap();
    suite(registry.clone(), registry, Some).await;
}

#[tokio::test]
async fn every_etcd_passes_the_suite() {
    for mut etcd in EtcdProcess::all() {
        etcd.start();
        suite(Registry::open(&etcd.url()).unwrap(), Registry::open(&etcd.url()).unwrap(), Some).await;
        let left = etcd.client().await.leases().await.unwrap();
        assert!(left.leases().is_empty(), "a lease was left");
    }
}

/// Nobody listens on port 1.
#[tokio::test]
async fn a_client_is_told_at_once_that_the_registry_is_away_and_why() {
    let registry = Registry::open_alone("etcd://127.0.0.1:1").unwrap();
    let add = registry.resolve("add").unwrap();
    let error = add.ready_or_away(LONG).await.unwrap_err().to_string();
    assert!(error.contains("nothing is known yet of service `add`"), "{error}");
    assert!(error.contains("asked etcd 127.0.0.1:1 under kitex/registry-etcd/add/"), "{error}");
    assert!(error.contains("which is away: ") && error.contains("refused"), "{error}");
    assert!(add.snapshot().away.is_some());
}

#[tokio::test]
async fn what_is_written_is_what_kitex_writes() {
    let Some(etcd) = EtcdProcess::started() else { return };
    let registry = Registry::open(&etcd.url()).unwrap();
    let kept = registry.register(vec![instance("add", 8888)]).unwrap();
    let text = kept.registered().await.unwrap().to_string();
    assert!(text.starts_with("registered in etcd 127.0.0.1:"), "{text}");
    assert!(text.ends_with(&format!("as {KEY}, lease 2 s")), "{text}");
    let got = etcd.client().await.get(KEY, None).await.unwrap();
    let kv = &got.kvs()[0];
    let value = r#"{"network":"tcp","address":"127.0.0.1:8888","weight":10,"tags":null}"#;
    assert_eq!(kv.value_str().unwrap(), value);
    assert_ne!(kv.lease(), 0);
}

#[tokio::test]
async fn etcd_may_come_later_and_go_and_lose_its_data() {
    for etcd in EtcdProcess::all() {
        comes_and_goes(etcd).await;
    }
}

async fn comes_and_goes(mut etcd: EtcdProcess) {
    let registry = Registry::open(&etcd.url()).unwrap();
    let callers = Registry::open(&etcd.url()).unwrap();
    let kept = registry.register(vec![instance("add", 8888)]).unwrap();
    let add = callers.resolve("add").unwrap();
    status(&kept, |status| matches!(status, Status::Away(_))).await;
    etcd.start();
    trusted(&add, 1).await;
    for wipe in [false, true] {
        etcd.kill();
        let stale = add.wait(LONG, |snapshot| snapshot.stale_since.is_some()).await.unwrap();
        assert_eq!(stale.instances.len(), 1);
        status(&kept, |status| *status == Status::Lost).await;
        if wipe {
            etcd.wipe();
        }
        etcd.start();
        trusted(&add, 1).await;
        status(&kept, |status| matches!(status, Status::Registered(_))).await;
        assert!(!add.snapshot().instances.is_empty());
    }
    kept.deregister().await;
}

#[tokio::test]
async fn keys_that_strangers_take_are_put_again() {
    let Some(etcd) = EtcdProcess::started() else { return };
    let registry = Registry::open(&etcd.url()).unwrap();
    let kept = registry.register(vec![instance("add", 8888), instance("echo", 8888)]).unwrap();
    kept.registered().await.unwrap();
    let mut client = etcd.client().await;
    for _ in 0..2 {
        client.delete(KEY, None).await.unwrap();
        put_again(&mut client).await;
        client.put(KEY, "nonsense", None).await.unwrap();
        put_again(&mut client).await;
    }
    let lease = client.get(KEY, None).await.unwrap().kvs()[0].lease();
    client.lease_client().revoke(lease).await.unwrap();
    put_again(&mut client).await;
}

async fn put_again(client: &mut etcd_client::Client) {
    let end = Instant::now() + LONG;
    loop {
        let got = client.get(KEY, None).await.unwrap();
        let ours = got.kvs().first().is_some_and(|kv| kv.lease() != 0 && kv.value() != b"nonsense");
        if ours {
            return;
        }
        assert!(Instant::now() < end, "the key was not put again");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_skipped_and_the_rest_is_seen() {
    let Some(etcd) = EtcdProcess::started() else { return };
    let add = Registry::open(&etcd.url()).unwrap().resolve("add").unwrap();
    let mut client = etcd.client().await;
    let good = r#"{"network":"tcp","address":"127.0.0.1:8888","weight":0}"#;
    let bad: [(&[u8], &[u8]); 5] =
        [(b"a", b"{"), (b"b", b"null"), (b"c", b"{}"), (b"d\xff", b"\xff"), (b"e", &[b' '; 900_000])];
    for (key, value) in bad {
        client.put([b"kitex/registry-etcd/add/", key].concat(), value, None).await.unwrap();
    }
    client.put(KEY, good, None).await.unwrap();
    client.put("kitex/registry-etcd/add/again", good, None).await.unwrap();
    client.put("kitex/registry-etcd/address/x", good, None).await.unwrap();
    let seen = add.wait(LONG, |snapshot| snapshot.skipped == 5 && snapshot.trusted() == 1).await.unwrap();
    assert_eq!(seen.instances[0].weight, 10);
    // A compaction in between changes nothing.
    let revision = client.put(KEY, good.replace(":0", ":7"), None).await.unwrap();
    client.compact(revision.header().unwrap().revision(), None).await.unwrap();
    let seven = |snapshot: &Snapshot| snapshot.instances.iter().any(|one| one.weight == 7);
    client.delete("kitex/registry-etcd/add/again", None).await.unwrap();
    add.wait(LONG, seven).await.unwrap();
}

/// Everything that a caller saw: the fewest instances of any snapshot once there was one.
pub(crate) fn fewest(resolver: &Resolver) -> tokio::task::JoinHandle<usize> {
    let mut resolver = resolver.clone();
    tokio::spawn(async move {
        let mut fewest = resolver.snapshot().instances.len();
        while fewest > 0 {
            let next = tokio::time::timeout(Duration::from_secs(8), resolver.changed()).await;
            let Ok(snapshot) = next else { return fewest };
            fewest = fewest.min(snapshot.instances.len());
        }
        fewest
    })
}

#[tokio::test]
async fn a_frozen_etcd_takes_nobody_away() {
    let Some(etcd) = EtcdProcess::started() else { return };
    let servers = Registry::open(&etcd.url()).unwrap();
    let callers = Registry::open(&etcd.url()).unwrap();
    let one = servers.register(vec![instance("add", 8888)]).unwrap();
    let two = servers.register(vec![instance("add", 8889), instance("echo", 8889)]).unwrap();
    let (add, echo) = (callers.resolve("add").unwrap(), callers.resolve("echo").unwrap());
    trusted(&add, 2).await;
    trusted(&echo, 1).await;
    let (least_add, least_echo) = (fewest(&add), fewest(&echo));
    etcd.signal("STOP");
    add.wait(LONG, |snapshot| snapshot.stale_since.is_some()).await.unwrap();
    status(&one, |status| *status == Status::Lost).await;
    etcd.signal("CONT");
    trusted(&add, 2).await;
    trusted(&echo, 1).await;
    assert_eq!((least_add.await.unwrap(), least_echo.await.unwrap()), (2, 1));
    drop((one, two));
}

#[tokio::test]
async fn older_data_is_noticed() {
    for etcd in EtcdProcess::all() {
        goes_back(etcd).await;
    }
}

async fn goes_back(mut etcd: EtcdProcess) {
    etcd.start();
    let servers = Registry::open(&etcd.url()).unwrap();
    let add = Registry::open(&etcd.url()).unwrap().resolve("add").unwrap();
    let first = servers.register(vec![instance("add", 8888)]).unwrap();
    trusted(&add, 1).await;
    etcd.save();
    let second = servers.register(vec![instance("add", 8889)]).unwrap();
    let third = servers.register(vec![instance("add", 8890)]).unwrap();
    trusted(&add, 3).await;
    third.deregister().await;
    trusted(&add, 2).await;
    etcd.kill();
    etcd.restore();
    etcd.start();
    add.wait(LONG, |snapshot| snapshot.stale_since.is_some() || snapshot.trusted() < 2).await.unwrap();
    let seen = trusted(&add, 2).await;
    assert!(seen.instances.len() >= 2);
    drop((first, second));
}

#[tokio::test]
async fn a_long_list_is_whole() {
    let Some(etcd) = EtcdProcess::started() else { return };
    let mut client = etcd.client().await;
    for hundred in 0..25 {
        let puts = (0..100).map(|one| {
            let address = format!("10.0.{hundred}.{one}:80");
            let value = format!(r#"{{"network":"tcp","address":"{address}"}}"#);
            etcd_client::TxnOp::put(format!("kitex/registry-etcd/add/{address}"), value, None)
        });
        let txn = etcd_client::Txn::new().and_then(puts.collect::<Vec<_>>());
        client.txn(txn).await.unwrap();
    }
    let add = Registry::open(&etcd.url()).unwrap().resolve("add").unwrap();
    assert_eq!(add.ready(LONG).await.unwrap().instances.len(), 2500);
}

#[tokio::test]
async fn a_password_is_used_and_a_wrong_one_is_told() {
    let Some(etcd) = EtcdProcess::started() else { return };
    let mut client = etcd.client().await;
    client.user_add("root", "s3cret", None).await.unwrap();
    client.role_add("root").await.unwrap();
    client.user_grant_role("root", "root").await.unwrap();
    client.auth_enable().await.unwrap();
    let url = |login: &str| etcd.url().replace("etcd://", &format!("etcd://{login}@"));
    let wrong = Registry::open(&url("root:nonsense")).unwrap();
    let refused = wrong.register(vec![instance("add", 8888)]).unwrap();
    status(&refused, |status| matches!(status, Status::Refused(_))).await;
    let right = Registry::open(&url("root:s3cret")).unwrap();
    let kept = right.register(vec![instance("add", 8888)]).unwrap();
    trusted(&right.resolve("add").unwrap(), 1).await;
    kept.deregister().await;
}

#[tokio::test]
async fn a_dead_member_is_left_for_another() {
    let (Some(etcd), Some(dead)) = (EtcdProcess::started(), EtcdProcess::prepare()) else { return };
    let address = |etcd: &EtcdProcess| etcd.url().replace("etcd://", "").replace("?ttl=2", "");
    let url = format!("etcd://{},{}?ttl=2", address(&dead), address(&etcd));
    let registry = Registry::open(&url).unwrap();
    let kept = registry.register(vec![instance("add", 8888)]).unwrap();
    trusted(&registry.resolve("add").unwrap(), 1).await;
    kept.deregister().await;
}
