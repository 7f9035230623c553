//! The messages of `google.protobuf` with forms of their own, as protobuf's JSON has them.

use kiteline_json::{Style, Value, from_slice, to_vec};
use prost_types::{Any, Duration, FieldMask, ListValue, Struct, Timestamp};

use crate::sample::{Holder, through};

fn same<T: Value>(json: &str) -> Result<String, String> {
    let value: T = from_slice(json.as_bytes(), Style::Proto, Default::default()).map_err(|it| it.to_string())?;
    let json = to_vec(&value, Style::Proto).map_err(|it| it.to_string())?;
    Ok(String::from_utf8(json).unwrap())
}

#[test]
fn times() {
    for (json, written) in [
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
        ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500Z"),
        ("2024-02-29T12:30:15.010Z", "2024-02-29T12:30:15.010Z"),
        ("2024-02-29T12:30:15.00001Z", "2024-02-29T12:30:15.000010Z"),
        ("2024-02-29T12:30:15.000000001Z", "2024-02-29T12:30:15.000000001Z"),
        ("1970-01-01T08:00:01+08:00", "1970-01-01T00:00:01Z"),
        ("1969-12-31T16:00:00-08:00", "1970-01-01T00:00:00Z"),
    ] {
        assert_eq!(same::<Timestamp>(&format!("\"{json}\"")), Ok(format!("\"{written}\"")), "{json}");
    }
    for json in [
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "1970-01-01T24:00:00Z",
        "1970-01-01T00:00:60Z",
        "1970-01-01",
        "1970-01-01T00:00:00",
        "1970-01-01t00:00:00Z",
        "1970-01-01T00:00:00z",
        "1970-01-01 00:00:00Z",
        "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00.1234567890Z",
        "0001-01-01T00:00:00+00:01",
        "1970-01-01T00:00:00+24:00",
        "1970-1-01T00:00:00Z",
        "+970-01-01T00:00:00Z",
        "",
        "é",
    ] {
        let why = format!("{json:?} is not a time such as \"2024-05-06T07:08:09.5Z\", at byte 0");
        assert_eq!(same::<Timestamp>(&format!("\"{json}\"")), Err(why));
    }
    for wrong in [
        Timestamp { seconds: i64::MAX, nanos: 0 },
        Timestamp { seconds: 0, nanos: -1 },
        Timestamp { seconds: 0, nanos: 1_000_000_000 },
    ] {
        assert!(to_vec(&wrong, Style::Proto).is_err());
    }
}

#[test]
fn durations() {
    for (json, written) in [
        ("0s", "0s"),
        ("-0s", "0s"),
        ("1.5s", "1.500s"),
        ("-1.000001s", "-1.000001s"),
        ("-0.000000001s", "-0.000000001s"),
        ("315576000000.999999999s", "315576000000.999999999s"),
        ("-315576000000s", "-315576000000s"),
    ] {
        assert_eq!(same::<Duration>(&format!("\"{json}\"")), Ok(format!("\"{written}\"")), "{json}");
    }
    for json in ["1", "s", "-s", "1.s", ".5s", "1 s", "1.0000000000s", "315576000001s", "+1s", "1e3s", "--1s", "1.-5s"]
    {
        let why = format!("{json:?} is not a duration such as \"1.5s\", at byte 0");
        assert_eq!(same::<Duration>(&format!("\"{json}\"")), Err(why));
    }
    for (seconds, nanos) in [(1, -1), (-1, 1), (315_576_000_001, 0), (0, 1_000_000_000), (i64::MIN, 0), (0, i32::MIN)] {
        assert!(to_vec(&Duration { seconds, nanos }, Style::Proto).is_err());
    }
}

#[test]
fn field_masks() {
    for json in [r#""""#, r#""a""#, r#""fooBar,baz.quxX""#] {
        assert_eq!(same::<FieldMask>(json).as_deref(), Ok(json));
    }
    let mask: FieldMask = from_slice(br#""fooBar,baz.quxX""#, Style::Proto, Default::default()).unwrap();
    assert_eq!(mask.paths, ["foo_bar", "baz.qux_x"]);
    for json in [r#""foo_bar""#, r#""a,""#, r#""a b""#, "7"] {
        assert!(same::<FieldMask>(json).is_err(), "{json}");
    }
    for path in ["fooBar", "foo__bar", "foo_3", "foo_"] {
        assert!(to_vec(&FieldMask { paths: vec![path.to_owned()] }, Style::Proto).is_err(), "{path}");
    }
}

#[test]
fn any_json_is_a_value() {
    let json = r#"{"a":{"b":[null,1.5,"x",true,{}]}}"#;
    assert_eq!(same::<Struct>(json).as_deref(), Ok(json));
    assert_eq!(same::<ListValue>("[[],{}]").as_deref(), Ok("[[],{}]"));
    assert_eq!(same::<prost_types::Value>("null").as_deref(), Ok("null"));
    for (json, written) in
        [(r#"{"value":null}"#, r#"{"value":null}"#), (r#"{"value":1}"#, r#"{"value":1.0}"#), ("{}", "{}")]
    {
        assert_eq!(through(json).as_deref(), Ok(written));
    }
    for json in ["[]", "null", r#"{"a":1,"a":2}"#, r#"{"a":1e400}"#, r#"{"a":NaN}"#] {
        assert!(same::<Struct>(json).is_err(), "{json}");
    }
    let nan = prost_types::value::Kind::NumberValue(f64::NAN);
    assert!(to_vec(&prost_types::Value { kind: Some(nan) }, Style::Proto).is_err());
    assert!(to_vec(&prost_types::Value { kind: None }, Style::Proto).is_err());
}

#[test]
fn wrappers_are_what_they_wrap() {
    assert_eq!(same::<()>("{}").as_deref(), Ok("{}"));
    assert_eq!(same::<i64>("1").as_deref(), Ok("\"1\""));
    assert_eq!(same::<bool>("true").as_deref(), Ok("true"));
    assert_eq!(same::<String>("\"x\"").as_deref(), Ok("\"x\""));
    assert_eq!(same::<Vec<u8>>("\"AA\"").as_deref(), Ok("\"AA==\""));
}

#[test]
fn messages_stand_beside_their_types() {
    for json in [
        "{}",
        r#"{"any":{}}"#,
        r#"{"any":{"@type":"type.googleapis.com/test.Named","fullName":"x"}}"#,
        r#"{"any":{"@type":"x/google.protobuf.Duration","value":"1.500s"}}"#,
        r#"{"any":{"@type":"x/google.protobuf.Empty","value":{}}}"#,
        r#"{"any":{"@type":"x/google.protobuf.Int64Value","value":"1"}}"#,
        r#"{"any":{"@type":"x/google.protobuf.Struct","value":{"a":[1.0]}}}"#,
        r#"{"any":{"@type":"x/google.protobuf.Any","value":{"@type":"x/test.Named","fullName":"x"}}}"#,
        r#"{"any":{"@type":"x/test.Other","any":{"@type":"x/test.Named","fullName":"x"}}}"#,
    ] {
        assert_eq!(same::<Holder>(json).as_deref(), Ok(json), "{json}");
    }
    // The type may stand anywhere, and some writers have no value for what is empty.
    let named = r#"{"any":{"fullName":"x","@type":"x/test.Named"}}"#;
    assert_eq!(same::<Holder>(named).unwrap(), r#"{"any":{"@type":"x/test.Named","fullName":"x"}}"#);
    let empty = r#"{"any":{"@type":"x/google.protobuf.Empty"}}"#;
    assert_eq!(same::<Holder>(empty).unwrap(), r#"{"any":{"@type":"x/google.protobuf.Empty","value":{}}}"#);
}

#[test]
fn messages_of_no_known_type_say_so() {
    for (json, why) in [
        (r#"{"any":{"@type":"x/test.New"}}"#, "any: `test.New` is not a message that this program knows, at byte 7"),
        (r#"{"any":{"@type":"test.Named"}}"#, "any: \"test.Named\" is not the URL of a type, at byte 7"),
        (r#"{"any":{"@type":""}}"#, "any: \"\" is not the URL of a type, at byte 7"),
        (r#"{"any":{"fullName":""}}"#, "any: `@type` is missing, at byte 7"),
        (r#"{"any":{"@type":1}}"#, "any: 1 is not a text, at byte 16"),
        (r#"{"any":{"@type":"x/google.protobuf.Duration"}}"#, "any: `value` is missing, at byte 7"),
    ] {
        assert_eq!(same::<Holder>(json).unwrap_err(), why);
    }
    assert!(
        same::<Holder>(r#"{"any":{"@type":"x/test.Named","@type":"x/test.Named"}}"#).unwrap_err().contains("twice")
    );
    let any = |type_url: &str, value: &[u8]| Any { type_url: type_url.to_owned(), value: value.to_vec() };
    let written = |any| to_vec(&Holder { any: Some(any) }, Style::Proto).map_err(|it| it.to_string());
    let why = "a google.protobuf.Any has no form in JSON: `test.New` is not a message that this program knows";
    assert_eq!(written(any("x/test.New", b"")).unwrap_err(), why);
    assert!(written(any("x/test.Named", b"\xff")).is_err());
}

#[test]
fn messages_within_messages_end_somewhere() {
    let mut any = Any::default();
    for _ in 0..200 {
        any = Any { type_url: "x/google.protobuf.Any".to_owned(), value: prost::Message::encode_to_vec(&any) };
    }
    assert_eq!(to_vec(&any, Style::Proto).unwrap_err().to_string(), "google.protobuf.Any is nested too deep");
    let deep = "{\"@type\":\"x/google.protobuf.Any\",\"value\":".repeat(200) + "{}" + &"}".repeat(200);
    assert!(same::<Any>(&deep).is_err());
}
