//! Calls `helloworld` over HTTP and over gRPC, each at the endpoint that the registry tells for it.
use helloworld::generated::helloworld::{GreeterClient, HelloRequest};
use runtime::client::Http;
use runtime::{Channel, Config, Registry};

#[tokio::main]
async fn main() -> runtime::Result<()> {
    let config = Config::from_args(env!("CARGO_PKG_VERSION"))?;
    let registry = Registry::open(&config.registry.url)?;
    for (name, over) in [("http", Http::rest()), ("grpc", Http::grpc())] {
        let channel = Channel::builder("helloworld").registry(&registry).http(over).build()?;
        let reply = GreeterClient::new(channel).say_hello(HelloRequest { name: "kiteline".to_owned() }).await?;
        println!("[{name}] SayHello message:{:?}", reply.message);
    }
    Ok(())
}
