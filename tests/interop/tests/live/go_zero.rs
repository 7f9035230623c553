//! go-zero: zrpc, whose clients find `Target: etcd://host:port/key`.

use interop::Go;

use crate::scenario::{System, live};

#[test]
#[ignore = "builds all that go-zero brings along: cargo test -p interop --test live -- --ignored"]
fn go_zero_lives_with_ours() {
    let Some(go) = Go::greeter("go-zero") else { return };
    live(&System { name: "go-zero", layout: "go-zero", keys: "greeter/", program: &go, hosts: 2 });
}
