//! The service alone, as a value; and the server on a free port, where every method is called through the memory registry.
use login::endpoint;
use login::generated::pb::{Login, MeRequest, ProfileClient, ProfileServer, User, UserClient, UserServer};
use login::handler::{profile::ProfileHandler, user::UserHandler};
use runtime::layers::jwt::Jwt;
use runtime::{Channel, Code, Config, Context, Registry, Result, Server};

fn jwt() -> Result<Jwt> {
    Jwt::hs256("a secret of at least 32 characters")
}

fn service() -> Result<UserHandler> {
    Ok(UserHandler { accounts: [("aoho".to_owned(), "123456".to_owned())].into(), jwt: jwt()? })
}

fn login(account: &str, password: &str) -> Login {
    Login { account: account.to_owned(), password: password.to_owned() }
}

#[tokio::test]
async fn who_knows_the_password_gets_a_token() -> Result<()> {
    let (service, cx) = (service()?, Context::new());
    let ack = service.rpc_user_login(&cx, login("aoho", "123456")).await?;
    assert_eq!(jwt()?.check(&ack.token)?.sub, "aoho");
    for (account, password) in [("aoho", ""), ("aoho", "1234567"), ("nobody", "123456"), ("", "")] {
        let error = service.rpc_user_login(&cx, login(account, password)).await.unwrap_err();
        assert_eq!((error.code(), error.message()), (Code::Unauthenticated, "the account or the password is wrong"));
    }
    Ok(())
}

#[tokio::test]
async fn the_token_of_a_login_opens_the_profile() -> Result<()> {
    let registry = Registry::open("memory")?;
    let server = endpoint::layers(Server::new(Config::local()), "here".to_owned(), jwt()?)
        .registry(&registry)
        .add(UserServer::new(service()?))
        .add(ProfileServer::new(ProfileHandler))
        .start()
        .await?;
    let user = UserClient::new(Channel::builder("user").registry(&registry).build()?);
    let profile = ProfileClient::new(Channel::builder("profile").registry(&registry).build()?);

    let reply = user.rpc_user_login(login("aoho", "123456")).send().await?;
    assert_eq!(reply.metadata().get("x-instance"), Some("here"));
    let me = profile.me(MeRequest {}).metadata("authorization", format!("Bearer {}", reply.value.token)).await?;
    assert_eq!(me.account, "aoho");
    assert_eq!(profile.me(MeRequest {}).await.unwrap_err().code(), Code::Unauthenticated);
    server.stop().await
}
