//! go-kit: instances of its `sd/etcdv3`, calls over its gRPC transport.

use interop::Go;

use crate::scenario::{System, live};

#[test]
fn go_kit_lives_with_ours() {
    let Some(go) = Go::greeter("go-kit") else { return };
    live(&System { name: "go-kit", layout: "go-kit", keys: "greeter/", program: &go, hosts: 1 });
}
