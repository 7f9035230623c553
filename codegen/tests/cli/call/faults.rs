//! Requests that cannot be made: the place, what is wrong there, what to type.

use super::Caller;
use super::servers::{CHAT, EVERYTHING};

/// Nobody listens: nothing of these is sent.
fn caller() -> Caller {
    Caller::new("127.0.0.1:1", &[("all.thrift", EVERYTHING), ("chat.proto", CHAT)])
}

/// The finding at `column` of one line, with its marker and its help.
fn finding(message: &str, json: &str, column: usize, width: usize, label: &str, help: &str) -> String {
    let mark = format!("{}{} {label}", " ".repeat(column - 1), "^".repeat(width));
    let help = if help.is_empty() { String::new() } else { format!("  |\n  = help: {help}\n") };
    format!("error: {message}\n --> request:1:{column}\n  |\n1 | {json}\n  | {}\n{help}", mark.trim_end())
}

/// Method and request; then what is said of it: the message, where, how wide, beside the marker, what helps.
const OF_THRIFT: &[(&str, &str, &str, usize, usize, &str, &str)] = &[
    (
        "Echo",
        r#"{"points": [{"x": 1}, {"x": 1, "z": 2}]}"#,
        "`Point` has no field `z`",
        32,
        3,
        "did you mean `x`?",
        "its fields are `x`, `y`",
    ),
    (
        "Echo",
        r#"{"number": 2147483648}"#,
        "`number` is an i32: 2147483648 is outside of -2147483648 to 2147483647",
        12,
        10,
        "",
        "",
    ),
    ("Echo", r#"{"tiny": 1.5}"#, "`tiny` is an i8: write a whole number", 10, 3, "this has a fraction", ""),
    (
        "Echo",
        r#"{"inner": {"small": "x"}}"#,
        "`inner.small` is an i16: write a whole number",
        21,
        3,
        "this is a text",
        "",
    ),
    ("Echo", r#"{"large": [1]}"#, "`large` is an i64: write a whole number", 11, 3, "this is a list", ""),
    ("Echo", r#"{"real": "x"}"#, "`real` is a double: write a number", 10, 3, "this is a text", ""),
    ("Echo", r#"{"flag": 1}"#, "`flag` is a bool: write true or false", 10, 1, "this is a number", ""),
    ("Echo", r#"{"text": 1}"#, "`text` is a string: write a text in quotes", 10, 1, "this is a number", ""),
    ("Echo", r#"{"bytes": "?"}"#, "`bytes` is binary: write bytes in base64", 11, 3, "this is a text", ""),
    (
        "Echo",
        r#"{"key": "1"}"#,
        "`key` is a uuid: write a text such as \"00112233-4455-6677-8899-aabbccddeeff\"",
        9,
        3,
        "this is a text",
        "",
    ),
    (
        "Echo",
        r#"{"color": "GREN"}"#,
        "`color` is of the enum `Color`, which has no `GREN`",
        11,
        6,
        "did you mean `GREEN`?",
        "it has `RED`, `GREEN`",
    ),
    (
        "Echo",
        r#"{"color": true}"#,
        "`color` is of the enum `Color`: write a name of it, or a number",
        11,
        4,
        "this is a truth value",
        "",
    ),
    ("Echo", r#"{"points": [{}]}"#, "the field `x` of `Point` is missing", 13, 2, "", "add \"x\": …"),
    (
        "Echo",
        r#"{"points": {}}"#,
        "`points` is a list<Point>: write a list, such as []",
        12,
        2,
        "this is an object",
        "",
    ),
    ("Echo", r#"{"by_id": {"a": "b"}}"#, "`by_id[\"a\"]` is an i64: write a whole number", 12, 3, "this is a text", ""),
    (
        "Echo",
        r#"{"by_point": {"a": "b"}}"#,
        "`by_point[\"a\"]` is a Point: write its JSON as a text",
        15,
        3,
        "this is a text",
        "",
    ),
    (
        "Echo",
        r#"{"shape": {}}"#,
        "`shape` is the union `Shape`, which has one field",
        11,
        2,
        "",
        "name one of `point`, `name`",
    ),
    ("Echo", "[]", "the request is the struct `All`: write an object, such as {}", 1, 2, "this is a list", ""),
    ("Sum", r#"{"a": 1}"#, "the argument `b` of `Sum` is missing", 1, 8, "", "add \"b\": …"),
    (
        "Sum",
        "1",
        "the request is the arguments by their names: write an object, such as {}",
        1,
        1,
        "this is a number",
        "",
    ),
    ("Everything.Ping", r#"{"a": 1}"#, "`Ping` has no field `a`", 2, 3, "", "it has no fields: write {}"),
];

#[test]
fn the_place_of_what_does_not_fit_thrift() {
    let it = caller();
    for (method, json, message, column, width, label, help) in OF_THRIFT {
        it.call(&["all.thrift", method, json]).fails(2, &finding(message, json, *column, *width, label, help));
    }
}

/// A request, and what is said of it.
const OF_JSON: &[(&str, &str, usize, usize, &str, &str)] = &[
    (r#"{"number": 1"#, "this is not JSON: `,` or `}` is missing", 13, 1, "the text ends here", ""),
    (r#"{"number" 1}"#, "this is not JSON: `:` is missing", 11, 1, "", ""),
    ("{number: 1}", "this is not JSON: the name of a field, in quotes, is missing", 2, 1, "", ""),
    (r#"{"text": RED}"#, "`RED` is not JSON", 10, 3, "", "write a text in quotes: \"RED\""),
    (r#"{"text": "a}"#, "this is not JSON: the text has no end", 10, 1, "it begins here", "close it with a \""),
    (r#"{"number": 01}"#, "`01` is not a number of JSON", 12, 2, "", ""),
    (r#"{"number": 1, "number": 2}"#, "`number` is there twice", 15, 8, "", "leave one of them out"),
    (r#"{"number": 1,}"#, "this is not JSON: a value behind the comma is missing", 14, 1, "", ""),
    ("{} {}", "`Everything.Echo` takes one request", 4, 2, "a second one", ""),
];

#[test]
fn the_place_of_what_is_not_json() {
    let it = caller();
    for (json, message, column, width, label, help) in OF_JSON {
        it.call(&["all.thrift", "Echo", json]).fails(2, &finding(message, json, *column, *width, label, help));
    }
    let deep = "[".repeat(102);
    let run = it.call(&["all.thrift", "Echo", &deep]);
    assert!(run.code == 2 && run.said.starts_with("error: values are nested more than 100 levels deep\n"), "{run:?}");
}

/// A request, and what is said of it.
const OF_PROTO: &[(&str, &str, usize, usize, &str, &str)] = &[
    (r#"{"times": -1}"#, "`times` is a uint32: -1 is outside of 0 to 4294967295", 11, 2, "", ""),
    (r#"{"size": "x"}"#, "`size` is an int64: write a whole number", 10, 3, "this is a text", ""),
    (r#"{"text": 1}"#, "`text` is a string: write a text in quotes", 10, 1, "this is a number", ""),
    (r#"{"data": "?"}"#, "`data` is bytes: write bytes in base64", 10, 3, "this is a text", ""),
    (
        r#"{"mood": "SAD"}"#,
        "`mood` is of the enum `Mood`, which has no `SAD`",
        10,
        5,
        "did you mean `GLAD`?",
        "it has `MOOD_UNSPECIFIED`, `GLAD`",
    ),
    (r#"{"answers": [{"all": 1}]}"#, "`answers[0].all` is a bool: write true or false", 22, 1, "this is a number", ""),
    (
        r#"{"by_id": {"1": 2}}"#,
        "`by_id[\"1\"]` is the message `Line`: write an object, such as {}",
        17,
        1,
        "this is a number",
        "",
    ),
    (r#"{"answers": {}}"#, "`answers` is repeated: write a list, such as []", 13, 2, "this is an object", ""),
    (
        r#"{"tims": 1}"#,
        "`Line` has no field `tims`",
        2,
        6,
        "did you mean `times`?",
        "its fields are `text`, `times`, `size`, `data`, `mood`, `at`, `answers`, `byId`, `one`, `all`, `loudVoice`, `ratio`",
    ),
];

#[test]
fn the_place_of_what_does_not_fit_proto() {
    let it = caller();
    for (json, message, column, width, label, help) in OF_PROTO {
        it.call(&["chat.proto", "Say", json]).fails(2, &finding(message, json, *column, *width, label, help));
    }
    // What only the conversion sees.
    for (json, at) in
        [(r#"{"at": "yesterday"}"#, 18), (r#"{"one": "a", "all": true}"#, 19), (r#"{"by_id": {"a": {}}}"#, 13)]
    {
        let run = it.call(&["chat.proto", "Say", json]);
        let (code, place) = (run.code, run.said.lines().nth(1).unwrap_or_default().to_owned());
        assert!(code == 2 && place.starts_with(" --> request:1:"), "{at} {run:?}");
    }
}

#[test]
fn a_command_that_cannot_be_understood() {
    let it = caller();
    for (words, code, said) in [
        (
            &["all.thrift"][..],
            2,
            "name a method, such as `kiteline call AddService.Add '{}'`; --list shows those that there are",
        ),
        (
            &["all.thrift", "Sum", "{a:", "1}"],
            2,
            "`1}` is one word too many: put the JSON in quotes, such as '{\"first\": 1}'",
        ),
        (
            &["all.thrift", "Sum", "@nowhere.json"],
            2,
            "cannot read `nowhere.json`: No such file or directory (os error 2)",
        ),
        (&["all.thrift", "Sum", "--deadline", "soon"], 2, "`soon` is not a time: write 3s, 200ms or 2m"),
        (&["all.thrift", "Sum", "-H", "x"], 2, "-H `x`: write -H 'name: value'"),
        (&["all.thrift", "Sum", "-H", "x y: z"], 2, "-H `x y: z`: `x y` is no name of a header"),
        (&["all.thrift", "Sum", "-H", "x-bin: ?"], 2, "-H `x-bin: ?`: write the value in base64"),
        (
            &["all.thrift", "Sum", "--protocol", "grpc"],
            2,
            "--protocol grpc is not for services of Thrift: these take ttheader, framed, buffered, compact, mux, rest",
        ),
        (
            &["chat.proto", "Say", "--protocol", "compact"],
            2,
            "--protocol compact is not for services of proto: these take grpc, grpc-web, connect, kitex-protobuf, framed, mux, rest",
        ),
    ] {
        it.call(words).fails(code, &format!("error: {said}\n"));
    }
    let nowhere = Caller { address: "nowhere".to_owned(), ..caller() };
    let said = "error: `nowhere` is no address: write host:port, over TLS https://host:port\n";
    nowhere.call(&["all.thrift", "Everything.Ping"]).fails(2, said);
    let run = it.call(&["missing.thrift", "Everything.Ping"]);
    assert!(run.code == 2 && run.said.contains("cannot read `missing.thrift`"), "{run:?}");
    it.folder.write("bad.thrift", "struct {");
    let run = it.call(&["bad.thrift", "Ping"]);
    assert!(run.code == 2 && run.said.contains("bad.thrift:1:8"), "{run:?}");
    it.folder.write("service.toml", "[clent]\n");
    let run = it.call(&["all.thrift", "Everything.Ping"]);
    assert!(run.code == 2 && run.said.contains("clent"), "{run:?}");
}

/// A server that takes connections and says nothing.
#[test]
fn a_deadline_ends_every_kind_of_call() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let it = Caller { address: silent.local_addr().unwrap().to_string(), ..caller() };
    for words in [
        &["all.thrift", "Everything.Ping"][..],
        &["chat.proto", "Say"],
        &["chat.proto", "Watch"],
        &["chat.proto", "Upload"],
        &["chat.proto", "Talk"],
        &["Chat.Say"],
    ] {
        let run = it.call(&[&["--deadline", "100ms"], words].concat());
        let late = run.said.starts_with("error: DeadlineExceeded: ")
            || run.said.contains("did not tell its services in 100ms");
        assert!(run.code == 1 && run.out.is_empty() && late, "{words:?} {run:?}");
    }
}
