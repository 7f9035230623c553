//! How errors look to the other side, and that the next call works.

use std::fmt::Debug;
use std::time::Duration;

use e2e::shown;
use interop::generated::interop::{InteropClient, StrangeClient};
use interop::generated::sink::{RiskyError, RiskyVoidError};
use runtime::client::Transport;
use runtime::{Code, Error};
use serde_json::{Value, json};

use super::site::{OURS, Site, TRANSPORTS};

/// What a Kitex client gets of our handlers' errors.
fn expected(header: bool) -> Vec<Value> {
    let exception = |kind: i32, text: &str| json!(["exception", kind, text]);
    // Without a place for it, a business error is an exception, so that nobody takes it for success.
    let business = |code: i32, text: &str, extra: Value| match header {
        true => json!(["business", code, text, extra]),
        false => exception(6, text),
    };
    let extra = json!({"uid": "42", "k\"": "<&>"});
    vec![
        json!(["ok", ["ok", 7]]),
        json!(["denied", ["denied", {"reason": "no entry", "code": -3}]]),
        json!(["missing", ["missing", {"what": "thing", "near": ["a", "b"]}]]),
        json!(["plain", exception(6, "something broke")]),
        json!(["panic", exception(6, "panic in Interop.Risky")]),
        json!(["biz", business(404, "user not found", Value::Null)]),
        json!(["biz_odd", business(-502, "try later \u{2713}", extra)]),
        json!(["void ok", ["ok", null]]),
        json!(["void denied", ["denied", {"reason": "no entry", "code": -3}]]),
        json!(["void plain", exception(6, "something broke")]),
        json!(["void biz", business(404, "user not found", Value::Null)]),
        json!(["absent", exception(1, "unknown method Absent")]),
        json!(["after", ["ok", 7]]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn our_errors_reach_kitex() {
    let Some(site) = Site::start() else { return };
    let (running, _watcher) = site.ours(Duration::ZERO).await;
    for transport in TRANSPORTS {
        let header = !matches!(transport, "framed" | "buffered");
        assert_eq!(site.called(transport, "outcomes"), expected(header), "{transport}");
    }
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_kitex_reach_our_callers() {
    let Some(site) = Site::start() else { return };
    let servers = [site.theirs("theirs"), site.theirs("theirs.mux")];
    for (name, transport) in OURS {
        let channel = site.channel(name, transport);
        let (client, stranger) = (InteropClient::new(channel.clone()), StrangeClient::new(channel));
        let header = matches!(transport, Transport::TtheaderFramed | Transport::Multiplexed);
        risky(&client, header).await;
        risky_void(&client, header).await;
        for _ in 0..3 {
            let error = stranger.absent().await.unwrap_err();
            let service = if header { "Strange" } else { "" };
            assert_eq!(error.message(), format!("unknown service {service}, method Absent"), "{transport:?}");
            assert_eq!(error.code(), Code::Unimplemented, "{transport:?}");
            assert_eq!(client.ping("after".to_owned()).await.unwrap(), "pong after", "{transport:?}");
        }
    }
    servers.into_iter().for_each(e2e::Process::stop);
}

async fn risky(client: &InteropClient, header: bool) {
    let ask = |kind: &str| client.risky(kind.to_owned());
    assert_eq!(ask("ok").await.unwrap(), 7);
    let Err(RiskyError::Denied(denied)) = ask("denied").await else { panic!() };
    assert_eq!((&*denied.reason, denied.code), ("no entry", -3));
    let Err(RiskyError::Missing(missing)) = ask("missing").await else { panic!() };
    assert_eq!(shown(&missing), json!({"what": "thing", "near": ["a", "b"]}));
    assert_eq!(other(ask("plain").await), (Code::Internal, "biz error: something broke".to_owned(), None));
    let (code, text, _) = other(ask("panic").await);
    assert_eq!(code, Code::Internal);
    assert!(text.starts_with("panic: ") && text.ends_with("kaboom"), "{text}");
    let Err(RiskyError::Other(error)) = ask("biz_odd").await else { panic!() };
    if header {
        assert_eq!((error.business_code(), error.message()), (Some(-502), "try later \u{2713}"));
        assert_eq!(json!(error.pairs()), json!({"uid": "42", "k\"": "<&>"}));
    } else {
        // Kitex's answer has neither a result nor a word of the error.
        assert_eq!((error.business_code(), error.code(), error.message()), (None, Code::Internal, "missing result"));
    }
}

fn other<T: Debug>(result: Result<T, RiskyError>) -> (Code, String, Option<i32>) {
    let Err(RiskyError::Other(error)) = result else { panic!("{result:?}") };
    (error.code(), error.message().to_owned(), error.business_code())
}

async fn risky_void(client: &InteropClient, header: bool) {
    let ask = |kind: &str| client.risky_void(kind.to_owned());
    ask("ok").await.unwrap();
    assert!(matches!(ask("denied").await, Err(RiskyVoidError::Denied(denied)) if denied.code == -3));
    match ask("biz").await {
        Err(RiskyVoidError::Other(error)) if header => {
            assert_eq!((error.business_code(), error.message()), (Some(404), "user not found"));
        }
        // An answer without fields is what success of a void method looks like.
        Ok(()) if !header => {}
        other => panic!("{other:?}"),
    }
    let Err(RiskyVoidError::Other(error)) = ask("plain").await else { panic!() };
    let error: Error = error;
    assert_eq!(error.message(), "biz error: something broke");
}
