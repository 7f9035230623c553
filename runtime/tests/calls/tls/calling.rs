//! Calls over TLS, on every protocol.

use runtime::Bytes;
use runtime::registry::{Endpoint, Registry};
use runtime::server::Counter;

use super::echo::{Place, WAYS, call, channel, server, start};

/// A size around which nothing fits into one record of TLS, nor into the buffers of a socket.
const LARGE: usize = 3 << 20;

#[tokio::test]
async fn every_protocol_is_served_and_called_on_the_same_port() {
    let place = Place::new();
    let running = start(place.serving()).await;
    for (count, way) in WAYS.iter().enumerate() {
        let channel = channel(way, &running.addr().to_string(), Some(place.trusting())).unwrap();
        for size in [0, 1, 20_000, LARGE, 5] {
            let bytes = Bytes::from(vec![7; size]);
            let (back, caller) = call(way, &channel, bytes.clone()).await.unwrap();
            assert!(back == bytes, "{}: {size} bytes came back as {}", way.0, back.len());
            assert!(way.0 == "framed" || caller.as_deref() == Some("nobody"), "{}: {caller:?}", way.0);
        }
        // Connections are kept, as without TLS.
        assert_eq!(running.counters().get(Counter::Accepted) as usize, count + 1, "{}", way.0);
    }
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_calls_at_once_are_answered_each_with_its_own() {
    let place = Place::new();
    let running = start(place.serving()).await;
    for way in &WAYS {
        let channel = channel(way, &format!("https://{}", running.addr()), Some(place.trusting())).unwrap();
        let mut calls = tokio::task::JoinSet::new();
        for number in 0..64_usize {
            let channel = channel.clone();
            calls.spawn(async move {
                for size in [1, 100, 40_000] {
                    let bytes = Bytes::from(vec![number as u8; size]);
                    assert!(call(way, &channel, bytes.clone()).await.unwrap().0 == bytes);
                }
            });
        }
        while let Some(ended) = calls.join_next().await {
            ended.unwrap();
        }
    }
}

#[tokio::test]
async fn a_handler_sees_who_its_caller_is() {
    let place = Place::new();
    let orders = place.authority.sign("orders", &["orders.internal"]);
    let running = start(place.mutual()).await;
    for way in WAYS.iter().filter(|way| way.0 != "framed") {
        let tls = place.trusting().identity(orders.cert.clone(), orders.key.clone());
        let channel = channel(way, &running.addr().to_string(), Some(tls)).unwrap();
        let (_, caller) = call(way, &channel, Bytes::from_static(b"\x0a\0")).await.unwrap();
        assert_eq!(caller.as_deref(), Some("orders orders.internal spiffe://kites/orders"), "{}", way.0);
    }
}

/// What the suite and programs with secrets from elsewhere have.
#[tokio::test]
async fn certificates_may_come_without_files() {
    use runtime::tls::{ClientTls, Pem, ServerTls};

    let place = Place::new();
    let text = |path: &std::path::Path| Pem::text(std::fs::read(path).unwrap());
    let ca = place.authority.trust("ca.pem");
    let running = start(ServerTls::new(text(&place.server.cert), text(&place.server.key)).client_ca(text(&ca))).await;
    let tls = ClientTls::new().ca(text(&ca)).identity(text(&place.server.cert), text(&place.server.key));
    assert!(!format!("{tls:?}").contains("BEGIN"), "{tls:?}");
    let way = &WAYS[3];
    let channel = channel(way, &running.addr().to_string(), Some(tls)).unwrap();
    assert_eq!(call(way, &channel, Bytes::new()).await.unwrap().1.unwrap(), "server localhost spiffe://kites/server");
}

#[tokio::test]
async fn a_server_with_tls_says_so_where_it_is_found() {
    let place = Place::new();
    let registry = Registry::open("memory").unwrap();
    let running = server(place.serving(), Default::default()).registry(&registry).start().await.unwrap();
    for (name, scheme, way) in [("echo", "thrifts", &WAYS[1]), ("echoes", "grpcs", &WAYS[3])] {
        let found = registry.resolve(name).unwrap().snapshot();
        let endpoint = Endpoint { scheme: scheme.to_owned(), ..Endpoint::parse(&running.addr().to_string()).unwrap() };
        assert_eq!(found.instances[0].endpoints, [endpoint]);
        let builder = runtime::Channel::builder(name).registry(&registry).tls(place.trusting());
        let channel = builder.build().unwrap();
        assert!(call(way, &channel, Bytes::from_static(b"ab")).await.is_ok());
    }
}

/// The scheme decides, not that the channel could.
#[tokio::test]
async fn an_instance_that_speaks_plain_text_is_called_so() {
    let place = Place::new();
    let running = runtime::Server::new(runtime::Config::local()).add(super::echo::proto()).start().await.unwrap();
    let way = &WAYS[3];
    for (scheme, ends_well) in [("grpc://", true), ("http://", true), ("", false), ("grpcs://", false)] {
        let channel = channel(way, &format!("{scheme}{}", running.addr()), Some(place.trusting())).unwrap();
        assert_eq!(call(way, &channel, Bytes::new()).await.is_ok(), ends_well, "{scheme}");
    }
}

#[test]
fn addresses_have_schemes_or_none() {
    for (text, scheme, secure) in [
        ("h:1", "", false),
        ("http://h:1", "plain", false),
        ("plain://h:1", "plain", false),
        ("https://h:1/", "tls", true),
        ("tls://h:1", "tls", true),
        ("GRPCS://h:1", "grpcs", true),
        ("thrifts://[::1]:1", "thrifts", true),
        ("thrift://h:1", "thrift", false),
    ] {
        let endpoint = Endpoint::parse_url(text).unwrap();
        assert_eq!((endpoint.scheme.as_str(), endpoint.is_secure()), (scheme, secure), "{text}");
    }
    for text in ["ftp://h:1", "https://h", "https://h:1/path", "://h:1", "https://u@h:1"] {
        assert!(Endpoint::parse_url(text).is_none(), "{text}");
    }
    let error = Registry::open("static:add=ftp://h:1").unwrap_err().to_string();
    assert!(error.contains("over TLS https://host:port"), "{error}");
    let fits = |own: &str, caller: &str| Endpoint::new(own, "h", 1).fits(caller);
    assert!(fits("grpcs", "grpc") && fits("thrifts", "thrift") && fits("tls", "thrift") && fits("tls", "grpc"));
    assert!(fits("plain", "thrift") && fits("plain", "grpc"));
    assert!(!fits("https", "grpc") && !fits("grpcs", "thrift") && !fits("grpcs", "grp"));
}

/// Run by the test below, in a process of its own: where the authorities are is said by its environment.
#[tokio::test]
#[ignore = "needs SSL_CERT_FILE and an address"]
async fn of_the_system() {
    let channel = runtime::Channel::to(&std::env::var("ADDRESS").unwrap()).unwrap();
    for way in [&WAYS[1], &WAYS[3]] {
        assert!(call(way, &channel, Bytes::from_static(&[0])).await.is_ok(), "{}", way.0);
    }
}

#[tokio::test]
async fn without_settings_the_authorities_of_the_system_are_trusted() {
    let place = Place::new();
    let running = start(place.serving()).await;
    let run = async |ca: &std::path::Path| {
        let mut process = std::process::Command::new(std::env::current_exe().unwrap());
        process.args(["--exact", "tls::calling::of_the_system", "--ignored"]);
        process.env("SSL_CERT_FILE", ca).env("ADDRESS", format!("https://{}", running.addr()));
        tokio::task::spawn_blocking(move || process.output().unwrap()).await.unwrap()
    };
    let output = run(&place.authority.trust("ca.pem")).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let other = Place::new();
    assert!(!run(&other.authority.trust("ca.pem")).await.status.success());
}
