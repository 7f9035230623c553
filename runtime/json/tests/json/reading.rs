//! What is read, and what is refused with which words.

use kiteline_core::error::{Code, Origin};
use kiteline_core::limits::DecodeLimits;
use kiteline_json::{Style, from_slice};

use crate::sample::{Named, Sample, read, through};

/// Texts and what is written of what was read: protobuf's own rules (protobuf.dev/programming-guides/json).
#[test]
fn each_form_is_read_and_one_is_written() {
    for (json, written) in [
        ("{}", "{}"),
        (" { \"int32\" : 1 ,\n\t\"text\" : \"x\" } \r\n", r#"{"int32":1,"text":"x"}"#),
        (r#"{"big_number": 1, "by_kind": {}}"#, r#"{"bigNumber":"1"}"#),
        (r#"{"int32": null, "text": null, "inner": null, "more": null, "byKind": null, "chosenText": null}"#, "{}"),
        (r#"{"int32": "7", "bigNumber": "-9223372036854775808"}"#, r#"{"int32":7,"bigNumber":"-9223372036854775808"}"#),
        (r#"{"int32": 1e2, "small": 4.0, "bigNumber": "1e3"}"#, r#"{"int32":100,"bigNumber":"1000","small":4}"#),
        (r#"{"int32": -2147483648, "small": 4294967295}"#, r#"{"int32":-2147483648,"small":4294967295}"#),
        (r#"{"unsigned": 18446744073709551615}"#, r#"{"unsigned":"18446744073709551615"}"#),
        (r#"{"ratio": "NaN", "short": "-Infinity"}"#, r#"{"ratio":"NaN","short":"-Infinity"}"#),
        (r#"{"ratio": -0.0, "short": "1.5"}"#, r#"{"ratio":-0.0,"short":1.5}"#),
        (
            r#"{"ratio": 1.7976931348623157e308, "short": 3.4028235e38}"#,
            r#"{"ratio":1.7976931348623157e+308,"short":3.4028235e+38}"#,
        ),
        (r#"{"bytes": "-_8"}"#, r#"{"bytes":"+/8="}"#),
        (r#"{"bytes": "+/8="}"#, r#"{"bytes":"+/8="}"#),
        (r#"{"maybe": 0}"#, r#"{"maybe":0}"#),
        (r#"{"kind": "KIND_ALIAS"}"#, r#"{"kind":"KIND_A"}"#),
        (r#"{"kinds": ["KIND_B", 1, 77, "-2", 0]}"#, r#"{"kinds":["KIND_B","KIND_A",77,"KIND_B","KIND_NONE"]}"#),
        (
            r#"{"byKind": {"x": "KIND_A"}, "byNumber": {"-7": "y"}, "byBool": {"true": 1}}"#,
            r#"{"byKind":{"x":"KIND_A"},"byNumber":{"-7":"y"},"byBool":{"true":1}}"#,
        ),
        (
            r#"{"inner": {"inner": {}}, "more": [{}, {"int32": 1}]}"#,
            r#"{"inner":{"inner":{}},"more":[{},{"int32":1}]}"#,
        ),
        (r#"{"chosenText": ""}"#, r#"{"chosenText":""}"#),
        (r#"{"chosenKind": "KIND_NONE"}"#, r#"{"chosenKind":"KIND_NONE"}"#),
        (r#"{"chosenTree": {}, "chosenText": null}"#, r#"{"chosenTree":{}}"#),
        (
            r#"{"text": "\"\\\/\b\f\n\r\t\u00e9\ud83e\udd80\u0001é"}"#,
            "{\"text\":\"\\\"\\\\/\\b\\f\\n\\r\\té🦀\\u0001é\"}",
        ),
        (r#"{"unknown": [{"a": [1, "x\u0000", true, null, -1.5e3]}], "int32": 1, "unknown": {}}"#, r#"{"int32":1}"#),
        // Where unknown fields are left out, so are unknown members of enums.
        (
            r#"{"kind": "KIND_C", "kinds": ["KIND_C", 1], "byKind": {"x": "KIND_C"}, "chosenKind": "KIND_C"}"#,
            r#"{"kinds":["KIND_A"]}"#,
        ),
    ] {
        assert_eq!(through(json).as_deref(), Ok(written), "{json}");
    }
}

/// Texts and why they are refused.
#[test]
fn what_is_refused_says_the_field_and_the_byte() {
    for (json, why) in [
        ("", "the JSON ends where an object should be, at byte 0"),
        ("[]", "a list is not an object, at byte 0"),
        ("null", "null is not an object, at byte 0"),
        ("{", "the JSON ends where a name should be, at byte 1"),
        ("{,}", ", is not a name, at byte 1"),
        (r#"{"int32":1,}"#, "} is not a name, at byte 11"),
        (r#"{"int32" 1}"#, "1 is not a colon, at byte 9"),
        (r#"{"int32":1 "text":""}"#, "\"text\" is not a comma or the end of the object, at byte 11"),
        (r#"{"int32":1} x"#, "there is more behind the JSON, at byte 12"),
        (r#"{"int32":1.5}"#, "int32: 1.5 is not a whole number, at byte 9"),
        (r#"{"int32":2147483648}"#, "int32: 2147483648 is over 2147483647, at byte 9"),
        (r#"{"int32":-2147483649}"#, "int32: -2147483649 is under -2147483648, at byte 9"),
        (r#"{"int32":1e99}"#, "int32: 1e99 is over 2147483647, at byte 9"),
        (r#"{"small":-1}"#, "small: -1 is under 0, at byte 9"),
        (
            r#"{"unsigned":18446744073709551616}"#,
            "unsigned: 18446744073709551616 is over 18446744073709551615, at byte 12",
        ),
        (r#"{"int32":" 1"}"#, "int32: \" 1\" is not a whole number, at byte 9"),
        (r#"{"int32":""}"#, "int32: \"\" is not a whole number, at byte 9"),
        (r#"{"int32":"0x1"}"#, "int32: \"0x1\" is not a whole number, at byte 9"),
        (r#"{"int32":01}"#, "int32: 01 is not a whole number, at byte 9"),
        (r#"{"int32":+1}"#, "int32: +1 is not a whole number, at byte 9"),
        (r#"{"int32":true}"#, "int32: true is not a whole number, at byte 9"),
        (r#"{"int32":{}}"#, "int32: an object is not a whole number, at byte 9"),
        (r#"{"ratio":1e400}"#, "ratio: 1e400 is out of range, at byte 9"),
        (r#"{"short":3.5e38}"#, "short: 3.5e38 is out of range, at byte 9"),
        (r#"{"ratio":NaN}"#, "ratio: NaN is not a number, at byte 9"),
        (r#"{"ratio":"nan"}"#, "ratio: \"nan\" is not a number, at byte 9"),
        (r#"{"ratio":.5}"#, "ratio: .5 is not a number, at byte 9"),
        (r#"{"ratio":1.}"#, "ratio: 1. is not a number, at byte 9"),
        (r#"{"yes":"true"}"#, "yes: \"true\" is not true or false, at byte 7"),
        (r#"{"yes":1}"#, "yes: 1 is not true or false, at byte 7"),
        (r#"{"yes":truth}"#, "yes: truth is not true or false, at byte 7"),
        (r#"{"text":7}"#, "text: 7 is not a text, at byte 8"),
        (r#"{"bytes":"a"}"#, "bytes: \"a\" is not bytes in base64, at byte 9"),
        (r#"{"bytes":7}"#, "bytes: 7 is not bytes in base64, at byte 9"),
        (r#"{"numbers":{}}"#, "numbers: an object is not a list, at byte 11"),
        (r#"{"numbers":[1,null]}"#, "numbers[1]: null is not a whole number, at byte 14"),
        (r#"{"numbers":[1,]}"#, "numbers[1]: ] is not a whole number, at byte 14"),
        (r#"{"numbers":[1 2]}"#, "numbers: 2 is not a comma or the end of the list, at byte 14"),
        (r#"{"more":[{},{"inner":{"text":1}}]}"#, "more[1].inner.text: 1 is not a text, at byte 29"),
        (r#"{"more":[null]}"#, "more[0]: null is not an object, at byte 9"),
        (r#"{"kind":1.5}"#, "kind: 1.5 is not a whole number, at byte 8"),
        (r#"{"kind":[]}"#, "kind: a list is not a member of the enum, at byte 8"),
        (r#"{"kind":2147483648}"#, "kind: 2147483648 is over 2147483647, at byte 8"),
        (r#"{"byNumber":{"x":""}}"#, "byNumber[\"x\"]: \"x\" is not a whole number"),
        (r#"{"byBool":{"1":1}}"#, "byBool[\"1\"]: \"1\" is not true or false"),
        (r#"{"byNumber":{"1":"","1":""}}"#, "byNumber[\"1\"]: the name is there twice, at byte 24"),
        (r#"{"byNumber":{"1":"","1.0":""}}"#, "byNumber[\"1.0\"]: the name is there twice, at byte 26"),
        (r#"{"byNumber":{"1":null}}"#, "byNumber[\"1\"]: null is not a text, at byte 17"),
        (r#"{"byKind":{"x":1,"x":1}}"#, "byKind[\"x\"]: the name is there twice, at byte 21"),
        (r#"{"int32":1,"int32":1}"#, "int32: the field is there twice, at byte 19"),
        (r#"{"bigNumber":1,"big_number":1}"#, "bigNumber: the field is there twice, at byte 28"),
        (
            r#"{"chosenText":"","chosenKind":1}"#,
            "chosenKind: another member of the same oneof is there too, at byte 30",
        ),
        (
            r#"{"chosenTree":{},"chosenText":""}"#,
            "chosenText: another member of the same oneof is there too, at byte 30",
        ),
        (r#"{"text":"\ud800"}"#, "text: this escape has no meaning, at byte 9"),
        (r#"{"text":"\udc00\ud800"}"#, "text: this escape has no meaning, at byte 9"),
        (r#"{"text":"\ud800\u0041"}"#, "text: this escape has no meaning, at byte 9"),
        (r#"{"text":"\x"}"#, "text: this escape has no meaning, at byte 9"),
        (r#"{"text":"\u12"}"#, "text: this escape has no meaning, at byte 9"),
        ("{\"text\":\"\u{1}\"}", "text: the control character 1 has to be escaped, at byte 9"),
        (r#"{"text":"x"#, "text: the JSON ends in the middle of a text, at byte 10"),
        (r#"{'text':1}"#, "'text' is not a name, at byte 1"),
        (r#"{"unknown":{"a":}}"#, "} is not a value, at byte 16"),
        (r#"{"unknown":[nul]}"#, "nul is not a value, at byte 12"),
        (r#"{"unknown":-}"#, "- is not a value, at byte 11"),
    ] {
        assert_eq!(through(json).unwrap_err(), why, "{json}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_refused() {
    let failure = read(b"{\"text\":\"\xff\"}").unwrap_err();
    assert_eq!(failure.to_string(), "the JSON is not UTF-8, at byte 9");
    let long = [&b"{\"text\":\""[..], &[b'x'; 100], b"\xed\xa0\x80\"}"].concat();
    assert_eq!(read(long).unwrap_err().to_string(), "the JSON is not UTF-8, at byte 109");
}

#[test]
fn unknown_fields_are_refused_where_that_is_set() {
    let limits = DecodeLimits { refuse_unknown: true, ..DecodeLimits::default() };
    let strict = |json: &str| from_slice::<Sample>(json.as_bytes(), Style::Proto, limits).unwrap_err().to_string();
    assert_eq!(strict(r#"{"more":[{"new": 1}]}"#), "more[0]: there is no field \"new\", at byte 10");
    assert_eq!(strict(r#"{"kind":"KIND_C"}"#), "kind: \"KIND_C\" is not a member of the enum, at byte 8");
    assert_eq!(
        strict(r#"{"any":{"@type":"x/test.Named","fullName":"","new":1}}"#),
        "any: there is no field \"new\", at byte 45"
    );
}

#[test]
fn required_fields_have_to_be_there() {
    let named = |json: &str| from_slice::<Named>(json.as_bytes(), Style::Thrift, Default::default());
    assert_eq!(named(r#"{"fullName":""}"#).unwrap(), Named::default());
    for json in ["{}", r#"{"fullName":null}"#] {
        assert!(named(json).unwrap_err().to_string().starts_with("fullName: the field is missing"), "{json}");
    }
}

#[test]
fn depth_is_limited() {
    let lists = |depth: usize| format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let messages = |depth: usize| format!("{}{}", "{\"inner\":".repeat(depth - 1) + "{", "}".repeat(depth));
    let values = |depth: usize| format!("{{\"value\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let messages_in = |depth: usize| messages(depth + 1);
    let shapes: [&dyn Fn(usize) -> String; 3] = [&lists, &messages_in, &values];
    for nested in shapes {
        assert!(read(nested(99)).is_ok());
        assert!(read(nested(100)).unwrap_err().to_string().contains("the JSON is nested too deep"), "{}", nested(100));
        assert!(read(nested(1_000_000)).is_err());
    }
    let thrift = |depth| {
        from_slice::<Sample>(messages(depth).as_bytes(), Style::Thrift, DecodeLimits { depth: 5, ..Default::default() })
    };
    assert!(thrift(5).is_ok());
    assert!(thrift(6).is_err());
}

#[test]
fn memory_is_limited() {
    let limits = DecodeLimits { budget: 1 << 20, string: 1 << 10, ..DecodeLimits::default() };
    let read = |json: &str| from_slice::<Sample>(json.as_bytes(), Style::Proto, limits);
    let many = |of: &str, item: &str| format!("{{\"{of}\":[{item}{}]}}", format!(",{item}").repeat(200_000));
    let text = format!("{{\"text\":\"{}\"}}", "x".repeat(1 << 10));
    assert!(read(&text).is_ok());
    let objects = format!("{{\"value\":{}}}", many("x", "{}"));
    let pairs: String = (0..200_000).map(|number| format!(",\"{number}\":\"\"")).collect();
    let map = format!("{{\"byNumber\":{{\"x\":\"\"{pairs}}}}}").replace("\"x\":\"\",", "");
    for json in
        [text.replace("\"}", "x\"}"), many("more", "{}"), many("numbers", "1"), many("kinds", "1"), objects, map]
    {
        let error = read(&json).unwrap_err().into_error(Code::InvalidArgument);
        assert_eq!((error.code(), error.origin()), (Code::ResourceExhausted, Origin::Decode), "{error}");
    }
    // What is left out takes none.
    assert!(read(&many("unknown", "{}")).is_ok());
}

#[test]
fn no_damage_makes_it_panic() {
    let json = r#"{"int32":-1.0e1,"text":"\ud83e\udd80é","more":[{"bytes":"AA=="}],"byNumber":{"1":"x"},"value":[null,{"a":1.5}],"any":{"@type":"x/test.Named","fullName":"y"},"time":"2024-05-06T07:08:09Z"}"#;
    assert!(read(json).is_ok());
    for at in 0..json.len() {
        assert!(read(&json.as_bytes()[..at]).is_err());
        for byte in 0..=255 {
            let mut damaged = json.as_bytes().to_vec();
            damaged[at] = byte;
            let _ = read(damaged);
        }
    }
}
