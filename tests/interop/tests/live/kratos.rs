//! Kratos 2.9: instances of its etcd registry, calls over its gRPC transport.

use interop::Go;
use interop::generated::interop::greeter::Text;
use runtime::Code;

use crate::outcomes::{Site, given_up, ours_is_in_time};
use crate::scenario::{System, live};

#[test]
fn kratos_lives_with_ours() {
    let Some(go) = Go::greeter("kratos") else { return };
    live(&System { name: "kratos", layout: "kratos", keys: "/microservices/greeter/", program: &go, hosts: 1 });
}

const KEYS: &str = "/microservices";

#[tokio::test(flavor = "multi_thread")]
async fn kratos_gets_our_errors_and_we_get_its() {
    let Some(site) = Site::start("kratos") else { return };
    let running = site.ours(KEYS).await;
    for (text, wanted) in [
        ("you", "hi you"),
        ("missing", "404 USER_NOT_FOUND \"user x not found\" map[user:x zone:a]"),
        ("conflict", "409 DUP \"already there\" map[]"),
        ("plain", "404  \"user x not found\" map[]"),
        // The code of a business error is not HTTP's.
        ("teapot", "500 TEAPOT \"teapot\" map[size:7]"),
    ] {
        assert_eq!(site.tries(&[text, "10s"]).await, wanted, "{text}");
    }
    // Of two clocks one is first.
    let late = site.tries(&["slow", "300ms"]).await;
    assert!(late.starts_with("504 "), "{late}");
    given_up(&running);
    let (process, client) = site.theirs(KEYS);
    let greet = |text: &str| client.greet(Text { text: text.to_owned() });
    let missing = greet("missing").await.unwrap_err();
    assert_eq!((missing.code(), missing.reason()), (Code::NotFound, "USER_NOT_FOUND"));
    assert_eq!((missing.message(), &missing.pairs()["zone"][..]), ("user x not found", "a"));
    assert_eq!(greet("conflict").await.unwrap_err().code(), Code::Aborted);
    ours_is_in_time(&client).await;
    process.stop();
    running.stop().await.unwrap();
}
