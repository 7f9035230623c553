//! Messages in JSON: whatever comes, it is refused or it is the message; what prost-reflect reads and writes along the
//! descriptors is the same.

use bytes::Bytes;
use fuzz::{executions, fuzz};
use golden::generated::shop::v1::{Order, ShopServer};
use golden::nobody::Nobody;
use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions};
use runtime::Service;
use runtime::json::{Style, from_slice, to_vec};
use runtime::limits::DecodeLimits;
use runtime::prost::Message;

const ORDERS: [&str; 4] = [
    r#"{"id":"o","count":0,"items":[{"name":"i","tags":[{"kind":"KIND_LOUD"}]}],"byName":{"k":{}},"prices":{"-7":{}},"cash":{"units":"-1","nanos":5,"currency":1},"state":"OPEN","states":[0,"CLOSED"],"a":"NaN","b":1e10,"c":7}"#,
    r#"{"at":"1970-01-01T00:00:01.5Z","within":"-1.500s","note":"n","extra":{"a":[1.0,null,{"b":[[[true]]]}]},"parent":{"parent":{"parent":{"raw":"AAE="}}}}"#,
    r#"{"any":{"@type":"type.googleapis.com/shop.v1.Card","number":"4"},"card":{"number":"\u00e9\ud83d\ude00"},"old":{"id":1,"ages":{"a":1},"raw":"_-8","level":"LOW"}}"#,
    r#"{"by_name":{"k":{"name":null}},"i":true,"j":"AA==","h":"18446744073709551615","camelCase":"","d":"0","unknown":{"x":[1,2,{}]}}"#,
];

fn read(json: &[u8]) -> Result<Order, String> {
    from_slice(json, Style::Proto, DecodeLimits::default()).map_err(|failure| failure.to_string())
}

fn written(order: &Order) -> Result<Vec<u8>, String> {
    to_vec(order, Style::Proto).map_err(|unwritten| unwritten.to_string())
}

/// Not a number is not equal to itself, maps have no order, and to prost-reflect the negative zero is a default.
fn shown(order: &Order) -> String {
    let text = format!("{order:?}").replace("-0.0", "0.0");
    let mut characters: Vec<char> = text.chars().collect();
    characters.sort_unstable();
    characters.into_iter().collect()
}

/// The message as prost-reflect knows it.
fn described() -> MessageDescriptor {
    let mut pool = DescriptorPool::global();
    pool.decode_file_descriptor_set(ShopServer::new(Nobody).descriptors()).unwrap();
    pool.get_message_by_name("shop.v1.Order").unwrap()
}

fn read_by_reflection(message: &MessageDescriptor, json: &[u8]) -> Result<Order, String> {
    let mut json = serde_json::Deserializer::from_slice(json);
    let options = DeserializeOptions::new().deny_unknown_fields(false);
    let message = DynamicMessage::deserialize_with_options(message.clone(), &mut json, &options);
    let message = message.map_err(|error| error.to_string())?;
    json.end().map_err(|error| error.to_string())?;
    Order::decode(message.encode_to_vec().as_slice()).map_err(|error| error.to_string())
}

#[test]
fn what_is_read_as_a_message_is_that_message() {
    let corpus = ORDERS.map(|text| text.as_bytes().to_vec());
    let mut whole = 0;
    fuzz(&corpus, executions(20_000), |input| {
        let Ok(order) = read(input) else { return };
        whole += 1;
        let again = read(&written(&order).unwrap()).unwrap();
        assert_eq!(shown(&again), shown(&order));
    });
    assert!(whole > 100, "{whole}");
}

#[test]
fn what_is_read_is_what_reflection_reads() {
    let corpus = ORDERS.map(|text| text.as_bytes().to_vec());
    let message = described();
    let mut both = 0;
    fuzz(&corpus, executions(20_000), |input| match (read(input), read_by_reflection(&message, input)) {
        (Ok(ours), Ok(theirs)) => {
            both += 1;
            assert_eq!(shown(&ours), shown(&theirs));
        }
        (Err(why), Ok(_)) => assert!(is_stricter(&why), "refused: {why}"),
        // Ours takes the two alphabets of base64 in one text.
        (Ok(_), Err(why)) => assert!(why.contains("invalid base64"), "taken: {why}"),
        (Err(_), Err(_)) => {}
    });
    assert!(both > 100, "{both}");
}

/// What protobuf forbids and prost-reflect takes: fields and names of pairs that are there twice (it has the last), and bytes
/// that are not UTF-8 and escapes without a meaning in what is left out; padding of any length, and texts that are numbers of
/// Rust and not of JSON.
fn is_stricter(why: &str) -> bool {
    let forbidden = ["there twice", "is there too", "not UTF-8", "escape has no meaning", "in base64"];
    forbidden.iter().any(|it| why.contains(it)) || why.contains(": \"") && why.contains("number")
}

#[test]
fn what_a_handler_answers_is_written_as_reflection_writes_it() {
    let message = described();
    let corpus = ORDERS.map(|text| read(text.as_bytes()).unwrap().encode_to_vec());
    let mut both = 0;
    fuzz(&corpus, executions(20_000), |input| {
        let Ok(order) = Order::decode(input) else { return };
        let dynamic = DynamicMessage::decode(message.clone(), Bytes::copy_from_slice(input)).unwrap();
        let mut json = serde_json::Serializer::new(Vec::new());
        let theirs = dynamic.serialize_with_options(&mut json, &SerializeOptions::new()).is_ok();
        let Ok(ours) = written(&order) else { return };
        if !theirs {
            return;
        }
        both += 1;
        let value = |json: &[u8]| serde_json::from_slice::<serde_json::Value>(json).unwrap();
        let theirs = read_by_reflection(&message, &ours).unwrap_or_else(|why| panic!("{why}: {}", value(&ours)));
        assert_eq!(shown(&theirs), shown(&read(&ours).unwrap()));
    });
    assert!(both > 100, "{both}");
}
