//! Every kind of method, through the generated server and client: joined by a layer of the channel, and over gRPC.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};
use std::time::Duration;

use golden::generated::chat::v1::{CHAT, Chat, ChatClient, ChatServer, Line, Summary};
use runtime::client::{Http, StreamRequest};
use runtime::prost_types::Timestamp;
use runtime::server::Running;
use runtime::{Call, Channel, Code, Config, Context, Error, Registry, Server, Service, Stream, Streaming, streaming};
use tokio::sync::Notify;
use tower::layer::layer_fn;
use tower::service_fn;

/// The handler of `Chat`.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// Rings when a stream of `Talk` is dropped.
    left: Arc<Notify>,
}

pub(super) fn line(text: impl Into<String>) -> Line {
    Line { text: text.into() }
}

impl Chat for Room {
    async fn say(&self, _: &Context, req: Line) -> Result<Line, Error> {
        Ok(req)
    }

    async fn last(&self, _: &Context, req: Line) -> Result<Line, Error> {
        Ok(req)
    }

    async fn pin(&self, _: &Context, req: Line) -> Result<Line, Error> {
        Ok(req)
    }

    async fn watch(
        &self,
        cx: &Context,
        req: Line,
    ) -> Result<impl Stream<Item = Result<Line, Error>> + Send + 'static, Error> {
        if req.text == "fail at once" {
            return Ok(streaming::iter(vec![Err(Error::not_found("nothing to watch"))]));
        }
        cx.send_back("topic", cx.get("topic").unwrap_or("none").to_owned());
        if req.text.is_empty() {
            return Err(Error::invalid("watch what?"));
        }
        cx.send_trailer("count", "3");
        let torn = (req.text == "torn").then(|| Err(Error::not_found("torn")));
        let lines = (0..3).map(|at| Ok(line(format!("{} {at}", req.text)))).chain(torn);
        Ok(streaming::iter(lines.collect::<Vec<_>>()))
    }

    async fn upload(&self, _: &Context, mut req: Streaming<Line>) -> Result<Summary, Error> {
        let mut summary = Summary::default();
        while let Some(line) = req.next().await {
            summary.lines += 1;
            summary.letters += u32::try_from(line?.text.len()).unwrap();
        }
        Ok(summary)
    }

    async fn talk(
        &self,
        _: &Context,
        req: Streaming<Line>,
    ) -> Result<impl Stream<Item = Result<Line, Error>> + Send + 'static, Error> {
        Ok(Loud { lines: req, left: Arc::clone(&self.left) })
    }

    async fn ticks(
        &self,
        _: &Context,
        (): (),
    ) -> Result<impl Stream<Item = Result<Timestamp, Error>> + Send + 'static, Error> {
        Streaming::unimplemented("Chat.Ticks")
    }

    async fn drain(&self, _: &Context, mut req: Streaming<()>) -> Result<(), Error> {
        while let Some(next) = req.next().await {
            next?;
        }
        Ok(())
    }
}

/// Each line in capitals.
struct Loud {
    lines: Streaming<Line>,
    left: Arc<Notify>,
}

impl Stream for Loud {
    type Item = Result<Line, Error>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.lines.poll_message(task);
        next.map(|next| next.map(|it| it.map(|it| line(it.text.to_uppercase()))))
    }
}

impl Drop for Loud {
    fn drop(&mut self) {
        self.left.notify_one();
    }
}

/// A client whose calls a server in this process answers.
fn client(room: Room) -> ChatClient {
    let server = Arc::new(ChatServer::new(room));
    let layer = layer_fn(move |_| {
        let server = Arc::clone(&server);
        service_fn(move |call: Call| server.call(call))
    });
    let registry = Registry::open("memory").unwrap();
    ChatClient::new(Channel::builder("chat").registry(&registry).layer(layer).build().unwrap())
}

/// The same over a connection, with the server.
async fn over_grpc(room: Room) -> (Running, ChatClient) {
    let registry = Registry::open("memory").unwrap();
    let server = Server::new(Config::local()).registry(&registry).add(ChatServer::new(room)).start().await.unwrap();
    (server, ChatClient::new(Channel::builder("chat").registry(&registry).build().unwrap()))
}

async fn texts(stream: &mut Streaming<Line>) -> Vec<String> {
    let mut texts = Vec::new();
    while let Some(next) = stream.next().await {
        texts.push(next.map_or_else(|error| format!("{:?}", error.code()), |line| line.text));
    }
    texts
}

#[tokio::test]
async fn a_method_that_changes_nothing_is_asked_with_get() {
    let of = |name| CHAT.methods.iter().find(|it| it.name == name).map(|it| (it.idempotent, it.safe));
    assert_eq!(["Say", "Last", "Pin"].map(of), [Some((false, false)), Some((true, true)), Some((true, false))]);
    let (server, _) = over_grpc(Room::default()).await;
    let registry = Registry::open(&format!("static:chat={}", server.addr())).unwrap();
    let channel = Channel::builder("chat").registry(&registry).http(Http::connect().with_get()).build().unwrap();
    let client = ChatClient::new(channel);
    assert_eq!(client.last(line("hi")).await.unwrap(), line("hi"));
    assert_eq!(client.say(line("hi")).await.unwrap(), line("hi"));
}

/// A stream that fails at once is a call that fails, where the protocol can say so.
#[tokio::test]
async fn an_error_before_the_first_message_is_the_call_s() {
    let (server, _) = over_grpc(Room::default()).await;
    let registry = Registry::open(&format!("static:chat={}", server.addr())).unwrap();
    for http in [Http::grpc(), Http::grpc_web(), Http::connect(), Http::connect().over_http1()] {
        let channel = Channel::builder("chat").registry(&registry).http(http.clone()).build().unwrap();
        let failed = ChatClient::new(channel).watch(line("fail at once")).await;
        let error = failed.map(|_| "a stream").unwrap_err();
        assert_eq!((error.code(), error.message()), (Code::NotFound, "nothing to watch"), "{http:?}");
    }
}

#[tokio::test]
async fn one_request_has_a_stream_of_answers() {
    watched(client(Room::default())).await;
    let (server, client) = over_grpc(Room::default()).await;
    watched(client).await;
    server.stop().await.unwrap();
}

async fn watched(client: ChatClient) {
    let mut lines = client.watch(line("a")).metadata("topic", "kites").await.unwrap();
    assert_eq!((lines.metadata().get("topic"), lines.trailers().get("count")), (Some("kites"), None));
    assert_eq!(texts(&mut lines).await, ["a 0", "a 1", "a 2"]);
    assert_eq!(lines.trailers().get("count"), Some("3"));
    let mut lines = client.watch(line("torn")).await.unwrap();
    assert_eq!(texts(&mut lines).await, ["torn 0", "torn 1", "torn 2", "NotFound"]);
    assert_eq!(refused(client.watch(line(""))).await, Code::InvalidArgument);
    assert_eq!(refused(client.ticks(())).await, Code::Unimplemented);
}

/// The code of a call that has no message: it fails, or its stream does, as the protocol has it.
async fn refused<T: Send + 'static>(call: StreamRequest<T>) -> Code {
    match call.await {
        Err(error) => error.code(),
        Ok(mut stream) => match stream.next().await {
            Some(Err(error)) => error.code(),
            _ => panic!("it was answered"),
        },
    }
}

#[tokio::test]
async fn a_stream_of_requests_has_one_answer() {
    uploaded(client(Room::default())).await;
    let (server, client) = over_grpc(Room::default()).await;
    uploaded(client).await;
    server.stop().await.unwrap();
}

async fn uploaded(client: ChatClient) {
    let lines = ["a", "bc", ""].map(line);
    assert_eq!(client.upload(streaming::iter(lines)).await.unwrap(), Summary { lines: 3, letters: 3 });
    assert_eq!(client.upload(streaming::iter([])).await.unwrap(), Summary::default());
    let reply = client.drain(streaming::iter([(), ()])).send().await.unwrap();
    assert_eq!(reply.value, ());
    assert_eq!(client.say(line("x")).await.unwrap(), line("x"));
}

#[tokio::test]
async fn both_sides_stream_and_neither_waits_for_the_end() {
    let client = client(Room::default());
    let (sender, mut lines) = (Notify::new(), Vec::new());
    sender.notify_one();
    let asked = Arc::new(sender);
    let mut replies = client.talk(Paced { asked: Arc::clone(&asked), sent: 0 }).await.unwrap();
    for _ in 0..3 {
        lines.push(replies.next().await.unwrap().unwrap().text);
        asked.notify_one();
    }
    assert_eq!(lines, ["LINE 1", "LINE 2", "LINE 3"]);
    assert!(replies.next().await.is_none());
}

/// Three lines, each when it is asked for.
struct Paced {
    asked: Arc<Notify>,
    sent: usize,
}

impl Stream for Paced {
    type Item = Line;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<Option<Line>> {
        if self.sent == 3 {
            return Poll::Ready(None);
        }
        let asked = Arc::clone(&self.asked);
        let wait = std::pin::pin!(asked.notified());
        std::task::ready!(wait.poll(task));
        self.sent += 1;
        Poll::Ready(Some(line(format!("line {}", self.sent))))
    }
}

#[tokio::test]
async fn what_is_dropped_is_cancelled() {
    let room = Room::default();
    let left = Arc::clone(&room.left);
    let client = client(room);
    let asked = Arc::new(Notify::new());
    asked.notify_one();
    let mut replies = client.talk(Paced { asked, sent: 0 }).await.unwrap();
    assert_eq!(replies.next().await.unwrap().unwrap().text, "LINE 1");
    drop(replies);
    left.notified().await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_lasts_until_its_deadline_and_no_longer_than_its_caller() {
    let client = client(Room::default());
    let silent = || Paced { asked: Arc::default(), sent: 0 };
    let mut replies = client.talk(silent()).timeout(Duration::from_secs(2)).await.unwrap();
    assert_eq!(replies.next().await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
    assert!(replies.next().await.is_none());
    let token = tokio_util::sync::CancellationToken::new();
    let cx = Context::new().with_cancellation(token.clone());
    let mut replies = client.talk(silent()).with(&cx).await.unwrap();
    token.cancel();
    assert_eq!(replies.next().await.unwrap().unwrap_err().code(), Code::Cancelled);
    let late = client.upload(silent()).timeout(Duration::from_secs(2)).await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded);
}

/// A caller's requests, sent one by one.
struct Sent(tokio::sync::mpsc::UnboundedReceiver<Result<runtime::Bytes, Error>>);

impl Stream for Sent {
    type Item = Result<runtime::Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(task)
    }
}

/// As a gateway does it: what its caller's stream fails with ends the call behind, and does not end its requests.
#[tokio::test]
async fn a_stream_that_is_handed_on_and_torn_is_cancelled_behind() {
    let room = Room::default();
    let left = Arc::clone(&room.left);
    let (_server, client) = over_grpc(room).await;
    let (sender, sent) = tokio::sync::mpsc::unbounded_channel();
    let messages = runtime::body::Messages::new(Sent(sent));
    let (limits, before) = (runtime::Limits::default().decode, runtime::metadata::Metadata::new());
    let requests = Streaming::new(messages, |_, _| Ok(line("a")), limits, before);
    sender.send(Ok(runtime::Bytes::new())).unwrap();
    let mut answers = streaming::forward_both(requests, |requests| client.talk(requests)).await.unwrap();
    let mut next = async || std::future::poll_fn(|task| Pin::new(&mut answers).poll_next(task)).await;
    assert!(next().await.unwrap().is_ok());
    sender.send(Err(Error::invalid("torn"))).unwrap();
    assert_eq!(next().await.unwrap().unwrap_err().to_string(), "InvalidArgument: torn");
    assert!(next().await.is_none());
    left.notified().await;
}
