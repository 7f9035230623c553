//! Methods by name; lists, descriptions, examples.

use super::servers::{CHAT, EVERYTHING};
use super::{Called, Caller, run};

fn caller() -> Caller {
    let twin = |package| {
        format!(
            "syntax = \"proto3\";\npackage {package};\nmessage Hi {{}}\nservice Twin {{ rpc Say(Hi) returns (Hi); }}\n"
        )
    };
    let (one, other) = (twin("one"), twin("other"));
    Caller::new(
        "127.0.0.1:1",
        &[("all.thrift", EVERYTHING), ("chat.proto", CHAT), ("one.proto", &one), ("other.proto", &other)],
    )
}

fn shown(words: &[&str]) -> Called {
    let it = caller();
    run(it.folder.command(".", &[&["call"], words].concat()), "")
}

/// What is called when a method is found: nobody is there.
#[test]
fn a_method_is_found_by_each_of_its_names() {
    for (idl, name) in [
        ("all.thrift", "Echo"),
        ("all.thrift", "Everything.Echo"),
        ("all.thrift", "Everything/Echo"),
        ("all.thrift", "/Everything/Echo"),
        ("all.thrift", "all.Everything.Echo"),
        ("chat.proto", "Say"),
        ("chat.proto", "Chat.Say"),
        ("chat.proto", "chat.Chat.Say"),
        ("chat.proto", "chat.v1.Chat.Say"),
        ("chat.proto", "chat.v1.Chat/Say"),
        ("chat.proto", "/chat.v1.Chat/Say"),
    ] {
        let run = caller().call(&[idl, name]);
        let connects = run.said.starts_with("error: Unavailable: cannot connect to ");
        assert!(run.code == 1 && connects, "{name} {run:?}");
    }
}

#[test]
fn a_name_that_is_none_or_that_of_several() {
    for (words, said) in [
        (&["all.thrift", "Ech"][..], "there is no method `Ech`: did you mean `Everything.Echo`?"),
        (&["all.thrift", "everything/echo"], "there is no method `everything/echo`: did you mean `Everything.Echo`?"),
        (&["chat.proto", "chat.v1.Chat/Sya"], "there is no method `chat.v1.Chat/Sya`: did you mean `Chat.Say`?"),
        (
            &["all.thrift", "nothing.like.it"],
            "there is no method `nothing.like.it`: `kiteline call --list` shows those that there are",
        ),
        (
            &["chat.proto", "Chat"],
            "`Chat` is a service: name a method of it, `Chat.Say` or `Chat.Watch` or `Chat.Upload` or `Chat.Talk`",
        ),
        (&["all.thrift", "Ping"], "`Ping` is more than one method: write `Base.Ping` or `Everything.Ping`"),
        (
            &["-q", "one.proto", "other.proto", "Twin.Say"],
            "`Twin.Say` is more than one method: write `one.Twin.Say` or `other.Twin.Say`",
        ),
    ] {
        shown(words).fails(2, &format!("error: {said}\n"));
    }
}

#[test]
fn everything_is_listed() {
    shown(&["all.thrift", "chat.proto", "--list"]).gives(
        "all.Base
  void Ping()
all.Everything
  void Ping()
  All Echo(1: All it)
  i32 Sum(1: i32 a, 2: i32 b)
  void Drop(1: Id id) throws (1: NotFound missing)
  oneway void Tell(1: string what)
chat.v1.Chat
  rpc Say(chat.v1.Line) returns (chat.v1.Line)
  rpc Watch(chat.v1.Line) returns (stream chat.v1.Line)
  rpc Upload(stream chat.v1.Line) returns (chat.v1.Line)
  rpc Talk(stream chat.v1.Line) returns (stream chat.v1.Line)
",
    );
}

#[test]
fn a_method_and_a_type_are_described_with_what_they_need() {
    shown(&["all.thrift", "--describe", "Drop"]).gives(
        "void Drop(1: Id id) throws (1: NotFound missing)

typedef i64 Id

exception NotFound {
    1: Id id
    2: string why
}
",
    );
    shown(&["all.thrift", "--describe", "Shape"]).gives(
        "union Shape {
    1: Point point
    2: string name
}

struct Point {
    1: required i32 x
    2: optional i32 y
}
",
    );
    shown(&["all.thrift", "--describe", "Color"]).gives("enum Color {\n    RED = 1\n    GREEN = 2\n}\n");
    shown(&["chat.proto", "--describe", "Line"]).gives(
        "message chat.v1.Line {
  string text = 1;
  uint32 times = 2;
  int64 size = 3;
  bytes data = 4;
  chat.v1.Mood mood = 5;
  google.protobuf.Timestamp at = 6;
  repeated chat.v1.Line answers = 7;
  map<int32, chat.v1.Line> by_id = 8;
  string one = 9; // one of to
  bool all = 10; // one of to
  bool loud_voice = 11;
  double ratio = 12;
}

enum chat.v1.Mood {
  MOOD_UNSPECIFIED = 0;
  GLAD = 1;
}
",
    );
    let said = "error: there is no service, method or type `Shap`: did you mean `Shape`?\n";
    shown(&["all.thrift", "--describe", "Shap"]).fails(2, said);
}

/// An example can be sent as it is: see the examples' programs.
#[test]
fn an_example_has_every_field() {
    shown(&["all.thrift", "--example", "Sum"]).gives("{\"a\": 0, \"b\": 0}\n");
    shown(&["all.thrift", "--example", "Everything.Ping"]).gives("{}\n");
    shown(&["all.thrift", "--example", "Echo"]).gives(
        r#"{
  "flag": false,
  "tiny": 0,
  "small": 0,
  "number": 0,
  "large": 0,
  "real": 0.0,
  "text": "",
  "bytes": "",
  "key": "00000000-0000-0000-0000-000000000000",
  "color": "RED",
  "points": [{"x": 0, "y": 0}],
  "words": [""],
  "by_id": {"0": ""},
  "by_color": {"RED": 0},
  "by_flag": {"false": ""},
  "by_point": {"{\"x\": 0, \"y\": 0}": ""},
  "shape": {"point": {"x": 0, "y": 0}},
  "alias": 0,
  "grid": [[0]]
}
"#,
    );
    shown(&["chat.proto", "--example", "Say"]).gives(
        r#"{
  "text": "",
  "times": 0,
  "size": "0",
  "data": "",
  "mood": "MOOD_UNSPECIFIED",
  "at": "2026-01-01T00:00:00Z",
  "one": "",
  "loudVoice": false,
  "ratio": 0.0
}
"#,
    );
}
