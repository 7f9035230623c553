//! Calls the handler through the client that the build script made.

use build_script::generated::user::{FindError, NotFound, UserServiceClient, UserServiceServer};
use build_script::users::Users;
use runtime::{Channel, Config, Registry, Server};

#[tokio::test]
async fn the_client_finds_a_user_and_learns_that_another_is_missing() -> runtime::Result<()> {
    let registry = Registry::open("memory")?;
    let service = UserServiceServer::new(Users::default());
    let server = Server::new(Config::local()).registry(&registry).add(service).start().await?;
    let client = UserServiceClient::new(Channel::builder("user").registry(&registry).build()?);
    let ada = client.find(1).await.map(|user| user.name);
    assert_eq!(ada.ok().as_deref(), Some("Ada"));
    let missing = client.find(2).await;
    assert!(matches!(missing, Err(FindError::Missing(NotFound { id: 2 }))), "{missing:?}");
    server.stop().await
}
