//! Kitex-Protobuf with real Kitex programs: their client calls our server, which serves gRPC on the
//! same port, and our client calls their server.

use std::net::TcpStream;

use e2e::{Process, free_address, wait_for};
use golden::generated::bare::{Ping, Pinger, PingerClient, PingerServer, ping::Pong};
use interop::Go;
use runtime::client::Transport;
use runtime::error::Origin;
use runtime::{Channel, Code, Config, Context, Error, Registry, Server};

/// Builds Kitex's own tool, the code that it makes, and our two programs.
fn built() -> Option<Go> {
    let go = Go::module("kitex-protobuf")?;
    go.build("kitex", "github.com/cloudwego/kitex/tool/cmd/kitex");
    let mut kitex = go.program("kitex");
    go.run(kitex.args(["-module", "interop", "-type", "protobuf", "-I", ".", "pinger.proto"]));
    go.build("server", "./server");
    go.build("client", "./client");
    Some(go)
}

struct Pings;

impl Pinger for Pings {
    async fn ping(&self, _: &Context, req: Ping) -> Result<Pong, Error> {
        match req.text.as_str() {
            "biz" => Err(Error::business(404, "no user", [("k".to_owned(), "v".to_owned())])),
            "plain" => Err(Error::not_found("something broke").with_reason("BROKEN")),
            text => Ok(Pong { text: format!("hi {text}") }),
        }
    }
}

#[test]
fn each_calls_the_other() {
    let Some(go) = built() else { return };
    let tokio = tokio::runtime::Runtime::new().unwrap();
    ours_is_called(&go, &tokio);
    tokio.block_on(ours_calls(&go));
}

fn ours_is_called(go: &Go, tokio: &tokio::runtime::Runtime) {
    let registry = Registry::open("memory").unwrap();
    let starting = Server::new(Config::local()).registry(&registry).add(PingerServer::new(Pings)).start();
    let server = tokio.block_on(starting).unwrap();
    for transport in ["default", "ttheader_framed", "framed", "mux", "grpc"] {
        let output = go.program("client").args([&server.addr().to_string(), transport]).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), 6, "{transport}: {said}{errors}");
        assert_eq!(lines[..3], ["5 hi ok", "3 hi ", "1000003 hi xxxxxxxxxxxxxxxxx"], "{transport}");
        assert_eq!(lines[3], "business 404 no user v", "{transport}");
        assert!(lines[4].starts_with("error ") && lines[4].contains("something broke"), "{transport}: {}", lines[4]);
        assert_eq!(lines[5], "13 hi still here", "{transport}");
    }
}

async fn ours_calls(go: &Go) {
    let address = free_address();
    let _server = Process::start("kitex", go.program("server").arg(&address));
    wait_for("Kitex's server", || TcpStream::connect(&address).ok());
    let registry = Registry::open(&format!("static:pinger={address}")).unwrap();
    let ways = [Transport::TtheaderFramed, Transport::Framed, Transport::Multiplexed].map(Some);
    for transport in ways.into_iter().chain([None]) {
        let builder = Channel::builder("pinger").registry(&registry);
        let channel = transport.into_iter().fold(builder, |builder, it| builder.transport(it)).build().unwrap();
        let client = PingerClient::new(channel);
        let ping = |text: &str| client.ping(Ping { text: text.to_owned() });
        assert_eq!(ping("ok").await.unwrap().text, "hi ok", "{transport:?}");
        assert_eq!(ping(&"x".repeat(1_000_000)).await.unwrap().text.len(), 1_000_003, "{transport:?}");
        let error = ping("plain").await.unwrap_err();
        assert!(error.message().contains("something broke"), "{transport:?}: {error:?}");
        assert_eq!((error.code(), error.origin()), (Code::Internal, Origin::Remote), "{transport:?}");
        match ping("biz").await {
            Err(error) => assert_eq!(error.business_code(), Some(404), "{transport:?}"),
            // Without a header Kitex's server has no place for a business error: its answer is empty.
            Ok(pong) => assert_eq!((transport, pong.text.as_str()), (Some(Transport::Framed), "")),
        }
        assert_eq!(ping("still here").await.unwrap().text, "hi still here", "{transport:?}");
    }
}
