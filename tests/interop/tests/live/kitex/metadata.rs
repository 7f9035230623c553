//! Pairs that travel beside a call: to the next hop, through it, and back.

use std::collections::HashMap;
use std::time::Duration;

use interop::generated::interop::InteropClient;
use runtime::Context;
use runtime::client::Transport;
use serde_json::json;

use super::site::{OURS, Site, TRANSPORTS};

fn has_header(transport: Transport) -> bool {
    !matches!(transport, Transport::Framed | Transport::Buffered)
}

#[tokio::test(flavor = "multi_thread")]
async fn kitex_exchanges_metadata_with_us() {
    let Some(site) = Site::start() else { return };
    let (running, _watcher) = site.ours(Duration::ZERO).await;
    let theirs = site.theirs("theirs");
    for transport in TRANSPORTS {
        let lines = site.called(transport, "metadata");
        let header = !matches!(transport, "framed" | "buffered");
        let (look, back, hop) = (&lines[0][1][1], &lines[1], &lines[2][1][1]);
        let pairs = |some: serde_json::Value| if header { some } else { json!([]) };
        assert_eq!(look["transient"], pairs(json!([["Once", "1 \u{2713}"]])), "{transport}");
        assert_eq!(look["persistent"], pairs(json!([["Trace_Id", "t"]])), "{transport}");
        // What the client's `WithRPCTimeout` says; without a header our own limit counts.
        let left = look["remaining"].as_i64().unwrap();
        assert!(if header { (1..=10_000).contains(&left) } else { left > 10_000 }, "{transport}: {left}");
        let sent = json!({"from-there": "yes", "Second_Key": "\u{2713}"});
        assert_eq!(*back, if header { sent } else { json!(null) }, "{transport}");
        // Through our handler to Kitex's: the transient pair has stopped.
        assert_eq!(hop["transient"], json!([]), "{transport}");
        assert_eq!(hop["persistent"], pairs(json!([["Trace_Id", "t"]])), "{transport}");
        let left = hop["remaining"].as_i64().unwrap();
        assert!(if header { (1..=10_000).contains(&left) } else { left > 10_000 }, "{transport}: {left}");
    }
    theirs.stop();
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn we_exchange_metadata_with_kitex() {
    let Some(site) = Site::start() else { return };
    let (running, _watcher) = site.ours(Duration::ZERO).await;
    let servers = [site.theirs("theirs"), site.theirs("theirs.mux")];
    let cx = Context::new().with_persistent("Trace_Id", "t");
    for (name, transport) in OURS {
        let client = InteropClient::new(site.channel(name, transport));
        let back =
            [("from-there", "yes"), ("Second_Key", "\u{2713}")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        let look = client.look(HashMap::from(back.clone())).with(&cx).timeout(Duration::from_secs(9));
        let reply = look.metadata("Once", "1 \u{2713}").send().await.unwrap();
        let header = has_header(transport);
        let pairs = |key: &str, value: &str| HashMap::from([(key.to_owned(), value.to_owned())]);
        let once = if header { pairs("Once", "1 \u{2713}") } else { HashMap::new() };
        let trace = if header { pairs("Trace_Id", "t") } else { HashMap::new() };
        assert_eq!((&reply.value.transient, &reply.value.persistent), (&once, &trace), "{transport:?}");
        let left = reply.value.remaining;
        assert!(if header { (1..=9_000).contains(&left) } else { left == 0 }, "{transport:?}: {left}");
        let came: HashMap<_, _> = reply
            .metadata()
            .plain()
            .iter()
            .map(|(key, value)| (key.to_owned(), value.as_text().unwrap().to_owned()))
            .collect();
        assert_eq!(came, if header { back.into() } else { HashMap::new() }, "{transport:?}");
        // Through Kitex's handler to ours.
        let hop = client.hop().with(&cx).metadata("Once", "2").timeout(Duration::from_secs(9)).await.unwrap();
        assert_eq!((hop.transient, hop.persistent), (HashMap::new(), trace), "{transport:?}");
    }
    servers.into_iter().for_each(e2e::Process::stop);
    running.stop().await.unwrap();
}
