//! Which calls are sent again: what a builder, a request and the settings of methods say.

use std::time::{Duration, Instant};

use super::tests::{ADD, Act, GET, Peer, dead_address, request};
use super::*;
use kiteline_core::methods::{MethodSettings, Methods};
use kiteline_core::{Code, Error};
use kiteline_registry::Registry;

fn channel(addresses: &str, retry: Option<Retry>, methods: &Methods) -> Channel {
    let registry = Registry::open(&format!("static:add={addresses}")).unwrap();
    let config = ClientConfig { methods: methods.clone(), ..ClientConfig::default() };
    // One call at a time: each request of a test is one of its own.
    let builder = Channel::builder("add").registry(&registry).config(&config).multiplex(false);
    match retry {
        Some(retry) => builder.retry(retry).build().unwrap(),
        None => builder.build().unwrap(),
    }
}

/// The outcome of a call to one peer that fails `failures` times, and how often the peer saw it.
async fn outcome(failing: Act, failures: usize, retry: Option<Retry>, idempotent: bool) -> (bool, usize) {
    let script: Vec<Act> = std::iter::repeat_n(failing, failures).chain([Act::Echo]).collect();
    let peer = Peer::start(&script).await;
    let channel = channel(&peer.address, retry, &Methods::default());
    let answer = request(&channel, if idempotent { &GET } else { &ADD }, "x").await;
    let retries = usize::try_from(channel.counters().get(Counter::Retries)).unwrap();
    assert_eq!(retries, if answer.is_ok() { peer.requests() - 1 } else { retries });
    (answer.is_ok(), peer.requests())
}

#[tokio::test]
async fn so_many_attempts_are_made() {
    let (act, attempts) = (Act::CloseWithoutAnswer, Retry::attempts);
    assert_eq!(outcome(act, 1, None, true).await, (false, 1), "never to the same instance unless it is said");
    assert_eq!(outcome(act, 1, Some(Retry::never()), true).await, (false, 1));
    assert_eq!(outcome(act, 1, Some(attempts(1)), true).await, (true, 2));
    assert_eq!(outcome(act, 3, Some(attempts(2)), true).await, (false, 3));
    assert_eq!(outcome(act, 3, Some(attempts(3)), true).await, (true, 4));
    assert_eq!(outcome(act, 1, Some(attempts(3)), false).await, (false, 1), "not idempotent");
    assert_eq!(outcome(act, 1, Some(attempts(3).any_method()), false).await, (true, 2));
    assert_eq!(outcome(act, 1, Some(attempts(3).budget(0)), true).await, (false, 1));
}

#[tokio::test]
async fn answers_that_are_named_are_asked_for_again() {
    let not_found = |error: &Error| error.code() == Code::NotFound;
    let (act, attempts) = (Act::Exception, Retry::attempts(2));
    assert_eq!(outcome(act, 1, Some(attempts.clone()), true).await, (false, 1));
    assert_eq!(outcome(act, 2, Some(attempts.clone().when(not_found)), true).await, (true, 3));
    assert_eq!(outcome(act, 1, Some(attempts.clone().when(not_found)), false).await, (false, 1));
    assert_eq!(outcome(act, 1, Some(attempts.when(|error| error.code() == Code::Internal)), true).await, (false, 1));
}

#[tokio::test]
async fn a_request_says_it_for_itself() {
    let peer = Peer::start(&[Act::CloseWithoutAnswer]).await;
    let other = channel(&peer.address, Some(Retry::attempts(5)), &Methods::default());
    assert!(request(&other, &GET, "x").retry(Retry::never()).await.is_err());
    assert_eq!(peer.requests(), 1);
    assert!(request(&other, &ADD, "x").retry(Retry::attempts(2).any_method()).await.is_err());
    assert_eq!(peer.requests(), 4);
}

#[tokio::test]
async fn settings_of_a_method_come_before_the_channel_s() {
    let mut methods = Methods::default();
    let settings = MethodSettings { retry: Some(2), idempotent: Some(true), ..MethodSettings::default() };
    methods.set("AddService/Add", settings);
    methods.set("AddService/Get", MethodSettings { idempotent: Some(false), ..MethodSettings::default() });
    let peer = Peer::start(&[Act::CloseWithoutAnswer]).await;
    let of_settings = channel(&peer.address, Some(Retry::attempts(5)), &methods);
    assert!(request(&of_settings, &ADD, "x").await.is_err());
    assert_eq!(peer.requests(), 3);
    assert!(request(&of_settings, &GET, "x").await.is_err());
    assert_eq!(peer.requests(), 4);
    // As `Retry::attempts`, also where the channel says nothing.
    let says_nothing = channel(&peer.address, None, &methods);
    assert!(request(&says_nothing, &ADD, "x").await.is_err());
    assert_eq!(peer.requests(), 7);
    let hung = Peer::start(&[Act::Hang]).await;
    methods.set("AddService/Get", MethodSettings { timeout: Some(Duration::from_millis(20)), ..settings });
    let error = request(&channel(&hung.address, None, &methods), &GET, "x").await.unwrap_err();
    assert_eq!((error.code(), hung.requests()), (Code::DeadlineExceeded, 1));
}

#[tokio::test]
async fn instances_that_are_away_are_asked_again_and_a_deadline_ends_it() {
    let dead = dead_address().await;
    let waits = Retry::attempts(2).backoff(Duration::from_millis(2), Duration::from_millis(4));
    let away = channel(&dead, Some(waits), &Methods::default());
    let error = request(&away, &ADD, "x").await.unwrap_err();
    assert_eq!((error.code(), away.counters().get(Counter::ConnectFailures)), (Code::Unavailable, 3));
    // The pause would outlast the deadline: the error comes at once, and says what failed.
    let long = Retry::attempts(2).backoff(Duration::from_secs(3600), Duration::from_secs(3600));
    let away = channel(&dead, Some(long), &Methods::default());
    let begun = Instant::now();
    let error = request(&away, &ADD, "x").timeout(Duration::from_secs(600)).await.unwrap_err();
    assert_eq!((error.code(), away.counters().get(Counter::ConnectFailures)), (Code::Unavailable, 1));
    assert!(begun.elapsed() < Duration::from_secs(600));
}

#[tokio::test]
async fn a_budget_bounds_the_attempts_of_all_calls() {
    let peer = Peer::start(&[Act::CloseWithoutAnswer]).await;
    let all = channel(&peer.address, Some(Retry::attempts(9).budget(50)), &Methods::default());
    for _ in 0..60 {
        assert!(request(&all, &GET, "x").await.is_err());
    }
    // Ten at any time, and one for every two calls.
    let retries = all.counters().get(Counter::Retries);
    assert!((35..=40).contains(&retries), "{retries}");
}

/// The time that a call to a peer takes on a clock that only waits move, which tells of a wait for each of its answers but the
/// last; and how often the peer saw it.
async fn waited(waits: &[u64], retry: Retry, deadline: u64) -> (Result<(), Code>, u128, usize, u64) {
    let script: Vec<Act> = waits.iter().map(|millis| Act::Wait(*millis)).chain([Act::Echo]).collect();
    let peer = Peer::start(&script).await;
    let channel = channel(&peer.address, Some(retry.when(|_| true)), &Methods::default());
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let outcome = request(&channel, &GET, "x").timeout(Duration::from_millis(deadline)).await;
    let took = begun.elapsed().as_millis();
    tokio::time::resume();
    (outcome.map(drop).map_err(|error| error.code()), took, peer.requests(), channel.counters().get(Counter::Retries))
}

#[tokio::test]
async fn an_attempt_waits_as_long_as_the_service_says() {
    let (outcome, took, requests, retries) = waited(&[700], Retry::attempts(3), 60_000).await;
    assert_eq!((outcome, requests, retries), (Ok(()), 2, 1));
    assert!((700..=771).contains(&took), "{took}");
    // Each wait is that of its answer.
    let (outcome, took, requests, _) = waited(&[200, 3000], Retry::attempts(3), 60_000).await;
    assert_eq!((outcome, requests), (Ok(()), 3));
    assert!((3200..=3522).contains(&took), "{took}");
    // A pause of the caller's own that is longer stays as it is.
    let longer = Retry::attempts(1).backoff(Duration::from_secs(2), Duration::from_secs(2));
    let (outcome, took, _, _) = waited(&[10], longer, 60_000).await;
    assert_eq!(outcome, Ok(()));
    assert!((1000..=2001).contains(&took), "{took}");
}

#[tokio::test]
async fn a_wait_that_does_not_fit_in_the_deadline_is_not_begun() {
    let (outcome, took, requests, retries) = waited(&[700], Retry::attempts(3), 700).await;
    assert_eq!((outcome, requests, retries), (Err(Code::ResourceExhausted), 1, 0));
    assert!(took < 700, "{took}");
    // What is left counts, not what there was.
    let (outcome, took, requests, retries) = waited(&[400, 400], Retry::attempts(3), 800).await;
    assert_eq!((outcome, requests, retries), (Err(Code::ResourceExhausted), 2, 1));
    assert!(took < 800, "{took}");
}
