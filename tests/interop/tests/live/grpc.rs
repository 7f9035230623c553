//! etcd's own naming for gRPC: `naming/endpoints` and `naming/resolver` of its Go client.

use interop::Go;

use crate::scenario::{System, live};

#[test]
fn grpc_naming_lives_with_ours() {
    let Some(go) = Go::greeter("grpc") else { return };
    live(&System { name: "grpc", layout: "grpc", keys: "greeter/", program: &go, hosts: 1 });
}
