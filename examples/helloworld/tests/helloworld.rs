//! Starts the server on a free port and calls every method over gRPC and over HTTP, through the memory registry.
use helloworld::generated::helloworld::{GreeterClient, GreeterServer, HelloRequest};
use helloworld::handler::greeter::GreeterHandler;
use runtime::client::Http;
use runtime::{Channel, Config, Registry, Server};

#[tokio::test]
async fn every_method_is_reached() -> runtime::Result<()> {
    let registry = Registry::open("memory")?;
    let greeter = GreeterServer::new(GreeterHandler::default());
    let server = Server::new(Config::local()).registry(&registry).add(greeter).start().await?;
    for over in [Http::grpc(), Http::rest()] {
        let channel = Channel::builder("greeter").registry(&registry).http(over).build()?;
        let reply = GreeterClient::new(channel).say_hello(HelloRequest { name: "you".to_owned() }).await?;
        assert_eq!(reply.message, "welcome you!");
    }
    server.stop().await
}
