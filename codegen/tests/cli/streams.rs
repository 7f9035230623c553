//! Streaming methods in a crate: stubs of each kind, and what Thrift's are left out by.

use super::sandbox::Sandbox;

const CHAT: &str = "syntax = \"proto3\";\npackage chat;\nmessage Line { string text = 1; }\nservice Chat {\n    rpc Say(Line) returns (Line);\n}\n";
const STREAMS: &str = "    rpc Say(Line) returns (Line);
    rpc Watch(Line) returns (stream Line);
    rpc Upload(stream Line) returns (Line);
    rpc Talk(stream Line) returns (stream Line);
";

fn streams() -> String {
    CHAT.replace("    rpc Say(Line) returns (Line);\n", STREAMS)
}

#[test]
fn each_kind_has_its_stub_and_its_call() {
    let it = Sandbox::new(&[("chat.proto", &streams())]);
    it.run(&["chat.proto"]).ends(0);
    let handler = it.read("chat/src/handler/chat.rs");
    assert!(handler.contains("use runtime::{Context, Error, Stream, Streaming};\n"), "{handler}");
    for stub in [
        "    async fn watch(
        &self,
        _cx: &Context,
        _req: Line,
    ) -> Result<impl Stream<Item = Result<Line, Error>> + Send + 'static, Error> {
        Streaming::unimplemented(\"Chat.Watch\")
    }\n",
        "    async fn upload(&self, _cx: &Context, _req: Streaming<Line>) -> Result<Line, Error> {
        Err(Error::unimplemented(\"Chat.Upload\"))
    }\n",
        "    async fn talk(
        &self,
        _cx: &Context,
        _req: Streaming<Line>,
    ) -> Result<impl Stream<Item = Result<Line, Error>> + Send + 'static, Error> {
        Streaming::unimplemented(\"Chat.Talk\")
    }\n",
    ] {
        assert!(handler.contains(stub), "{handler}");
    }
    let test = it.read("chat/tests/chat.rs");
    for call in [
        "client.watch(Default::default()).await.map(drop)",
        "client.upload(runtime::streaming::iter([Default::default()])).await.map(drop)",
        "client.talk(runtime::streaming::iter([Default::default()])).await.map(drop)",
    ] {
        assert!(test.contains(call), "{test}");
    }
}

#[test]
fn a_handler_of_calls_alone_imports_nothing_of_streams() {
    let it = Sandbox::new(&[("chat.proto", CHAT)]);
    it.run(&["chat.proto"]).ends(0);
    assert!(it.read("chat/src/handler/chat.rs").contains("use runtime::{Context, Error};\n"));
}

#[test]
fn stubs_of_streams_are_inserted_with_full_paths() {
    let it = Sandbox::new(&[("chat.proto", CHAT)]);
    it.run(&["chat.proto"]).ends(0);
    it.write("chat.proto", &streams());
    it.run(&["chat.proto", "--add-missing"]).ends(0);
    let handler = it.read("chat/src/handler/chat.rs");
    for stub in [
        "    ) -> std::result::Result<
        impl runtime::Stream<Item = std::result::Result<crate::generated::chat::Line, runtime::Error>>
        + Send
        + 'static,
        runtime::Error,
    > {
        runtime::Streaming::unimplemented(\"Chat.Watch\")
    }\n",
        "        _req: runtime::Streaming<crate::generated::chat::Line>,\n",
    ] {
        assert!(handler.contains(stub), "{handler}");
    }
}

#[test]
fn streams_of_thrift_are_left_out_where_that_is_asked_for() {
    let idl = "namespace rs chat\nservice Chat {\n    string say(1: string line)\n    string talk(1: string line) (streaming.mode = \"bidirectional\")\n}\n";
    let it = Sandbox::new(&[("chat.thrift", idl)]);
    it.run(&["chat.thrift"]).ends(1).says("error[TH0124]: the method `talk` streams");
    it.run(&["chat.thrift", "--skip-streaming"])
        .ends(0)
        .says("note[TH0152]: the method `talk` streams and is left out");
    let made = it.read("chat/src/generated/chat.rs");
    assert!(made.contains("fn say(") && !made.contains("fn talk("), "{made}");
    assert!(it.read("chat/Cargo.toml").contains("skip-streaming = true\n"));
    // The crate records it.
    it.run(&["-o", "chat", "--check"]).ends(0);
}
