//! Who is refused, by either side, and what is said.

use std::time::Duration;

use runtime::server::Counter;
use runtime::tls::ClientTls;
use runtime::{Bytes, Code, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::echo::{Place, WAYS, call, channel, server, serving, start};

/// A name, the settings of a client, and what its error says.
type Wrong = (&'static str, Option<ClientTls>, &'static str);

#[tokio::test]
async fn a_server_that_is_not_who_it_should_be_is_refused_by_a_client() {
    let (place, other) = (Place::new(), Place::new());
    let expired = start(serving(&place.authority.sign_expired("old", &["127.0.0.1"]))).await;
    let elsewhere = start(serving(&place.authority.sign("elsewhere", &["elsewhere.internal"]))).await;
    let running = start(place.serving()).await;
    let wrong: [(&_, ClientTls, &str); 4] = [
        (&expired, place.trusting(), "TLS: invalid peer certificate: certificate expired"),
        (&elsewhere, place.trusting(), "TLS: invalid peer certificate: certificate not valid for name"),
        (&running, other.trusting(), "TLS: invalid peer certificate: UnknownIssuer"),
        (&running, place.trusting().server_name("kites.internal"), "certificate not valid for name"),
    ];
    for (running, tls, text) in wrong {
        for way in &WAYS {
            let channel = channel(way, &running.addr().to_string(), Some(tls.clone())).unwrap();
            let error = call(way, &channel, Bytes::new()).await.unwrap_err();
            assert_eq!(error.code(), Code::Unavailable, "{}: {error}", way.0);
            assert!(error.message().contains(text), "{}: {error}", way.0);
            assert!(error.message().contains("`[client.tls]`"), "{}: {error}", way.0);
        }
    }
    let named = place.trusting().server_name("elsewhere.internal");
    let channel = channel(&WAYS[0], &elsewhere.addr().to_string(), Some(named)).unwrap();
    assert!(call(&WAYS[0], &channel, Bytes::from_static(&[0])).await.is_ok());
}

#[tokio::test]
async fn a_caller_without_a_certificate_that_is_trusted_is_refused_by_a_server() {
    let (place, other) = (Place::new(), Place::new());
    let running = start(place.mutual()).await;
    let (stranger, late) = (other.authority.sign("stranger", &["x"]), place.authority.sign_expired("late", &["x"]));
    let wrong: [Wrong; 3] = [
        ("none", None, "CertificateRequired"),
        ("unknown", Some(place.trusting().identity(stranger.cert, stranger.key)), "UnknownCA"),
        ("expired", Some(place.trusting().identity(late.cert, late.key)), "CertificateExpired"),
    ];
    for (count, (name, tls, text)) in wrong.into_iter().enumerate() {
        let before = running.counters().get(Counter::Handshakes);
        assert_eq!(before as usize, count * WAYS.len());
        for way in &WAYS {
            let tls = tls.clone().unwrap_or_else(|| place.trusting());
            let channel = channel(way, &running.addr().to_string(), Some(tls)).unwrap();
            let error = call(way, &channel, Bytes::from_static(&[0])).await.unwrap_err();
            assert_eq!(error.code(), Code::Unavailable, "{name}, {}: {error}", way.0);
            assert!(error.message().contains(text), "{name}, {}: {error}", way.0);
        }
    }
}

#[tokio::test]
async fn who_comes_without_tls_is_told_and_never_served() {
    let place = Place::new();
    let running = start(place.serving()).await;
    let answer = async |bytes: &[u8]| {
        let mut stream = TcpStream::connect(running.addr()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        // A reset is an end too.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    };
    for request in ["GET / HTTP/1.1\r\nhost: x\r\n\r\n", "POST /echo.v1.Echoes/Echo HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0"]
    {
        let text = answer(request.as_bytes()).await;
        assert!(text.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{text}");
        assert!(text.ends_with("\r\n\r\nThis port speaks TLS: use https.\n"), "{text}");
    }
    let calls = running.counters().get(Counter::UnknownProtocol);
    assert_eq!(calls, 3);
    for bytes in [&[0, 0, 0, 9, 0x80, 1, 0, 1][..], &[0x80, 1, 0, 1], &[0xff], &[0x15, 3, 3, 0, 2]] {
        assert_eq!(answer(bytes).await, "", "{bytes:?}");
    }
    // What begins like a handshake and is none.
    assert!(!answer(b"\x16 is no handshake").await.contains("HTTP"));
    for way in &WAYS {
        let plain = channel(way, &running.addr().to_string(), None).unwrap();
        let error = call(way, &plain, Bytes::from_static(&[0])).await.unwrap_err();
        let said = ["closed before the answer", "frame with invalid size", "HTTP's status 400"];
        assert!(said.iter().any(|text| error.message().contains(text)), "{}: {error}", way.0);
    }
}

/// A peer that speaks something else, and one that says nothing.
#[tokio::test]
async fn a_server_without_tls_is_refused_by_a_client_in_words() {
    let place = Place::new();
    let plain = runtime::Server::new(runtime::Config::local()).add(super::echo::proto()).start().await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let talker = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"220 kites ESMTP\r\n").await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await;
        }
    });
    for (at, text) in [(plain.addr(), "; the peer may not speak TLS"), (talker, "; the peer does not speak TLS")] {
        let channel = channel(&WAYS[3], &format!("https://{at}"), Some(place.trusting())).unwrap();
        let error = call(&WAYS[3], &channel, Bytes::new()).await.unwrap_err();
        assert!(error.message().contains("TLS: ") && error.message().contains(text), "{error}");
    }
}

/// A server whose handshake stalls is left for another one after the time of a connect.
#[tokio::test]
async fn a_client_goes_to_another_instance_when_a_handshake_stalls_or_fails() {
    let (place, other) = (Place::new(), Place::new());
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (stranger, running) = (start(other.serving()).await, start(place.serving()).await);
    let addresses = [silent.local_addr().unwrap(), stranger.addr(), running.addr()].map(|at| at.to_string());
    for way in &WAYS {
        let registry = runtime::Registry::open(&format!("static:echo={}", addresses.join(","))).unwrap();
        let builder = way.2(runtime::Channel::builder("echo").registry(&registry)).tls(place.trusting());
        let channel = builder.connect_timeout(Duration::from_millis(200)).build().unwrap();
        for _ in 0..3 {
            assert!(call(way, &channel, Bytes::from_static(&[0])).await.is_ok(), "{}", way.0);
        }
    }
}

#[tokio::test]
async fn handshakes_that_stall_end_with_the_time_of_the_first_byte_and_hold_nobody_up() {
    let place = Place::new();
    let limits = Limits { first_byte: Duration::from_millis(300), ..Limits::default() };
    let running = server(place.serving(), limits).start().await.unwrap();
    let mut stalled = Vec::new();
    for first in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"] {
        for _ in 0..20 {
            let mut stream = TcpStream::connect(running.addr()).await.unwrap();
            stream.write_all(first).await.unwrap();
            stalled.push(stream);
        }
    }
    let channel = channel(&WAYS[3], &running.addr().to_string(), Some(place.trusting())).unwrap();
    assert!(call(&WAYS[3], &channel, Bytes::new()).await.is_ok());
    for mut stream in stalled {
        assert!(matches!(stream.read(&mut [0]).await, Ok(0) | Err(_)));
    }
    assert_eq!(running.counters().get(Counter::Stalled), 60);
}

#[tokio::test]
async fn stalled_handshakes_are_counted_among_the_connections() {
    let place = Place::new();
    let limits = Limits { connections_per_address: 2, ..Limits::default() };
    let running = server(place.serving(), limits).start().await.unwrap();
    let open = [TcpStream::connect(running.addr()).await.unwrap(), TcpStream::connect(running.addr()).await.unwrap()];
    let mut third = TcpStream::connect(running.addr()).await.unwrap();
    assert!(matches!(third.read(&mut [0]).await, Ok(0) | Err(_)));
    assert_eq!(running.counters().get(Counter::Refused), 1);
    drop(open);
}
