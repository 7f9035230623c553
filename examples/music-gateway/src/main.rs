//! The gateway to the user service.
use music_gateway::{clients, generated, handler};

#[tokio::main]
async fn main() -> runtime::Result<()> {
    let config = runtime::Config::from_args(env!("CARGO_PKG_VERSION"))?; // service.toml, then environment, then flags
    let registry = runtime::Registry::open(&config.registry.url)?; // the services behind are found there
    let clients = clients::Clients::new(&config, &registry)?;
    runtime::Server::new(config)
        .registry(&runtime::Registry::open("none")?) // the names there are those of the services behind
        .add(generated::music::service::user::UserServiceServer::new(handler::user::User::new(&clients)))
        .run() // listen, register, serve, drain on SIGTERM or Ctrl-C
        .await
}
