//! Thrift calls.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use golden::generated::api::{AddRequest, AddServiceClient};
use golden::generated::names::{AwaitError, H, NamesClient, Option as Named};
use golden::generated::shapes::base::{PingError, Spot};
use golden::generated::shapes::{
    ExtraError, Fork, Grade, Hard, MoreServiceClient, MoreServiceServer, Node, Pick, RiskyError, RiskyVoidError,
    Scalars, TOKEN, Tree,
};
use runtime::error::Origin;
use runtime::{Bytes, Call, Code, Context, Service};

use super::Site;
use super::shapes::Shapes;

#[tokio::test]
async fn values_of_every_kind_come_back() {
    let site = Site::start().await;
    let client = MoreServiceClient::new(site.channel("shapes.moreservice"));
    let scalars = Scalars { flag: true, real: -0.5, token: TOKEN, grade: Grade(99), ..Default::default() };
    assert_eq!(client.echo(scalars.clone()).await.unwrap(), scalars);
    for pick in [Pick::Number(-1), Pick::Spot(Spot::default()), Pick::Unknown_("u".to_owned())] {
        assert_eq!(client.pick(pick.clone()).await.unwrap(), pick);
    }
    let chosen = client.choose(Pick::Number(2), 3, "n=".to_owned()).await.unwrap();
    assert_eq!(chosen, Pick::Text("n=6".to_owned()));
    let tree = Tree::Fork(Box::new(Fork { left: Box::new(Tree::Leaf(1)), right: None }));
    let node = Node { value: 5, ..Default::default() };
    let grown = client.grow(tree.clone(), node).await.unwrap();
    assert_eq!(grown, Tree::Many(vec![tree, Tree::Leaf(5)]));
    let bottom = vec![HashMap::from([("k".to_owned(), HashSet::from([vec![1, 2], vec![]]))])];
    assert_eq!(client.deep(bottom.clone()).await.unwrap(), bottom);
    assert_eq!(client.token(TOKEN).await.unwrap(), TOKEN);
    assert_eq!(client.season("spring".to_owned()).await.unwrap(), "spring");
    assert_eq!(client.grade(Grade::C).await.unwrap(), Grade::C);
    assert_eq!(client.real(f64::MIN_POSITIVE).await.unwrap(), f64::MIN_POSITIVE);
    assert_eq!(client.old(7).await.unwrap(), 7);
    let spot = Spot { x: 1000, y: 0 };
    let sum = client.many(1, 2, 3, "four".to_owned(), vec![String::new(); 5], spot, Hard::default()).await;
    assert_eq!(sum.unwrap(), 1 + 20 + 300 + 1000 + 4 + 5 + 1);
}

#[tokio::test]
async fn inherited_methods_void_and_oneway_are_reached() {
    let site = Site::start().await;
    let client = MoreServiceClient::new(site.channel("shapes.moreservice"));
    assert_eq!(client.ping("hello".to_owned()).await.unwrap(), "hello");
    assert!(matches!(client.ping(String::new()).await, Err(PingError::Refused(it)) if it.reason == "nothing said"));
    client.reset().await.unwrap();
    client.risky_void(String::new()).await.unwrap();
    client.fire("key".to_owned(), 4).await.unwrap();
    site.shapes.ring.notified().await;
    assert_eq!(*site.shapes.fired.lock().unwrap(), [("key".to_owned(), 4)]);
    assert!(matches!(client.extra().await, Err(ExtraError::Other(it)) if it.what == "extra"));
}

#[tokio::test]
async fn declared_exceptions_and_other_errors_are_told_apart() {
    let site = Site::start().await;
    let client = MoreServiceClient::new(site.channel("shapes.moreservice"));
    let risky = |kind: &str| client.risky(kind.to_owned());
    assert_eq!(risky("fine").await.unwrap(), 1);
    assert!(matches!(risky("missing").await, Err(RiskyError::Missing(it)) if it.what == "missing"));
    assert!(matches!(risky("refused").await, Err(RiskyError::Refused(it)) if it.reason == "refused"));
    assert!(matches!(risky("other").await, Err(RiskyError::Other(it)) if it.what == "other"));
    let denied = client.risky_void("denied".to_owned()).await;
    assert!(matches!(denied, Err(RiskyVoidError::Denied(it)) if it.code == 3));
    for (kind, code) in [("error", Code::Unavailable), ("panic", Code::Internal)] {
        let Err(RiskyError::Other_(error)) = risky(kind).await else { panic!("{kind}") };
        assert_eq!((error.code(), error.origin()), (code, Origin::Remote), "{kind}");
    }
    let Err(RiskyError::Other_(error)) = risky("business").await else { panic!() };
    assert_eq!((error.business_code(), error.message()), (Some(-7), "no"));
    let error = client.nothing().await.unwrap_err();
    assert_eq!((error.code(), error.reason(), &*error.pairs()["place"]), (Code::NotFound, "EMPTY", "here"));
}

#[tokio::test]
async fn a_deadline_ends_a_call_and_an_unknown_method_is_named() {
    let site = Site::start().await;
    let client = MoreServiceClient::new(site.channel("shapes.moreservice"));
    let slow = client.risky_void("slow".to_owned()).timeout(Duration::from_millis(20)).await;
    let Err(RiskyVoidError::Other(error)) = slow else { panic!("{slow:?}") };
    assert_eq!(error.code(), Code::DeadlineExceeded);
    let stranger = AddServiceClient::new(site.channel("shapes.moreservice"));
    let error = stranger.add(AddRequest::default()).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Unimplemented, "unknown method Add"));
    site.server.stop().await.unwrap();
}

#[tokio::test]
async fn an_argument_that_is_absent_is_its_default() {
    let service = MoreServiceServer::new(Shapes::default());
    let call = |path: &str, body: &'static [u8]| {
        let method = service.info().methods.iter().find(|it| it.path.ends_with(path)).unwrap();
        let body = Bytes::from_static(body);
        service.call(Call::new(method, Context::new(), body, Default::default()))
    };
    // Field 1 alone: a text of one letter.
    let answer = call("/search", b"\x0b\0\x01\0\0\0\x01a\0").await.unwrap();
    let text: String = runtime::thrift::result(answer.body.into_whole().unwrap(), Default::default()).unwrap();
    assert_eq!(text, r#"a 10 2 99 3.14 ["w"] 0 Number(1)"#);
    // Field 2 is there, and zero.
    let answer = call("/search", b"\x08\0\x02\0\0\0\0\0").await.unwrap();
    let text: String = runtime::thrift::result(answer.body.into_whole().unwrap(), Default::default()).unwrap();
    assert_eq!(text, r#" 0 2 99 3.14 ["w"] 0 Number(1)"#);
    // A method's only argument.
    let answer = call("/grade", b"\0").await.unwrap();
    assert_eq!(
        runtime::thrift::result::<Grade>(answer.body.into_whole().unwrap(), Default::default()).unwrap(),
        Grade::A
    );
}

#[tokio::test]
async fn names_of_rust_are_names_like_others() {
    let site = Site::start().await;
    let client = NamesClient::new(site.channel("names"));
    assert_eq!(client.letter(H { h: 4 }).await.unwrap(), H { h: 4 });
    assert_eq!(client.r#type(1, 2, 3, 4, 5, 6, 7).await.unwrap(), 1_234_567);
    assert_eq!(client.new_().await.unwrap(), 1);
    assert_eq!(client.channel_().await.unwrap(), 2);
    assert_eq!(client.clone().clone_().await.unwrap(), 3);
    assert_eq!(client.next("a".to_owned(), "b".to_owned(), "c".to_owned()).await.unwrap(), "abc");
    assert_eq!(client.from_x(Named { a: Some(1) }).await.unwrap().a, Some(1));
    assert!(client.eq(0).await.unwrap());
    client.self_().await.unwrap();
    assert!(matches!(client.r#await().await, Err(AwaitError::Clash(it)) if it.display == "clash"));
}
