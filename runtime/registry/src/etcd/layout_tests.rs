//! Several layouts against a real etcd: what is written where, in which transactions, and how it
//! changes while it runs.

use std::collections::BTreeSet;

use super::process::EtcdProcess;
use super::tests::{LONG, instance, status, suite, trusted};
use super::*;
use crate::registration::Reason;
use crate::{Endpoint, Instance, Registration, Registry, Status};

/// All six; three of them know no prefix of their own, so two are given one.
const ALL: &str = "kitex,kratos,go-micro,go-kit:kit,grpc:naming,go-zero";

fn open(etcd: &EtcdProcess, layouts: &str) -> Registry {
    Registry::open(&format!("{}&layout={layouts}", etcd.url())).unwrap()
}

async fn registered(kept: &Registration) -> Vec<String> {
    tokio::time::timeout(LONG, kept.registered()).await.unwrap().unwrap().keys.clone()
}

#[tokio::test]
async fn every_etcd_passes_the_suite_in_every_layout() {
    for mut etcd in EtcdProcess::all() {
        etcd.start();
        passes_in_every_layout(&etcd).await;
    }
}

async fn passes_in_every_layout(etcd: &EtcdProcess) {
    for layouts in layout::LAYOUTS.map(|layout| layout.0).into_iter().chain([ALL, "go-micro,kitex"]) {
        let weight: fn(u32) -> Option<u32> = match layouts {
            "go-kit" | "grpc" | "go-zero" => |_| None,
            ALL => |weight| Some(weight * 10),
            _ => Some,
        };
        suite(open(etcd, layouts), open(etcd, layouts), weight).await;
        let left = etcd.client().await.leases().await.unwrap();
        assert!(left.leases().is_empty(), "{layouts}: a lease was left");
    }
}

#[tokio::test]
async fn all_keys_have_one_lease_and_one_transaction() {
    let Some(etcd) = EtcdProcess::started() else { return };
    let registry = open(&etcd, ALL);
    let kept = registry.register(vec![instance("add", 8888), instance("echo", 8888)]).unwrap();
    let keys = registered(&kept).await;
    let mut client = etcd.client().await;
    let (mut leases, mut revisions) = (BTreeSet::new(), Vec::new());
    for key in &keys {
        let got = client.get(key.as_str(), None).await.unwrap();
        let kv = &got.kvs()[0];
        leases.insert(kv.lease());
        revisions.push((kv.mod_revision(), key.starts_with("/micro/")));
    }
    assert_eq!((keys.len(), leases.len()), (12, 1));
    let lease = leases.first().unwrap();
    for key in [
        "kitex/registry-etcd/add/127.0.0.1:8888",
        "/microservices/add/127.0.0.1:8888",
        "/micro/registry/add/add-127.0.0.1:8888",
        "kit/add/127.0.0.1:8888",
        "naming/add/127.0.0.1:8888",
        &format!("add/{lease}"),
    ] {
        assert!(keys.iter().any(|known| known == key), "{key} is not in {keys:?}");
    }
    let together: BTreeSet<i64> = revisions.iter().filter(|(_, alone)| !alone).map(|(revision, _)| *revision).collect();
    let alone: BTreeSet<i64> = revisions.iter().filter(|(_, alone)| *alone).map(|(revision, _)| *revision).collect();
    assert_eq!((together.len(), alone.len()), (1, 2));
    let found = trusted(&open(&etcd, ALL).resolve("add").unwrap(), 1).await;
    assert_eq!(found.instances[0].id, "127.0.0.1:8888");
    // All of them again under another lease, which is another key for one of them.
    client.lease_client().revoke(*lease).await.unwrap();
    status(&kept, |status| matches!(status, Status::Registered(now) if !now.keys.contains(&format!("add/{lease}"))))
        .await;
    let again = registered(&kept).await;
    assert_eq!(client.get(again.last().unwrap().as_str(), None).await.unwrap().kvs().len(), 1);
    kept.deregister().await;
    assert_eq!(client.get("", Some(etcd_client::GetOptions::new().with_all_keys())).await.unwrap().kvs().len(), 0);
}

#[tokio::test]
async fn more_keys_than_a_transaction_holds() {
    let Some(etcd) = EtcdProcess::started() else { return };
    let registry = open(&etcd, "kitex,kratos,go-micro");
    let kept = registry.register((0..150).map(|one| instance(&format!("s{one}"), 8888)).collect()).unwrap();
    assert_eq!(registered(&kept).await.len(), 450);
    kept.set_weight(30);
    let seen = registry.resolve("s149").unwrap();
    // 10 is Kitex's measure and 100 is Kratos's: 30 of 10 are 300 of 100.
    seen.wait(LONG, |seen| seen.instances.first().is_some_and(|one| one.weight == 300)).await.unwrap();
    kept.deregister().await;
    let left = etcd.client().await.get("", Some(etcd_client::GetOptions::new().with_all_keys())).await.unwrap();
    assert!(left.kvs().is_empty());
}

async fn changes_while_it_runs(servers: Registry, callers: Registry, usual: u32) {
    let kept = servers.register(vec![instance("add", 8888), instance("echo", 8888)]).unwrap();
    let other = servers.register(vec![instance("add", 8889)]).unwrap();
    let add = callers.resolve("add").unwrap();
    trusted(&add, 2).await;
    kept.set_weight(40);
    let weight = |seen: &crate::Snapshot, wanted| seen.instances.first().is_some_and(|one| one.weight == wanted);
    add.wait(LONG, |seen| weight(seen, 40)).await.unwrap();
    kept.set_weight(0);
    add.wait(LONG, |seen| weight(seen, usual)).await.unwrap();
    kept.pause();
    status(&kept, |status| *status == Status::Paused).await;
    assert!(!kept.is_registered());
    assert_eq!(trusted(&add, 1).await.instances.len(), 1);
    kept.set_weight(50);
    kept.resume();
    status(&kept, |status| matches!(status, Status::Registered(_))).await;
    add.wait(LONG, |seen| seen.trusted() == 2 && weight(seen, 50)).await.unwrap();
    // A paused one has nothing left to take back.
    kept.pause();
    status(&kept, |status| *status == Status::Paused).await;
    kept.deregister().await;
    trusted(&add, 1).await;
    other.deregister().await;
    trusted(&add, 0).await;
}

#[tokio::test]
async fn weights_change_and_pauses_end() {
    let memory = Registry::open("memory").unwrap();
    changes_while_it_runs(memory.clone(), memory, 10).await;
    let Some(etcd) = EtcdProcess::started() else { return };
    for (layouts, usual) in [("kitex", 10), ("kratos", 100), ("go-micro", 10)] {
        changes_while_it_runs(open(&etcd, layouts), open(&etcd, layouts), usual).await;
    }
}

#[tokio::test]
async fn a_pause_keeps_the_lease() {
    let Some(etcd) = EtcdProcess::started() else { return };
    let registry = open(&etcd, "go-zero");
    let kept = registry.register(vec![instance("add", 8888)]).unwrap();
    let before = registered(&kept).await;
    kept.pause();
    status(&kept, |status| *status == Status::Paused).await;
    let mut client = etcd.client().await;
    assert!(client.get(before[0].as_str(), None).await.unwrap().kvs().is_empty());
    kept.resume();
    status(&kept, |status| matches!(status, Status::Registered(_))).await;
    // The key holds the id of the lease.
    assert_eq!(registered(&kept).await, before);
}

#[tokio::test]
async fn a_late_end_takes_nobody_elses_keys() {
    let Some(etcd) = EtcdProcess::started() else { return };
    let first = open(&etcd, ALL).register(vec![instance("add", 8888)]).unwrap();
    registered(&first).await;
    first.pause();
    status(&first, |status| *status == Status::Paused).await;
    let second = open(&etcd, ALL).register(vec![instance("add", 8888)]).unwrap();
    let keys = registered(&second).await;
    first.deregister().await;
    let mut client = etcd.client().await;
    for key in keys {
        assert_eq!(client.get(key.as_str(), None).await.unwrap().kvs().len(), 1, "{key}");
    }
}

#[tokio::test]
async fn instances_of_other_systems_are_joined() {
    let Some(etcd) = EtcdProcess::started() else { return };
    let mut client = etcd.client().await;
    let kratos = |id: &str, endpoints: &str| {
        format!(
            r#"{{"id":"{id}","name":"add","version":"v1","metadata":{{"weight":"300"}},"endpoints":[{endpoints}]}}"#
        )
    };
    let kitex = r#"{"network":"tcp","address":"10.0.0.1:9000","weight":20,"tags":{"zone":"a"}}"#;
    for (key, value) in [
        ("kitex/registry-etcd/add/10.0.0.1:9000", kitex.to_owned()),
        ("kitex/registry-etcd/add/bad", "{".to_owned()),
        ("/microservices/add/n1", kratos("n1", r#""http://10.0.0.1:8000","grpc://10.0.0.1:9000""#)),
        ("/microservices/add/n2", kratos("n2", r#""grpc://10.0.0.2:9000""#)),
        ("/microservices/add/n3", kratos("n2", r#""grpc://10.0.0.3:9000""#)),
        ("/microservices/address/n1", "null".to_owned()),
        ("/microservices/add/bad", "null".to_owned()),
        ("/microservices/add/worse", "null".to_owned()),
    ] {
        client.put(key, value, None).await.unwrap();
    }
    let add = open(&etcd, "kitex,kratos").resolve("add").unwrap();
    let seen = add.ready(LONG).await.unwrap();
    let ids: Vec<&str> = seen.instances.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["10.0.0.1:8000", "10.0.0.2:9000", "10.0.0.3:9000"]);
    let one = &seen.instances[0];
    let endpoints: Vec<String> = one.endpoints.iter().map(ToString::to_string).collect();
    assert_eq!(endpoints, ["http://10.0.0.1:8000", "grpc://10.0.0.1:9000", "10.0.0.1:9000"]);
    assert_eq!((one.weight, one.version.as_str(), one.zone.as_str()), (200, "v1", "a"));
    assert_eq!(seen.instances[1].weight, 300);
    assert_eq!((seen.skipped, seen.skipped_by["kitex"], seen.skipped_by["kratos"]), (3, 1, 2));
    let source = add.source();
    assert!(source.ends_with("under kitex/registry-etcd/add/ (kitex), /microservices/add/ (kratos)"), "{source}");
    // One of two entries of an instance ends, then the other.
    client.delete("kitex/registry-etcd/add/10.0.0.1:9000", None).await.unwrap();
    add.wait(LONG, |seen| seen.instances.iter().any(|one| one.id == "10.0.0.1:8000" && one.weight == 300))
        .await
        .unwrap();
    client.delete("/microservices/add/n1", None).await.unwrap();
    trusted(&add, 2).await;
}

#[tokio::test]
async fn what_etcd_refuses_says_what_to_change() {
    let Some(etcd) = EtcdProcess::started() else { return };
    let huge = instance("add", 8888).with_metadata("k", "v".repeat(2 << 20));
    let kept = open(&etcd, "kitex").register(vec![huge]).unwrap();
    status(&kept, |status| matches!(status, Status::Refused(why) if why.reason == Reason::TooLarge)).await;
    let error = kept.registered_within(Duration::ZERO).await.unwrap_err().to_string();
    assert!(error.starts_with("add could not be registered") && error.contains("shorten"), "{error}");
    kept.deregister().await;

    let mut client = etcd.client().await;
    for (user, role) in [("root", "root"), ("bob", "kitex")] {
        client.user_add(user, "s3cret", None).await.unwrap();
        client.role_add(role).await.unwrap();
        client.user_grant_role(user, role).await.unwrap();
    }
    let prefix = etcd_client::Permission::read_write("kitex/").with_prefix();
    client.role_grant_permission("kitex", prefix).await.unwrap();
    client.auth_enable().await.unwrap();
    let url = etcd.url().replace("etcd://", "etcd://bob:s3cret@");
    let good = Registry::open(&url).unwrap();
    let kept = good.register(vec![instance("add", 8888)]).unwrap();
    registered(&kept).await;
    let bad = Registry::open(&format!("{url}&layout=kitex,kratos")).unwrap();
    let refused = bad.register(vec![instance("echo", 8888)]).unwrap();
    status(&refused, |status| match status {
        Status::Refused(why) => why.reason == Reason::Permission && why.text.contains("/microservices/echo/"),
        _ => false,
    })
    .await;
    // What may be read is seen all the same, and that something is missing is seen too.
    let add = bad.resolve("add").unwrap();
    let seen = add.ready(LONG).await.unwrap();
    assert_eq!((seen.instances.len(), seen.stale_since.is_some()), (1, true));
}

/// How many watches etcd has open, as its own metrics tell.
fn watches(etcd: &EtcdProcess) -> usize {
    use std::io::{Read, Write};
    let address = etcd.url().replace("etcd://", "").replace("?ttl=2", "");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let line = text.lines().find(|line| line.starts_with("etcd_debugging_mvcc_watcher_total ")).unwrap();
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

async fn watched(etcd: &EtcdProcess, count: usize) {
    let end = std::time::Instant::now() + LONG;
    while watches(etcd) != count {
        assert!(std::time::Instant::now() < end, "{} watches, not {count}", watches(etcd));
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_prefix_has_one_watch_however_many_look() {
    let Some(etcd) = EtcdProcess::started() else { return };
    let registry = open(&etcd, "kitex,kratos");
    let add: Vec<_> = (0..50).map(|_| registry.resolve("add").unwrap()).collect();
    let echo = registry.clone().resolve("echo").unwrap();
    add[49].ready(LONG).await.unwrap();
    echo.ready(LONG).await.unwrap();
    watched(&etcd, 4).await;
    drop(add);
    watched(&etcd, 2).await;
    drop(echo);
    watched(&etcd, 0).await;
}

#[tokio::test]
async fn a_weight_that_changes_often_ends_as_it_was_set_last() {
    let Some(etcd) = EtcdProcess::started() else { return };
    let registry = open(&etcd, ALL);
    let kept = registry.register(vec![instance("add", 8888)]).unwrap();
    registered(&kept).await;
    let add = open(&etcd, "go-micro,kitex").resolve("add").unwrap();
    add.ready(LONG).await.unwrap();
    for weight in 11..60 {
        kept.set_weight(weight);
        match weight % 7 {
            0 => kept.pause(),
            1 => kept.resume(),
            _ => tokio::task::yield_now().await,
        }
    }
    add.wait(LONG, |seen| seen.trusted() == 1 && seen.instances[0].weight == 59).await.unwrap();
    status(&kept, |status| matches!(status, Status::Registered(_))).await;
}

#[tokio::test]
async fn a_name_that_would_hide_other_keys_is_refused() {
    let registry = Registry::open("etcd://127.0.0.1:1?layout=kitex,go-zero,grpc:naming").unwrap();
    for name in ["kitex", "naming"] {
        let error = registry.resolve(name).unwrap_err().to_string();
        assert!(error.contains("another layout"), "{error}");
        let one = Instance::new(name, Endpoint::new("thrift", "127.0.0.1", 1));
        assert!(registry.register(vec![one]).is_err());
    }
    assert!(registry.resolve("add").is_ok());
}
