//! Starts the server on a free port and calls it through the memory registry.
use std::time::Duration;

use runtime::layers::jwt::{Claims, Jwt};
use runtime::{Channel, Code, Config, Registry, Result, Server};
use user::generated::music::service::user::{
    BaseResp, CreateUserReq, GetUserReq, LoginReq, Status, UserServiceClient, UserServiceServer,
};
use user::handler::user::User;
use user::users::Users;

const SECRET: &str = "a secret of at least 32 characters";

fn code(base_resp: Option<BaseResp>) -> Status {
    Status(base_resp.expect("every answer has it").status_code)
}

#[tokio::test]
async fn users_are_made_log_in_and_are_known_by_their_token() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let users = Users::open(folder.path().join("users.redb"))?;
    let registry = Registry::open("memory")?;
    let jwt = Jwt::hs256(SECRET)?;
    let user = User::new(users, jwt.clone());
    let server = Server::new(Config::local())
        .registry(&registry)
        .layer(user.authentication())
        .add(UserServiceServer::new(user))
        .start()
        .await?;
    let client = UserServiceClient::new(Channel::builder("user").registry(&registry).build()?);

    let made = CreateUserReq { username: "ann".to_owned(), password: "correct horse".to_owned() };
    assert_eq!(code(client.create_user(made.clone()).await?.base_resp), Status::SUCCESS);
    assert_eq!(code(client.create_user(made).await?.base_resp), Status::USER_EXISTS);
    let short = CreateUserReq { username: "bob".to_owned(), password: "horse".to_owned() };
    assert_eq!(client.create_user(short).await.expect_err("it is short").business_code(), Some(400));

    let login = |username: &str, password: &str| {
        client.login(LoginReq { username: username.to_owned(), password: password.to_owned() })
    };
    assert_eq!(code(login("ann", "wrong horse").await?.base_resp), Status::WRONG_LOGIN);
    assert_eq!(code(login("bob", "correct horse").await?.base_resp), Status::WRONG_LOGIN);
    let token = login("ann", "correct horse").await?.token;

    let ask = |token: &str| client.get_user(GetUserReq {}).metadata("authorization", format!("Bearer {token}"));
    assert_eq!(ask(&token).await?.username, "ann");
    let of_bob = jwt.sign(&Claims::new("bob", Duration::from_secs(60)))?;
    assert_eq!(code(ask(&of_bob).await?.base_resp), Status::UNKNOWN_USER);
    let of_another =
        Jwt::hs256("another secret of 32 characters!")?.sign(&Claims::new("ann", Duration::from_secs(60)))?;
    assert_eq!(ask(&of_another).await.expect_err("of another key").code(), Code::Unauthenticated);
    assert_eq!(client.get_user(GetUserReq {}).await.expect_err("without").code(), Code::Unauthenticated);
    server.stop().await
}
