//! Servers that are replaced under four callers: no call fails.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use e2e::wait_for;
use interop::generated::interop::InteropClient;
use runtime::client::Transport;

use super::site::Site;

#[tokio::test(flavor = "multi_thread")]
async fn ours_are_replaced_under_callers_of_kitex() {
    let Some(site) = Site::start() else { return };
    // The default: Kitex's clients ask the registry every 5 s.
    let (first, seen_first) = site.ours(Duration::from_secs(6)).await;
    let clients = ["framed", "buffered", "ttheader_framed", "mux"].map(|transport| site.client(transport, "load"));
    clients.iter().for_each(|client| drop(client.line("running")));
    let (second, seen_second) = site.ours(Duration::ZERO).await;
    first.stop().await.unwrap();
    assert!(seen_first.calls().len() >= 400);
    seen_second.calls();
    let mut calls = 0;
    wait_for("calls of the second server", || {
        calls += seen_second.calls().len();
        (calls > 400).then_some(())
    });
    for (at, client) in clients.into_iter().enumerate() {
        client.signal("TERM");
        let line = client.line("failed: ");
        let failed: usize = line.trim_start_matches("failed: ").parse().unwrap();
        // A shared connection of a Kitex client ends when the client learns that its server leaves, with what each
        // of its four callers has under way on it.
        let most = if at == 3 { 4 } else { 0 };
        assert!(failed <= most, "{:?}", client.printed());
        client.stop();
    }
    second.stop().await.unwrap();
}

/// The method is annotated idempotent: a call that the old server took without an answer is made again.
async fn replace(transport: Transport, name: &'static str) {
    let Some(site) = Site::start() else { return };
    let first = site.theirs(name);
    let (done, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let client = InteropClient::new(site.channel(name, transport));
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (client, done, calls) = (client.clone(), Arc::clone(&done), Arc::clone(&calls));
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    client.look(HashMap::new()).await?;
                    calls.fetch_add(1, Ordering::Relaxed);
                }
                runtime::Result::<()>::Ok(())
            })
        })
        .collect();
    let more = |what: &str| {
        let before = calls.load(Ordering::Relaxed);
        let failed = || callers.iter().any(|caller| caller.is_finished());
        wait_for(what, || (failed() || calls.load(Ordering::Relaxed) > before + 400).then_some(()));
    };
    more("calls of the first server");
    let second = site.theirs(name);
    more("calls of both");
    first.stop();
    more("calls of the second server");
    done.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    second.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn kitex_is_replaced_under_our_callers() {
    replace(Transport::TtheaderFramed, "theirs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kitex_is_replaced_under_our_framed_callers() {
    replace(Transport::Framed, "theirs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn multiplexed_kitex_is_replaced_under_our_callers() {
    replace(Transport::Multiplexed, "theirs.mux").await;
}
