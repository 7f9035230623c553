//! go-micro 2.9: instances of its etcd registry, calls over gRPC and over its default transport, both by its client and server.

use std::process::Command;

use e2e::{Etcd, Process, free_address, program, wait_for, workspace};
use interop::Go;
use interop::generated::interop::greeter::{GreeterClient, Text};
use runtime::client::Http;
use runtime::{Channel, Code};

use crate::outcomes::{Site, given_up, ours_is_in_time};
use crate::scenario::{System, live};

#[test]
fn go_micro_lives_with_ours() {
    let Some(go) = Go::greeter("go-micro") else { return };
    live(&System { name: "go-micro", layout: "go-micro", keys: "/micro/registry/greeter/", program: &go, hosts: 1 });
}

/// Its programs over the transport that they have by default: HTTP/1.1, `POST /`.
fn by_default() -> Option<Go> {
    Some(Go::greeter("go-micro")?.with_env("TRANSPORT", "http"))
}

#[test]
fn go_micro_lives_with_ours_over_its_default_transport() {
    let Some(go) = by_default() else { return };
    live(&System { name: "go-micro", layout: "go-micro", keys: "/micro/registry/greeter/", program: &go, hosts: 1 });
}

const KEYS: &str = "/micro/registry";

/// What its client is told of our errors, with bodies of each of these kinds.
async fn told(site: &Site, contents: &[&str]) {
    for content in contents {
        for (text, wanted) in [
            ("you", "hi you"),
            ("missing", "USER_NOT_FOUND 404 \"user x not found\" Not Found"),
            ("plain", "interop.greeter.Greeter 404 \"user x not found\" Not Found"),
            ("biz", "interop.greeter.Greeter 40404 \"no <user> ✗\""),
        ] {
            assert_eq!(site.tries(&[content, text, "10s"]).await, wanted, "{content} {text}");
        }
    }
    // Of two clocks one is first.
    let late = site.tries(&["application/json", "slow", "300ms"]).await;
    assert!(late.contains(" 408 "), "{late}");
}

/// What our client is told of its errors.
async fn its_errors(client: &GreeterClient) {
    let greet = |text: &str| client.greet(Text { text: text.to_owned() });
    let missing = greet("missing").await.unwrap_err();
    assert_eq!((missing.code(), missing.message()), (Code::NotFound, "user x not found"));
    assert_eq!(missing.reason(), "hello.srv.greet");
    let plain = greet("plain").await.unwrap_err();
    assert_eq!((plain.code(), plain.message()), (Code::Unknown, "something broke"));
}

#[tokio::test(flavor = "multi_thread")]
async fn go_micro_gets_our_errors_and_we_get_its() {
    let Some(site) = Site::start("go-micro") else { return };
    let running = site.ours(KEYS).await;
    told(&site, &["application/grpc+proto", "application/json", "application/protobuf"]).await;
    given_up(&running);
    let (process, client) = site.theirs(KEYS);
    its_errors(&client).await;
    ours_is_in_time(&client).await;
    process.stop();
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_travel_over_go_micro_s_default_transport() {
    let Some(site) = by_default().and_then(|go| Site::of("go-micro", go)) else { return };
    let running = site.ours(KEYS).await;
    told(&site, &["application/protobuf", "application/json"]).await;
    given_up(&running);
    let (process, client) = site.theirs(KEYS);
    let value = site.etcd.get(&format!("{KEYS}/theirs/")).unwrap().remove(1);
    assert!(value.contains(r#""protocol":"mucp""#) && value.contains(r#""transport":"http""#), "{value}");
    ours_is_in_time(&client).await;
    // Its server answers an error of a handler where bodies are JSON.
    let json = Channel::builder("theirs").registry(&site.registry).http(Http::grpc().with_json()).build();
    let client = GreeterClient::new(json.unwrap());
    its_errors(&client).await;
    ours_is_in_time(&client).await;
    process.stop();
    running.stop().await.unwrap();
}

/// `examples/hello-micro`: its server is called by go-micro's client, and its client calls go-micro's server, over both transports.
#[test]
fn the_example_and_go_micro_greet_each_other() {
    let Some((etcd, go)) = Etcd::start().zip(Go::greeter("go-micro")) else { return };
    let url = format!("{}?layout=go-micro", etcd.url());
    let keys = format!("{KEYS}/hello.srv.say/");
    let said = |command: &mut Command| {
        let output = command.env("KITELINE_REGISTRY", &url).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    for go in [go.clone(), go.with_env("TRANSPORT", "http")] {
        let settings = workspace().join("examples/hello-micro/service.toml");
        let mut ours = program("hello-micro");
        ours.arg("--config").arg(&settings).args(["--listen", &free_address()]);
        let ours = Process::start("hello-micro", ours.env("KITELINE_REGISTRY", &url));
        ours.line("registered in etcd");
        let theirs = said(go.program("greeter").args(["hello", &etcd.address, "hello.srv.say"]));
        assert_eq!(theirs, "from:\"server\" to:\"client\" msg:\"ok\"\n");
        ours.stop();
        assert_eq!(etcd.get(&keys).unwrap(), [""; 0]);
        let mut theirs = go.program("greeter");
        let theirs =
            Process::start("theirs", theirs.args(["serve", &etcd.address, "hello.srv.say", &free_address(), "4"]));
        wait_for("a registration", || etcd.get(&keys).filter(|lines| !lines.is_empty()));
        let ours = said(program("hello-client").arg("--config").arg(&settings));
        assert_eq!(ours, "from:\"go-micro\" to:\"client\" msg:\"ok\"\n");
        theirs.stop();
    }
}
