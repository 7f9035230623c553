//! The suite's service on our server: reads settings on standard input, tells its address, serves until it is ended.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use runtime::body::MessageSender;
use runtime::metadata::Metadata;
use runtime::tls::{Pem, ServerTls};
use runtime::{
    Answer, Body, Call, Config, Context, Error, Form, Handling, Limits, Messages, Server, Service, ServiceInfo, grpc,
};

use conformance::json::{turned, turns};
use conformance::shared::{Broken, METHODS, add, any, error, headers, read, write};
use conformance::wire::{
    Any, BidiRequest, Failure, Outcome, PACKAGE, Payload, RequestInfo, Response, ServerSettings, ServerStarted,
    StreamDefinition, StreamRequest, UnaryDefinition, UnaryRequest,
};

static INFO: ServiceInfo = ServiceInfo {
    name: "ConformanceService",
    package: "connectrpc.conformance.v1",
    registry_name: "conformance",
    idl: runtime::Idl::Proto,
    methods: &METHODS,
};

struct Conformance;

impl Service for Conformance {
    fn info(&self) -> &'static ServiceInfo {
        &INFO
    }

    fn call(&self, mut call: Call) -> Handling {
        Box::pin(async move {
            let turns = turns(call.form, call.method.name)?;
            if let Some(turns) = &turns {
                call.body = turned(std::mem::take(&mut call.body), turns.read_request)?;
                call.form = Form::Binary;
            }
            let mut answer = called(call).await?;
            if let Some(turns) = turns {
                answer.body = turned(answer.body, turns.write_answer)?;
            }
            Ok(answer)
        })
    }

    fn json(&self) -> bool {
        true
    }
}

/// A call in proto's own encoding.
fn called(call: Call) -> Handling {
    match call.method.name {
        "Unary" => Box::pin(unary(call, "UnaryRequest")),
        "IdempotentUnary" => Box::pin(unary(call, "IdempotentUnaryRequest")),
        "ClientStream" => Box::pin(client_stream(call)),
        "ServerStream" => Box::pin(server_stream(call)),
        "BidiStream" => Box::pin(bidi_stream(call)),
        name => Box::pin(std::future::ready(Err(Error::unimplemented(name)))),
    }
}

/// What the handler sees of a call.
fn info(cx: &Context, requests: Vec<Any>) -> RequestInfo {
    let left = cx.caller_deadline().map(|at| at.saturating_duration_since(std::time::Instant::now()));
    let timeout = left.and_then(|left| i64::try_from(left.as_millis()).ok());
    RequestInfo { headers: cx.metadata().map(headers).unwrap_or_default(), timeout, requests }
}

fn with_info(failure: &Failure, info: &RequestInfo) -> Error {
    let name = format!("{PACKAGE}.ConformancePayload.RequestInfo");
    let mut failure = failure.clone();
    failure.details.push(any(&name, info.encode_to_vec().into()));
    error(&failure)
}

fn request_of(name: &str, message: Bytes) -> Any {
    any(&format!("{PACKAGE}.{name}"), message)
}

async fn wait(millis: u32) {
    if millis > 0 {
        tokio::time::sleep(Duration::from_millis(millis.into())).await;
    }
}

async fn unary(call: Call, name: &str) -> Result<Answer, Error> {
    let request: UnaryRequest = grpc::request(&call)?;
    let body = call.body.as_whole().cloned().unwrap_or_default();
    answer(&call.cx, request.definition, vec![request_of(name, body)]).await
}

async fn client_stream(mut call: Call) -> Result<Answer, Error> {
    let mut messages = std::mem::take(&mut call.body).into_messages();
    let (mut definition, mut requests) = (None, Vec::new());
    while let Some(message) = messages.next().await {
        let message = message?;
        if requests.is_empty() {
            definition = decode::<UnaryRequest>(&message)?.definition;
        }
        requests.push(request_of("ClientStreamRequest", message));
    }
    answer(&call.cx, definition, requests).await
}

fn decode<M: Message + Default>(message: &Bytes) -> Result<M, Error> {
    M::decode(message.clone()).map_err(|error| Error::invalid(error.to_string()))
}

async fn answer(cx: &Context, definition: Option<UnaryDefinition>, requests: Vec<Any>) -> Result<Answer, Error> {
    let info = info(cx, requests);
    let definition = definition.unwrap_or_default();
    add(&definition.headers, |name, value| cx.send_back(name, value));
    add(&definition.trailers, |name, value| cx.send_trailer(name, value));
    wait(definition.delay).await;
    let data = match definition.outcome {
        Some(Outcome::Failure(failure)) => return Err(with_info(&failure, &info)),
        Some(Outcome::Data(data)) => data,
        None => Bytes::new(),
    };
    grpc::reply(cx, &Response { payload: Some(Payload { data, info: Some(info) }) })
}

/// An answer whose messages are sent by `send`.
fn streaming<F>(definition: &StreamDefinition, send: impl FnOnce(MessageSender, Metadata) -> F) -> Answer
where
    F: Future<Output = ()> + Send + 'static,
{
    let (mut head, mut trailers) = (Metadata::new(), Metadata::new());
    add(&definition.headers, |name, value| head.append(name, value));
    add(&definition.trailers, |name, value| trailers.append(name, value));
    let (sender, messages) = Messages::channel(1 << 20);
    tokio::spawn(send(sender, trailers));
    Answer { head, body: Body::Stream(messages), trailers: Metadata::new() }
}

fn end(sender: MessageSender, outcome: Result<(), Error>, trailers: Metadata) {
    match outcome {
        Ok(()) => sender.finish(trailers),
        Err(error) => sender.fail(error.with_metadata(Metadata::new(), trailers)),
    }
}

async fn send(sender: &mut MessageSender, data: Bytes, info: Option<RequestInfo>) -> Result<(), Error> {
    sender.send(Response { payload: Some(Payload { data, info }) }.encode_to_vec().into()).await
}

/// Sends what is left of a definition, and ends as it says. `first` goes with the first message of all.
async fn send_rest(
    sender: &mut MessageSender,
    definition: StreamDefinition,
    skip: usize,
    mut first: Option<RequestInfo>,
) -> Result<(), Error> {
    for data in definition.data.into_iter().skip(skip) {
        wait(definition.delay).await;
        send(sender, data, first.take()).await?;
    }
    match (definition.failure, first) {
        (Some(failure), Some(info)) => Err(with_info(&failure, &info)),
        (Some(failure), None) => Err(error(&failure)),
        (None, _) => Ok(()),
    }
}

async fn server_stream(call: Call) -> Result<Answer, Error> {
    let request: StreamRequest = grpc::request(&call)?;
    let body = call.body.as_whole().cloned().unwrap_or_default();
    let info = info(&call.cx, vec![request_of("ServerStreamRequest", body)]);
    let definition = request.definition.unwrap_or_default();
    Ok(streaming(&definition.clone(), |mut sender, trailers| async move {
        let outcome = send_rest(&mut sender, definition, 0, Some(info)).await;
        end(sender, outcome, trailers);
    }))
}

async fn bidi_stream(mut call: Call) -> Result<Answer, Error> {
    let mut messages = std::mem::take(&mut call.body).into_messages();
    let cx = call.cx;
    let Some(first) = messages.next().await.transpose()? else {
        return Ok(empty().into());
    };
    let request: BidiRequest = decode(&first)?;
    let definition = request.definition.unwrap_or_default();
    let requests = vec![request_of("BidiStreamRequest", first)];
    if request.full_duplex {
        return Ok(streaming(&definition.clone(), |mut sender, trailers| async move {
            let outcome = converse(&mut sender, messages, definition, requests, &cx).await;
            end(sender, outcome, trailers);
        }));
    }
    let mut requests = requests;
    while let Some(message) = messages.next().await {
        requests.push(request_of("BidiStreamRequest", message?));
    }
    let info = info(&cx, requests);
    Ok(streaming(&definition.clone(), |mut sender, trailers| async move {
        let outcome = send_rest(&mut sender, definition, 0, Some(info)).await;
        end(sender, outcome, trailers);
    }))
}

fn empty() -> Messages {
    let (sender, messages) = Messages::channel(1);
    sender.finish(Metadata::new());
    messages
}

/// One message for one, while both sides have some.
async fn converse(
    sender: &mut MessageSender,
    mut requests: Messages,
    definition: StreamDefinition,
    mut seen: Vec<Any>,
    cx: &Context,
) -> Result<(), Error> {
    let mut sent = 0;
    while let Some(data) = definition.data.get(sent) {
        let requests_seen = std::mem::take(&mut seen);
        let info = match sent {
            0 => info(cx, requests_seen),
            _ => RequestInfo { requests: requests_seen, ..RequestInfo::default() },
        };
        wait(definition.delay).await;
        send(sender, data.clone(), Some(info)).await?;
        sent += 1;
        match requests.next().await {
            Some(message) => seen.push(request_of("BidiStreamRequest", message?)),
            None => break,
        }
    }
    let first = (sent == 0).then(|| info(cx, seen));
    send_rest(sender, definition, sent, first).await
}

#[tokio::main]
async fn main() -> Result<(), Broken> {
    let (mut input, mut output) = (tokio::io::stdin(), tokio::io::stdout());
    let settings: ServerSettings = read(&mut input).await?.ok_or("no settings on standard input")?;
    let mut limits = Limits::default();
    if settings.receive_limit > 0 {
        limits.grpc_message = usize::try_from(settings.receive_limit)?;
    }
    let mut config = Config { limits, ..Config::local() };
    let mut cert = Bytes::new();
    if settings.tls {
        let creds = settings.creds.ok_or("TLS without a certificate")?;
        let mut tls = ServerTls::new(Pem::text(&creds.cert), Pem::text(&creds.key));
        tls.client_ca = (!settings.client_cert.is_empty()).then(|| Pem::text(&settings.client_cert));
        config.server.tls = Some(tls);
        cert = creds.cert;
    }
    let running = Server::new(config).add_arc(Arc::new(Conformance)).start().await?;
    let address = running.addr();
    let started = ServerStarted { host: address.ip().to_string(), port: address.port().into(), cert };
    write(&started, &mut output).await?;
    runtime::shutdown_signal()?.await;
    Ok(())
}
