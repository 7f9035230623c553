//! Row 50: calls over go-micro's default transport (`POST /` with `Micro-*` headers) that are not what they seem, or far too large.

use std::io::Write as _;

use super::Scale;
use super::requests::{Attack, Kind, MIB, attack, attacked, request};
use crate::Failure;
use crate::report::Line;

const JSON: &str = "content-type: application/json\r\n";
const PROTO: &str = "content-type: application/protobuf\r\n";
const GET: &str = "micro-endpoint: Shelf.Get\r\n";

/// A call with these headers and this body.
fn call(status: u16, what: &str, headers: &str, body: impl Into<Vec<u8>>) -> Attack {
    let body = body.into();
    let headers = format!("{headers}content-length: {}\r\n", body.len());
    Attack { what: what.to_owned(), part: (body, 1), ..request(status, "POST /", &headers) }
}

/// A call of a method by this name.
fn named(status: u16, name: &str) -> Attack {
    call(status, name, &format!("micro-endpoint: {name}\r\n{JSON}"), "{}")
}

fn names() -> Vec<Attack> {
    let long = "x".repeat(8 << 10);
    let mut attacks: Vec<_> = [
        "Shelf.Nothing",
        "Shelf",
        ".",
        "..",
        "Shelf.",
        ".Get",
        "shelf.get",
        "Shelf/Get",
        "Shelf.Get.",
        "faults.shelf.Shelf.Get",
        // Of Thrift.
        "Target.Echo",
        "\"},{\"code\":200",
    ]
    .map(|name| named(501, name))
    .into();
    attacks.extend([
        call(501, "a name of 8 KiB", &format!("micro-endpoint: {long}.{long}\r\n{JSON}"), "{}"),
        call(501, "a method of 8 KiB", &format!("micro-method: Shelf.{long}\r\n{JSON}"), "{}"),
        call(501, "an id of 8 KiB", &format!("micro-id: {long}\r\nmicro-endpoint: No.Such\r\n{JSON}"), "{}"),
        named(400, "Shelf.Get\u{7f}"),
        call(404, "no name", JSON, "{}"),
        call(404, "an empty name", &format!("micro-endpoint:\r\n{JSON}"), "{}"),
        call(404, "a service alone", &format!("micro-service: Shelf\r\n{JSON}"), "{}"),
        attack(400, "a zero in the name", "POST / HTTP/1.1\r\nhost: a\r\nmicro-endpoint: Shelf.Get\0\r\n\r\n"),
        attack(400, "a bare CR in the name", "POST / HTTP/1.1\r\nhost: a\r\nmicro-endpoint: Shelf.Get\rx: 1\r\n\r\n"),
        call(501, "a method that streams", &format!("micro-endpoint: Twin.Flow\r\n{JSON}"), "{}"),
        call(501, "a call that streams", &format!("{GET}micro-stream: true\r\n{JSON}"), "{}"),
    ]);
    // Only `POST /` is a call.
    for line in ["GET /", "PUT /", "POST //", "POST /x"] {
        attacks.push(request(404, line, &format!("{GET}{JSON}content-length: 0\r\n")));
    }
    attacks
}

fn heads() -> Vec<Attack> {
    let (large, many) = (format!("micro-x: {}\r\n", "y".repeat(64 << 10)), "micro-x: y\r\n".repeat(20_000));
    let name = format!("micro-endpoint: Shelf.{}\r\n", "y".repeat(64 << 10));
    let mut attacks = vec![
        call(431, "a header of 64 KiB", &format!("{GET}{JSON}{large}"), "{}"),
        call(431, "20,000 headers", &format!("{GET}{JSON}{many}"), "{}"),
        call(431, "a name of 64 KiB", &format!("{name}{JSON}"), "{}"),
        // Proto, where nothing is said.
        call(400, "no content type", GET, "{}"),
        call(400, "an empty content type", &format!("{GET}content-type: \r\n"), "{}"),
    ];
    for label in [
        "text/html",
        "application/msgpack",
        "application/grpc+json",
        "application/x-www-form-urlencoded",
        "\"",
        "a/b; c=\"",
    ] {
        attacks.push(call(501, label, &format!("{GET}content-type: {label}\r\n"), "{}"));
    }
    attacks
}

/// A second request hides behind the first one, for who goes by the other length.
fn smuggled(lengths: &str, body: &str) -> Attack {
    const HIDDEN: &str = "POST / HTTP/1.1\r\nhost: a\r\nmicro-endpoint: Shelf.Get\r\ncontent-length: 0\r\n\r\n";
    let head = format!("POST / HTTP/1.1\r\nhost: a\r\n{GET}{JSON}{lengths}\r\n");
    attack(400, lengths.trim_end(), format!("{head}{body}{HIDDEN}"))
}

fn bodies() -> Result<Vec<Attack>, Failure> {
    let large = |label: &str, length: &str, part: Vec<u8>| {
        let headers = format!("{GET}{label}{length}\r\n");
        Attack { what: length.to_owned(), part: (part, 100), ..request(429, "POST /", &headers) }
    };
    let mib = vec![b' '; MIB];
    let chunk = [b"100000\r\n", &mib[..], b"\r\n"].concat();
    let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    member.write_all(&vec![b' '; 16 * MIB])?;
    let bomb = member.finish()?.repeat(64);
    let json = |status, what, headers: &str, body: Vec<u8>| call(status, what, &format!("{GET}{JSON}{headers}"), body);
    let proto = |status, what, body: Vec<u8>| call(status, what, &format!("{GET}{PROTO}"), body);
    let zipped = "content-encoding: gzip\r\n";
    let chunked = "transfer-encoding: chunked\r\n";
    Ok(vec![
        large(JSON, &format!("content-length: {}", 100 * MIB), mib.clone()),
        large(PROTO, &format!("content-length: {}", 100 * MIB), mib),
        large(JSON, "transfer-encoding: chunked", chunk.clone()),
        large(PROTO, "transfer-encoding: chunked", chunk),
        json(429, "a body of 1 GiB in a gzip of 1 MiB", zipped, bomb),
        json(400, "a gzip that is none", zipped, b"{}".to_vec()),
        json(501, "a coding that nobody reads", "content-encoding: br\r\n", b"{}".to_vec()),
        json(400, "10^5 lists in one another", "", "[".repeat(100_000).into_bytes()),
        json(400, "10^5 messages in one another", "", "{\"next\":".repeat(100_000).into_bytes()),
        json(400, "a text that does not end", "", b"{\"name\":\"".to_vec()),
        json(400, "more behind the message", "", b"{} {}".to_vec()),
        json(400, "JSON that is not UTF-8", "", b"{\"name\":\"\xff\"}".to_vec()),
        proto(400, "10^5 messages in one another, in proto", nested(100_000)),
        proto(400, "a length beyond the end", vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
        proto(400, "a number without an end", vec![0x28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        proto(400, "a text that is not UTF-8", vec![0x0a, 1, 0xff]),
        proto(400, "a type that is none", vec![0x0f]),
        proto(400, "a group that is not closed", vec![0x53; 1000]),
        smuggled(&format!("content-length: 4\r\n{chunked}"), "0\r\n\r\n"),
        smuggled(&format!("{chunked}content-length: 4\r\n"), "0\r\n\r\n"),
        smuggled("content-length: 2\r\ncontent-length: 50\r\n", "{}"),
        smuggled("transfer-encoding: xchunked\r\n", "0\r\n\r\n"),
    ])
}

/// `Book.next` of a book of a book…
fn nested(depth: usize) -> Vec<u8> {
    // Written backwards: each length stands before what it measures.
    let mut backwards: Vec<u8> = Vec::new();
    for _ in 0..depth {
        let (mut length, mut varint) = (backwards.len(), Vec::new());
        while length >= 0x80 {
            varint.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
            length >>= 7;
        }
        varint.push(u8::try_from(length).unwrap_or_default());
        backwards.extend(varint.iter().rev());
        backwards.push(0x1a);
    }
    backwards.reverse();
    backwards
}

/// Row 50.
pub(super) async fn rows(_: Scale) -> Result<Vec<Line>, Failure> {
    let kind = Kind {
        row: 50,
        what: "calls over go-micro's transport",
        beside: "over go-micro's transport",
        good: b"POST / HTTP/1.1\r\nhost: a\r\nmicro-endpoint: Shelf.Get\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{\"name\":\"good\"}",
    };
    attacked(&kind, [("names of methods", names()), ("heads", heads()), ("bodies", bodies()?)]).await
}
