//! Deadlines and cancellation of a caller's context, against scripted peers.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::tests::{ADD, Act, Peer, request};
use super::*;
use kiteline_core::error::Origin;
use kiteline_core::service::{Answer, Call};
use kiteline_core::{Code, Context, Error};
use kiteline_registry::Registry;

#[tokio::test]
async fn a_deadline_ends_the_call_and_its_connection() {
    let peer = Peer::start(&[Act::Hang, Act::Echo]).await;
    let channel = Channel::to(&peer.address).unwrap();
    let error = request(&channel, &ADD, "x").timeout(Duration::from_millis(20)).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert_eq!(request(&channel, &ADD, "y").await.unwrap(), "y");
    assert_eq!(peer.connections(), 2);
}

/// Calls may be made at once and driven in turn.
#[tokio::test]
async fn the_time_of_a_call_runs_from_its_first_poll() {
    let peer = Peer::start(&[Act::Echo]).await;
    let channel = Channel::to(&peer.address).unwrap();
    let (made, timeout) = (std::time::Instant::now(), Duration::from_millis(300));
    let call = request(&channel, &ADD, "x").timeout(timeout).into_future();
    // Longer by what a timer may come late.
    while made.elapsed() <= timeout + Duration::from_millis(50) {
        tokio::task::yield_now().await;
    }
    assert_eq!(call.await.unwrap(), "x");
}

#[tokio::test]
async fn a_context_hands_on_its_deadline_and_its_end() {
    let peer = Peer::start(&[Act::Hang]).await;
    let channel = Channel::to(&peer.address).unwrap();
    let cx = Context::new().with_deadline(std::time::Instant::now());
    let error = request(&channel, &ADD, "x").with(&cx).await.unwrap_err();
    assert_eq!((error.code(), peer.connections()), (Code::DeadlineExceeded, 0));
    let token = CancellationToken::new();
    let cx = Context::new().with_cancellation(token.clone());
    let call = tokio::spawn(request(&channel, &ADD, "x").with(&cx).into_future());
    while peer.requests() == 0 {
        tokio::task::yield_now().await;
    }
    token.cancel();
    assert_eq!(call.await.unwrap().unwrap_err().code(), Code::Cancelled);
}

/// Fails once the time is over, as a peer does that was told the same deadline.
#[derive(Clone)]
struct Late;

impl<S> tower::Layer<S> for Late {
    type Service = Self;

    fn layer(&self, _: S) -> Self {
        self.clone()
    }
}

impl tower::Service<Call> for Late {
    type Response = Answer;
    type Error = Error;
    type Future = std::future::Ready<Result<Answer, Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        while call.cx.remaining().is_some_and(|left| !left.is_zero()) {
            std::thread::yield_now();
        }
        std::future::ready(Err(Error::internal("context deadline exceeded").with_origin(Origin::Remote)))
    }
}

#[tokio::test]
async fn a_peers_error_at_the_deadline_is_the_deadline() {
    let registry = Registry::open("memory").unwrap();
    let channel = Channel::builder("add").registry(&registry).layer(Late).build().unwrap();
    let error = request(&channel, &ADD, "x").timeout(Duration::from_millis(5)).await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_limit_of_a_server_s_own_is_not_handed_on() {
    let peer = Peer::start(&[Act::Echo]).await;
    let channel = Channel::to(&peer.address).unwrap();
    let now = std::time::Instant::now();
    let limited = Context::new().with_limit(now);
    assert_eq!((limited.deadline(), limited.caller_deadline()), (Some(now), None));
    assert_eq!(request(&channel, &ADD, "x").with(&limited).await.unwrap(), "x");
    let late = request(&channel, &ADD, "x").with(&limited.with_deadline(now)).await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded);
}
