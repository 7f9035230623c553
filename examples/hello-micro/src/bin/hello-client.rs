//! Greets whoever is `hello.srv.say` in the registry: a server of this crate, or one of go-micro over either of its transports.
use hello_micro::generated::hello::{GreeterClient, HelloRequest};
use runtime::{Channel, Config, Registry};

#[tokio::main]
async fn main() -> runtime::Result<()> {
    let config = Config::from_args(env!("CARGO_PKG_VERSION"))?;
    let registry = Registry::open(&config.registry.url)?;
    let client = GreeterClient::new(Channel::builder("hello.srv.say").registry(&registry).build()?);
    let hello = HelloRequest { from: "client".to_owned(), to: "server".to_owned(), msg: "hello aoho".to_owned() };
    let answer = client.hello(hello).await?;
    println!("from:{:?} to:{:?} msg:{:?}", answer.from, answer.to, answer.msg);
    Ok(())
}
