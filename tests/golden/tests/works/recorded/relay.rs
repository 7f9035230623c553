//! Typed values in the middle of recorded calls: a generated server decodes what a Kitex client
//! sent, hands it to a generated client, and answers with what that one decoded of Kitex's answer.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use e2e::shown;
use golden::generated::{api, sink, sink::base};
use runtime::client::Transport;
use runtime::server::Running;
use runtime::{Bytes, Channel, Config, Context, Error, Registry, Server};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::binary::Message;

macro_rules! relay {
    ($service:path, $client:path: $($method:ident($($name:ident: $ty:ty),*) -> $value:ty, $error:ty;)*) => {
        impl $service for Relay {$(
            async fn $method(&self, _: &Context $(, $name: $ty)*) -> Result<$value, $error> {
                self.tell(json!({$((stringify!($name)): shown(&$name)),*}));
                let outcome = <$client>::new(self.channel.clone()).$method($($name),*).await;
                self.tell(match &outcome {
                    Ok(value) => succeeded(shown(value)),
                    Err(error) => declared(&format!("{error:?}")),
                });
                outcome
            }
        )*}
    };
}

/// A handler that hands every call on, and tells its arguments and its outcome.
#[derive(Clone)]
pub(crate) struct Relay {
    channel: Channel,
    told: Arc<Mutex<Vec<Value>>>,
}

impl Relay {
    pub(crate) fn new(channel: Channel) -> Self {
        Self { channel, told: Arc::default() }
    }

    fn tell(&self, what: Value) {
        self.told.lock().unwrap().push(what);
    }

    /// What was told since the last question.
    pub(crate) fn told(&self) -> Vec<Value> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }
}

/// A result; without fields for a method that has none.
fn succeeded(value: Value) -> Value {
    if value.is_null() { json!({}) } else { json!({"success": value}) }
}

/// A declared exception as the field of a result; another error as a result without fields.
fn declared(text: &str) -> Value {
    match text.starts_with("Denied(") || text.starts_with("Missing(") {
        true => shown(&format_args!("{text}")),
        false => json!({}),
    }
}

relay! {
    api::AddService, api::AddServiceClient:
        add(req: api::AddRequest) -> api::AddResponse, Error;
}

relay! {
    api::EchoService, api::EchoServiceClient:
        echo(req: api::EchoRequest) -> api::EchoResponse, Error;
}

relay! {
    base::BaseService, sink::SinkClient:
        ping(text: String) -> String, Error;
}

relay! {
    sink::Sink, sink::SinkClient:
        echo_scalars(v: sink::Scalars) -> sink::Scalars, Error;
        echo_optionals(v: sink::Optionals) -> sink::Optionals, Error;
        echo_defaults(v: sink::Defaults) -> sink::Defaults, Error;
        echo_needs(v: sink::Needs) -> sink::Needs, Error;
        echo_containers(v: sink::Containers) -> sink::Containers, Error;
        echo_tree(v: sink::Tree) -> sink::Tree, Error;
        echo_odd(v: sink::OddIds) -> sink::OddIds, Error;
        echo_choice(v: sink::Choice) -> sink::Choice, Error;
        echo_holder(v: sink::Holder) -> sink::Holder, Error;
        echo_empty(v: base::Empty) -> base::Empty, Error;
        up_down(v: sink::V2) -> sink::V1, Error;
        nothing() -> (), Error;
        touch(key: String) -> (), Error;
        fire(key: String, n: i32) -> (), Error;
        many(a: i32, d: String, b: Vec<i64>, c: base::Point) -> String, Error;
        risky(kind: String) -> i32, sink::RiskyError;
        risky_void(kind: String) -> (), sink::RiskyVoidError;
        ret_bool(v: bool) -> bool, Error;
        ret_byte(v: i8) -> i8, Error;
        ret_i16(v: i16) -> i16, Error;
        ret_i32(v: i32) -> i32, Error;
        ret_i64(v: i64) -> i64, Error;
        ret_double(v: f64) -> f64, Error;
        ret_string(v: String) -> String, Error;
        ret_binary(v: Bytes) -> Bytes, Error;
        ret_enum(v: sink::Color) -> sink::Color, Error;
        ret_list(v: Vec<String>) -> Vec<String>, Error;
        ret_set(v: HashSet<i32>) -> HashSet<i32>, Error;
        ret_map(v: HashMap<String, base::Point>) -> HashMap<String, base::Point>, Error;
        ret_typedef(v: sink::Name) -> sink::Name, Error;
        opt_arg(a: String, b: i32) -> String, Error;
        snake_case_method(some_arg: String) -> String, Error;
        no_ids(a: i32, b: i32, c: i32, d: i32) -> i32, Error;
}

/// Reads one message of a framed stream; `None` at its end.
async fn read(stream: &mut TcpStream) -> Option<Message> {
    let length = stream.read_u32().await.ok()?;
    let mut message = vec![0; length as usize];
    stream.read_exact(&mut message).await.ok()?;
    Some(Message::read(&message))
}

/// Plays Kitex's server: answers every call with the same message, and tells what it was sent.
async fn play(listener: TcpListener, answer: Arc<Mutex<Option<Message>>>, seen: UnboundedSender<Message>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        while let Some(request) = read(&mut stream).await {
            let (seq, oneway) = (request.seq, request.kind == 4);
            seen.send(request).unwrap();
            if oneway {
                continue;
            }
            let Some(answer) = answer.lock().unwrap().clone() else { break };
            stream.write_all(&Message { seq, ..answer }.frame()).await.unwrap();
        }
    }
}

/// A relay between two recordings.
pub(crate) struct Between {
    /// Keeps the server alive.
    _server: Running,
    stream: TcpStream,
    answer: Arc<Mutex<Option<Message>>>,
    seen: UnboundedReceiver<Message>,
}

impl Between {
    /// Starts the relay with every service of the recordings.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = Registry::open(&format!("static:peer={}", listener.local_addr().unwrap())).unwrap();
        let channel = Channel::builder("peer").registry(&peer).transport(Transport::Framed).build().unwrap();
        let relay = Relay::new(channel);
        let (answer, (sender, seen)) = (Arc::default(), unbounded_channel());
        tokio::spawn(play(listener, Arc::clone(&answer), sender));
        let server = Server::new(Config::local())
            .registry(&Registry::open("memory").unwrap())
            .add(api::AddServiceServer::new(relay.clone()))
            .add(api::EchoServiceServer::new(relay.clone()))
            .add(sink::SinkServer::new(relay))
            .start()
            .await
            .unwrap();
        let stream = TcpStream::connect(server.addr()).await.unwrap();
        Self { _server: server, stream, answer, seen }
    }

    /// Sends what the Kitex client sent. Gives what came out behind the relay (nothing when the
    /// request was refused) and what it answered (nothing for a oneway).
    pub(crate) async fn pass(
        &mut self,
        request: &Message,
        answer: Option<Message>,
    ) -> (Option<Message>, Option<Message>) {
        *self.answer.lock().unwrap() = answer;
        self.stream.write_all(&request.frame()).await.unwrap();
        if request.kind == 4 {
            return (self.seen.recv().await, None);
        }
        let answer = read(&mut self.stream).await;
        (self.seen.try_recv().ok(), answer)
    }
}
