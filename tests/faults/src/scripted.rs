//! A service of gRPC's by hand: it ends connections, refuses streams, and answers what nobody should.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fuzz::Random;
use runtime::Code;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

use crate::Failure;
use crate::h2::{self, ACK, DATA, END_HEADERS, END_STREAM, Frame, GOAWAY, HEADERS, PING, RESET, Raw, SETTINGS, WINDOW};

/// How it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// It ends a connection some time after its begin; what comes behind its last stream is not looked at.
    Goaway,
    /// It refuses one of 50 streams of a connection.
    Refuse,
    /// Both.
    Both,
    /// It answers by the number in the request: see [`ANSWERS`] and [`FUZZ`].
    Hostile,
}

/// A call with this number has a good answer, whatever the script.
pub const GOOD: usize = 1_000_000;
/// From this number on answers are fuzzed, each number in its own way.
pub const FUZZ: usize = 2_000_000;

/// Hostile answers by their number, and the code that the call ends with; `None` is an answer.
pub const ANSWERS: [(&str, Option<Code>); 23] = [
    ("details that are no base64", Some(Code::NotFound)),
    ("a message with a bad escape", Some(Code::NotFound)),
    ("a message with bytes that are not UTF-8", Some(Code::NotFound)),
    ("a status that is no number", Some(Code::Unknown)),
    ("a status that nobody knows", Some(Code::Unknown)),
    ("HTTP 400 with HTML", Some(Code::Internal)),
    ("HTTP 401 with HTML", Some(Code::Unauthenticated)),
    ("HTTP 403 with HTML", Some(Code::PermissionDenied)),
    ("HTTP 404 with HTML", Some(Code::Unimplemented)),
    ("HTTP 429 with HTML", Some(Code::Unavailable)),
    ("HTTP 503 with HTML", Some(Code::Unavailable)),
    ("HTTP 200 with HTML", Some(Code::Unknown)),
    ("the end without a status", Some(Code::Internal)),
    ("half a message", Some(Code::Internal)),
    ("an envelope with unknown flags", Some(Code::Internal)),
    ("a reset with NO_ERROR", Some(Code::Internal)),
    ("a reset with PROTOCOL_ERROR", Some(Code::Internal)),
    ("a reset with REFUSED_STREAM, behind headers", Some(Code::Unavailable)),
    ("a reset with CANCEL", Some(Code::Cancelled)),
    ("a reset with ENHANCE_YOUR_CALM", Some(Code::ResourceExhausted)),
    ("a reset with INADEQUATE_SECURITY", Some(Code::PermissionDenied)),
    ("headers of 80 KiB", Some(Code::Internal)),
    // The connection ends by it.
    ("headers of 200 KiB", Some(Code::Unavailable)),
];

/// What it has seen.
#[derive(Debug, Default)]
struct Seen {
    connections: usize,
    refused: usize,
    done: HashMap<Vec<u8>, usize>,
}

/// A service that is running; dropped it ends.
#[derive(Debug)]
pub struct Peer {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    task: AbortHandle,
}

impl Peer {
    /// Connections, streams that were not looked at, and calls that were done more than once.
    pub fn seen(&self) -> (usize, usize, usize) {
        let seen = lock(&self.seen);
        (seen.connections, seen.refused, seen.done.values().filter(|times| **times > 1).count())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts one.
///
/// # Errors
///
/// When it cannot listen.
pub async fn start(script: Script) -> Result<Peer, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (address, seen) = (listener.local_addr()?, Arc::<Mutex<Seen>>::default());
    let shared = Arc::clone(&seen);
    let accepting = tokio::spawn(async move {
        // Ends with this task.
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            lock(&shared).connections += 1;
            let shared = Arc::clone(&shared);
            connections.spawn(async move {
                if let Some(raw) = Raw::accept(stream).await {
                    serve(raw, script, &shared).await;
                }
            });
            while connections.try_join_next().is_some() {}
        }
    });
    Ok(Peer { address, seen, task: accepting.abort_handle() })
}

/// How long a connection lasts with [`Script::Goaway`].
const AGE: Duration = Duration::from_millis(50);

async fn serve(mut raw: Raw, script: Script, seen: &Mutex<Seen>) {
    let (start, mut told) = (Instant::now(), None);
    let ends = matches!(script, Script::Goaway | Script::Both);
    let mut streams = 0_usize;
    loop {
        // What is told to go has a moment to do so.
        let wait = Duration::from_millis(if told.is_some() { 20 } else { 1_000_000 });
        let Ok(frame) = tokio::time::timeout(wait, raw.next()).await else { return raw.finish().await };
        let Some(frame) = frame else { return };
        let out = match frame.kind {
            SETTINGS if frame.flags & ACK == 0 => h2::frame(SETTINGS, ACK, 0, &[]),
            PING if frame.flags & ACK == 0 => h2::frame(PING, ACK, 0, &frame.body),
            DATA if frame.flags & END_STREAM != 0 => {
                streams += 1;
                if told.is_some_and(|last| frame.stream > last) {
                    lock(seen).refused += 1;
                    continue;
                }
                let mut out = Vec::new();
                if matches!(script, Script::Refuse | Script::Both) && streams.is_multiple_of(50) {
                    lock(seen).refused += 1;
                    out.extend(h2::frame(RESET, 0, frame.stream, &7_u32.to_be_bytes()));
                } else {
                    *lock(seen).done.entry(frame.body.clone()).or_default() += 1;
                    out.extend(answer(&frame, script));
                }
                out.extend(window(&frame));
                if ends && told.is_none() && start.elapsed() > AGE {
                    told = Some(frame.stream);
                    out.extend(h2::frame(GOAWAY, 0, 0, &[frame.stream.to_be_bytes(), [0; 4]].concat()));
                }
                out
            }
            DATA => window(&frame),
            _ => continue,
        };
        if !raw.send(&out).await {
            return;
        }
    }
}

/// Takes what a frame took of the connection's window.
fn window(frame: &Frame) -> Vec<u8> {
    let size = u32::try_from(frame.body.len()).unwrap_or_default();
    if size == 0 { Vec::new() } else { h2::frame(WINDOW, 0, 0, &size.to_be_bytes()) }
}

fn answer(frame: &Frame, script: Script) -> Vec<u8> {
    let number = number(&frame.body);
    match script {
        Script::Hostile if number >= FUZZ => fuzzed(frame.stream, number - FUZZ),
        Script::Hostile if number < ANSWERS.len() => hostile(frame.stream, number),
        _ => good(frame),
    }
}

/// The number in a message of one field, in its envelope.
fn number(body: &[u8]) -> usize {
    let bytes = body.get(6..).unwrap_or_default();
    bytes.iter().rev().fold(0, |number, byte| number << 7 | usize::from(byte & 127))
}

fn head(stream: u32, flags: u8, headers: &[(&str, &str)]) -> Vec<u8> {
    h2::frame(HEADERS, END_HEADERS | flags, stream, &h2::block(headers.iter().copied()))
}

const OK: [(&str, &str); 2] = [(":status", "200"), ("content-type", "application/grpc")];

fn good(frame: &Frame) -> Vec<u8> {
    let data = h2::frame(DATA, 0, frame.stream, &frame.body);
    [head(frame.stream, 0, &OK), data, head(frame.stream, END_STREAM, &[("grpc-status", "0")])].concat()
}

fn hostile(stream: u32, number: usize) -> Vec<u8> {
    let trailers = |headers: &[(&str, &str)]| head(stream, END_STREAM, &[&OK[..], headers].concat());
    let html = |status: &str| {
        let head = head(stream, 0, &[(":status", status), ("content-type", "text/html")]);
        [head, h2::frame(DATA, END_STREAM, stream, b"<html>")].concat()
    };
    let data = |body: &[u8]| [head(stream, 0, &OK), h2::frame(DATA, 0, stream, body)].concat();
    let end = |begin: Vec<u8>| [begin, head(stream, END_STREAM, &[("grpc-status", "0")])].concat();
    let reset = |code: u32| [head(stream, 0, &OK), h2::frame(RESET, 0, stream, &code.to_be_bytes())].concat();
    let gone = ("grpc-status", "5");
    match number {
        0 => trailers(&[gone, ("grpc-status-details-bin", "!!%%==")]),
        1 => trailers(&[gone, ("grpc-message", "100%, %4 and %zz")]),
        2 => trailers(&[gone, ("grpc-message", "%ff%fe")]),
        3 => trailers(&[("grpc-status", "five")]),
        4 => trailers(&[("grpc-status", "77")]),
        5..=11 => html(["400", "401", "403", "404", "429", "503", "200"][number - 5]),
        12 => [head(stream, 0, &OK), h2::frame(DATA, END_STREAM, stream, &[])].concat(),
        13 => end(data(&[0, 0, 0, 0, 9, 8])),
        14 => end(data(&[0x70, 0, 0, 0, 0])),
        15..=20 => reset([0, 1, 7, 8, 11, 12][number - 15]),
        21 => large(stream, 4),
        _ => large(stream, 10),
    }
}

/// More headers than anybody takes.
fn large(stream: u32, count: usize) -> Vec<u8> {
    let value = "x".repeat(20_000);
    let block = h2::block(OK.into_iter().chain((0..count).map(|_| ("x-large", value.as_str()))));
    let mut parts = block.chunks(16_000).peekable();
    let mut out = h2::frame(HEADERS, 0, stream, parts.next().unwrap_or_default());
    while let Some(part) = parts.next() {
        let flags = if parts.peek().is_none() { END_HEADERS } else { 0 };
        out.extend(h2::frame(h2::CONTINUATION, flags, stream, part));
    }
    out.extend(head(stream, END_STREAM, &[("grpc-status", "0")]));
    out
}

const NAMES: [&str; 16] = [
    ":status",
    "content-type",
    "grpc-status",
    "grpc-message",
    "grpc-status-details-bin",
    "grpc-encoding",
    "biz-status",
    "biz-extra",
    "x-bin",
    "content-length",
    "connection",
    "te",
    "Upper-Case",
    "",
    "grpc-timeout",
    ":path",
];
const VALUES: [&str; 18] = [
    "200",
    "204",
    "404",
    "999",
    "0",
    "5",
    "-1",
    "4294967296",
    "application/grpc",
    "application/grpc+json",
    "text/html",
    "gzip",
    "br",
    "%",
    "%e2%82",
    "CAUSBGdvbmU",
    "====",
    "\u{1}\r\n\u{0}",
];

/// Headers, trailers and data of any kind, and at times bytes that are no block at all.
fn fuzzed(stream: u32, seed: usize) -> Vec<u8> {
    let mut random = Random::new(seed as u64);
    let mut out = Vec::new();
    for _ in 0..=random.below(3) {
        let mut block = if random.below(4) > 0 { h2::block(OK.iter().copied()) } else { Vec::new() };
        for _ in 0..random.below(6) {
            if let (Some(name), Some(value)) = (random.pick(&NAMES), random.pick(&VALUES)) {
                block.extend(h2::block([(*name, *value)]));
            }
        }
        for _ in 0..random.below(20).saturating_sub(16) {
            let at = random.below(block.len());
            let byte = random.number().to_le_bytes()[0];
            if let Some(place) = block.get_mut(at) {
                *place = byte;
            }
        }
        let last = random.below(2) == 0;
        out.extend(h2::frame(HEADERS, END_HEADERS | if last { END_STREAM } else { 0 }, stream, &block));
        if !last && random.below(2) == 0 {
            let data: Vec<u8> = (0..random.below(12)).map(|_| random.number().to_le_bytes()[0] % 3).collect();
            out.extend(h2::frame(DATA, 0, stream, &data));
        }
    }
    // Whatever it was, it is over.
    let code = u32::try_from(random.below(15)).unwrap_or_default();
    out.extend(h2::frame(RESET, 0, stream, &code.to_be_bytes()));
    out
}
