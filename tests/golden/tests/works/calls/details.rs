//! Messages beside errors: what a handler adds is what a caller reads, over every protocol.

use golden::generated::bare::ping::Pong;
use golden::generated::legacy::Old;
use golden::generated::shapes::{MoreServiceClient, RiskyError};
use golden::generated::shop::common::Money;
use golden::generated::shop::common::money::Part;
use golden::generated::shop::v1::{ShopClient, order};
use runtime::prost::Name;
use runtime::{Code, Error};

use super::Site;
use super::shapes::part;

fn names(error: &Error) -> Vec<&str> {
    error.details().iter().map(|detail| &*detail.type_name).collect()
}

#[test]
fn messages_know_the_names_of_the_idl() {
    assert_eq!((Money::NAME, Money::PACKAGE, &*Money::full_name()), ("Money", "shop.common", "shop.common.Money"));
    assert_eq!(Money::type_url(), "type.googleapis.com/shop.common.Money");
    assert_eq!((Part::NAME, Part::PACKAGE, &*Part::full_name()), ("Part", "shop.common", "shop.common.Money.Part"));
    assert_eq!((Pong::NAME, Pong::PACKAGE, &*Pong::full_name()), ("Pong", "", "Ping.Pong"));
    let renamed = golden::generated::shop::v1::http_request2::Type::full_name();
    assert_eq!(renamed, "shop.v1.HTTPRequest2.type");
    assert_eq!(golden::generated::shop::v1::Self_::full_name(), "shop.v1.Self");
}

#[tokio::test]
async fn details_travel_over_grpc_and_over_kitex_protobuf() {
    let site = Site::start().await;
    for channel in [site.channel("shop"), site.kitex_protobuf("shop")] {
        let money = Money { units: 2, ..Default::default() };
        let error = ShopClient::new(channel).pay(money).await.unwrap_err();
        assert_eq!((error.code(), error.message()), (Code::InvalidArgument, "torn"));
        assert_eq!(names(&error), ["shop.common.Money", "shop.common.Money.Part"]);
        assert_eq!((error.detail::<Money>(), error.detail::<Part>()), (Some(money), Some(part())));
        assert_eq!(error.detail::<Old>(), None);
    }
}

#[tokio::test]
async fn details_travel_over_thrift() {
    let site = Site::start().await;
    let client = MoreServiceClient::new(site.channel("shapes.moreservice"));
    let Err(RiskyError::Other_(error)) = client.risky("detailed".to_owned()).await else { panic!() };
    assert_eq!((error.code(), error.message()), (Code::InvalidArgument, "torn"));
    assert_eq!(names(&error), ["shop.v1.Order.Item", "shop.common.Money.Part"]);
    assert_eq!(error.detail::<order::Item>(), Some(order::Item::default()));
    assert_eq!(error.detail::<Part>(), Some(part()));
}

#[test]
fn reasons_of_an_idl_make_errors_and_know_them() {
    use golden::generated::reasons::{Failure, inner::Only};
    let error = Failure::UserNotFound.error("no bob");
    assert_eq!((error.code(), error.reason(), error.message()), (Code::NotFound, "USER_NOT_FOUND", "no bob"));
    assert!(Failure::UserNotFound.is_reason_of(&error) && !Failure::Teapot.is_reason_of(&error));
    // A status that no code has is kept as a business error's.
    let error = Failure::Teapot.error("short and stout");
    assert_eq!((error.business_code(), error.reason()), (Some(418), "TEAPOT"));
    assert_eq!(
        [Failure::Unspecified.http_status(), Only::Taken.http_status(), Only::Fine.http_status()],
        [500, 409, 500]
    );
    assert_eq!(Only::Taken.error("").code(), Code::Aborted);
}
