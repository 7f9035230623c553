//! Files of certificates: what is wrong with them at the start, and when they change.

use std::fs;
use std::path::Path;

use e2e::ran_alone;
use runtime::tls::{ClientTls, ServerTls};
use runtime::{Bytes, Channel, Code, Limits};

use super::echo::{Place, WAYS, call, channel, server, serving, start};
use crate::log::Log;

#[tokio::test]
async fn a_file_that_cannot_be_used_is_an_error_at_the_start() {
    let place = Place::new();
    let other = place.authority.sign("other", &["x"]);
    let (cert, key) = (place.server.cert.clone(), place.server.key.clone());
    let file = |name: &str, text: &str| {
        let path = place.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let (empty, broken) = (file("empty.pem", ""), file("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n"));
    let odd = file("odd.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let gone = place.path().join("gone.pem");
    let at = |path: &Path| path.display().to_string();
    let (show_cert, show_key) = (at(&cert), at(&key));
    for (tls, text) in [
        (ServerTls::new(gone.clone(), key.clone()), format!("`cert` of `[server.tls]`: {}: No such file", at(&gone))),
        (ServerTls::new(cert.clone(), gone.clone()), format!("`key` of `[server.tls]`: {}: No such file", at(&gone))),
        (
            ServerTls::new(empty.clone(), key.clone()),
            format!("`cert` of `[server.tls]`: {}: it holds no certificate in PEM", at(&empty)),
        ),
        (ServerTls::new(broken.clone(), key.clone()), format!("`cert` of `[server.tls]`: {}: ", at(&broken))),
        (ServerTls::new(odd.clone(), key.clone()), format!("`key` of `[server.tls]`: {show_key}: it does not go with")),
        (
            ServerTls::new(cert.clone(), cert.clone()),
            format!("`key` of `[server.tls]`: {show_cert}: it holds no private key in PEM"),
        ),
        (
            ServerTls::new(cert.clone(), other.key.clone()),
            format!("`key` of `[server.tls]`: {}: it does not go with {show_cert}", at(&other.key)),
        ),
        (
            ServerTls::new(cert.clone(), key.clone()).client_ca(empty.clone()),
            format!("`client_ca` of `[server.tls]`: {}: it holds no certificate in PEM", at(&empty)),
        ),
        (
            ServerTls::new(cert.clone(), key.clone()).client_ca(odd.clone()),
            format!("`client_ca` of `[server.tls]`: {}: none of its 1 certificates is understood", at(&odd)),
        ),
    ] {
        let error = server(tls, Limits::default()).start().await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.message().starts_with(&text), "{error}, not {text}");
    }
    for (tls, text) in [
        (ClientTls::new().ca(gone.clone()), format!("`ca` of `[client.tls]`: {}: No such file", at(&gone))),
        (
            ClientTls { key: None, ..place.trusting().identity(cert.clone(), key.clone()) },
            format!("`cert` of `[client.tls]`: {show_cert}: `key` is needed too"),
        ),
        (
            ClientTls { cert: None, ..place.trusting().identity(cert.clone(), key.clone()) },
            format!("`key` of `[client.tls]`: {show_key}: `cert` is needed too"),
        ),
        (
            place.trusting().identity(cert.clone(), other.key.clone()),
            format!("`key` of `[client.tls]`: {}: it does not go with {show_cert}", at(&other.key)),
        ),
        (place.trusting().server_name("not a name"), "`not a name` is no name that a certificate can have".to_owned()),
    ] {
        let error = channel(&WAYS[3], "h:1", Some(tls)).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.message().starts_with(&text), "{error}, not {text}");
    }
}

/// Whether a new connection of somebody who trusts this authority comes about.
async fn trusts(way: &super::echo::Way, at: &str, tls: &ClientTls) -> Result<(), String> {
    let channel: Channel = channel(way, at, Some(tls.clone())).unwrap();
    call(way, &channel, Bytes::from_static(&[0])).await.map(drop).map_err(|error| error.message().to_owned())
}

#[tokio::test]
async fn a_servers_files_are_read_again_when_they_change() {
    let place = Place::new();
    let running = start(place.serving()).await;
    let at = running.addr().to_string();
    // Another authority signs from now on, over the same files.
    let old = ClientTls::new().ca(place.authority.trust("old.pem"));
    let later = e2e::Authority::new(place.path());
    let new = ClientTls::new().ca(later.trust("new.pem"));
    let kept = channel(&WAYS[2], &at, Some(old.clone())).unwrap();
    assert!(call(&WAYS[2], &kept, Bytes::from_static(&[0])).await.is_ok());
    for way in &WAYS {
        assert_eq!(trusts(way, &at, &old).await, Ok(()));
        assert!(trusts(way, &at, &new).await.is_err());
    }
    // A certificate of which the key is not there yet, half a file, none: that of before is shown.
    let whole = fs::read_to_string(&place.server.cert).unwrap();
    let key = fs::read_to_string(&place.server.key).unwrap();
    later.sign("server", &["127.0.0.1"]);
    let (new_cert, new_key) =
        (fs::read_to_string(&place.server.cert).unwrap(), fs::read_to_string(&place.server.key).unwrap());
    fs::write(&place.server.key, &key).unwrap();
    assert_eq!(trusts(&WAYS[0], &at, &old).await, Ok(()));
    fs::write(&place.server.cert, &new_cert[..100]).unwrap();
    assert_eq!(trusts(&WAYS[0], &at, &old).await, Ok(()));
    fs::remove_file(&place.server.cert).unwrap();
    assert_eq!(trusts(&WAYS[0], &at, &old).await, Ok(()));
    // The same as in the beginning is not a change, what is whole is one.
    fs::write(&place.server.cert, &whole).unwrap();
    assert_eq!(trusts(&WAYS[0], &at, &old).await, Ok(()));
    fs::write(&place.server.key, &new_key).unwrap();
    fs::write(&place.server.cert, &new_cert).unwrap();
    for way in &WAYS {
        assert_eq!(trusts(way, &at, &new).await, Ok(()));
        assert!(trusts(way, &at, &old).await.is_err());
    }
    // The connection of before goes on.
    assert!(call(&WAYS[2], &kept, Bytes::from_static(&[0])).await.is_ok());
}

#[tokio::test]
async fn whom_a_server_trusts_is_read_again_too() {
    let place = Place::new();
    let running = start(place.mutual()).await;
    let at = running.addr().to_string();
    let later = e2e::Authority::new(place.path());
    let mine = later.sign("mine", &["x"]);
    let tls = place.trusting().identity(mine.cert, mine.key);
    assert!(trusts(&WAYS[3], &at, &tls).await.unwrap_err().contains("UnknownCA"));
    later.trust("clients.pem");
    assert_eq!(trusts(&WAYS[3], &at, &tls).await, Ok(()));
}

#[tokio::test]
async fn a_clients_files_are_read_again_when_they_change() {
    let place = Place::new();
    let later = e2e::Authority::new(place.path());
    let before = start(place.serving()).await;
    let after = start(serving(&later.sign("after", &["127.0.0.1"]))).await;
    let ca = place.authority.trust("ca.pem");
    let way = &WAYS[0];
    let tls = ClientTls::new().ca(ca.clone());
    let to_after = channel(way, &after.addr().to_string(), Some(tls.clone())).unwrap();
    let to_before = channel(way, &before.addr().to_string(), Some(tls)).unwrap();
    let works = async |channel: &Channel| call(way, channel, Bytes::from_static(&[0])).await.is_ok();
    assert!(!works(&to_after).await);
    fs::write(&ca, "half of a fi").unwrap();
    assert!(works(&to_before).await && !works(&to_after).await);
    later.trust("ca.pem");
    assert!(works(&to_after).await);
}

#[tokio::test]
async fn files_that_cannot_be_used_are_in_the_log_once() {
    // Others would decide that nobody listens to what is logged.
    if ran_alone(files_that_cannot_be_used_are_in_the_log_once) {
        return;
    }
    let log = Log::default();
    let written = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).without_time().with_writer(move || written.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let place = Place::new();
    let running = start(place.serving()).await;
    let (at, tls) = (running.addr().to_string(), place.trusting());
    let before = fs::read(&place.server.key).unwrap();
    for _ in 0..3 {
        fs::write(&place.server.key, "half").unwrap();
        assert_eq!(trusts(&WAYS[0], &at, &tls).await, Ok(()));
    }
    fs::write(&place.server.key, before).unwrap();
    assert_eq!(trusts(&WAYS[0], &at, &tls).await, Ok(()));
    let lines = log.take();
    let key = place.server.key.display();
    let expected = format!(
        " WARN runtime::tls::files: the TLS files of before are used error=InvalidArgument: `key` of `[server.tls]`: \
         {key}: it holds no private key in PEM (PKCS#8, PKCS#1 or SEC1)\n \
         INFO runtime::tls::files: the TLS files have changed and are used\n"
    );
    assert_eq!(lines, expected);
}
