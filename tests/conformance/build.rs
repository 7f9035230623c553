//! Generates the suite's messages where its protos are there (`CONFORMANCE_PROTO`, which `run` sets): by them messages become
//! JSON. Without them the drivers build, and do not speak JSON.

use std::env;
use std::path::Path;

use codegen::Builder;
use codegen::options::Options;

fn main() -> Result<(), codegen::Error> {
    println!("cargo::rerun-if-env-changed=CONFORMANCE_PROTO");
    println!("cargo::rustc-check-cfg=cfg(conformance_proto)");
    let Some(folder) = env::var_os("CONFORMANCE_PROTO") else { return Ok(()) };
    println!("cargo::rustc-cfg=conformance_proto");
    let folder = Path::new(&folder);
    let options = Options { include: vec![folder.to_owned()], ..Options::default() };
    Builder::new().idl(folder.join("connectrpc/conformance/v1/service.proto")).options(options).compile()
}
