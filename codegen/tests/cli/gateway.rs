//! `kiteline gateway`: a crate whose handlers hand calls on, and what later runs do with it.

use super::{ADD, sandbox::Sandbox};

const CHAT: &str = "syntax = \"proto3\";\npackage chat.v1;\nmessage Line { string text = 1; }\nservice Chat {\n  rpc Say(Line) returns (Line);\n  rpc Watch(Line) returns (stream Line);\n  rpc Send(stream Line) returns (Line);\n  rpc Talk(stream Line) returns (stream Line);\n}\n";

#[test]
fn handlers_call_the_services_behind() {
    let it = Sandbox::new(&[("add.thrift", ADD), ("chat.proto", CHAT)]);
    // The service behind may be there already.
    it.run(&["add.thrift"]).ends(0);
    let run = it.run(&["gateway", "add.thrift", "chat.proto"]).ends(0);
    assert!(run.words("create").contains(&"gateway/src/clients.rs".to_owned()), "{}", run.said);
    let add = it.read("gateway/src/handler/add.rs");
    assert!(add.contains("        self.clients.add.add(req).with(cx).await\n"), "{add}");
    let chat = it.read("gateway/src/handler/chat.rs");
    for text in [
        "async fn say(&self, cx: &Context, req: Line) -> Result<Line, Error> {\n        self.clients.chat.say(req).with(cx).await\n    }\n",
        "        self.clients.chat.watch(req).with(cx).await\n",
        "        runtime::streaming::forward(req, |req| self.clients.chat.send(req).with(cx)).await\n",
        "        runtime::streaming::forward_both(req, |req| self.clients.chat.talk(req).with(cx)).await\n",
    ] {
        assert!(chat.contains(text), "no {text} in\n{chat}");
    }
    let clients = it.read("gateway/src/clients.rs");
    for text in [
        "    /// Of `add` in the registry.\n    pub add: generated::api::AddServiceClient,\n",
        "            chat: generated::chat::v1::ChatClient::new(channel(\"chat\", config, registry)?),\n",
    ] {
        assert!(clients.contains(text), "no {text} in\n{clients}");
    }
    let main = it.read("gateway/src/main.rs");
    for text in ["use gateway::{clients, generated, handler};\n", "Registry::open(\"none\")", "Add::new(&clients)"] {
        assert!(main.contains(text), "no {text} in\n{main}");
    }
    let settings = it.read("gateway/service.toml");
    assert!(settings.contains("\nlisten = \"127.0.0.1:8080\"") && settings.contains("\n[server.http]\n"), "{settings}");
    assert!(it.read("gateway/src/lib.rs").contains("pub mod clients;\n"));
    // Methods of Thrift without a route are reached in JSON.
    assert!(it.read("gateway/src/generated/api.rs").contains("json"));
}

#[test]
fn a_later_run_knows_that_it_is_a_gateway() {
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    it.run(&["gateway", "add.thrift", "-o", "door"]).ends(0);
    assert!(it.read("door/Cargo.toml").contains("\ngateway = true\njson = \"on\"\n"));
    let before = it.bytes("door");
    for args in [&["-o", "door"][..], &["add.thrift", "-o", "door"], &["gateway", "-o", "door"]] {
        it.run(args).ends(0).says("unchanged");
        it.run(&[args, &["--check"]].concat()).ends(0).says("nothing to do");
    }
    assert_eq!(it.bytes("door"), before);
    // What the user says of JSON holds.
    it.run(&["gateway", "-o", "door", "--json", "off"]).ends(0);
    it.run(&["gateway", "-o", "door", "--check"]).ends(0);
    assert!(it.read("door/Cargo.toml").contains("\njson = \"off\"\n"));
}

#[test]
fn what_a_gateway_lacks_is_said_or_inserted() {
    let it = Sandbox::new(&[("add.thrift", ADD), ("chat.proto", CHAT)]);
    it.run(&["gateway", "add.thrift"]).ends(0);
    it.write(
        "add.thrift",
        &ADD.replace("Add(1: AddRequest req)", "Add(1: AddRequest req)\n    i32 Twice(1: i32 value)"),
    );
    let all = ["gateway", "add.thrift", "chat.proto"];
    let run = it.run(&all).ends(0);
    run.says("gateway/src/clients.rs lacks what follows").says("self.clients.add.twice(value).with(cx).await");
    let run = it.run(&[&all[..], &["--add-missing"]].concat()).ends(0);
    let mut inserted = run.words("insert");
    inserted.sort();
    let files = ["clients", "handler/add", "handler/mod", "main"].map(|it| format!("gateway/src/{it}.rs"));
    assert_eq!(inserted.iter().filter(|it| !it.ends_with("Cargo.toml")).cloned().collect::<Vec<_>>(), files);
    // As a fresh crate has it.
    it.run(&["gateway", "add.thrift", "chat.proto", "-o", "fresh/gateway"]).ends(0);
    // But for the title of `main.rs`.
    let text = |path: &str| it.read(path).replace("the add service.", "the add and chat services.");
    for file in ["src/clients.rs", "src/main.rs", "src/handler/mod.rs", "src/handler/chat.rs"] {
        assert_eq!(text(&format!("gateway/{file}")), text(&format!("fresh/gateway/{file}")), "{file}");
    }
    it.run(&["gateway", "-o", "gateway"]).ends(0).says("unchanged");
}

#[test]
fn clients_of_the_users_own_stay_as_they_are() {
    let it = Sandbox::new(&[("add.thrift", ADD), ("chat.proto", CHAT)]);
    it.run(&["gateway", "add.thrift"]).ends(0);
    let own = "pub struct Clients { pub add: A }\r\nimpl Clients {\r\n    pub fn new() -> Self { let it = Self { add: A }; it }\r\n}\r\n";
    it.write("gateway/src/clients.rs", own);
    it.run(&["gateway", "add.thrift", "chat.proto", "--add-missing"]).ends(0);
    let after = it.read("gateway/src/clients.rs");
    assert!(!after.replace("\r\n", "").contains('\n'), "{after:?}");
    for text in [
        "pub struct Clients { pub add: A, \r\n    /// Of `chat` in the registry.\r\n    pub chat: ",
        "Self { add: A, \r\n            chat: generated::chat::v1::ChatClient::new(",
    ] {
        assert!(after.contains(text), "{after}");
    }
}

#[test]
fn a_crate_that_serves_is_no_gateway() {
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    it.run(&["add.thrift"]).ends(0);
    let before = it.bytes("add");
    it.run(&["gateway", "add.thrift", "-o", "add"]).ends(3).says("name another folder for a gateway with `-o`");
    assert_eq!(it.bytes("add"), before);
    it.run(&["gateway", "add.thrift", "--sides", "client"]).ends(2).says("a gateway has both sides of its services");
    it.run(&["gateway"]).ends(2).says("name at least one IDL file");
}
