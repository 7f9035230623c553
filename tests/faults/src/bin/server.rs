//! The server that is attacked. `FAULTS_CONFIG` holds the text of its `service.toml`; it prints its
//! address as the only line on standard output and serves until it is ended. With `FAULTS_REGISTRY`,
//! the URL of a registry, it listens where its configuration says, registers, and drains on SIGTERM.

use std::io::Write;

use faults::Failure;
use faults::generated::faults::shelf::ShelfServer;
use faults::generated::faults::twin::TwinServer;
use faults::generated::faults::{TargetClient, TargetServer};
use faults::handler::Handler;
use runtime::{Answer, Call, Channel, Config, Error, Handling, Server};
use tower::{Layer, Service};

/// Panics in front of the handler for calls whose metadata say so.
#[derive(Clone)]
struct Panicking<S>(S);

struct Wrap;

impl<S> Layer<S> for Wrap {
    type Service = Panicking<S>;

    fn layer(&self, inner: S) -> Panicking<S> {
        Panicking(inner)
    }
}

impl<S> Service<Call> for Panicking<S>
where
    S: Service<Call, Response = Answer, Error = Error>,
    S::Future: Send + 'static,
{
    type Response = Answer;
    type Error = Error;
    type Future = Handling;

    fn poll_ready(&mut self, task: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Error>> {
        self.0.poll_ready(task)
    }

    #[expect(clippy::panic, reason = "what is to be survived")]
    fn call(&mut self, call: Call) -> Handling {
        if call.cx.get("panic").is_some() {
            panic!("in a layer");
        }
        Box::pin(self.0.call(call))
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let text = std::env::var("FAULTS_CONFIG").unwrap_or_default();
    let mut config = Config::from_toml(&text, "FAULTS_CONFIG")?;
    if let Ok(url) = std::env::var("FAULTS_REGISTRY") {
        config.registry.url = url;
        writeln!(std::io::stdout(), "{}", config.server.listen)?;
        let server = Server::new(config).add(TargetServer::new(Handler::default()));
        return Ok(server.add(TwinServer::new(Handler::default())).run().await?);
    }
    config.server.listen = "127.0.0.1:0".to_owned();
    config.registry.url = "none".to_owned();
    let handler = Handler::default();
    let mut server = Server::new(config).add(TargetServer::new(handler.clone())).add(TwinServer::new(handler.clone()));
    server = server.add(ShelfServer::new(handler.clone()));
    if std::env::var_os("FAULTS_LAYER").is_some() {
        server = server.layer(Wrap);
    }
    let running = server.start().await?;
    let address = running.addr();
    let ended = running.wait();
    let _ = handler.itself.set(TargetClient::new(Channel::to(&address.to_string())?));
    let _ = handler.running.set(running);
    writeln!(std::io::stdout(), "{address}")?;
    ended.await;
    Ok(())
}
