//! gRPC's bodies in JSON: whatever comes, it is refused or it is the message.

use bytes::Bytes;
use fuzz::{executions, fuzz};
use golden::generated::shop::v1::{Order, ShopServer};
use golden::nobody::Nobody;
use runtime::grpc::Json;
use runtime::limits::DecodeLimits;
use runtime::prost::Message;
use runtime::{Code, Service};

const ORDERS: [&str; 4] = [
    r#"{"id":"o","count":0,"items":[{"name":"i","tags":[{"kind":"KIND_LOUD"}]}],"byName":{"k":{}},"prices":{"-7":{}},"cash":{"units":"-1","nanos":5,"currency":1},"state":"OPEN","states":[0,"CLOSED"],"a":"NaN","b":1e10,"c":7}"#,
    r#"{"at":"1970-01-01T00:00:01.5Z","within":"-1.500s","note":"n","extra":{"a":[1.0,null,{"b":[[[true]]]}]},"parent":{"parent":{"parent":{"raw":"AAE="}}}}"#,
    r#"{"any":{"@type":"type.googleapis.com/shop.v1.Card","number":"4"},"card":{"number":"\u00e9\ud83d\ude00"},"old":{"id":1,"ages":{"a":1},"raw":"_-8","level":"LOW"}}"#,
    r#"{"by_name":{"k":{"name":null}},"i":true,"j":"AA==","h":"18446744073709551615","camelCase":"","d":"0","unknown":{"x":[1,2,{}]}}"#,
];

#[test]
fn what_is_read_as_a_message_is_that_message() {
    let (shop, json, limits) = (ShopServer::new(Nobody), Json::default(), DecodeLimits::default());
    let (put, descriptors) = (&shop.info().methods[0], shop.descriptors());
    let corpus = ORDERS.map(|text| text.as_bytes().to_vec());
    let mut whole = 0;
    fuzz(&corpus, executions(20_000), |input| match json.request(put, descriptors, input, limits) {
        Ok(body) => {
            whole += 1;
            let order = Order::decode(body.clone()).unwrap();
            let written = json.reply(put, descriptors, body).unwrap();
            let again = json.request(put, descriptors, &written, limits).unwrap();
            // Not a number is not equal to itself.
            assert_eq!(format!("{:?}", Order::decode(again).unwrap()), format!("{order:?}"));
        }
        Err(error) => assert!(matches!(error.code(), Code::InvalidArgument | Code::ResourceExhausted), "{error:?}"),
    });
    assert!(whole > 100, "{whole}");
}

#[test]
fn what_a_handler_answers_is_written_or_refused() {
    let (shop, json) = (ShopServer::new(Nobody), Json::default());
    let (put, descriptors) = (&shop.info().methods[0], shop.descriptors());
    let corpus =
        ORDERS.map(|text| json.request(put, descriptors, text.as_bytes(), DecodeLimits::default()).unwrap().to_vec());
    fuzz(&corpus, executions(20_000), |input| {
        if let Err(error) = json.reply(put, descriptors, Bytes::copy_from_slice(input)) {
            assert_eq!(error.code(), Code::Internal);
        }
    });
}
