//! `buf.validate` over every protocol of a proto service; the rules themselves are judged by protovalidate
//! (`tests/conformance/validate`).

use golden::generated::checks::{All, Checks, ChecksClient, ChecksServer, Free, Leaf, Numbers, Others, presence};
use golden::generated::checks::{AtMostOne, Presence};
use runtime::client::{Http, Transport};
use runtime::validate::BadRequest;
use runtime::{Channel, Code, Config, Context, Error, Registry, Result, Server, Streaming};

use super::broken;

struct Handler;

impl Checks for Handler {
    async fn check(&self, _: &Context, _: All) -> Result<()> {
        Ok(())
    }

    async fn collect(&self, _: &Context, mut leaves: Streaming<Leaf>) -> Result<()> {
        while let Some(leaf) = leaves.next().await {
            leaf?;
        }
        Ok(())
    }

    async fn pass(&self, _: &Context, _: Free) -> Result<()> {
        Ok(())
    }
}

fn leaf(name: &str) -> Leaf {
    Leaf { name: name.to_owned(), next: None }
}

fn wrong() -> All {
    let presence = Presence { choice: Some(presence::ChoiceOneOf::Leaf(leaf(""))), ..Presence::default() };
    All { presence: Some(presence), ..All::default() }
}

fn is_refused(error: &Error) {
    assert_eq!((error.code(), error.reason()), (Code::InvalidArgument, "VALIDATION"), "{error:?}");
    let detail = error.detail::<BadRequest>().unwrap();
    let first = &detail.field_violations[0];
    assert_eq!((&*first.field, &*first.reason), ("presence.plain", "required"));
    assert!(detail.field_violations.iter().any(|it| it.field == "presence.leaf.name"), "{detail:?}");
}

#[tokio::test]
async fn every_protocol_tells_the_fields() {
    let registry = Registry::open("memory").unwrap();
    let server = Server::new(Config::local()).registry(&registry).add(ChecksServer::new(Handler));
    let _server = server.start().await.unwrap();
    let channel = || Channel::builder("checks").registry(&registry);
    for channel in [
        channel().build().unwrap(),
        channel().http(Http::grpc()).build().unwrap(),
        channel().http(Http::connect()).build().unwrap(),
        channel().http(Http::connect().with_json()).build().unwrap(),
        channel().transport(Transport::TtheaderFramed).build().unwrap(),
    ] {
        let client = ChecksClient::new(channel);
        is_refused(&client.check(wrong()).await.unwrap_err());
        assert!(client.check(All::default()).await.is_ok());
        assert!(client.pass(Free::default()).await.is_ok());
    }
}

#[tokio::test]
async fn each_message_of_a_stream_is_checked() {
    let registry = Registry::open("memory").unwrap();
    let server = Server::new(Config::local()).registry(&registry).add(ChecksServer::new(Handler));
    let _server = server.start().await.unwrap();
    for validate in [false, true] {
        let channel = Channel::builder("checks").registry(&registry).validate(validate).build().unwrap();
        let client = ChecksClient::new(channel);
        assert!(client.collect(runtime::streaming::iter([leaf("a"), leaf("b")])).await.is_ok());
        let error = client.collect(runtime::streaming::iter([leaf("a"), leaf("")])).await.unwrap_err();
        assert_eq!((error.code(), error.message()), (Code::InvalidArgument, "name: must have at least 1 character"));
        let error = client.check(wrong()).await.unwrap_err();
        is_refused(&error);
    }
}

#[test]
fn presence_decides_what_is_checked() {
    let mut presence = Presence {
        plain: "x".into(),
        explicit: Some(String::new()),
        message: Some(leaf("x")),
        list: vec![String::new()],
        map: [(String::new(), String::new())].into(),
        number: 3,
        zero_passes_too: Some(0),
        unchecked: Some(leaf("")),
        choice: Some(presence::ChoiceOneOf::Nothing(())),
        free: Some(presence::Free::Type(0)),
        ..Presence::default()
    };
    // Where zero can be told from absent, nothing is ignored.
    assert_eq!(broken(&presence), ["zero_passes_too int32.gt"]);
    presence.zero_passes_too = None;
    presence.choice = None;
    presence.free = Some(presence::Free::This(5));
    assert_eq!(broken(&presence), ["this int32.lt", "type required", "choice required"]);
}

#[test]
fn crossed_bounds_mean_what_is_outside_of_them() {
    let of = |value| {
        let numbers = Numbers { int32_outside: value, ..Numbers::default() };
        broken(&numbers).iter().any(|it| it == "int32_outside int32.gt_lt_exclusive")
    };
    assert_eq!([0, 1, 5, 6].map(of), [false, true, true, false]);
}

#[test]
fn keys_and_elements_are_in_the_path() {
    let others = Others { items: vec![1, 7], pairs: [("ab".to_owned(), 0)].into(), ..Others::default() };
    let found = broken(&others);
    for expected in ["items[1] enum.defined_only", "pairs[\"ab\"] string.max_len", "pairs[\"ab\"] int32.gt"] {
        assert!(found.iter().any(|it| it == expected), "{found:?}");
    }
}

#[test]
fn at_most_one_is_at_most_one() {
    let one = AtMostOne { a: "ab".into(), b: Some(String::new()), ..AtMostOne::default() };
    assert_eq!(broken(&one), [" message.oneof", " message.oneof"]);
    assert_eq!(broken(&AtMostOne { c: 4, ..AtMostOne::default() }), Vec::<String>::new());
}

#[test]
fn the_older_rules_mean_the_same() {
    use golden::generated::older::{Free, Leaf, Required, Values, required, values::Value};
    let of = |value| broken(&Values { value: Some(value), ..Values::default() });
    assert_eq!(of(Value::Leaf(Leaf::default())), ["leaf.name string.min_len"]);
    assert_eq!(of(Value::Skipped(Leaf::default())), Vec::<String>::new());
    assert_eq!(of(Value::Free(Free::default())), Vec::<String>::new());
    assert_eq!(of(Value::TextEmpty(String::new())), Vec::<String>::new());
    assert_eq!(of(Value::TextEmpty("a".into())), ["text_empty string.min_len"]);
    // No bound lets NaN through, as in protovalidate.
    assert_eq!(of(Value::DoubleLt(f64::NAN)), ["double_lt double.lt"]);
    let list = Values { zero: 1, some: vec![String::new()], ..Values::default() };
    assert_eq!(broken(&list), ["some repeated.min_items", "zero int32.gt"]);
    assert_eq!(broken(&Values::default()), Vec::<String>::new());
    let mut needed = Required::default();
    assert_eq!(broken(&needed), ["leaf required", "duration required", "by_any required", "choice required"]);
    needed.choice = Some(required::Choice::A(String::new()));
    needed.leaf = Some(Leaf { name: "x".into() });
    assert_eq!(broken(&needed), ["duration required", "by_any required"]);
}
