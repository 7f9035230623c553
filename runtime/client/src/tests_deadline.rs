//! Deadlines of calls whose connection was opened elsewhere, or whose caller leaves in the same moment.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;

use super::mux_pool::MuxPool;
use super::tests::{ADD, Act, Peer, request};
use super::*;
use kiteline_core::service::Call;
use kiteline_core::{Code, Context, Error};
use kiteline_registry::Registry;
use kiteline_thrift::MessageReader;
use kiteline_thrift::metainfo::RequestInfo;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// A runtime that runs on its own.
fn busy() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn channel(peer: &Peer, shared: bool) -> Channel {
    let registry = Registry::open(&format!("static:add={}", peer.address)).unwrap();
    Channel::builder("add").registry(&registry).multiplex(shared).build().unwrap()
}

fn still(shared: bool) {
    let (peers, home) = (busy(), runtime());
    let peer = peers.block_on(Peer::start(&[Act::Echo, Act::Hang]));
    let channel = home.block_on(async { channel(&peer, shared) });
    home.block_on(async { request(&channel, &ADD, "1").await }).unwrap();
    let outcome = runtime().block_on(async {
        let call = async { request(&channel, &ADD, "2").timeout(Duration::from_millis(50)).await };
        tokio::time::timeout(Duration::from_secs(5), call).await
    });
    let error: Error = outcome.expect("the call outlives its deadline").unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
}

#[test]
fn a_deadline_holds_while_the_runtime_that_opened_its_connection_stands_still() {
    still(false);
}

#[test]
fn a_deadline_holds_while_the_runtime_that_opened_its_shared_connection_stands_still() {
    still(true);
}

#[test]
fn a_call_fails_when_the_runtime_that_opened_its_connection_ends() {
    let peers = busy();
    for turn in 0..200 {
        let home = runtime();
        let peer = peers.block_on(Peer::start(&[Act::Echo, Act::Hang]));
        let channel = home.block_on(async { channel(&peer, false) });
        home.block_on(async { request(&channel, &ADD, "1").await }).unwrap();
        let other = busy();
        let call = other.spawn(async move { request(&channel, &ADD, "2").await });
        while peer.requests() < 2 {
            std::thread::yield_now();
        }
        drop(home);
        let outcome = other.block_on(call);
        assert!(outcome.is_ok_and(|outcome| outcome.is_err()), "a panic in turn {turn}");
    }
}

/// Whoever's timer rings first ends the call: a layer's, a handler's that the call is part of, or the connection's.
#[tokio::test]
async fn an_instance_that_is_silent_behind_a_layer_is_left_out() {
    for shared in [false, true] {
        let (good, silent) = (Peer::start(&[Act::Echo]).await, Peer::start(&[Act::Hang]).await);
        let registry = Registry::open(&format!("static:add={},{}", good.address, silent.address)).unwrap();
        let layer = tower::layer::layer_fn(|inner| tower::util::MapRequest::new(inner, |call: Call| call));
        let channel = Channel::builder("add").registry(&registry).multiplex(shared).layer(layer).build().unwrap();
        let mut late = 0;
        for _ in 0..20 {
            let outcome = request(&channel, &ADD, "x").timeout(Duration::from_millis(20)).await;
            late += usize::from(outcome.is_err());
        }
        assert_eq!(late, 3, "shared: {shared}");
    }
}

/// A handler that calls on ends at the same deadline as the call.
#[tokio::test]
async fn an_instance_that_is_silent_is_left_out_when_the_caller_leaves_at_the_deadline() {
    for shared in [false, true] {
        let (good, silent) = (Peer::start(&[Act::Echo]).await, Peer::start(&[Act::Hang]).await);
        let registry = Registry::open(&format!("static:add={},{}", good.address, silent.address)).unwrap();
        let channel = Channel::builder("add").registry(&registry).multiplex(shared).build().unwrap();
        let mut late = 0;
        for _ in 0..20 {
            let at = std::time::Instant::now() + Duration::from_millis(20);
            let call = async { request(&channel, &ADD, "x").with(&Context::new().with_deadline(at)).await };
            late += usize::from(!matches!(tokio::time::timeout_at(at.into(), call).await, Ok(Ok(_))));
        }
        assert_eq!(late, 3, "shared: {shared}");
    }
}

/// A listener whose queue is full lets a connect wait for its second try, after 1 s.
#[tokio::test]
async fn a_peer_is_told_what_a_connect_has_left_of_the_time() {
    for shared in [false, true] {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let _first = TcpStream::connect(address).await.unwrap();
        let registry = Registry::open(&format!("static:add={address}")).unwrap();
        let builder = Channel::builder("add").registry(&registry).multiplex(shared);
        let channel = builder.connect_timeout(Duration::from_secs(5)).build().unwrap();
        let begin = std::time::Instant::now();
        let call = tokio::spawn(async move { request(&channel, &ADD, "x").timeout(Duration::from_secs(10)).await });
        while begin.elapsed() < Duration::from_millis(100) {
            tokio::task::yield_now().await;
        }
        listener.accept().await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let gone = begin.elapsed();
        let mut messages = MessageReader::new(1 << 20);
        let incoming = loop {
            match messages.take().unwrap() {
                Some(incoming) => break incoming,
                None => assert!(stream.read_buf(messages.room()).await.unwrap() > 0),
            }
        };
        assert!(gone > Duration::from_millis(500), "the connect did not wait: {gone:?}");
        let mut asked = RequestInfo::default();
        incoming.pairs(|pair| asked.take(pair)).unwrap();
        let told = asked.timeout().unwrap();
        assert!(told <= Duration::from_millis(10_200) - gone, "{told:?} after {gone:?}");
        call.abort();
    }
}

/// On a clock that has moved on by itself.
#[tokio::test(start_paused = true)]
async fn a_wait_for_the_first_list_is_over_before_the_deadline() {
    let registry = Registry::open("etcd://127.0.0.1:1").unwrap();
    tokio::time::advance(Duration::from_secs(3600)).await;
    let channel = Channel::builder("add").registry(&registry).build().unwrap();
    let start = tokio::time::Instant::now();
    request(&channel, &ADD, "x").timeout(Duration::from_secs(1)).await.unwrap_err();
    assert!(start.elapsed() <= Duration::from_secs(1), "{:?}", start.elapsed());
}

/// What was begun there goes on only when that runtime does.
#[test]
fn a_connection_is_opened_while_another_runtime_that_opens_one_stands_still() {
    let (home, other) = (runtime(), runtime());
    let mux = MuxPool::default();
    let soon = || Some(std::time::Instant::now() + Duration::from_millis(20));
    assert!(home.block_on(mux.connection(soon(), std::future::pending)).is_err());
    let error = other.block_on(mux.connection(soon(), || async { Err(Error::unavailable("tried")) })).unwrap_err();
    assert_eq!(error.message(), "tried");
}
