//! gRPC calls, on the port of the Thrift services.

use std::time::Duration;

use golden::generated::bare::{Ping, PingerClient};
use golden::generated::legacy::{ArchiveClient, Old, old};
use golden::generated::shop::common::Money;
use golden::generated::shop::v1::{self, Order, Self_, ShopClient, order};
use runtime::prost_types::Duration as Within;
use runtime::{Code, Context};

use super::Site;

fn order() -> Order {
    Order {
        id: "o".to_owned(),
        items: vec![order::Item { name: "i".to_owned(), tags: vec![order::item::Tag::default()] }],
        payment: Some(order::Payment::Cash(Money { units: -1, ..Default::default() })),
        state: order::State::Open.into(),
        note: Some("n".to_owned()),
        ..Default::default()
    }
}

#[tokio::test]
async fn messages_of_every_kind_come_back() {
    let site = Site::start().await;
    let client = ShopClient::new(site.channel("shop"));
    assert_eq!(client.put(order()).await.unwrap(), order());
    let moment = client.when(Within { seconds: 4, nanos: 5 }).await.unwrap();
    assert_eq!((moment.seconds, moment.nanos), (4, 5));
    assert_eq!(client.wrap("12".to_owned()).await.unwrap(), 12);
    let x = v1::http_request2::Type { x: 3 };
    assert_eq!(client.r#type(x).await.unwrap().r#match, Some(x));
    assert_eq!(client.lower(v1::lower_case::Inner { yes: true }).await.unwrap().inner.map(|it| it.yes), Some(true));
    assert_eq!(client.me(Self_ { x: 8 }).await.unwrap().text.as_deref(), Some("8"));
    assert!(client.ancient(Old { id: 1, ..Default::default() }).await.unwrap().flag);
    client.nothing(v1::Empty {}).await.unwrap();
    assert_eq!(client.pay(Money { units: 9, ..Default::default() }).await.unwrap().share, 9);
    let pinger = PingerClient::new(site.channel("pinger"));
    assert_eq!(pinger.ping(Ping { text: "p".to_owned() }).await.unwrap().text, "p");
}

#[tokio::test]
async fn metadata_goes_there_and_back() {
    let site = Site::start().await;
    let client = ShopClient::new(site.channel("shop"));
    let cx = Context::new().with_persistent("TRACE", "t1").with_transient("TOKEN", "stays here");
    let reply = client.put(order()).with(&cx).metadata("TOKEN", "k1").send().await.unwrap();
    assert_eq!(reply.metadata().get("token-was"), Some("k1"));
    assert_eq!(reply.metadata().get("trace-was"), Some("t1"));
    let reply = client.put(order()).with(&cx).send().await.unwrap();
    assert_eq!(reply.metadata().get("token-was"), Some("none"), "transient pairs end at the next hop");
}

#[tokio::test]
async fn errors_keep_their_codes_and_deadlines_travel() {
    let site = Site::start().await;
    let client = ShopClient::new(site.channel("shop"));
    let pay = |units| client.pay(Money { units, ..Default::default() });
    let error = pay(0).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::FailedPrecondition, "no money, 100 % none"));
    let error = pay(1).await.unwrap_err();
    assert_eq!((error.business_code(), error.message()), (Some(42), "not today"));
    assert_eq!(client.wrap("x".to_owned()).await.unwrap_err().code(), Code::InvalidArgument);
    let seen = client.find_item(order::Item::default()).timeout(Duration::from_secs(9)).await.unwrap();
    let left: u64 = seen.text.parse().unwrap();
    assert!((5_000..=9_000).contains(&left), "the handler sees what is left: {left} ms");
    let late = client.reset(()).timeout(Duration::from_millis(20)).await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded);
    let stranger = ArchiveClient::new(site.channel("shop"));
    let error = stranger.find(old::Inner::default()).await.unwrap_err();
    assert_eq!(error.code(), Code::Unimplemented);
}
