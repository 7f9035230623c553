//! A port for HTTP alone, beside that of the services.

use std::sync::Arc;

use runtime::config::Id;
use runtime::server::{Builder, Counter};
use runtime::{Config, Limits, Registry, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::pages::{Other, ROUTED};
use super::sockets::{SAY, content, one, until};
use crate::hello::HelloServer;

#[tokio::test]
async fn a_port_for_http_alone_is_of_the_same_server() {
    let builder = Builder::new(&Limits::default()).http_listen("127.0.0.1:0");
    let running = builder.service(Arc::new(HelloServer::default())).start("127.0.0.1:0", None).await.unwrap();
    let http = running.http_addr().unwrap();
    assert_ne!(http, running.addr());
    for at in [http, running.addr()] {
        let said = one(at, "POST", SAY, &content("application/json"), br#"{"name":"kite"}"#).await;
        assert!(said.starts_with("HTTP/1.1 200 ") && said.contains("hello kite"), "{said}");
        assert!(one(at, "GET", "/healthz", "", b"").await.starts_with("HTTP/1.1 200 "));
    }
    assert_eq!(running.counters().get(Counter::Accepted), 4);
    // A framed call of Thrift is for the other port.
    let mut thrift = TcpStream::connect(http).await.unwrap();
    thrift.write_all(b"\0\0\0\x11\x80\x01\0\x01\0\0\0\x03Say\0\0\0\x01\0").await.unwrap();
    let mut answer = Vec::new();
    // The end of the connection, or that it was reset.
    let _ = thrift.read_to_end(&mut answer).await;
    assert_eq!(answer, b"");
    until(|| running.counters().get(Counter::UnknownProtocol) == 1).await;
    running.stop().await.unwrap();
    assert!(TcpStream::connect(http).await.is_err());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let builder = Builder::new(&Limits::default()).http_listen(&listen);
    let builder = builder.service(Arc::new(HelloServer::default()));
    let error = builder.start("127.0.0.1:0", None).await.unwrap_err();
    assert!(error.message().ends_with("; `listen` of `[server.http]` sets another address"), "{error}");
}

#[tokio::test]
async fn the_registry_tells_that_port_for_routes() {
    let registry = Registry::open("memory").unwrap();
    let mut config = Config::local();
    config.server.http.listen = Some("127.0.0.1:0".to_owned());
    config.registry.id = Id::Random;
    let running = Server::new(config).registry(&registry).add(Other(&ROUTED)).start().await.unwrap();
    let (at, http) = (running.addr(), running.http_addr().unwrap());
    let found = registry.resolve("r").unwrap().snapshot();
    let shown: Vec<_> = found.instances[0].endpoints.iter().map(ToString::to_string).collect();
    assert_eq!(shown, [format!("grpc://{at}"), format!("http://{http}")]);
    // A UUID in place of the address.
    assert_eq!(found.instances[0].id.len(), 36);
}
