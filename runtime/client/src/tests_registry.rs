//! Errors of calls while the registry, or the last instance in it, is away.

use std::time::Duration;

use super::tests::{ADD, dead_address, request};
use super::*;
use kiteline_core::Code;
use kiteline_registry::dev::Embedded;
use kiteline_registry::{Endpoint, Instance, Registry};

const LONG: Duration = Duration::from_secs(60);

/// Nobody listens on port 1.
#[tokio::test]
async fn a_channel_may_fail_as_soon_as_the_registry_is_away() {
    let registry = Registry::open_alone("etcd://127.0.0.1:1").unwrap();
    let channel = Channel::builder("add").registry(&registry).wait_for_registry(false).build().unwrap();
    let error = request(&channel, &ADD, "x").timeout(LONG * 60).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.message().contains("asked etcd 127.0.0.1:1 under"), "{error}");
    assert!(error.message().contains("which is away: ") && error.message().contains("refused"), "{error}");
}

#[tokio::test]
async fn a_held_instance_that_refuses_is_a_service_without_instances() {
    let dev = Embedded::bind("127.0.0.1:0").await.unwrap();
    let registry = Registry::open_alone(&format!("etcd://{}?ttl=2", dev.address())).unwrap();
    let address = dead_address().await;
    let endpoint = Endpoint { scheme: "thrift".to_owned(), ..Endpoint::parse(&address).unwrap() };
    let kept = registry.register(vec![Instance::new("add", endpoint)]).unwrap();
    let add = registry.resolve("add").unwrap();
    add.wait(LONG, |seen| seen.trusted() == 1).await.unwrap();
    kept.deregister().await;
    add.wait(LONG, |seen| seen.trusted() == 0).await.unwrap();
    let channel = Channel::builder("add").registry(&registry).build().unwrap();
    let error = request(&channel, &ADD, "x").await.unwrap_err();
    assert!(error.message().starts_with("service `add` has no instance; looked at etcd "), "{error}");
    assert!(
        error.message().contains(&format!("the last one that was known: cannot connect to add at {address}")),
        "{error}"
    );
    let error = request(&channel, &ADD, "x").await.unwrap_err();
    assert!(error.message().starts_with("service `add` has no instance; looked at etcd "), "{error}");
}
