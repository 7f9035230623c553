//! Starts the server on a free port and stops it.
use music_gateway::{clients, generated, handler};
use runtime::{Config, Registry, Server};

#[tokio::test]
async fn the_server_starts_and_stops() -> runtime::Result<()> {
    let registry = Registry::open("memory")?;
    let clients = clients::Clients::new(&Config::local(), &registry)?;
    let server = Server::new(Config::local())
        .registry(&registry)
        .add(generated::music::service::user::UserServiceServer::new(handler::user::User::new(&clients)))
        .start()
        .await?;
    server.stop().await
}
