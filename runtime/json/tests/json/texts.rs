//! Values that stand outside of the body: in a path, a query or a header.

use kiteline_core::limits::DecodeLimits;
use kiteline_json::{Reader, Style, Value, bind};

use crate::sample::{Choice, Sample, read};

fn bound(sample: &mut Sample, path: &str, text: &str) -> Result<(), String> {
    bind(sample, path, text, Style::Proto, Default::default()).map_err(|failure| failure.to_string())
}

#[test]
fn texts_fill_a_message_that_a_body_began() {
    let mut sample = read(r#"{"int32": 1, "inner": {"text": "body"}, "chosenTree": {"int32": 5}}"#).unwrap();
    for (path, text) in [
        ("int32", "007"),
        ("big_number", "-5"),
        ("yes", "true"),
        ("ratio", "1.5"),
        ("kind", "KIND_B"),
        ("bytes", "-_8"),
        ("numbers", "1"),
        ("numbers", "2"),
        ("kinds", "KIND_A"),
        ("maybe", "3"),
        ("time", "1970-01-01T00:00:01Z"),
        ("inner.int32", "9"),
        ("inner.inner.text", "deep, \"plain\""),
        ("chosenTree.text", "kept"),
        ("value", "1"),
    ] {
        assert_eq!(bound(&mut sample, path, text), Ok(()), "{path}");
    }
    let inner = sample.inner.as_ref().unwrap();
    assert_eq!((sample.int32, sample.big_number, sample.kind, sample.maybe), (7, -5, -2, Some(3)));
    assert_eq!((&sample.numbers[..], &sample.kinds[..], &sample.bytes[..]), (&[1, 2][..], &[1][..], &b"\xfb\xff"[..]));
    assert_eq!(
        (inner.int32, inner.text.as_str(), inner.inner.as_ref().unwrap().text.as_str()),
        (9, "body", "deep, \"plain\"")
    );
    let Some(Choice::Tree(tree)) = &sample.choice else { panic!("{sample:?}") };
    assert_eq!((tree.int32, tree.text.as_str()), (5, "kept"));
    let other = "chosenText: another member of the same oneof is there too";
    assert_eq!(bound(&mut sample, "chosen_text", "x"), Err(other.to_owned()));
}

/// As Kratos' clients send them.
#[test]
fn durations_of_go_are_read_outside_of_bodies() {
    let read = |text: &str| {
        let mut duration = prost_types::Duration::default();
        bind(&mut duration, "", text, Style::Proto, DecodeLimits::default()).ok()?;
        Some((duration.seconds, duration.nanos))
    };
    for (text, wanted) in [
        ("1m30s", (90, 0)),
        ("1h0m0.5s", (3600, 500_000_000)),
        ("-1.5h", (-5400, 0)),
        ("+250ms", (0, 250_000_000)),
        ("1.5µs", (0, 1_500)),
        ("1μs3ns", (0, 1_003)),
        ("-7us", (0, -7_000)),
        ("0", (0, 0)),
        (".5s", (0, 500_000_000)),
        ("1.0000000009s", (1, 0)),
        ("2562047h47m16.854775807s", (9_223_372_036, 854_775_807)),
        ("315576000000s", (315_576_000_000, 0)),
    ] {
        assert_eq!(read(text), Some(wanted), "{text}");
    }
    let long = "9".repeat(100_000);
    for text in ["", "-", "1", "m", ".m", "1m30", "1.2.3s", "1x", "1 m", "--1m", "2562048h", &long, &format!("{long}m")]
    {
        assert_eq!(read(text), None, "{}", &text[..text.len().min(9)]);
    }
}

#[test]
fn parameters_that_are_no_field_are_left_out_unless_a_setting_refuses_them() {
    let refused = DecodeLimits { refuse_unknown: true, ..DecodeLimits::default() };
    for (path, why) in [("none", "there is no field \"none\""), ("inner.none", "inner: there is no field \"none\"")] {
        assert_eq!(bound(&mut Sample::default(), path, "1"), Ok(()), "{path}");
        let error = bind(&mut Sample::default(), path, "1", Style::Proto, refused).unwrap_err();
        assert_eq!(error.to_string(), why);
    }
}

#[test]
fn texts_that_do_not_fit_say_the_field() {
    for (path, text, why) in [
        ("int32", "x", "int32: \"x\" is not a whole number"),
        ("int32", "2147483648", "int32: 2147483648 is over 2147483647"),
        ("inner.yes", "yes", "inner.yes: \"yes\" is not true or false"),
        ("kind", "KIND_X", "kind: \"KIND_X\" is not a member of the enum"),
        ("byNumber[x]", "1", "byNumber[\"x\"]: \"x\" is not a whole number"),
        ("byNumber[7", "1", "byNumber: it is a map, and `[7` is not a name in brackets"),
        ("numbers.x", "1", "numbers: it is a list, and has no field `x`"),
        ("int32.x", "1", "int32: it is a whole number, and has no field `x`"),
        ("any", "{}", "any: a google.protobuf.Any does not stand in a text"),
    ] {
        assert_eq!(bound(&mut Sample::default(), path, text), Err(why.to_owned()), "{path}");
    }
    assert!(bound(&mut Sample::default(), "inner", "x").is_err());
}

#[test]
fn a_message_or_a_map_in_a_text_is_json() {
    let mut sample = Sample::default();
    assert_eq!(bound(&mut sample, "inner", r#"{"int32": 1}"#), Ok(()));
    assert_eq!(bound(&mut sample, "byNumber", r#"{"7": "x"}"#), Ok(()));
    assert_eq!(bound(&mut sample, "byNumber[8]", "y"), Ok(()));
    assert_eq!((sample.by_number[&7].as_str(), sample.by_number[&8].as_str()), ("x", "y"));
    assert_eq!(sample.inner.unwrap().int32, 1);
}

#[test]
fn bytes_are_taken_as_they_are() {
    let mut sample = Sample::default();
    for (path, bytes) in [("bytes", &b"\xff\x00"[..]), ("inner.text", b"\"x")] {
        sample.read_into(&mut Reader::raw(bytes, path, "", Style::Proto, Default::default())).unwrap();
    }
    assert_eq!((&sample.bytes[..], sample.inner.as_ref().unwrap().text.as_str()), (&b"\xff\x00"[..], "\"x"));
    assert!(sample.read_into(&mut Reader::raw(b"\xff", "text", "", Style::Proto, Default::default())).is_err());
}
