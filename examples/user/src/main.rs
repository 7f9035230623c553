//! The user service, `service.music.user` in the registry.
use runtime::layers::ConcurrencyLimit;
use runtime::layers::jwt::Jwt;
use runtime::{Config, Error, Server};
use user::generated::music::service::user::UserServiceServer;
use user::handler::user::{HASHING, User};
use user::users::Users;

#[tokio::main]
async fn main() -> runtime::Result<()> {
    let config = Config::from_args(env!("CARGO_PKG_VERSION"))?; // service.toml, then environment, then flags
    let file = config.app.get("store").and_then(|it| it.as_str()).unwrap_or("users.redb");
    let secret = std::env::var("JWT_SECRET").map_err(|_| Error::invalid("JWT_SECRET is not set: it signs tokens"))?;
    let user = User::new(Users::open(file)?, Jwt::hs256(secret)?);
    Server::new(config)
        .layer(user.authentication())
        .layer(ConcurrencyLimit::new(8).queue(100).only(HASHING)) // a hash takes 19 MiB
        .add(UserServiceServer::new(user))
        .run() // listen, register, serve, drain on SIGTERM or Ctrl-C
        .await
}
