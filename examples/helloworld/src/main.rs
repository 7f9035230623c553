//! The greeter service: over gRPC and over HTTP, from one proto, registered once with both endpoints.
use helloworld::{generated, handler};

#[tokio::main]
async fn main() -> runtime::Result<()> {
    let config = runtime::Config::from_args(env!("CARGO_PKG_VERSION"))?; // service.toml, then environment, then flags
    runtime::Server::new(config)
        .add(generated::helloworld::GreeterServer::new(handler::greeter::GreeterHandler::default()))
        .run() // listen, register, serve, drain on SIGTERM or Ctrl-C
        .await
}
