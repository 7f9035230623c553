//! Our server and client of `idl/greeter.proto`, with the same two roles as the Go programs beside them:
//! `greeter serve REGISTRY SERVICE LISTEN`, or `greeter call REGISTRY SERVICE`.

use std::time::Duration;

use interop::generated::interop::greeter::{Greeter, GreeterClient, GreeterServer, Text};
use runtime::{Channel, Config, Context, Error, Registry, Server};

/// Answers with the address under which it was registered.
struct At(String);

impl Greeter for At {
    async fn greet(&self, _: &Context, req: Text) -> Result<Text, Error> {
        Ok(Text { text: format!("{} from {}", req.text, self.0) })
    }
}

#[tokio::main]
async fn main() -> runtime::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", registry, service, listen] => serve(registry, service, listen).await,
        ["call", registry, service] => call(registry, service).await,
        _ => Err(Error::invalid("serve REGISTRY SERVICE LISTEN, or call REGISTRY SERVICE")),
    }
}

async fn serve(registry: &str, service: &str, listen: &str) -> runtime::Result<()> {
    let mut config = Config::default();
    config.server.listen = listen.to_owned();
    config.registry.url = registry.to_owned();
    config.names.insert("Greeter".to_owned(), service.to_owned());
    Server::new(config).add(GreeterServer::new(At(listen.to_owned()))).run().await
}

/// Calls until the process ends and says in a line what each call gave.
async fn call(registry: &str, service: &str) -> runtime::Result<()> {
    let registry = Registry::open(registry)?;
    let client = GreeterClient::new(Channel::builder(service).registry(&registry).build()?);
    loop {
        match client.greet(Text { text: "hi".to_owned() }).timeout(Duration::from_secs(2)).await {
            Ok(answer) => println!("{}", answer.text),
            Err(error) => println!("failed: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
