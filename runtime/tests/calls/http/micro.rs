//! go-micro's default transport: what its clients send and what they are answered, byte by byte.

use std::time::{Duration, Instant};

use bytes::Bytes;
use runtime::error::Origin;
use runtime::server::Running;
use runtime::service::Idl;
use runtime::{Call, Channel, Code, Context, Limits, Method};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::hello::{HelloServer, start};

/// What a client of go-micro 2.9 sends for `Hello.Say`, with a `Micro-Endpoint` of the test's.
fn asks(endpoint: &str, more: &str, body: &str) -> String {
    let size = body.len();
    format!(
        "POST / HTTP/1.1\r\nHost: 127.0.0.1:1\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: {size}\r\n{more}\
         Micro-Endpoint: {endpoint}\r\nMicro-Id: 7\r\nMicro-Method: {endpoint}\r\nMicro-Service: greeter\r\n\
         Timeout: 5000000000\r\n\r\n{body}"
    )
}

const PROTO: &str = "Accept: application/protobuf\r\nContent-Type: application/protobuf\r\n";
#[cfg(feature = "json")]
const JSON: &str = "Accept: application/json\r\nContent-Type: application/json\r\n";

/// The answers to requests on one connection, without the times that are left.
async fn answers(running: &Running, requests: &[String]) -> Vec<String> {
    let mut stream = TcpStream::connect(running.addr()).await.unwrap();
    let mut answers = Vec::new();
    for request in requests {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !is_whole(&answer) {
            assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "{}", String::from_utf8_lossy(&answer));
        }
        let answer = String::from_utf8(answer).unwrap();
        let lines = answer.split_inclusive("\r\n").filter(|line| !line.starts_with("left: "));
        answers.push(lines.collect());
    }
    answers
}

fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let size = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    body.len() == size.parse::<usize>().unwrap()
}

#[tokio::test]
async fn calls_follow_each_other_on_one_connection() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let say = "HTTP/1.1 200 OK\r\nseen: none\r\ncontent-type: application/protobuf\r\nmicro-id: 7\r\n\
               content-length: 12\r\n\r\n\n\nhello kite";
    let fail = "HTTP/1.1 200 OK\r\nmicro-error: {\"id\":\"GONE\",\"code\":404,\"detail\":\"nobody ✗\",\
                \"status\":\"Not Found\"}\r\nmicro-id: 7\r\ncontent-length: 0\r\n\r\n";
    let requests = [
        asks("Hello.Say", PROTO, "\n\x04kite"),
        asks("Hello.Fail", PROTO, ""),
        // Protobuf where nothing is said.
        asks("Hello.Say", "", "\n\x04kite"),
        asks("hello.v1.Hello.Say", PROTO, ""),
    ];
    let got = answers(&running, &requests).await;
    let [one, two, three, four] = &got[..] else { panic!("{got:?}") };
    assert_eq!([one, two, three], [say, fail, say]);
    assert!(four.contains("\r\nmicro-error: {\"id\":\"hello.v1.Hello\",\"code\":501,"), "{four}");
    // The clients before the second version name the method in another header alone.
    let old = asks("Hello.Say", PROTO, "\n\x04kite").replace("Micro-Endpoint: Hello.Say\r\n", "");
    assert_eq!(answers(&running, &[old]).await, [say]);
}

#[cfg(feature = "json")]
#[tokio::test]
async fn bodies_in_json_are_answered_in_json() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let got = answers(&running, &[asks("Hello.Say", JSON, r#"{"name":"kite"}"#)]).await;
    let say = "HTTP/1.1 200 OK\r\nseen: none\r\ncontent-type: application/json\r\nmicro-id: 7\r\n\
               content-length: 21\r\n\r\n{\"name\":\"hello kite\"}";
    assert_eq!(got, [say]);
}

#[tokio::test]
async fn what_is_not_served_is_an_error_on_a_connection_that_goes_on() {
    let running = start(&HelloServer::default(), Limits { grpc_message: 100, ..Limits::default() }).await;
    let (large, text) = ("x".repeat(101), "Content-Type: text/plain\r\n");
    let stream = format!("Micro-Stream: 7\r\n{PROTO}");
    for (request, code, told) in [
        (asks("Hello.Nope", PROTO, ""), 501, "unknown method Hello.Nope"),
        (asks("Nope.Say", PROTO, ""), 501, "unknown method Nope.Say"),
        (asks("Say", PROTO, ""), 501, "unknown method Say"),
        (asks("Hello.Say", text, "x"), 501, "bodies of text/plain are not served here"),
        (asks("Hello.Say", &stream, ""), 501, "streams are served over gRPC"),
        (asks("Hello.Say", PROTO, "\n\x09"), 400, ""),
        (asks("Hello.Say", PROTO, &large), 429, ""),
    ] {
        let got = answers(&running, &[request.clone(), request]).await;
        for got in got {
            let error = got.lines().find_map(|line| line.strip_prefix("micro-error: "));
            let error = error.unwrap_or_else(|| panic!("{got}"));
            assert!(got.starts_with("HTTP/1.1 200 OK\r\n") && error.contains(&format!("\"code\":{code},")), "{got}");
            assert!(error.contains(&format!("\"detail\":\"{told}")) && got.contains("\r\nmicro-id: 7\r\n"), "{got}");
        }
    }
}

#[tokio::test]
async fn a_path_without_an_endpoint_is_no_call() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let plain = asks("", PROTO, "");
    let got = answers(&running, &[plain]).await;
    assert!(got[0].starts_with("HTTP/1.1 404 Not Found\r\n"), "{got:?}");
}

/// What a channel sends to `mucp://`, and what it makes of the answers.
async fn asked(answers: &'static [&str], runs: usize) -> (Vec<String>, Vec<Result<runtime::Answer, runtime::Error>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut requests = Vec::new();
        for answer in answers {
            let mut request = Vec::new();
            while !request.ends_with(b"\n\x04kite") {
                assert!(stream.read_buf(&mut request).await.unwrap() > 0, "{}", String::from_utf8_lossy(&request));
            }
            requests.push(String::from_utf8(request).unwrap());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        requests
    });
    static SAY: Method = Method::new(Idl::Proto, "/hello.v1.Hello/Say", 0);
    let channel = Channel::to(&format!("mucp://{at}")).unwrap();
    let mut outcomes = Vec::new();
    for _ in 0..runs {
        let cx = Context::new().with_deadline(Instant::now() + Duration::from_secs(60));
        let call = Call::new(&SAY, cx, Bytes::from_static(b"\n\x04kite"), Default::default());
        outcomes.push(channel.call(call, None).await);
    }
    let requests = serving.await.unwrap().iter().map(|text| text.replace(&at, "AT")).collect();
    (requests, outcomes)
}

#[tokio::test]
async fn a_channel_speaks_as_the_instance_says() {
    // As a server of go-micro 2.9 answers, which repeats the headers of the request.
    let (requests, outcomes) = asked(
        &[
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: application/protobuf\r\nMicro-Id: 0\r\n\
             Timeout: 5\r\nX-Micro-Endpoint: Hello.Say\r\nX-Micro-Id: 0\r\nX-User: u1\r\n\r\n\n\x01x",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Type: application/protobuf\r\n\
             Micro-Error: {\"id\":\"hello.srv.say\",\"code\":404,\"detail\":\"user x ✗\",\"status\":\"Not Found\"}\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Type: text/plain\r\n\r\nwhat",
        ],
        3,
    )
    .await;
    let mut ids = Vec::new();
    for request in requests {
        let (mut head, mut rest) = (Vec::new(), Vec::new());
        for line in request.split_inclusive("\r\n") {
            let of_call = ["micro-id: ", "timeout: "].iter().any(|name| line.starts_with(name));
            if of_call { rest.push(line.to_owned()) } else { head.push(line) }
        }
        let version = env!("CARGO_PKG_VERSION");
        let wanted = format!(
            "POST / HTTP/1.1\r\ncontent-type: application/protobuf\r\nuser-agent: kiteline/{version}\r\n\
             accept-encoding: {}\r\naccept: application/protobuf\r\nmicro-service: mucp://AT\r\nmicro-method: Hello.Say\r\n\
             micro-endpoint: Hello.Say\r\nhost: AT\r\ncontent-length: 6\r\n\r\n\n\x04kite",
            runtime::grpc::ENCODINGS
        );
        assert_eq!(head.concat(), wanted);
        let [id, timeout] = &rest[..] else { panic!("{rest:?}") };
        let left: u64 = timeout.trim().strip_prefix("timeout: ").unwrap().parse().unwrap();
        assert!(left > 0 && left <= 60_000_000_000, "{left}");
        ids.push(id.clone());
    }
    ids.dedup();
    assert_eq!(ids.len(), 3, "{ids:?}");
    let [Ok(answer), Err(gone), Err(text)] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert_eq!(answer.body.as_whole().unwrap(), "\n\x01x");
    assert_eq!(answer.head, [("x-user", "u1")].into_iter().collect());
    assert_eq!((gone.code(), gone.message(), gone.reason()), (Code::NotFound, "user x ✗", "hello.srv.say"));
    assert_eq!((gone.origin(), text.origin()), (Origin::Remote, Origin::Remote));
    assert_eq!(text.message(), "an answer of the content type `text/plain`, not `application/protobuf`");
}

#[tokio::test]
async fn our_channels_call_our_servers_so() {
    let running = start(&HelloServer::default(), Limits::default()).await;
    let channel = Channel::to(&format!("mucp://{}", running.addr())).unwrap();
    static METHODS: [Method; 3] = [
        Method::new(Idl::Proto, "/hello.v1.Hello/Say", 0),
        Method::new(Idl::Proto, "/hello.v1.Hello/Fail", 1),
        Method::new(Idl::Proto, "/hello.v1.Hello/Watch", 2).streaming(false, true),
    ];
    let call =
        |at: usize| Call::new(&METHODS[at], Context::new(), Bytes::from_static(b"\n\x04kite"), Default::default());
    let answer = channel.call(call(0), None).await.unwrap();
    assert_eq!(answer.body.as_whole().unwrap(), "\n\nhello kite");
    let gone = channel.call(call(1), None).await.unwrap_err();
    assert_eq!((gone.code(), gone.message(), gone.reason()), (Code::NotFound, "nobody ✗", "GONE"));
    let streams = channel.call(call(2), None).await.unwrap_err();
    assert_eq!(streams.code(), Code::Unimplemented, "{streams}");
}
