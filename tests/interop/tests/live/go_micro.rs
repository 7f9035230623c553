//! go-micro 2.9: instances of its etcd registry, calls over its gRPC client and server.

use interop::Go;

use crate::scenario::{System, live};

#[test]
fn go_micro_lives_with_ours() {
    let Some(go) = Go::greeter("go-micro") else { return };
    live(&System { name: "go-micro", layout: "go-micro", keys: "/micro/registry/greeter/", program: &go });
}
