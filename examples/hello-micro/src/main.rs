//! The greeter service, registered as go-micro's servers are: `hello.srv.say`, and a UUID for each start.
use hello_micro::{generated, handler};

#[tokio::main]
async fn main() -> runtime::Result<()> {
    let config = runtime::Config::from_args(env!("CARGO_PKG_VERSION"))?; // service.toml, then environment, then flags
    runtime::Server::new(config)
        .add(generated::hello::GreeterServer::new(handler::greeter::GreeterHandler::default()))
        .run() // listen, register, serve, drain on SIGTERM or Ctrl-C
        .await
}
