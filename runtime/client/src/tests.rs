//! Calls against scripted peers on loopback: raw sockets that answer on the transport of a request.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use kiteline_balance::RoundRobin;
use kiteline_core::limits::DecodeLimits;
use kiteline_core::service::{Call, Idl, Method};
use kiteline_core::{Code, Context, Error, pushback};
use kiteline_registry::{Endpoint, Instance, Registry};
use kiteline_thrift::{Header, MessageReader, MessageType, Outgoing, TtHeader, exception};

const fn method(path: &'static str) -> Method {
    Method::new(Idl::Thrift, path, 0)
}

pub(super) static ADD: Method = method("/AddService/Add");
pub(super) static GET: Method = method("/AddService/Get").idempotent();
static LOG: Method = method("/AddService/Log").oneway();

/// The act of the peer upon one request.
#[derive(Clone, Copy)]
pub(super) enum Act {
    /// Gives the body back.
    Echo,
    EchoThenClose,
    Exception,
    /// An exception that says how long to wait, in milliseconds.
    Wait(u64),
    /// One of another implementation, with its type.
    Refusal(i32),
    WrongSeq,
    WrongType,
    CloseWithoutAnswer,
    /// Answers this one late, when the next request of any connection has come.
    Hang,
    Garbage,
}

pub(super) struct Peer {
    pub(super) address: String,
    requests: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
}

impl Peer {
    /// A peer that does one thing after the other, the last one again and again.
    pub(super) async fn start(script: &[Act]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let script = Arc::new(Mutex::new(script.to_vec()));
        let peer = Self { address, requests: Arc::default(), connections: Arc::default() };
        let (requests, connections) = (peer.requests.clone(), peer.connections.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, script.clone(), requests.clone()));
            }
        });
        peer
    }

    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn serve(stream: TcpStream, script: Arc<Mutex<Vec<Act>>>, requests: Arc<AtomicUsize>) {
    let mut stream = stream;
    let mut messages = MessageReader::new(1 << 20);
    loop {
        let Some(incoming) = messages.take().unwrap() else {
            match stream.read_buf(messages.room()).await {
                Ok(1..) => continue,
                _ => return,
            }
        };
        let (wire, frame) = (incoming.wire, incoming.into_body(0));
        let act = {
            let mut script = script.lock().unwrap();
            if script.len() > 1 { script.remove(0) } else { script[0] }
        };
        requests.fetch_add(1, Ordering::SeqCst);
        let (header, size) = Header::read(&frame).unwrap();
        let body = frame.slice(size..);
        if header.kind == MessageType::Oneway {
            continue;
        }
        let (kind, seq, body) = match act {
            Act::Exception => {
                let error = Error::not_found("no such sum");
                (MessageType::Exception, header.seq, exception::encode(&error).unwrap())
            }
            Act::Wait(millis) => {
                let wait = pushback::retry_info(std::time::Duration::from_millis(millis));
                let error = Error::new(Code::ResourceExhausted, "later").with_encoded_detail(wait);
                (MessageType::Exception, header.seq, exception::encode(&error).unwrap())
            }
            Act::Refusal(kind) => {
                let body = kiteline_thrift::body(&[(1, &"refused".to_owned()), (2, &kind)]).unwrap();
                (MessageType::Exception, header.seq, body)
            }
            Act::WrongSeq => (MessageType::Reply, header.seq + 1, body),
            Act::WrongType => (MessageType::Call, header.seq, body),
            Act::CloseWithoutAnswer => return,
            Act::Hang => std::future::pending().await,
            _ => (MessageType::Reply, header.seq, body),
        };
        let mut out = BytesMut::new();
        let header = Header { kind, seq, ..header };
        let info = TtHeader { seq, ..TtHeader::default() };
        Outgoing { wire, header, info: &info, body: &body }.write_head(1 << 20, &mut out).unwrap();
        out.extend_from_slice(&body);
        if matches!(act, Act::Garbage) {
            out.extend_from_slice(b"more");
        }
        if stream.write_all(&out).await.is_err() || matches!(act, Act::EchoThenClose) {
            return;
        }
    }
}

pub(super) fn request(channel: &Channel, method: &'static Method, text: &'static str) -> Request<Bytes> {
    let decode = |body: Bytes, _: DecodeLimits| Ok(body);
    Request::new(channel, method, Ok(Bytes::from_static(text.as_bytes())), decode)
}

pub(super) async fn dead_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

#[tokio::test]
async fn calls_share_one_connection_in_turn() {
    let peer = Peer::start(&[Act::Echo]).await;
    let channel = Channel::to(&peer.address).unwrap();
    for _ in 0..10 {
        assert_eq!(request(&channel, &ADD, "hello").await.unwrap(), "hello");
    }
    assert_eq!(peer.connections(), 1);
    let many: Vec<_> = (0..64).map(|_| tokio::spawn(request(&channel, &ADD, "x").into_future())).collect();
    for one in many {
        assert_eq!(one.await.unwrap().unwrap(), "x");
    }
    let big: &'static str = Box::leak("y".repeat(900_000).into_boxed_str());
    assert_eq!(request(&channel, &ADD, big).await.unwrap().len(), 900_000);
}

#[tokio::test]
async fn an_exception_is_the_peers_error_and_the_connection_stays() {
    let peer = Peer::start(&[Act::Exception, Act::Echo]).await;
    let channel = Channel::to(&peer.address).unwrap();
    let error = request(&channel, &ADD, "x").await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::NotFound, "no such sum"));
    request(&channel, &ADD, "x").await.unwrap();
    assert_eq!(peer.connections(), 1);
}

/// Kitex closes the connection behind what it did not take (unknown names, what it cannot decode),
/// but not behind a handler's error.
#[tokio::test]
async fn a_refusal_of_another_implementation_ends_the_connection() {
    for (kind, code, connections) in [
        (1, Code::Unimplemented, 2),
        (7, Code::InvalidArgument, 2),
        (20, Code::Unimplemented, 2),
        (6, Code::Internal, 1),
    ] {
        let peer = Peer::start(&[Act::Refusal(kind), Act::Echo]).await;
        let channel = Channel::to(&peer.address).unwrap();
        let error = request(&channel, &ADD, "x").await.unwrap_err();
        assert_eq!((error.code(), error.message()), (code, "refused"));
        assert_eq!(request(&channel, &ADD, "y").await.unwrap(), "y");
        assert_eq!(peer.connections(), connections, "{kind}");
    }
}

#[tokio::test]
async fn a_wrong_answer_is_nobodys_and_ends_its_connection() {
    for act in [Act::WrongSeq, Act::WrongType, Act::CloseWithoutAnswer] {
        let peer = Peer::start(&[act, Act::Echo]).await;
        let channel = Channel::to(&peer.address).unwrap();
        let error = request(&channel, &ADD, "x").await.unwrap_err();
        assert_eq!(error.code(), Code::Unavailable, "{error}");
        assert_eq!(request(&channel, &ADD, "y").await.unwrap(), "y");
        assert_eq!((peer.requests(), peer.connections()), (2, 2));
    }
}

#[tokio::test]
async fn bytes_behind_an_answer_end_the_connection() {
    let peer = Peer::start(&[Act::Garbage, Act::Echo]).await;
    let channel = Channel::to(&peer.address).unwrap();
    assert_eq!(request(&channel, &ADD, "x").await.unwrap(), "x");
    assert_eq!(request(&channel, &ADD, "y").await.unwrap(), "y");
    assert_eq!(peer.connections(), 2);
}

#[tokio::test]
async fn a_closed_idle_connection_is_not_used() {
    let peer = Peer::start(&[Act::EchoThenClose]).await;
    let channel = Channel::to(&peer.address).unwrap();
    for _ in 0..20 {
        assert_eq!(request(&channel, &ADD, "x").await.unwrap(), "x");
        // Lets the peer's close arrive, as it does when a server ends idle connections.
        let mut probe = TcpStream::connect(&peer.address).await.unwrap();
        probe.write_all(&[0xff, 0xff, 0xff, 0xff]).await.unwrap();
        let _ = probe.read(&mut [0]).await;
    }
}

#[tokio::test]
async fn an_idempotent_call_is_sent_again_another_is_not() {
    let bad = Peer::start(&[Act::CloseWithoutAnswer]).await;
    let good = Peer::start(&[Act::Echo]).await;
    let both = format!("{},{}", bad.address, good.address);
    let channel = Channel::to(&both).unwrap();
    assert_eq!(request(&channel, &GET, "x").await.unwrap(), "x");
    assert_eq!((bad.requests(), good.requests()), (1, 1));
    assert_eq!(channel.counters().get(Counter::Retries), 1);
    assert!(request(&Channel::to(&both).unwrap(), &ADD, "x").await.is_err());
    assert_eq!((bad.requests(), good.requests()), (2, 1));
}

#[tokio::test]
async fn a_failed_connect_goes_to_another_instance() {
    let good = Peer::start(&[Act::Echo]).await;
    let (one, two) = (dead_address().await, dead_address().await);
    let channel = Channel::to(&format!("{one},{},{two}", good.address)).unwrap();
    for _ in 0..6 {
        assert_eq!(request(&channel, &ADD, "x").await.unwrap(), "x");
    }
    let error = request(&Channel::to(&format!("{one},{two}")).unwrap(), &ADD, "x").await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.message().contains("2 instances were tried"), "{error}");
}

#[tokio::test]
async fn a_oneway_is_written_and_not_waited_for() {
    let peer = Peer::start(&[Act::Echo]).await;
    let channel = Channel::to(&peer.address).unwrap();
    assert_eq!(request(&channel, &LOG, "x").await.unwrap(), "");
    assert_eq!(request(&channel, &ADD, "y").await.unwrap(), "y");
    assert_eq!((peer.requests(), peer.connections()), (2, 1));
}

#[tokio::test]
async fn a_body_that_cannot_be_written_is_an_error_before_anything_else() {
    let channel = Channel::to("127.0.0.1:1").unwrap();
    let decode = |body: Bytes, _: DecodeLimits| Ok::<_, Error>(body);
    let request = Request::new(&channel, &ADD, Err(Error::invalid("too deep")), decode);
    assert_eq!(request.send().await.unwrap_err().message(), "too deep");
}

#[tokio::test]
async fn instances_of_a_registry_are_found_and_their_absence_is_explained() {
    let registry = Registry::open("memory").unwrap();
    let channel = Channel::builder("add").registry(&registry).balancer(RoundRobin::new()).build().unwrap();
    let error = request(&channel, &ADD, "x").await.unwrap_err();
    let text = "service `add` has no instance; looked at the memory registry for `add`; the view is fresh";
    assert_eq!((error.code(), error.message()), (Code::Unavailable, text));
    let peer = Peer::start(&[Act::Echo]).await;
    let mut endpoint = Endpoint::parse(&peer.address).unwrap();
    "grpc".clone_into(&mut endpoint.scheme);
    let other = registry.register(vec![Instance::new("add", endpoint.clone())]).unwrap();
    let error = request(&channel, &ADD, "x").await.unwrap_err();
    assert!(error.message().starts_with("none of the 1 instances of service `add` serves thrift"), "{error}");
    "thrift".clone_into(&mut endpoint.scheme);
    let kept = registry.register(vec![Instance::new("add", endpoint)]).unwrap();
    assert_eq!(request(&channel, &ADD, "x").await.unwrap(), "x");
    kept.deregister().await;
    other.deregister().await;
    assert!(Channel::builder("add").build().is_err());
}

#[tokio::test]
async fn layers_see_every_call_the_first_one_outside() {
    let peer = Peer::start(&[Act::Echo]).await;
    let registry = Registry::open(&format!("static:add={}", peer.address)).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = |name: &'static str| {
        let seen = seen.clone();
        tower::layer::layer_fn(move |inner| {
            let seen = seen.clone();
            tower::util::MapRequest::new(inner, move |call: Call| {
                seen.lock().unwrap().push((name, call.cx.get("k").map(str::to_owned)));
                call
            })
        })
    };
    let channel =
        Channel::builder("add").registry(&registry).layer(note("outer")).layer(note("inner")).build().unwrap();
    let reply = request(&channel, &ADD, "x").metadata("k", "v").send().await.unwrap();
    assert_eq!((&reply.value[..], reply.metadata().len()), (&b"x"[..], 0));
    let v = Some("v".to_owned());
    assert_eq!(*seen.lock().unwrap(), [("outer", v.clone()), ("inner", v)]);
}

/// Common allocators keep blocks of up to 1 KiB for the thread that freed them; longer ones are
/// taken and given back under a lock, once a call.
#[tokio::test]
async fn the_future_of_a_call_is_small() {
    let channel = Channel::to("127.0.0.1:1").unwrap();
    let call = Call::new(&ADD, Context::new(), Bytes::new(), Default::default());
    let future = channel.drive(Ok(call), None);
    assert!(size_of_val(&future) <= 1024, "{} bytes", size_of_val(&future));
}
