//! Apache's Go client calls our server: it compares the method's name in an answer with the one that
//! it called, without the service in front.

use std::process::Command;

use golden::generated::api::{AddRequest, AddResponse, AddService, AddServiceServer};
use interop::Go;
use runtime::{Config, Context, Error, Registry, Server};

use super::python::Python;

struct Adder;

impl AddService for Adder {
    async fn add(&self, _: &Context, req: AddRequest) -> Result<AddResponse, Error> {
        Ok(AddResponse { sum: req.first.wrapping_add(req.second) })
    }
}

fn built() -> Option<Go> {
    // The compiler comes with the Python library.
    Python::with_thrift()?;
    let go = Go::module("apache")?;
    go.run(Command::new("mkdir").args(["-p", "gen"]));
    go.run(Command::new("thrift").args(["--gen", "go:package_prefix=interop/gen/", "-out", "gen", "add.thrift"]));
    go.build("client", "./client");
    Some(go)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_go_client_calls_our_server_in_every_way() {
    let Some(go) = built() else { return };
    let registry = Registry::open("memory").unwrap();
    let server = Server::new(Config::local()).registry(&registry).add(AddServiceServer::new(Adder));
    let server = server.start().await.unwrap();
    let mut client = go.program("client");
    client.arg(server.addr().to_string());
    let output = tokio::task::spawn_blocking(move || client.output().unwrap()).await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.lines().count(), 4, "{said}{}", String::from_utf8_lossy(&output.stderr));
    for line in said.lines() {
        assert!(
            line.starts_with("called ") && line.ends_with(" 1 unknown service Nobody; served here: AddService"),
            "{line}"
        );
    }
}
