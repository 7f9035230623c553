//! The server that is attacked. `FAULTS_CONFIG` holds the text of its `service.toml`; it prints its
//! address as the only line on standard output and serves until it is ended.

use std::io::Write;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use faults::Failure;
use faults::generated::faults::{Gauges, Item, Target, TargetClient, TargetServer};
use runtime::server::{Counter, Running};
use runtime::{Answer, Call, Channel, Config, Context, Error, Handling, Server};
use tower::{Layer, Service};

/// Methods that misbehave when they are told to.
#[derive(Clone, Default)]
struct Handler {
    running: Arc<OnceLock<Running>>,
    itself: Arc<OnceLock<TargetClient>>,
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    #[expect(clippy::panic, reason = "what is to be survived")]
    fn drop(&mut self) {
        panic!("dropped");
    }
}

fn milliseconds(count: i64) -> Duration {
    Duration::from_millis(count.unsigned_abs())
}

impl Target for Handler {
    async fn echo(&self, _cx: &Context, item: Item) -> Result<Item, Error> {
        Ok(item)
    }

    async fn number(&self, _cx: &Context, number: i64) -> Result<i64, Error> {
        Ok(number)
    }

    async fn blob(&self, _cx: &Context, size: i32) -> Result<Bytes, Error> {
        let size = usize::try_from(size).map_err(|_| Error::invalid("a negative size"))?;
        Ok(Bytes::from(vec![0; size.min(8 << 20)]))
    }

    async fn slow(&self, _cx: &Context, time: i64) -> Result<i64, Error> {
        tokio::time::sleep(milliseconds(time)).await;
        Ok(time)
    }

    #[expect(clippy::panic, reason = "what is to be survived")]
    async fn flaky(&self, _cx: &Context, number: i64) -> Result<i64, Error> {
        if number % 10 == 0 {
            panic!("the number {number}");
        }
        Ok(number)
    }

    async fn bomb(&self, _cx: &Context, time: i64) -> Result<(), Error> {
        let _bomb = Bomb;
        tokio::time::sleep(milliseconds(time)).await;
        Ok(())
    }

    async fn hop(&self, cx: &Context, left: i32) -> Result<i64, Error> {
        let time = cx.remaining().unwrap_or_default();
        if left == 0 {
            tokio::time::sleep(Duration::from_secs(10)).await;
        } else if let Some(itself) = self.itself.get() {
            itself.hop(left - 1).with(cx).await?;
        }
        Ok(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
    }

    async fn gauges(&self, _cx: &Context) -> Result<Gauges, Error> {
        let running = self.running.get().ok_or_else(|| Error::unavailable("still starting"))?;
        let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let count = |counter| i64::try_from(running.counters().get(counter)).unwrap_or(i64::MAX);
        Ok(Gauges {
            // This very call is one.
            in_flight: signed(running.in_flight()) - 1,
            in_flight_bytes: signed(running.in_flight_bytes()),
            connections: signed(running.connections()),
            panics: count(Counter::Panics),
            shed: count(Counter::Shed),
            write_timeouts: count(Counter::WriteTimeouts),
            stalled: count(Counter::Stalled),
        })
    }
}

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
    config.server.listen = "127.0.0.1:0".to_owned();
    config.registry.url = "none".to_owned();
    let handler = Handler::default();
    let mut server = Server::new(config).add(TargetServer::new(handler.clone()));
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
