//! Kratos 2.9: instances of its etcd registry, calls over its gRPC transport.

use interop::Go;

use crate::scenario::{System, live};

#[test]
fn kratos_lives_with_ours() {
    let Some(go) = Go::greeter("kratos") else { return };
    live(&System { name: "kratos", layout: "kratos", keys: "/microservices/greeter/", program: &go });
}
