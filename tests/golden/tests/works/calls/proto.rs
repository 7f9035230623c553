//! Calls of proto services, on the port of the Thrift services: over shared connections, which our servers offer, and
//! over gRPC. What a handler sees and what a caller gets is the same.

use std::time::Duration;

use bytes::Bytes;
use golden::generated::bare::{Ping, PingerClient};
use golden::generated::legacy::{ArchiveClient, Old, old};
use golden::generated::shop::common::Money;
use golden::generated::shop::v1::{self, Order, Self_, ShopClient, order};
use runtime::metadata::{Metadata, Value};
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
    for channel in site.both("shop") {
        let client = ShopClient::new(channel);
        assert_eq!(client.put(order()).await.unwrap(), order());
        let moment = client.when(Within { seconds: 4, nanos: 5 }).await.unwrap();
        assert_eq!((moment.seconds, moment.nanos), (4, 5));
        assert_eq!(client.wrap("12".to_owned()).await.unwrap(), 12);
        let x = v1::http_request2::Type { x: 3 };
        assert_eq!(client.r#type(x).await.unwrap().r#match, Some(x));
        let lower = client.lower(v1::lower_case::Inner { yes: true }).await.unwrap();
        assert_eq!(lower.inner.map(|it| it.yes), Some(true));
        assert_eq!(client.me(Self_ { x: 8 }).await.unwrap().text.as_deref(), Some("8"));
        assert!(client.ancient(Old { id: 1, ..Default::default() }).await.unwrap().flag);
        client.nothing(v1::Empty {}).await.unwrap();
        assert_eq!(client.pay(Money { units: 9, ..Default::default() }).await.unwrap().share, 9);
    }
    for channel in site.both("pinger") {
        let pinger = PingerClient::new(channel);
        assert_eq!(pinger.ping(Ping { text: "p".to_owned() }).await.unwrap().text, "p");
    }
}

#[tokio::test]
async fn metadata_goes_there_and_back() {
    let site = Site::start().await;
    for channel in site.both("shop") {
        let client = ShopClient::new(channel);
        let cx = Context::new().with_persistent("TRACE", "t1").with_transient("TOKEN", "stays here");
        let reply = client.put(order()).with(&cx).metadata("TOKEN", "k1").send().await.unwrap();
        assert_eq!(reply.metadata().get("token-was"), Some("k1"));
        assert_eq!(reply.metadata().get("trace-was"), Some("t1"));
        let reply = client.put(order()).with(&cx).send().await.unwrap();
        assert_eq!(reply.metadata().get("token-was"), Some("none"), "transient pairs end at the next hop");
    }
}

fn texts(metadata: &Metadata, name: &str) -> Vec<String> {
    metadata.get_all(name).filter_map(Value::as_text).map(str::to_owned).collect()
}

/// The handler sends what it gets as `echo` and `echo-bin` back in front of its answer and behind it, in order.
#[tokio::test]
async fn values_repeat_hold_bytes_and_know_their_side() {
    let site = Site::start().await;
    for channel in site.both("shop") {
        let client = ShopClient::new(channel);
        let bytes = Bytes::from_static(&[0, 255, 7]);
        let call =
            client.put(order()).metadata("echo", "1, 2").metadata("echo", "3").metadata("echo-bin", bytes.clone());
        let reply = call.send().await.unwrap();
        for side in [reply.metadata(), reply.trailers()] {
            assert_eq!(texts(side, "echo"), ["1, 2", "3"]);
            assert_eq!(side.get_bytes("echo-bin"), Some(&bytes[..]));
        }
        assert_eq!(
            (texts(reply.metadata(), "echo-first"), texts(reply.trailers(), "echo-first")),
            (vec!["1, 2".to_owned()], vec![])
        );
        let error = client.pay(Money { units: 3, ..Default::default() }).metadata("echo", "4").await.unwrap_err();
        assert_eq!(
            (texts(error.metadata(), "echo"), texts(error.trailers(), "echo")),
            (vec!["4".to_owned()], vec!["4".to_owned()])
        );
    }
}

#[tokio::test]
async fn errors_keep_all_that_they_hold() {
    let site = Site::start().await;
    for channel in site.both("shop") {
        let client = ShopClient::new(channel);
        let pay = |units| client.pay(Money { units, ..Default::default() });
        let error = pay(0).await.unwrap_err();
        assert_eq!((error.code(), error.message()), (Code::FailedPrecondition, "no money, 100 % none"));
        assert_eq!(error.reason(), "BROKE");
        let error = pay(1).await.unwrap_err();
        assert_eq!((error.business_code(), error.message(), error.reason()), (Some(42), "not today", ""));
        assert_eq!(error.pairs()["a"], "b");
        let error = pay(3).await.unwrap_err();
        assert_eq!((error.business_code(), error.message(), error.reason()), (Some(43), "", "LATE"));
        assert_eq!(error.detail::<Money>(), Some(Money { units: 3, ..Default::default() }));
        assert_eq!(client.wrap("x".to_owned()).await.unwrap_err().code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn deadlines_travel_and_strangers_are_told() {
    let site = Site::start().await;
    for channel in site.both("shop") {
        let stranger = ArchiveClient::new(channel.clone());
        let client = ShopClient::new(channel);
        let seen = client.find_item(order::Item::default()).timeout(Duration::from_secs(9)).await.unwrap();
        let left: u64 = seen.text.parse().unwrap();
        assert!((5_000..=9_000).contains(&left), "the handler sees what is left: {left} ms");
        let late = client.reset(()).timeout(Duration::from_millis(20)).await.unwrap_err();
        assert_eq!(late.code(), Code::DeadlineExceeded);
        let error = stranger.find(old::Inner::default()).await.unwrap_err();
        assert_eq!(error.code(), Code::Unimplemented);
    }
}
