//! The greeter service, registered as `greeter/<address>` in the layout of gRPC's naming.
use naming::{generated, handler};

#[tokio::main]
async fn main() -> runtime::Result<()> {
    let config = runtime::Config::from_args(env!("CARGO_PKG_VERSION"))?; // service.toml, then environment, then flags
    let greeter = handler::greeter::GreeterHandler { at: config.server.listen.clone() };
    runtime::Server::new(config)
        .add(generated::hello::GreeterServer::new(greeter))
        .run() // listen, register, serve, drain on SIGTERM or Ctrl-C
        .await
}
