//! Resolves `greeter` and calls its servers in turn, until Ctrl-C: what comes and goes in etcd is seen at once.

use std::time::Duration;

use naming::generated::hello::{GreeterClient, HelloRequest};
use runtime::{Channel, Config, Registry};

#[tokio::main]
async fn main() -> runtime::Result<()> {
    let config = Config::from_args(env!("CARGO_PKG_VERSION"))?;
    let registry = Registry::open(&config.registry.url)?;
    let client = GreeterClient::new(Channel::builder("greeter").registry(&registry).build()?);
    let mut turns = tokio::time::interval(Duration::from_millis(100));
    loop {
        turns.tick().await;
        let hello = HelloRequest { from: "client".to_owned(), to: "greeter".to_owned(), msg: "hi".to_owned() };
        match client.hello(hello).await {
            Ok(answer) => println!("{} says {}", answer.from, answer.msg),
            Err(error) => println!("failed: {error}"),
        }
    }
}
