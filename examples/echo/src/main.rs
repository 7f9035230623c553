//! The echo service.
use echo::{generated, handler};

#[tokio::main]
async fn main() -> runtime::Result<()> {
    let config = runtime::Config::from_args(env!("CARGO_PKG_VERSION"))?; // service.toml, then environment, then flags
    runtime::Server::new(config)
        .add(generated::api::EchoServiceServer::new(handler::echo::Echo::default()))
        .run() // listen, register, serve, drain on SIGTERM or Ctrl-C
        .await
}
