//! Channels over several peers, some of which fail.

use std::future::IntoFuture;
use std::time::Duration;

use super::tests::{ADD, Act, GET, Peer, dead_address, request};
use super::*;
use kiteline_balance::Hashed;
use kiteline_core::service::Method;
use kiteline_core::{Code, Context};
use kiteline_registry::{Endpoint, Instance, Registry};

fn channel(peers: &str, transport: Transport) -> Channel {
    let registry = Registry::open(&format!("static:add={peers}")).unwrap();
    Channel::builder("add").registry(&registry).transport(transport).build().unwrap()
}

const CALLERS: usize = 4;
const CALLS: usize = 500;

/// Longer than a peer that answers ever takes, on a machine that has much else to do.
const LONG: Duration = Duration::from_secs(30);

/// Calls of four callers; gives how many failed.
async fn load(channel: &Channel, method: &'static Method, timeout: Duration) -> usize {
    let caller = |channel: Channel| async move {
        let mut failed = 0;
        for _ in 0..CALLS {
            let call = request(&channel, method, "x").timeout(timeout);
            failed += usize::from(call.await.is_err());
        }
        failed
    };
    let callers: Vec<_> = (0..CALLERS).map(|_| tokio::spawn(caller(channel.clone()))).collect();
    let mut failed = 0;
    for caller in callers {
        failed += caller.await.unwrap();
    }
    failed
}

/// One of three backends answers with errors, ends connections or says nothing: it is left out
/// after what it takes to know, idempotent calls go elsewhere within a fifth, others are never sent
/// twice.
#[tokio::test]
async fn one_of_three_backends_fails() {
    for transport in [Transport::TtheaderFramed, Transport::Multiplexed] {
        for (act, method, most) in [
            (Act::Refusal(6), &ADD, 5 + CALLERS),
            (Act::Refusal(6), &GET, 5 + CALLERS),
            (Act::CloseWithoutAnswer, &ADD, 3 + CALLERS),
            (Act::CloseWithoutAnswer, &GET, 0),
            (Act::Hang, &ADD, 3 + CALLERS),
            (Act::Hang, &GET, 3 + CALLERS),
        ] {
            let bad = Peer::start(&[act]).await;
            let good = [Peer::start(&[Act::Echo]).await, Peer::start(&[Act::Echo]).await];
            let channel = channel(&format!("{},{},{}", good[0].address, bad.address, good[1].address), transport);
            // A call of who says nothing has to end by itself.
            let timeout = if matches!(act, Act::Hang) { Duration::from_secs(1) } else { LONG };
            let failed = load(&channel, method, timeout).await;
            let retries = usize::try_from(channel.counters().get(Counter::Retries)).unwrap();
            let all = CALLERS * CALLS;
            // The instance gets the calls that show its trouble and those that were under way then, however long the load
            // goes on.
            let what = format!("{transport:?} {} {failed} failed, {retries} retries", method.name);
            assert!(failed <= most, "{what}");
            assert!(retries <= all / 5 && (method.idempotent || retries == 0), "{what}");
            assert!(bad.requests() <= 5 + 2 * CALLERS, "{what}: {} requests", bad.requests());
            let sent = bad.requests() + good[0].requests() + good[1].requests();
            assert!(sent <= all + retries, "{what}: {sent} sent");
            assert_eq!(load(&channel, method, timeout).await, 0, "{what}: afterwards");
        }
    }
}

#[tokio::test]
async fn a_dead_address_costs_no_call_and_one_connect() {
    let good = [Peer::start(&[Act::Echo]).await, Peer::start(&[Act::Echo]).await];
    let dead = dead_address().await;
    let channel = channel(&format!("{dead},{},{}", good[0].address, good[1].address), Transport::TtheaderFramed);
    assert_eq!(load(&channel, &ADD, LONG).await, 0);
    let connects = channel.counters().get(Counter::ConnectFailures);
    assert!((1..=CALLERS as u64).contains(&connects), "{connects}");
    // Alone, such an address is tried again and again.
    let channel = self::channel(&dead, Transport::TtheaderFramed);
    for _ in 0..3 {
        assert_eq!(request(&channel, &ADD, "x").await.unwrap_err().code(), Code::Unavailable);
    }
    assert_eq!(channel.counters().get(Counter::ConnectFailures), 3);
}

#[tokio::test]
async fn an_instance_comes_back_by_one_call() {
    let mut script = [Act::CloseWithoutAnswer; 4];
    script[3] = Act::Echo;
    let bad = Peer::start(&script).await;
    let good = Peer::start(&[Act::Echo]).await;
    let channel = channel(&format!("{},{}", bad.address, good.address), Transport::TtheaderFramed);
    while bad.requests() < 3 {
        let _ = request(&channel, &ADD, "x").await;
    }
    for _ in 0..10 {
        request(&channel, &ADD, "x").await.unwrap();
    }
    assert_eq!(bad.requests(), 3, "it is left out");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(21)).await;
    tokio::time::resume();
    for _ in 0..10 {
        request(&channel, &ADD, "x").await.unwrap();
    }
    assert!(bad.requests() >= 7, "{}", bad.requests());
}

#[tokio::test]
async fn callers_that_go_away_say_nothing_about_an_instance() {
    let peers = [Peer::start(&[Act::Hang]).await, Peer::start(&[Act::Hang]).await];
    let channel = channel(&format!("{},{}", peers[0].address, peers[1].address), Transport::TtheaderFramed);
    for round in 1..=8 {
        let token = tokio_util::sync::CancellationToken::new();
        let cx = Context::new().with_cancellation(token.clone());
        let call = tokio::spawn(request(&channel, &ADD, "x").with(&cx).into_future());
        while peers[0].requests() + peers[1].requests() < round {
            tokio::task::yield_now().await;
        }
        token.cancel();
        assert_eq!(call.await.unwrap().unwrap_err().code(), Code::Cancelled);
    }
    assert_eq!((peers[0].requests(), peers[1].requests()), (4, 4));
}

#[tokio::test]
async fn a_key_goes_to_one_instance() {
    let peers = [Peer::start(&[Act::Echo]).await, Peer::start(&[Act::Echo]).await, Peer::start(&[Act::Echo]).await];
    let addresses = peers.each_ref().map(|peer| peer.address.clone()).join(",");
    let registry = Registry::open(&format!("static:add={addresses}")).unwrap();
    let by_key = Channel::builder("add").registry(&registry).balancer(Hashed::new()).build().unwrap();
    for key in ["alice", "bob", "carol", "dave", "eve"] {
        let before = peers.each_ref().map(Peer::requests);
        for _ in 0..10 {
            request(&by_key, &ADD, "x").with_hash(key).await.unwrap();
        }
        let after = peers.each_ref().map(Peer::requests);
        let mut got: Vec<usize> = before.iter().zip(after).map(|(before, after)| after - before).collect();
        got.sort_unstable();
        assert_eq!(got, [0, 0, 10], "{key}");
    }
    // Without a key a call may go anywhere.
    let before = peers.each_ref().map(Peer::requests);
    for _ in 0..200 {
        request(&by_key, &ADD, "x").await.unwrap();
    }
    assert!(peers.iter().zip(before).all(|(peer, before)| peer.requests() > before));
}

#[tokio::test]
async fn configuration_and_weights_choose() {
    let peers = [Peer::start(&[Act::Echo]).await, Peer::start(&[Act::Echo]).await];
    let registry = Registry::open("memory").unwrap();
    let instance =
        |peer: &Peer, weight| Instance::new("add", Endpoint::parse(&peer.address).unwrap()).with_weight(weight);
    let kept =
        [1, 3].map(|weight| registry.register(vec![instance(&peers[usize::from(weight == 3)], weight)]).unwrap());
    registry.resolve("add").unwrap().wait(Duration::from_secs(5), |seen| seen.instances.len() == 2).await.unwrap();
    for name in ["round_robin", "random"] {
        let config = toml::from_str::<ClientConfig>(&format!("balancer = \"{name}\"")).unwrap();
        let channel = Channel::builder("add").registry(&registry).config(&config).build().unwrap();
        let before = peers.each_ref().map(Peer::requests);
        for _ in 0..400 {
            request(&channel, &ADD, "x").await.unwrap();
        }
        let light = peers[0].requests() - before[0];
        let allowed = if name == "random" { 50..=150 } else { 96..=104 };
        assert!(allowed.contains(&light), "{name}: {light} of 400");
    }
    for one in kept {
        one.deregister().await;
    }
}
