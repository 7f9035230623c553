//! etcd's own Go client works with the embedded development registry.

use interop::Go;
use runtime::registry::dev::Embedded;

const SEEN: &str = "\
get 1 b 2 true 1
txn true 1
lease 60 60 leased
revoked 0 -1
expired 2 DELETE
watch PUT watched/1 1 
watch DELETE watched/1  1
watch PUT watched/2 2 
progress true true
compacted true
canceled true true true
future true
no lease true
twice true
users true
members 1 true
locked true
handed on
endpoint 127.0.0.1:1
";

#[tokio::test(flavor = "multi_thread")]
async fn etcds_go_client_finds_what_it_expects() {
    let Some(go) = Go::module("etcd") else { return };
    let dev = Embedded::bind("127.0.0.1:0").await.unwrap();
    let address = dev.address().to_string();
    let run = move || {
        go.build("client", "./client");
        go.program("client").arg(address).output().unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(text(&output.stdout), SEEN);
}
