//! `--add-missing`: what is inserted into a user's files, and that every other byte stays.

use super::{ADD, sandbox::Sandbox};

const TWICE: &str = "Add(1: AddRequest req)\n    /** Doubles. */\n    i32 Twice(1: i32 value)";

/// Runs with a handler of the user's own; returns it before and after.
fn inserted(handler: &str) -> (String, String) {
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    it.run(&["add.thrift"]).ends(0);
    it.write("add/src/handler/add.rs", handler);
    it.write("add.thrift", &ADD.replace("Add(1: AddRequest req)", TWICE));
    let run = it.run(&["add.thrift", "--add-missing"]).ends(0);
    assert!(run.words("insert").contains(&"add/src/handler/add.rs".to_owned()), "{}", run.said);
    let after = it.read("add/src/handler/add.rs");
    let again = it.run(&["add.thrift", "--add-missing"]).ends(0);
    assert!(again.words("insert").is_empty(), "{}", again.said);
    (handler.to_owned(), after)
}

/// The text that was put in; every other byte is as it was.
#[track_caller]
fn difference(before: &str, after: &str) -> String {
    let start = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
    let length = after.len() - before.len();
    // The longest common start may run into the inserted text: any cut that works will do.
    let cut = (0..=start).rev().find(|&at| after[at + length..] == before[at..]);
    let at = cut.unwrap_or_else(|| panic!("more than an insertion:\n{after}"));
    after[at..at + length].to_owned()
}

#[test]
fn a_stub_is_inserted_and_nothing_else_changes() {
    let odd = "//! Mine.\nuse crate::generated::api::*;\n\n/* odd /* nested */ } */\npub struct Add{pub s:&'static str}\nimpl AddService   for Add\n{ // }\n\tasync fn add(&self,_:&runtime::Context,_r:AddRequest)->Result<AddResponse,runtime::Error>{\n\t\tlet _ = \"} é { 漢字\"; /* ü */ let _ = r#\"}\"#;\n\t\tErr(runtime::Error::internal(\"x\"))}\n\n\t// the end\n}\n\n#[cfg(test)]\nmod tests { }\n";
    for handler in [odd.to_owned(), odd.replace('\n', "\r\n"), format!("\u{feff}{odd}"), odd.trim_end().to_owned()] {
        let (before, after) = inserted(&handler);
        let text = difference(&before, &after);
        assert!(text.contains("async fn twice(") && text.contains("/// Doubles."), "{text}");
        assert!(after.contains("unimplemented(\"AddService.Twice\")"));
        let file = syn_free(&after);
        assert!(file.contains("mod tests"), "{file}");
    }
}

/// The text as it is read by Rust: balanced, the impl holds both methods.
fn syn_free(text: &str) -> String {
    let tokens: proc_macro2::TokenStream = text.trim_start_matches('\u{feff}').parse().unwrap();
    let shown = tokens.to_string();
    assert!(shown.contains("async fn add") && shown.contains("async fn twice"), "{shown}");
    shown
}

#[test]
fn crlf_files_get_crlf_stubs() {
    let handler = "pub struct Add;\r\nimpl crate::generated::api::AddService for Add {\r\n}\r\n";
    let (before, after) = inserted(handler);
    let text = difference(&before, &after);
    assert!(!text.replace("\r\n", "").contains('\n'), "{text:?}");
}

#[test]
fn a_new_service_is_mounted() {
    let more = format!("{ADD}\nservice MulService {{\n    i32 Mul(1: i32 a, 2: i32 b)\n}}\n");
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    it.run(&["add.thrift"]).ends(0);
    it.write("add.thrift", &more);
    it.run(&["add.thrift"]).ends(0).says("MulServiceServer").says("pub mod mul;");
    let (modules, main) = (it.read("add/src/handler/mod.rs"), it.read("add/src/main.rs"));
    it.run(&["add.thrift", "--add-missing"]).ends(0);
    assert_eq!(difference(&modules, &it.read("add/src/handler/mod.rs")).trim(), "pub mod mul;");
    let text = it.read("add/src/main.rs");
    let line =
        "\n        .add(generated::api::MulServiceServer::new(\n            handler::mul::Mul::default(),\n        ))";
    assert_eq!(text.replace(line, ""), main);
    assert!(text.find("MulServiceServer").unwrap() < text.find(".run()").unwrap());
    assert!(it.path("add/src/handler/mul.rs").exists());
    let run = it.run(&["add.thrift", "--add-missing"]).ends(0);
    assert!(run.words("insert").is_empty(), "{}", run.said);
}

#[test]
fn a_main_without_run_is_left_alone() {
    let more = format!("{ADD}\nservice MulService {{}}\n");
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    it.run(&["add.thrift"]).ends(0);
    let mine = "fn main() { /* all of it elsewhere */ }\n";
    it.write("add/src/main.rs", mine);
    it.write("add.thrift", &more);
    it.run(&["add.thrift", "--add-missing"]).ends(0).says("MulServiceServer");
    assert_eq!(it.read("add/src/main.rs"), mine);
}

#[test]
fn a_handler_that_is_no_rust_is_told() {
    let it = Sandbox::new(&[("add.thrift", ADD)]);
    it.run(&["add.thrift"]).ends(0);
    it.write("add/src/handler/add.rs", "impl AddService for Add { fn broken( \n");
    it.write("add.thrift", &ADD.replace("Add(1: AddRequest req)", TWICE));
    it.run(&["add.thrift", "--add-missing"]).ends(0);
    assert_eq!(it.read("add/src/handler/add.rs"), "impl AddService for Add { fn broken( \n");
}
