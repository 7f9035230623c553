//! Logs in six times, or as often as it is told, at the instances in turn, and says which of them made each token.
use login::generated::pb::{Login, MeRequest, ProfileClient, UserClient};
use runtime::{Channel, Config, Error, Registry};
use std::time::Duration;

#[tokio::main]
async fn main() -> runtime::Result<()> {
    let calls = std::env::args().nth(1).map_or(Ok(6), |it| it.parse::<u64>());
    let calls = calls.map_err(|_| Error::invalid("login-client takes the number of its calls, such as 6"))?;
    let registry = Registry::open(&Config::from_env()?.registry.url)?;
    let user = UserClient::new(Channel::builder("svc.user.agent").registry(&registry).build()?);
    let profile = ProfileClient::new(Channel::builder("svc.user.profile").registry(&registry).build()?);

    let mut token = String::new();
    for _ in 0..calls {
        let login = Login { account: "aoho".to_owned(), password: "123456".to_owned() };
        match user.rpc_user_login(login).send().await {
            Ok(reply) => {
                println!("{}: {}", reply.metadata().get("x-instance").unwrap_or("somebody"), reply.value.token);
                token = reply.value.token;
            }
            Err(error) => println!("failed: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await; // an instance lets ten logins a second in
    }
    let me = profile.me(MeRequest {}).metadata("authorization", format!("Bearer {token}")).await?;
    println!("the last token is {}'s", me.account);
    Ok(())
}
