//! The registry `dev`: who serves, and what happens when that one ends.

use std::net::{SocketAddr, TcpListener};

use crate::Registry;
use crate::etcd::tests::{LONG, instance, status, suite, trusted};
use crate::{Registration, Status};

fn free() -> SocketAddr {
    e2e::free_address().parse().unwrap()
}

fn open(address: SocketAddr) -> Registry {
    Registry::open(&format!("dev://{address}?ttl=2")).unwrap()
}

async fn registered(kept: &Registration) {
    status(kept, |status| matches!(status, Status::Registered(_))).await;
}

#[tokio::test]
async fn dev_passes_the_suite() {
    let address = free();
    suite(open(address), open(address), Some).await;
}

#[tokio::test]
async fn the_next_one_serves_and_everyone_registers_again() {
    let address = free();
    let host = tokio::runtime::Runtime::new().unwrap();
    let first = host.spawn(async move { open(address).register(vec![instance("add", 1)]).unwrap() }).await.unwrap();
    registered(&first).await;
    let (next, last) = (open(address), open(address));
    let second = next.register(vec![instance("add", 2)]).unwrap();
    let third = last.register(vec![instance("add", 3)]).unwrap();
    let add = open(address).resolve("add").unwrap();
    trusted(&add, 3).await;
    let was = cluster(address).await;
    // As the end of its process: nothing is deregistered.
    host.shutdown_background();
    drop(first);
    add.wait(LONG, |seen| seen.stale_since.is_some() || seen.trusted() < 3).await.unwrap();
    add.wait(LONG, |seen| seen.instances.iter().filter(|one| one.id != "127.0.0.1:1").count() == 2).await.unwrap();
    registered(&second).await;
    registered(&third).await;
    assert_ne!(cluster(address).await, was, "somebody else serves");
}

#[tokio::test]
async fn the_host_stays_as_long_as_something_is_registered_or_resolved() {
    let address = free();
    // The handle itself is gone at once.
    let kept = open(address).register(vec![instance("add", 1)]).unwrap();
    registered(&kept).await;
    let add = open(address).resolve("add").unwrap();
    trusted(&add, 1).await;
    let was = cluster(address).await;
    kept.deregister().await;
    trusted(&add, 0).await;
    drop(add);
    // Now nobody is left who serves.
    let taken = async {
        loop {
            if let Ok(dev) = crate::dev::Embedded::bind(address).await {
                return dev;
            }
        }
    };
    let dev = tokio::time::timeout(LONG, taken).await.unwrap();
    assert_ne!(cluster(address).await, was);
    dev.stop().await;
}

async fn cluster(address: SocketAddr) -> u64 {
    let mut end = None;
    while end.is_none() {
        end = super::wire::call::<_, crate::dev::messages::RangeResponse>(
            &super::wire::open(&address.to_string()),
            "/etcdserverpb.KV/Range",
            crate::dev::messages::RangeRequest { key: b"a".to_vec(), ..Default::default() },
        )
        .await
        .ok();
    }
    end.unwrap().header.unwrap().cluster_id
}

#[tokio::test]
async fn what_listens_is_joined_and_outlives_who_joined() {
    let dev = super::embedded().await;
    let joined = open(dev.address());
    let kept = joined.register(vec![instance("add", 1)]).unwrap();
    registered(&kept).await;
    let add = super::registry(&dev).resolve("add").unwrap();
    trusted(&add, 1).await;
    kept.deregister().await;
    drop(joined);
    trusted(&add, 0).await;
}

#[tokio::test]
async fn the_port_is_taken_over_from_what_is_no_registry() {
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let registry = open(stranger.local_addr().unwrap());
    let kept = registry.register(vec![instance("add", 1)]).unwrap();
    status(&kept, |status| matches!(status, Status::Away(_))).await;
    drop(stranger);
    registered(&kept).await;
}
