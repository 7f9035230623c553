//! Serves users: `cargo run -p build-script`.

use build_script::generated::user::UserServiceServer;
use build_script::users::Users;
use runtime::{Config, Server};

#[tokio::main]
async fn main() -> runtime::Result<()> {
    Server::new(Config::from_args(env!("CARGO_PKG_VERSION"))?).add(UserServiceServer::new(Users::default())).run().await
}
