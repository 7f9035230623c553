//! One test an option.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use options::options::{All, Choice, Counted, Half, Level, Loose, Maps, Mixed, Plain, Point, Raw};
use runtime::Bytes;
use runtime::json::{self, Style};
use runtime::thrift::{Struct, from_bytes, to_bytes};

fn ids<T: Struct>() -> Vec<i16> {
    T::FIELDS.split(", ").map(|field| field.split(' ').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn omitted_ids_count_down_as_apache_does_or_up_as_kitex_does() {
    assert_eq!(ids::<Plain>(), [-1, 7, -2]);
    assert_eq!(ids::<Counted>(), [1, 7, 8]);
    let bytes = to_bytes(&Plain { first: "a".into(), second: 1, third: true }).unwrap();
    assert!(bytes.ends_with(&[11, 0xff, 0xff, 0, 0, 0, 1, b'a', 0]), "{bytes:?}");
    assert_eq!(from_bytes::<Plain>(bytes, Default::default()).unwrap().first, "a");
}

#[test]
fn maps_and_sets_are_in_order_or_not() {
    let maps = Maps {
        counts: BTreeMap::from([("b".into(), 2), ("a".into(), 1)]),
        ids: BTreeSet::from([2, 1]),
        deep: vec![BTreeMap::from([(1, BTreeSet::from(["x".into()]))])],
    };
    assert_eq!(from_bytes::<Maps>(to_bytes(&maps).unwrap(), Default::default()), Ok(maps));
    let loose = Loose { counts: HashMap::from([("a".into(), 1)]), ids: HashSet::from([1]) };
    assert_eq!(from_bytes::<Loose>(to_bytes(&loose).unwrap(), Default::default()), Ok(loose));
    let Mixed { counts, fast, faster } = Mixed::default();
    let _: (BTreeMap<String, i64>, [HashMap<String, i64>; 2]) = (counts, [fast, faster]);
}

#[test]
fn types_are_read_and_written_as_json_as_serde_does() {
    let all = All {
        r#type: "t\n".into(),
        camel_case: Some(3),
        data: vec![].into(),
        level: Level::HIGH,
        choices: vec![Choice::Name("n".into()), Choice::Point(Point { x: 1, y: 2 })],
        points: BTreeMap::from([(-5, Point { x: 3, y: 4 })]),
        id: i64::MIN,
        next: Some(Box::new(All { id: 1, ..All::default() })),
    };
    let read = |json: &str| json::from_slice::<All>(json.as_bytes(), Style::Thrift, Default::default());
    let written = String::from_utf8(json::to_vec(&all, Style::Thrift).unwrap()).unwrap();
    assert_eq!(read(&written).unwrap(), all);
    // serde has bytes as a list, and writes what is not there.
    let by_serde = serde_json::to_string(&all).unwrap().replace("\"data\":[]", "\"data\":\"\"");
    assert_eq!(read(&by_serde).unwrap(), all);
    assert_eq!(by_serde.replace(",\"next\":null", "").replace("\"camelCase\":null,", ""), written);
    for (json, why) in [
        (r#"{"type": ""}"#, "id: the field is missing, at byte 12"),
        (r#"{"id": 1, "level": "TOP", "level": 1}"#, "level: the field is there twice, at byte 35"),
        (r#"{"id": 1, "choices": [{}]}"#, "choices[0]: one member of `Choice` has to be there, at byte 24"),
        (
            r#"{"id": 1, "choices": [{"name": "", "point": {}}]}"#,
            "choices[0].point: another member of the same oneof is there too, at byte 44",
        ),
        (r#"{"id": 1, "points": {"x": {}}}"#, "points[\"x\"]: \"x\" is not a whole number"),
        (r#"{"id": 1, "next": {"id": 1.5}}"#, "next.id: 1.5 is not a whole number, at byte 25"),
    ] {
        assert_eq!(read(json).unwrap_err().to_string(), why, "{json}");
    }
    assert_eq!(read(r#"{"id": "7", "level": "HIGH"}"#).unwrap(), All { id: 7, level: Level::HIGH, ..All::default() });
}

#[test]
fn types_go_through_serde_under_the_names_of_the_idl() {
    let all = All {
        r#type: "t".into(),
        camel_case: Some(3),
        data: vec![1, 2].into(),
        level: Level::HIGH,
        choices: vec![Choice::Name("n".into()), Choice::Point(Point { x: 1, y: 2 })],
        points: BTreeMap::from([(5, Point { x: 3, y: 4 })]),
        id: 9,
        next: None,
    };
    let json = serde_json::json!({
        "type": "t", "camelCase": 3, "data": [1, 2], "level": 2,
        "choices": [{"name": "n"}, {"point": {"x": 1, "y": 2}}],
        "points": {"5": {"x": 3, "y": 4}}, "id": 9, "next": null,
    });
    assert_eq!(serde_json::to_value(&all).unwrap(), json);
    assert_eq!(serde_json::from_value::<All>(json).unwrap(), all);
    // What may be left out on the wire may be left out here.
    assert_eq!(serde_json::from_str::<Point>(r#"{"y": 2}"#).unwrap(), Point { x: 0, y: 2 });
}

#[test]
fn types_derive_what_was_asked_for() {
    let copied = Point { x: 1, y: 2 };
    let points = HashSet::from([copied, copied]);
    assert!(points.contains(&copied));
    assert!(Plain { second: 2, ..Plain::default() } > Plain { second: 1, ..Plain::default() });
}

#[test]
fn only_clients_are_made() {
    let text = include_str!(concat!(env!("OUT_DIR"), "/kiteline.rs"));
    assert!(text.contains("pub struct OptionsClient"));
    assert!(!text.contains("OptionsServer"));
}

#[test]
fn serde_can_be_left_out_for_one_type() {
    let text = include_str!(concat!(env!("OUT_DIR"), "/kiteline.rs"));
    let at = text.find("pub struct Silent").unwrap();
    let derives = text[..at].rsplit("#[derive").next().unwrap();
    assert!(!derives.contains("serde"), "{derives}");
}

#[test]
fn methods_of_thrift_that_stream_are_left_out() {
    let text = include_str!(concat!(env!("OUT_DIR"), "/kiteline.rs"));
    assert!(text.contains("pub fn say(") && !text.contains("fn talk("));
}

#[test]
fn strings_hold_any_bytes_where_they_may() {
    let bad = || Bytes::from_static(b"\xff\xfe");
    let raw = Raw {
        text: bad(),
        parts: vec![bad()],
        named: BTreeMap::from([(bad(), bad())]),
        checked: "c".into(),
        maybe: Some(bad()),
    };
    assert_eq!(from_bytes::<Raw>(to_bytes(&raw).unwrap(), Default::default()), Ok(raw));
    assert_eq!(Raw::default().text, "a");
    // The same bytes on the wire as text.
    let half = Half { raw: "a".into(), text: "b".into() };
    assert_eq!(to_bytes(&half).unwrap(), [11, 0, 1, 0, 0, 0, 1, b'a', 11, 0, 2, 0, 0, 0, 1, b'b', 0][..]);
    let mut bytes = to_bytes(&half).unwrap().to_vec();
    bytes[7] = 0xff;
    assert_eq!(from_bytes::<Half>(bytes.clone().into(), Default::default()).unwrap().raw, b"\xff"[..]);
    bytes[15] = 0xff;
    let error = from_bytes::<Half>(bytes.into(), Default::default()).unwrap_err();
    let error = error.into_error(runtime::Code::InvalidArgument);
    let advice = "; `(rust.strings = \"bytes\")` in the IDL lets a string hold other bytes";
    assert!(error.message().starts_with("text is not UTF-8 at byte ") && error.message().ends_with(advice), "{error}");
}
