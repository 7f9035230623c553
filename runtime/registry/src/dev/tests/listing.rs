//! A look at everything that stands in a registry, in all layouts, beside what is none of it.

use super::{client, embedded};
use crate::etcd::process::EtcdProcess;
use crate::{Error, Listing, Registry};

/// Keys and values as the six systems write them, and other data.
const ENTRIES: [(&str, &str); 12] = [
    (
        "kitex/registry-etcd/add/10.0.0.1:8888",
        r#"{"network":"tcp","address":"10.0.0.1:8888","weight":20,"tags":{"kiteline":"mux"}}"#,
    ),
    ("kitex/registry-etcd/add/10.0.0.2:8888", "not JSON"),
    (
        "/microservices/helloworld/7f",
        r#"{"id":"7f","name":"helloworld","version":"v1.0.0","metadata":null,"endpoints":["http://10.0.0.1:8000","grpc://10.0.0.1:9000"]}"#,
    ),
    (
        "/micro/registry/greeter/greeter-6e",
        r#"{"name":"greeter","version":"latest","metadata":null,"endpoints":[],"nodes":[{"metadata":{"protocol":"grpc"},"id":"greeter-6e","address":"10.0.0.1:8080"}]}"#,
    ),
    ("svc.user.agent/10.0.0.1:8881", "10.0.0.1:8881"),
    ("my-service/10.0.0.1:50051", r#"{"Op":0,"Addr":"10.0.0.1:50051","Metadata":null}"#),
    ("user.rpc/7587870432412345678", "10.0.0.1:8080"),
    // Not an entry's value, under a key of one.
    ("broken/10.0.0.1:1", "?"),
    // Not of ours.
    ("config", "10.0.0.1:1"),
    ("app/colour", "blue"),
    ("app/settings", r#"{"colour":"blue"}"#),
    ("naming/inner/10.0.0.1:50052", r#"{"Op":0,"Addr":"10.0.0.1:50052","Metadata":null}"#),
];

fn shown(listing: &Listing) -> Vec<String> {
    let line = |it: &crate::Listed| {
        let found = match &it.found {
            Ok(all) => {
                let address = |it: &crate::Instance| {
                    let all: Vec<String> = it.endpoints.iter().map(ToString::to_string).collect();
                    format!("{} weight {} {}", all.join(" "), it.weight, it.version)
                };
                all.iter().map(address).collect::<Vec<_>>().join("; ")
            }
            Err(why) => format!("unreadable: {why}"),
        };
        let lease = if it.lease.is_some() { " leased" } else { "" };
        format!("{} {} {}{lease}", it.service, it.layout, found.trim_end())
    };
    listing.entries.iter().map(line).collect()
}

async fn lists(mut client: etcd_client::Client, url: &str) {
    let lease = client.lease_grant(60, None).await.unwrap().id();
    for (place, (key, value)) in ENTRIES.into_iter().enumerate() {
        let leased = (place == 0).then(|| etcd_client::PutOptions::new().with_lease(lease));
        client.put(key, value, leased).await.unwrap();
    }
    let listing = Registry::open(url).unwrap().list(None).await.unwrap();
    assert_eq!(
        shown(&listing),
        [
            "add kitex 10.0.0.1:8888 weight 20 leased",
            "add kitex unreadable: expected ident at line 1 column 2",
            "broken go-kit unreadable: `?` is not host:port",
            "greeter go-micro grpc://10.0.0.1:8080 weight 10 latest",
            "helloworld kratos http://10.0.0.1:8000 grpc://10.0.0.1:9000 weight 100 v1.0.0",
            "my-service grpc 10.0.0.1:50051 weight 10",
            "naming/inner grpc 10.0.0.1:50052 weight 10",
            "svc.user.agent go-kit 10.0.0.1:8881 weight 10",
            "user.rpc go-zero 10.0.0.1:8080 weight 10",
        ]
    );
    assert!(listing.notes.is_empty());
    let left = listing.entries[0].lease.unwrap().as_secs();
    assert!((1..=60).contains(&left), "{left}");
    // A prefix of the user's own is known by the URL alone.
    let named = Registry::open(&format!("{url}?layout=grpc:naming")).unwrap();
    assert_eq!(shown(&named.list(Some("inner")).await.unwrap()), ["inner grpc 10.0.0.1:50052 weight 10"]);
    assert!(shown(&named.list(None).await.unwrap()).contains(&"inner grpc 10.0.0.1:50052 weight 10".to_owned()));
    let one = Registry::open(url).unwrap();
    assert_eq!(shown(&one.list(Some("user.rpc")).await.unwrap()), ["user.rpc go-zero 10.0.0.1:8080 weight 10"]);
    assert_eq!(one.list(Some("nobody")).await.unwrap(), Listing::default());
    assert!(matches!(one.list(Some("a/b")).await, Err(Error::Name { .. })));
}

#[tokio::test]
async fn everything_that_stands_there_is_listed() {
    let dev = embedded().await;
    lists(client(&dev).await, &format!("etcd://{}", dev.address())).await;
}

#[tokio::test]
async fn everything_that_stands_in_etcd_is_listed() {
    let Some(etcd) = EtcdProcess::started() else { return };
    let url = etcd.url();
    lists(etcd.client().await, url.split('?').next().unwrap()).await;
}

#[tokio::test]
async fn thousands_are_listed_page_by_page() {
    let dev = embedded().await;
    let mut client = client(&dev).await;
    for number in 0..2500 {
        client.put(format!("many/10.0.0.1:{}", number + 1), format!("10.0.0.1:{}", number + 1), None).await.unwrap();
    }
    let registry = Registry::open(&format!("etcd://{}", dev.address())).unwrap();
    assert_eq!(registry.list(None).await.unwrap().entries.len(), 2500);
}

#[tokio::test]
async fn a_registry_that_is_away_is_said_to_be() {
    let dev = embedded().await;
    let address = dev.address();
    dev.stop().await;
    let failed = Registry::open(&format!("etcd://{address},{address}")).unwrap().list(None).await.unwrap_err();
    let text = failed.to_string();
    assert!(text.starts_with(&format!("etcd {address},{address} cannot be listed: ")), "{text}");
}
