//! Servers over TLS: whom a call trusts and who it is by flags, and what is said where one side speaks TLS and the other does not.

use std::path::Path;

use e2e::Authority;
use runtime::tls::ServerTls;
use runtime::{Config, Server};

use super::servers::{CHAT, Chat, EVERYTHING, Everything, Served, descriptors, serve, serving};
use super::{Called, Caller};

/// A folder of certificates, in which calls are made too.
struct Place {
    server: Served,
    caller: Caller,
}

impl Place {
    /// Serves over TLS, in the name of `names`; callers prove who they are where `asks` is on.
    fn new(names: &[&str], asks: bool) -> Self {
        let caller = Caller::new("", &[("all.thrift", EVERYTHING), ("chat.proto", CHAT)]);
        let folder = caller.folder.path(".");
        let authority = Authority::new(&folder);
        authority.trust("ca.pem");
        let own = authority.sign("server", names);
        authority.sign("client", &["client.internal"]);
        let stranger = Authority::new(&folder);
        stranger.trust("other.pem");
        stranger.sign("stranger", &["stranger.internal"]);
        let server = serving_tls(&folder, ServerTls::new(own.cert, own.key), asks);
        Self { caller: Caller { address: server.address.clone(), ..caller }, server }
    }

    fn call(&self, words: &[&str]) -> Called {
        self.caller.call(words)
    }
}

fn serving_tls(folder: &Path, tls: ServerTls, asks: bool) -> Served {
    let mut config = Config::local();
    config.server.tls = Some(if asks { tls.client_ca(folder.join("ca.pem")) } else { tls });
    serving(Server::new(config).add(Everything).add(Chat(descriptors())))
}

const SUM: [&str; 3] = ["all.thrift", "Sum", r#"{"a": 1, "b": 2}"#];
const SAY: [&str; 3] = ["chat.proto", "Say", r#"{"text": "a"}"#];
const SAID: &str = "{\"text\": \"a\"}\n";

#[test]
fn a_server_over_tls_is_called_in_every_protocol() {
    let it = Place::new(&["127.0.0.1"], false);
    for protocol in ["ttheader", "framed", "buffered", "compact", "mux"] {
        it.call(&[&SUM[..], &["--ca", "ca.pem", "--protocol", protocol]].concat()).gives("3\n");
    }
    for protocol in ["grpc", "grpc-web", "connect", "kitex-protobuf", "mux"] {
        it.call(&[&SAY[..], &["--tls", "--ca", "ca.pem", "--protocol", protocol]].concat()).gives(SAID);
    }
    it.call(&["--ca", "ca.pem", "Chat.Say", r#"{"text": "a"}"#]).gives(SAID);
    let run = it.call(&[&SAY[..], &["-v", "--ca", "ca.pem"]].concat());
    assert!(run.code == 0 && run.said.contains("\n> /chat.v1.Chat/Say (grpc, TLS)\n"), "{run:?}");
    let https = Caller { address: format!("https://{}", it.server.address), folder: it.caller.folder };
    https.call(&[&SAY[..], &["--ca", "ca.pem"]].concat()).gives(SAID);
    // As the settings of a folder have it; a flag comes after them.
    https.folder.write("service.toml", "[client.tls]\nca = \"ca.pem\"\n");
    https.call(&SUM).gives("3\n");
    let run = https.call(&[&SUM[..], &["--ca", "other.pem"]].concat());
    assert!(run.code == 1 && run.said.contains("UnknownIssuer"), "{run:?}");
}

#[test]
fn a_server_that_is_not_trusted_or_has_another_name() {
    let it = Place::new(&["add.internal"], false);
    let at = &it.server.address;
    let untrusted = |to: &str| {
        let text = format!("cannot connect to {to}: TLS: invalid peer certificate: UnknownIssuer");
        format!("error: Unavailable: {text}\n  help: --ca FILE names the authority that signed its certificate\n")
    };
    let other = ["--tls", "--ca", "other.pem"];
    it.call(&[&SAY[..], &other].concat()).fails(1, &untrusted(at));
    it.call(&[&SUM[..], &other].concat()).fails(1, &untrusted(&format!("server at {at}")));
    it.call(&[&other[..], &["--list"]].concat()).fails(1, &untrusted(at));
    let run = it.call(&[&SAY[..], &["--ca", "ca.pem"]].concat());
    let help = "  help: --server-name NAME says the name that is in its certificate\n";
    assert!(
        run.code == 1 && run.said.contains("not valid for name \"127.0.0.1\"") && run.said.ends_with(help),
        "{run:?}"
    );
    it.call(&[&SAY[..], &["--ca", "ca.pem", "--server-name", "add.internal"]].concat()).gives(SAID);
    it.call(&[&SUM[..], &["--ca", "ca.pem", "--server-name", "add.internal"]].concat()).gives("3\n");
}

#[test]
fn a_server_that_asks_for_certificates() {
    let it = Place::new(&["127.0.0.1"], true);
    let own = ["--ca", "ca.pem", "--cert", "client.pem", "--key", "client.key"];
    it.call(&[&SAY[..], &own].concat()).gives(SAID);
    it.call(&[&SUM[..], &own].concat()).gives("3\n");
    it.call(&[&own[..], &["Chat.Say", r#"{"text": "a"}"#]].concat()).gives(SAID);
    let run = it.call(&[&SUM[..], &["--ca", "ca.pem"]].concat());
    let help = "  help: it asks who calls: --cert FILE --key FILE\n";
    assert!(run.code == 1 && run.said.contains("CertificateRequired") && run.said.ends_with(help), "{run:?}");
}

#[test]
fn flags_of_tls_that_cannot_be_used() {
    let it = Place::new(&["127.0.0.1"], false);
    for (words, said) in [
        (&["--ca", "nowhere.pem"][..], "--ca: nowhere.pem: No such file or directory (os error 2)"),
        (
            &["--ca", "ca.pem", "--cert", "client.pem", "--key", "server.key"],
            "--key: server.key: it does not go with client.pem",
        ),
    ] {
        let run = it.call(&[words, &SUM[..]].concat());
        assert!(run.code == 2 && run.said.starts_with(&format!("error: {said}")), "{run:?}");
    }
    let run = it.call(&[&["--cert", "client.pem"], &SUM[..]].concat());
    assert!(run.code == 2 && run.said.contains("--key <FILE>"), "{run:?}");
    let plain = Caller { address: format!("grpc://{}", it.server.address), folder: it.caller.folder };
    let said =
        format!("error: `{}` says plain text, and --tls says TLS: write --addr {}\n", plain.address, it.server.address);
    plain.call(&[&SAY[..], &["--tls"]].concat()).fails(2, &said);
}

#[test]
fn a_plain_call_of_a_port_with_tls_says_the_flag() {
    let it = Place::new(&["127.0.0.1"], false);
    let at = &it.server.address;
    let said = format!(
        "error: {at} speaks TLS, and was called in plain text: add --tls, or --ca FILE to trust an authority of your own\n"
    );
    for protocol in ["ttheader", "framed", "buffered", "compact", "mux"] {
        it.call(&[&SUM[..], &["--protocol", protocol]].concat()).fails(1, &said);
    }
    for protocol in ["grpc", "kitex-protobuf", "mux"] {
        it.call(&[&SAY[..], &["--protocol", protocol]].concat()).fails(1, &said);
    }
    // What our servers say in HTTP/1.1.
    for protocol in ["grpc-web", "connect"] {
        let run = it.call(&[&SAY[..], &["--protocol", protocol]].concat());
        assert!(run.code == 1 && run.said == said, "{run:?}");
    }
    it.call(&["--list"]).fails(1, &said);
}

#[test]
fn a_call_over_tls_of_a_plain_port_says_what_to_leave_out() {
    let server = serve("none");
    let at = &server.address;
    let said = |what: &str| format!("error: {at} does not speak TLS: {what}\n");
    let authority = |it: &Caller| drop(Authority::new(&it.folder.path(".")).trust("ca.pem"));
    let files = [("all.thrift", EVERYTHING), ("chat.proto", CHAT)];
    let it = Caller::new(at, &files);
    authority(&it);
    let with = |words: &[&str]| it.call(&[words, &["--ca", "ca.pem"]].concat());
    with(&SUM).fails(1, &said("leave out --tls and its files"));
    with(&SAY).fails(1, &said("leave out --tls and its files"));
    with(&["--list"]).fails(1, &said("leave out --tls and its files"));
    let https = Caller { address: format!("https://{at}"), ..Caller::new("", &files) };
    authority(&https);
    https.folder.write("service.toml", "[client.tls]\nca = \"ca.pem\"\n");
    https.call(&SAY).fails(1, &said(&format!("write --addr grpc://{at}")));
    let asks = "`[client.tls]` of service.toml asks for it: write --addr thrift://";
    let settings = Caller { address: at.clone(), folder: https.folder };
    settings.call(&SUM).fails(1, &said(&format!("{asks}{at}")));
    let plain = Caller { address: format!("thrift://{at}"), folder: settings.folder };
    plain.call(&SUM).gives("3\n");
    let https = Caller::new(&format!("https://{at}"), &files);
    https.call(&SUM).fails(1, &said(&format!("write --addr {at}")));
}
