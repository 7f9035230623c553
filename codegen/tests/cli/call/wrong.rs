//! Servers that speak something else than what is called: what is said of them, and what to type.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::Caller;
use super::servers::{CHAT, EVERYTHING, serve};

/// Somebody who answers everything alike, and closes; gives the address.
fn answering(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut bytes = [0; 4096];
                // Who asks may be gone.
                let _ = stream.read(&mut bytes);
                let _ = stream.write_all(answer);
            });
        }
    });
    address
}

fn caller(address: &str) -> Caller {
    Caller::new(address, &[("all.thrift", EVERYTHING), ("chat.proto", CHAT)])
}

const HTTP1: &[u8] = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const HTTP2: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

/// The last line of what is said.
#[track_caller]
fn helps(it: &Caller, words: &[&str], help: &str) {
    let run = it.call(words);
    assert!(run.code == 1 && run.out.is_empty() && run.said.starts_with("error: "), "{run:?}");
    assert_eq!(run.said.lines().nth(1), Some(format!("  help: {help}").as_str()), "{run:?}");
}

#[test]
fn a_server_of_http_1_is_told_from_one_of_grpc_and_one_of_thrift() {
    let address = answering(HTTP1);
    let it = caller(&address);
    let grpc = format!(
        "{address} speaks HTTP/1.1, and gRPC needs HTTP/2: try --protocol connect, or --protocol rest by an IDL with routes"
    );
    helps(&it, &["chat.proto", "Say"], &grpc);
    helps(&it, &["Chat.Say"], &grpc);
    helps(&it, &["all.thrift", "Sum", r#"{"a": 1, "b": 2}"#], &format!("{address} speaks HTTP/1.1, not Thrift"));
    // Connect is spoken over HTTP/1.1.
    let said = "error: Unimplemented: an answer with HTTP's status 404 Not Found\n";
    it.call(&["chat.proto", "Say", "--protocol", "connect"]).fails(1, said);
}

#[test]
fn a_server_of_http_2_is_told_from_one_of_thrift() {
    let address = answering(HTTP2);
    let help = format!("{address} speaks HTTP/2, not Thrift: for gRPC name its proto, or --reflect");
    let words = ["all.thrift", "Sum", r#"{"a": 1, "b": 2}"#, "--protocol", "buffered"];
    helps(&caller(&address), &words, &help);
}

#[test]
fn a_server_that_has_no_such_method_says_so_and_how_to_see_what_it_has() {
    let server = serve("none");
    let at = &server.address;
    let other = |text: &str| text.replace("Chat {", "Chats {").replace("Sum(", "Sun(");
    let files = [("all.thrift", other(EVERYTHING)), ("chat.proto", other(CHAT))];
    let it = Caller::new(at, &files.each_ref().map(|(name, text)| (*name, text.as_str())));
    let help = format!("{at} says so: `kiteline call --addr {at} --reflect --list` shows what is there");
    helps(&it, &["chat.proto", "Say"], &help);
    let help = format!("{at} says so: `kiteline services` shows who is where");
    helps(&it, &["all.thrift", "Sun", r#"{"a": 1, "b": 2}"#], &help);
}
