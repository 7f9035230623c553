//! The user and profile services in the three layers of go-kit: transport (generated), endpoint, service.
use login::generated::pb::{ProfileServer, UserServer};
use login::handler::{profile::ProfileHandler, user::UserHandler};
use login::{endpoint, settings};
use runtime::{Config, Server};

#[tokio::main]
async fn main() -> runtime::Result<()> {
    let config = Config::from_args(env!("CARGO_PKG_VERSION"))?; // service.toml, then environment, then flags
    let jwt = settings::jwt(&config)?;
    let user = UserHandler { accounts: settings::accounts(&config)?, jwt: jwt.clone() };
    let instance = config.server.listen.clone();
    endpoint::layers(Server::new(config), instance, jwt)
        .add(UserServer::new(user))
        .add(ProfileServer::new(ProfileHandler))
        .run() // listen, register, serve, deregister and drain on SIGTERM or Ctrl-C
        .await
}
