//! Row 35: requests to routes of HTTP that are not what they seem, or far too large.

use std::io::Write as _;

use super::Scale;
use super::requests::{Attack, Kind, MIB, attack, attacked, request};
use crate::Failure;
use crate::report::Line;

/// A body in JSON.
fn json(status: u16, what: &str, headers: &str, body: Vec<u8>) -> Attack {
    let headers = format!("content-type: application/json\r\ncontent-length: {}\r\n{headers}", body.len());
    Attack { what: what.to_owned(), part: (body, 1), ..request(status, "POST /v1/books", &headers) }
}

/// A second request hides behind the first one, for who goes by the other length.
fn smuggled(what: &str, lengths: &str, body: &str) -> Attack {
    const HIDDEN: &str = "GET /v1/books/hidden HTTP/1.1\r\nhost: a\r\n\r\n";
    let head = "POST /v1/books HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
    attack(400, what, format!("{head}{lengths}\r\n{body}{HIDDEN}"))
}

fn smuggling() -> Vec<Attack> {
    const CHUNKED: &str = "transfer-encoding: chunked\r\n";
    vec![
        smuggled("CL before TE", &format!("content-length: 4\r\n{CHUNKED}"), "0\r\n\r\n"),
        smuggled("TE before CL", &format!("{CHUNKED}content-length: 4\r\n"), "0\r\n\r\n"),
        smuggled("CL of all before TE", &format!("content-length: 48\r\n{CHUNKED}"), "0\r\n\r\n"),
        smuggled("TE before CL of 0", &format!("{CHUNKED}content-length: 0\r\n"), "0\r\n\r\n"),
        smuggled("two CL", "content-length: 2\r\ncontent-length: 50\r\n", "{}"),
        smuggled("CL with a sign", "content-length: +2\r\n", "{}"),
        smuggled("CL in hexadecimal", "content-length: 0x2\r\n", "{}"),
        smuggled("TE of its own", "transfer-encoding: xchunked\r\n", "0\r\n\r\n"),
        smuggled("TE that is not last", "transfer-encoding: chunked, identity\r\n", "0\r\n\r\n"),
        smuggled("a space before the colon", "transfer-encoding : chunked\r\n", "0\r\n\r\n"),
        smuggled("a folded line", "x: 1\r\n transfer-encoding: chunked\r\n", "0\r\n\r\n"),
        smuggled("a size of no chunk", CHUNKED, "0x2\r\n{}\r\n0\r\n\r\n"),
        smuggled("a size over 2^64", CHUNKED, "10000000000000002\r\n{}\r\n0\r\n\r\n"),
        smuggled("a chunk longer than it says", CHUNKED, "1\r\n{}\r\n0\r\n\r\n"),
    ]
}

fn paths() -> Vec<Attack> {
    let mut attacks = vec![
        attack(400, "a line break in the path", "GET /v1/books/a\r\nx: 1 HTTP/1.1\r\nhost: a\r\n\r\n"),
        attack(400, "a bare CR in a header", "GET /v1/books/a HTTP/1.1\r\nhost: a\r\nx: 1\ry: 2\r\n\r\n"),
        attack(400, "a zero in a header", "GET /v1/books/a HTTP/1.1\r\nhost: a\r\nx: \0\r\n\r\n"),
        attack(400, "no name of a header", "GET /v1/books/a HTTP/1.1\r\nhost: a\r\n: 1\r\n\r\n"),
    ];
    for (status, line) in [
        (400, "GET /v1/books/%2e%2e"),
        (400, "GET /v1/books/../books/a"),
        (400, "GET /v1/files/a/%2E%2E/%2e./etc"),
        (400, "GET /v1/books/."),
        (400, "GET /v1/books/a%0d%0aset-cookie:x"),
        (400, "GET /v1/books/a%00"),
        (400, "GET /v1/books/a%zz"),
        (400, "GET /v1/books/%ff"),
        (400, "GET /v1/books/a?author=%f"),
        (400, "GET /v1/books/a?pages=x"),
        (400, "GET /v1/books/a?author=1&author=2"),
        (404, "GET /v1/books/a/"),
        (404, "GET //v1/books/a"),
        (404, "GET /v1//books/a"),
        (404, "GET /v1/files/a/"),
        (404, "GET /v1/books%2fa"),
        (404, "GET /"),
        (405, "PATCH /v1/books/a"),
        (405, "DELETE /v1/books"),
        (405, "TRACE /v1/books/a"),
        (405, "BREW /v1/books/a"),
    ] {
        attacks.push(request(status, line, ""));
    }
    attacks
}

fn heads() -> Vec<Attack> {
    let (large, many) = (format!("x: {}\r\n", "y".repeat(64 << 10)), "x: y\r\n".repeat(20_000));
    let long = format!("GET /v1/books/{}", "a".repeat(70_000));
    vec![
        Attack { what: "a header of 64 KiB".to_owned(), ..request(431, "GET /v1/books/a", &large) },
        Attack { what: "20,000 headers".to_owned(), ..request(431, "GET /v1/books/a", &many) },
        Attack { what: "a path of 70 KB".to_owned(), ..request(431, &long, "") },
        Attack { what: "a path of 300 segments".to_owned(), ..request(400, &format!("GET {}", "/a".repeat(300)), "") },
        Attack {
            what: "5,000 parameters".to_owned(),
            ..request(400, &format!("GET /v1/books/a?{}", "tags=1&".repeat(5_000)), "")
        },
    ]
}

fn bodies() -> Result<Vec<Attack>, Failure> {
    let large = |length: &str, part: Vec<u8>| {
        let headers = format!("content-type: application/json\r\n{length}\r\n");
        Attack { what: length.to_owned(), part: (part, 100), ..request(413, "POST /v1/books", &headers) }
    };
    let mib = vec![b' '; MIB];
    let chunk = [b"100000\r\n", &mib[..], b"\r\n"].concat();
    // Members in a row are one text: a gigabyte of spaces in a megabyte.
    let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    member.write_all(&vec![b' '; 16 * MIB])?;
    let bomb = member.finish()?.repeat(64);
    let zipped = "content-encoding: gzip\r\n";
    let deep = |text: &str| text.repeat(100_000).into_bytes();
    let form = format!("content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n", 2 << 20);
    let parts = "content-type: multipart/form-data; boundary=b\r\ncontent-length: 8\r\n";
    Ok(vec![
        large(&format!("content-length: {}", 100 * MIB), mib.clone()),
        large("transfer-encoding: chunked", chunk),
        json(413, "a body of 1 GiB in a gzip of 1 MiB", zipped, bomb),
        json(400, "a gzip that is none", zipped, b"{}".to_vec()),
        json(415, "a coding that nobody reads", "content-encoding: br\r\n", b"{}".to_vec()),
        json(400, "10^5 lists in one another", "", deep("[")),
        json(400, "10^5 lists in an unknown field", "", [b"{\"x\":".to_vec(), deep("[")].concat()),
        json(400, "10^5 messages in one another", "", deep("{\"next\":")),
        json(400, "a text that does not end", "", b"{\"name\":\"".to_vec()),
        json(400, "a field twice", "", b"{\"name\":\"a\",\"name\":\"b\"}".to_vec()),
        json(400, "more behind the message", "", b"{} {}".to_vec()),
        json(400, "bytes that are not UTF-8", "", b"{\"name\":\"\xff\"}".to_vec()),
        Attack { part: (b"tags=1&a".repeat(1 << 18), 1), ..request(400, "POST /v1/books", &form) },
        Attack { part: (b"--b\r\n\r\nx".to_vec(), 1), ..request(400, "POST /v1/books", parts) },
        request(415, "POST /v1/books", "content-type: text/html\r\ncontent-length: 0\r\n"),
        request(415, "POST /v1/books", "content-type: application/xml\r\ncontent-length: 0\r\n"),
    ])
}

/// Row 35.
pub(super) async fn rows(_: Scale) -> Result<Vec<Line>, Failure> {
    let kind = Kind {
        row: 35,
        what: "requests by routes",
        beside: "by routes",
        good: b"GET /v1/books/good HTTP/1.1\r\nhost: a\r\n\r\n",
    };
    let groups = [
        ("two lengths, or none that is one, and a second request behind", smuggling()),
        ("paths, verbs and headers", paths()),
        ("heads that are too large", heads()),
        ("bodies", bodies()?),
    ];
    attacked(&kind, groups).await
}
