//! Services of proto: messages, streams, metadata, errors, protocols, reflection.

use super::Caller;
use super::servers::{CHAT, serve, serve_thrift};

const LINE: &str = r#"{
  "text": "é",
  "times": 3,
  "size": "9223372036854775807",
  "data": "AAEC/w==",
  "mood": "GLAD",
  "at": "2026-01-02T03:04:05Z",
  "answers": [{"text": "a"}, {"all": true}],
  "byId": {"7": {"text": "seven"}},
  "one": "x",
  "loudVoice": true,
  "ratio": 0.5
}
"#;

#[test]
fn messages_come_back_as_they_went() {
    let server = serve("none");
    let it = Caller::new(&server.address, &[("chat.proto", CHAT), ("line.json", LINE)]);
    it.call(&["chat.proto", "Say", "@line.json"]).gives(LINE);
    for protocol in ["grpc", "grpc-web", "connect", "kitex-protobuf", "ttheader", "framed", "mux"] {
        it.call(&["chat.proto", "Say", "@line.json", "--protocol", protocol]).gives(LINE);
    }
    // Names as the IDL writes them, and numbers as protobuf's JSON takes them.
    let json = r#"{"loud_voice": true, "size": 1, "mood": 1, "times": "2", "ratio": "NaN"}"#;
    let back = r#"{"times": 2, "size": "1", "mood": "GLAD", "loudVoice": true, "ratio": "NaN"}"#;
    it.call(&["chat.proto", "Say", json]).gives(&format!("{back}\n"));
    it.call(&["chat.proto", "Say"]).gives("{}\n");
}

#[test]
fn streams_are_lines() {
    let server = serve("none");
    let it = Caller::new(&server.address, &[("chat.proto", CHAT), ("lines.json", "{\"text\": \"a\"}\n\n{}\n")]);
    let line = r#"{"text": "a"}"#;
    it.call(&["chat.proto", "Watch", line]).gives(&format!("{line}\n{line}\n{line}\n"));
    it.call(&["chat.proto", "Upload", "@lines.json"]).gives("{\"times\": 2}\n");
    it.fed(&["chat.proto", "Upload", "-"], "{}\n{} {}\n\n").gives("{\"times\": 3}\n");
    it.fed(&["chat.proto", "Upload", "-"], "").gives("{}\n");
    it.fed(&["chat.proto", "Talk", "-"], "{\"text\": \"a\"}\n{\"times\": 1}\n")
        .gives("{\"text\": \"a\"}\n{\"times\": 1}\n");
    it.call(&["chat.proto", "Talk", "{\"text\": \"a\"} {\"text\": \"b\"}", "--protocol", "connect"])
        .gives("{\"text\": \"a\"}\n{\"text\": \"b\"}\n");
}

/// Answers are printed before the next request is there.
#[test]
fn who_talks_hears_each_answer_before_saying_more() {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::process::Stdio;

    let server = serve("none");
    let it = Caller::new(&server.address, &[("chat.proto", CHAT)]);
    let mut command = it.folder.command(".", &["call", "--addr", &it.address, "chat.proto", "Talk", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    for text in ["{\"text\": \"one\"}\n", "{\"text\": \"two\"}\n"] {
        input.write_all(text.as_bytes()).unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line, text);
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_wrong_line_ends_the_stream_of_requests() {
    let server = serve("none");
    let it = Caller::new(&server.address, &[("chat.proto", CHAT)]);
    let run = it.fed(&["chat.proto", "Upload", "-"], "{}\n{\"txt\": 1}\n");
    assert!(run.code == 2 && run.out.is_empty(), "{run:?}");
    let said = "error: `Line` has no field `txt`\n --> standard input, line 2:1:2\n  |\n1 | {\"txt\": 1}\n";
    assert!(run.said.starts_with(said), "{}", run.said);
}

/// The text without control characters, then all that the error holds.
const FAILED: &str = "error: InvalidArgument: no such \\u{1b}[31mline
  reason: LINE
  line: 7
  chat.v1.Line: {\"text\": \"why\"}
  google.rpc.BadRequest: {\"fieldViolations\": [{\"field\": \"text\"}]}
  some.Other: base64 AQI=
";

#[test]
fn a_failed_call_says_all_that_the_error_holds() {
    let server = serve("none");
    let it = Caller::new(&server.address, &[("chat.proto", CHAT)]);
    it.call(&["chat.proto", "Say", r#"{"text": "fail"}"#]).fails(1, FAILED);
    let run = it.call(&["chat.proto", "Watch", r#"{"text": "fail"}"#]);
    let line = "{\"text\": \"fail\"}\n";
    assert_eq!((run.code, run.out, run.said.as_str()), (1, line.repeat(2), FAILED));
}

#[test]
fn metadata_goes_there_and_comes_back() {
    let server = serve("none");
    let it = Caller::new(&server.address, &[("chat.proto", CHAT)]);
    let words = [
        "-v",
        "-H",
        "X-User: ada",
        "-H",
        "x-key-bin: AAE=",
        "--deadline",
        "20s",
        "chat.proto",
        "Say",
        "{\"times\": 1}",
    ];
    let run = it.call(&words);
    assert_eq!((run.code, run.out.as_str()), (0, "{\"times\": 1}\n"), "{run:?}");
    let at = &it.address;
    let said: Vec<&str> = run.said.lines().filter(|it| !it.ends_with(" ms")).collect();
    assert_eq!(
        said,
        [
            &format!("* {at} (--addr)"),
            "> /chat.v1.Chat/Say (grpc, plain text)",
            "* deadline 20s",
            "> x-user: ada",
            "> x-key-bin: AAE=",
            "< x-user: ada",
            "< x-key-bin: AAE=",
            "< trailer x-end: yes",
        ]
    );
    assert!(run.said.lines().last().unwrap().starts_with("* ") && run.said.ends_with(" ms\n"));
}

#[test]
fn a_server_tells_its_services() {
    let server = serve("none");
    let it = Caller::new(&server.address, &[]);
    it.call(&["Chat.Say", "{\"text\": \"a\"}"]).gives("{\"text\": \"a\"}\n");
    it.call(&["chat.v1.Chat/Watch", "{\"times\": 1}"]).gives(&"{\"times\": 1}\n".repeat(3));
    for protocol in ["grpc", "grpc-web", "connect", "kitex-protobuf"] {
        it.call(&["Chat.Say", "{\"text\": \"a\"}", "--protocol", protocol]).gives("{\"text\": \"a\"}\n");
    }
    let list = "chat.v1.Chat
  rpc Say(chat.v1.Line) returns (chat.v1.Line)
  rpc Watch(chat.v1.Line) returns (stream chat.v1.Line)
  rpc Upload(stream chat.v1.Line) returns (chat.v1.Line)
  rpc Talk(stream chat.v1.Line) returns (stream chat.v1.Line)
";
    it.call(&["--list"]).gives(list);
    it.call(&["Chat.Sey"]).fails(2, "error: there is no method `Chat.Sey`: did you mean `Chat.Say`?\n");
    // Whatever IDL is there.
    it.folder.write("Cargo.toml", "[package.metadata.kiteline]\nidl = [\"nothing.thrift\"]\n");
    it.call(&["--reflect", "--list"]).gives(list);
    let run = it.call(&["--list"]);
    assert!(run.code == 2 && run.said.contains("nothing.thrift"), "{run:?}");
}

#[test]
fn a_server_that_tells_nothing() {
    let server = serve_thrift();
    let it = Caller::new(&server.address, &[]);
    let how = "name the IDL, such as `kiteline call idl/add.thrift …`";
    let said = format!("error: {} tells of no proto service: {how}\n", it.address);
    it.call(&["X.Y"]).fails(1, &said);
    it.call(&["--list"]).fails(1, &said);
}
