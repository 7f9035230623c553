//! Timeouts between Kitex and ours: a call that nobody waits for any longer is given up.

use std::time::Duration;

use e2e::wait_for;
use interop::generated::interop::InteropClient;
use runtime::Code;
use runtime::client::Transport;
use serde_json::json;

use super::site::{OURS, Site, TRANSPORTS};

#[tokio::test(flavor = "multi_thread")]
async fn a_kitex_timeout_ends_our_work() {
    let Some(site) = Site::start() else { return };
    let (running, watcher) = site.ours(Duration::ZERO).await;
    for transport in TRANSPORTS {
        let lines = site.called(transport, "timeouts");
        assert_eq!(lines, [json!(["sleep", ["timeout"]]), json!(["ping", ["ok", "pong after"]])], "{transport}");
        // By the deadline in the header, else by the end of the connection.
        let remaining = watcher.ended();
        let header = !matches!(transport, "framed" | "buffered");
        assert_eq!(remaining <= 300, header, "{transport}: {remaining}");
    }
    assert_eq!(running.in_flight(), 0);
    running.stop().await.unwrap();
}

/// Kitex's retries repeat timeouts and no other error: each caller sees its own.
#[tokio::test(flavor = "multi_thread")]
async fn callers_of_kitex_see_their_own_timeouts() {
    let Some(site) = Site::start() else { return };
    let (running, _watcher) = site.ours(Duration::ZERO).await;
    for transport in TRANSPORTS {
        let lines = site.called(transport, "hurried");
        assert_eq!(lines, [json!({"[\"timeout\"]": 2_000}), json!(["ping", ["ok", "pong after"]])], "{transport}");
    }
    wait_for("the end of all work", || (running.in_flight() == 0).then_some(()));
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn our_timeout_reaches_kitex() {
    let Some(site) = Site::start() else { return };
    let servers = [("theirs", site.theirs("theirs")), ("theirs.mux", site.theirs("theirs.mux"))];
    for (name, transport) in OURS {
        let server = &servers.iter().find(|it| it.0 == name).unwrap().1;
        let client = InteropClient::new(site.channel(name, transport));
        let error = client.sleep(3_000).timeout(Duration::from_millis(200)).await.unwrap_err();
        assert_eq!(error.code(), Code::DeadlineExceeded, "{transport:?}");
        assert_eq!(client.ping("after".to_owned()).await.unwrap(), "pong after", "{transport:?}");
        if matches!(transport, Transport::TtheaderFramed | Transport::Multiplexed) {
            server.line("Sleep ended: context deadline exceeded");
        }
    }
}
