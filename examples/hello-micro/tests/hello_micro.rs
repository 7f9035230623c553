//! Starts the server on a free port and calls every method through the memory registry.
use hello_micro::generated::hello::{GreeterClient, GreeterServer, HelloRequest};
use hello_micro::handler::greeter::GreeterHandler;
use runtime::{Channel, Config, Registry, Server};

#[tokio::test]
async fn every_method_is_reached() -> runtime::Result<()> {
    let registry = Registry::open("memory")?;
    let greeter = GreeterServer::new(GreeterHandler::default());
    let server = Server::new(Config::local()).registry(&registry).add(greeter).start().await?;
    let client = GreeterClient::new(Channel::builder("greeter").registry(&registry).build()?);
    let hello = HelloRequest { from: "me".to_owned(), to: "you".to_owned(), msg: "hi".to_owned() };
    let answer = client.hello(hello).await?;
    assert_eq!([answer.from, answer.to, answer.msg], ["server", "me", "ok"]);
    server.stop().await
}
