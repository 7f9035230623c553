//! The embedded registry as its users see it: on a socket, beside a real etcd, misbehaving.

mod differential;
mod etcdctl;
mod faulty;
mod host;
mod limits;
mod listing;
mod wire;

use super::Embedded;
use crate::Registry;
use crate::etcd::tests::suite;

async fn embedded() -> Embedded {
    Embedded::bind("127.0.0.1:0").await.unwrap()
}

/// With the smallest lease, as the tests against a real etcd.
fn url(dev: &Embedded) -> String {
    format!("etcd://{}?ttl=2", dev.address())
}

fn registry(dev: &Embedded) -> Registry {
    Registry::open(&url(dev)).unwrap()
}

async fn client(dev: &Embedded) -> etcd_client::Client {
    etcd_client::Client::connect([dev.address().to_string()], None).await.unwrap()
}

#[tokio::test]
async fn embedded_passes_the_suite() {
    let dev = embedded().await;
    suite(registry(&dev), registry(&dev), Some).await;
    assert!(client(&dev).await.leases().await.unwrap().leases().is_empty(), "a lease was left");
}

#[tokio::test]
async fn a_password_is_refused_in_etcds_words() {
    let dev = embedded().await;
    let options = etcd_client::ConnectOptions::new().with_user("root", "s3cret");
    let refused = etcd_client::Client::connect([dev.address().to_string()], Some(options)).await.err().unwrap();
    assert!(refused.to_string().contains("authentication is not enabled"), "{refused}");
}

#[tokio::test]
async fn a_stopped_one_frees_its_port() {
    // An address of its own: on the usual one the kernel may give the port to another test.
    let dev = Embedded::bind("127.0.0.9:0").await.unwrap();
    let address = dev.address();
    let add = registry(&dev).resolve("add").unwrap();
    add.ready(crate::etcd::tests::LONG).await.unwrap();
    dev.stop().await;
    Embedded::bind(address).await.unwrap().stop().await;
}
