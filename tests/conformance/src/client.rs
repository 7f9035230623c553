//! The suite's calls by our client: reads calls on standard input, makes them, and tells what came of each.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use runtime::body::MessageSender;
use runtime::client::Http;
use runtime::registry::Registry;
use runtime::tls::{ClientTls, Pem};
use runtime::{Answer, Body, Call, Channel, Code, Context, Error, Form, Limits, Messages, Metadata, Method};
use tokio::sync::{Mutex, Notify, Semaphore};

use conformance::json::{turned, turns};
use conformance::shared::{Broken, METHODS, add, failure, headers, read, write};
use conformance::wire::{Any, CallResult, Cancel, ClientCall, ClientOutcome, Payload, Response, Timing, Unable};

const HTTP_1: i32 = 1;
const CONNECT: i32 = 1;
const GRPC: i32 = 2;
const GRPC_WEB: i32 = 3;
const JSON: i32 = 2;
const GZIP: i32 = 2;
const ZSTD: i32 = 4;
const FULL_DUPLEX: i32 = 5;

/// Calls at once.
const TURNS: usize = 16;

/// Bytes of requests that are sent ahead.
const AHEAD: usize = 1 << 20;

/// A channel to where a call goes.
fn channel(call: &ClientCall) -> Result<Channel, Broken> {
    let mut http = match call.protocol {
        CONNECT => Http::connect(),
        GRPC => Http::grpc(),
        GRPC_WEB => Http::grpc_web(),
        other => return Err(format!("the protocol {other}").into()),
    };
    if call.version == HTTP_1 {
        http = http.over_http1();
    }
    http = match call.compression {
        GZIP => http.with_gzip(),
        ZSTD => http.with_zstd(),
        _ => http,
    };
    if call.codec == JSON {
        http = http.with_json();
    }
    if call.get {
        http = http.with_get();
    }
    let mut limits = Limits::default();
    if call.receive_limit > 0 {
        limits.grpc_message = usize::try_from(call.receive_limit)?;
    }
    let scheme = if call.server_cert.is_empty() { "http" } else { "https" };
    let registry = Registry::open(&format!("static:conformance={scheme}://{}:{}", call.host, call.port))?;
    let mut tls = ClientTls::new().ca(Pem::text(&call.server_cert));
    if let Some(creds) = &call.creds {
        tls = tls.identity(Pem::text(&creds.cert), Pem::text(&creds.key));
    }
    let channel = Channel::builder("conformance").registry(&registry).limits(&limits).http(http);
    let channel = if call.server_cert.is_empty() { channel } else { channel.tls(tls) };
    Ok(channel.timeout(Duration::MAX).build()?)
}

fn method(call: &ClientCall) -> Result<&'static Method, Broken> {
    let name = call.method.as_deref().ok_or("a call without a method")?;
    METHODS.iter().find(|method| method.name == name).ok_or_else(|| format!("the method {name}").into())
}

/// What came so far of a call.
#[derive(Default)]
struct Seen {
    result: CallResult,
}

impl Seen {
    fn head(&mut self, metadata: &Metadata) {
        self.result.headers = headers(metadata);
    }

    fn message(&mut self, message: Bytes) -> Result<(), Error> {
        let response = Response::decode(message).map_err(|error| Error::internal(error.to_string()))?;
        self.result.payloads.extend(response.payload.or_else(|| Some(Payload::default())));
        Ok(())
    }

    fn failed(&mut self, error: &Error) {
        if self.result.headers.is_empty() {
            self.head(error.metadata());
        }
        self.result.trailers = headers(error.trailers());
        self.result.failure = Some(failure(error));
    }
}

/// Sends the requests of a call one by one; when the peer goes away, the rest is counted.
async fn send(mut sender: MessageSender, messages: Vec<Any>, delay: u32, closing: Option<Arc<Notify>>) -> usize {
    let count = messages.len();
    for (at, message) in messages.into_iter().enumerate() {
        tokio::time::sleep(Duration::from_millis(delay.into())).await;
        if sender.send(message.value).await.is_err() {
            return count - at;
        }
    }
    match closing {
        // Cancelled instead of closed.
        Some(cancel) => {
            cancel.notify_one();
            std::future::pending::<()>().await;
        }
        None => sender.finish(Metadata::new()),
    }
    0
}

fn request(call: &ClientCall, method: &'static Method, body: Body) -> Call {
    let mut cx = Context::new();
    add(&call.headers, |name, value| cx = std::mem::take(&mut cx).with_header(name, value));
    if let Some(timeout) = call.timeout {
        cx = cx.with_deadline(std::time::Instant::now() + Duration::from_millis(timeout.into()));
    }
    let form = if call.codec == JSON { Form::Json } else { Form::Binary };
    Call { form, ..Call::new(method, cx, body, Limits::default().decode) }
}

/// Makes a call in the form that it has; the messages of both sides are in proto's own encoding here.
async fn sent(channel: &Channel, mut call: Call) -> Result<Answer, Error> {
    let turns = turns(call.form, call.method.name)?;
    if let Some(turns) = &turns {
        call.body = turned(std::mem::take(&mut call.body), turns.write_request)?;
    }
    let mut answer = channel.call(call, None).await?;
    if let Some(turns) = turns {
        answer.body = turned(answer.body, turns.read_answer)?;
    }
    Ok(answer)
}

fn cancelled() -> Error {
    Error::new(Code::Cancelled, "cancelled by the caller")
}

/// Makes a call; what it has seen when it is cancelled is what counts.
async fn make(call: &ClientCall, channel: &Channel) -> Result<CallResult, Broken> {
    let method = method(call)?;
    let cancel = Arc::new(Notify::new());
    let timing = call.cancel.clone().map(|Cancel { timing }| timing.unwrap_or(Timing::AfterClose(0)));
    let seen = Mutex::new(Seen::default());
    let work = exchange(call, method, channel, timing.clone(), &cancel, &seen);
    let ended = tokio::select! {
        ended = work => ended,
        () = cancel.notified() => Err(cancelled()),
    };
    let mut seen = seen.into_inner();
    if let Err(error) = ended {
        seen.failed(&error);
    }
    Ok(seen.result)
}

async fn exchange(
    call: &ClientCall,
    method: &'static Method,
    channel: &Channel,
    timing: Option<Timing>,
    cancel: &Arc<Notify>,
    seen: &Mutex<Seen>,
) -> Result<(), Error> {
    let messages = call.messages.clone();
    let streams = method.kind.streams_requests();
    if let Some(Timing::AfterClose(millis)) = timing
        && !streams
    {
        cancel_after(millis, cancel);
    }
    if !streams {
        tokio::time::sleep(Duration::from_millis(call.delay.into())).await;
        let body = messages.into_iter().next().map(|message| message.value).unwrap_or_default();
        return receive(sent(channel, request(call, method, body.into())), timing, cancel, seen).await;
    }
    let (sender, body) = Messages::channel(AHEAD);
    let made = sent(channel, request(call, method, body.into()));
    if call.stream_type == FULL_DUPLEX {
        return converse(made, (sender, messages, call.delay), timing, cancel, seen).await;
    }
    let before = matches!(timing, Some(Timing::BeforeClose(_))).then(|| Arc::clone(cancel));
    let sending = async {
        let unsent = send(sender, messages, call.delay, before).await;
        if let Some(Timing::AfterClose(millis)) = timing {
            cancel_after(millis, cancel);
        }
        unsent
    };
    let (unsent, outcome) = both(sending, receive(made, timing.clone(), cancel, seen)).await;
    seen.lock().await.result.unsent = i32::try_from(unsent).unwrap_or(i32::MAX);
    outcome
}

/// Sends while it receives; what is not sent when the answer has ended stays unsent.
async fn both(
    sending: impl Future<Output = usize>,
    receiving: impl Future<Output = Result<(), Error>>,
) -> (usize, Result<(), Error>) {
    let (mut sending, mut receiving) = (std::pin::pin!(sending), std::pin::pin!(receiving));
    tokio::select! {
        unsent = &mut sending => (unsent, receiving.await),
        outcome = &mut receiving => {
            // Whoever sends notices it with the next message.
            let rest = tokio::time::timeout(Duration::from_millis(500), sending).await;
            (rest.unwrap_or(0), outcome)
        }
    }
}

fn cancel_after(millis: u32, cancel: &Arc<Notify>) {
    let cancel = Arc::clone(cancel);
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(millis.into())).await;
        cancel.notify_one();
    });
}

fn limit(timing: &Option<Timing>) -> Option<usize> {
    match timing {
        Some(Timing::AfterResponses(count)) => usize::try_from(*count).ok(),
        _ => None,
    }
}

async fn receive(
    made: impl Future<Output = Result<Answer, Error>>,
    timing: Option<Timing>,
    _cancel: &Arc<Notify>,
    seen: &Mutex<Seen>,
) -> Result<(), Error> {
    let Answer { head, body, trailers } = made.await?;
    seen.lock().await.head(&head);
    let mut messages = match body {
        Body::Whole(message) => {
            let mut seen = seen.lock().await;
            seen.result.trailers = headers(&trailers);
            return seen.message(message);
        }
        Body::Stream(messages) => messages,
    };
    let mut count = 0;
    while let Some(message) = messages.next().await {
        seen.lock().await.message(message?)?;
        count += 1;
        if limit(&timing) == Some(count) {
            return Err(cancelled());
        }
    }
    seen.lock().await.result.trailers = headers(messages.trailers());
    Ok(())
}

/// One message for one, then the rest.
async fn converse(
    made: impl Future<Output = Result<Answer, Error>>,
    (mut sender, messages, delay): (MessageSender, Vec<Any>, u32),
    timing: Option<Timing>,
    cancel: &Arc<Notify>,
    seen: &Mutex<Seen>,
) -> Result<(), Error> {
    let count = messages.len();
    let mut requests = messages.into_iter();
    let unsent = |left: usize| i32::try_from(left).unwrap_or(i32::MAX);
    tokio::time::sleep(Duration::from_millis(delay.into())).await;
    let mut sent = 0;
    if let Some(first) = requests.next() {
        sender.send(first.value).await?;
        sent = 1;
    }
    let answer = made.await.inspect_err(|_| ())?;
    seen.lock().await.head(&answer.head);
    let mut answers = answer.body.into_messages();
    let (mut received, mut over) = (0, false);
    while sent > 0 {
        match answers.next().await {
            Some(Ok(message)) => seen.lock().await.message(message)?,
            Some(Err(error)) => {
                seen.lock().await.result.unsent = unsent(count - sent);
                return Err(error);
            }
            None => {
                over = true;
                break;
            }
        }
        received += 1;
        if limit(&timing) == Some(received) {
            return Err(cancelled());
        }
        let Some(next) = requests.next() else { break };
        tokio::time::sleep(Duration::from_millis(delay.into())).await;
        if sender.send(next.value).await.is_err() {
            seen.lock().await.result.unsent = unsent(count - sent);
            break;
        }
        sent += 1;
    }
    match timing {
        Some(Timing::BeforeClose(_)) => return Err(cancelled()),
        Some(Timing::AfterClose(millis)) => cancel_after(millis, cancel),
        _ => {}
    }
    sender.finish(Metadata::new());
    while !over {
        match answers.next().await {
            Some(message) => seen.lock().await.message(message?)?,
            None => over = true,
        }
        received += 1;
        if !over && limit(&timing) == Some(received) {
            return Err(cancelled());
        }
    }
    seen.lock().await.result.trailers = headers(answers.trailers());
    Ok(())
}

async fn outcome(call: ClientCall) -> ClientOutcome {
    let made = match channel(&call) {
        Ok(channel) => make(&call, &channel).await,
        Err(error) => Err(error),
    };
    let (result, unable) = match made {
        Ok(result) => (Some(result), None),
        Err(error) => (None, Some(Unable { message: error.to_string() })),
    };
    ClientOutcome { name: call.name, result, unable }
}

#[tokio::main]
async fn main() -> Result<(), Broken> {
    let mut input = tokio::io::stdin();
    let output = Arc::new(Mutex::new(tokio::io::stdout()));
    let turns = Arc::new(Semaphore::new(TURNS));
    let mut calls = tokio::task::JoinSet::new();
    while let Some(call) = read::<ClientCall>(&mut input).await? {
        let output = Arc::clone(&output);
        // Their deadlines begin when they do.
        let turn = Arc::clone(&turns).acquire_owned().await?;
        calls.spawn(async move {
            let outcome = outcome(call).await;
            drop(turn);
            write(&outcome, &mut *output.lock().await).await
        });
    }
    while let Some(written) = calls.join_next().await {
        written??;
    }
    Ok(())
}
