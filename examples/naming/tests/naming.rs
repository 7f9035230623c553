//! Starts the server on a free port and calls every method through the memory registry.
use naming::{generated, handler};
use runtime::{Channel, Config, Registry, Server};

#[tokio::test]
async fn every_method_is_reached() -> runtime::Result<()> {
    let registry = Registry::open("memory")?;
    let greeter = handler::greeter::GreeterHandler { at: "here".to_owned() };
    let server = Server::new(Config::local())
        .registry(&registry)
        .add(generated::hello::GreeterServer::new(greeter))
        .start()
        .await?;
    greeter_calls(&registry).await?;
    server.stop().await
}

async fn greeter_calls(registry: &Registry) -> runtime::Result<()> {
    let client = generated::hello::GreeterClient::new(Channel::builder("greeter").registry(registry).build()?);
    let hello = generated::hello::HelloRequest { from: "me".to_owned(), to: "you".to_owned(), msg: "hi".to_owned() };
    let answer = client.hello(hello).await?;
    assert_eq!([answer.from, answer.to, answer.msg], ["here", "me", "hi, me"]);
    Ok(())
}
