//! Rows 16, 39 and 40: messages of HTTP/2 that stop before their end, that nobody takes, and that grow.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::http2::{alive, open, warm};
use super::{Scale, gauges, until, well};
use crate::Failure;
use crate::attacker;
use crate::h2::{self, DATA, END_STREAM, FIRST_WINDOW, Frame, GOAWAY, HEADERS, RESET, Raw, SETTINGS, WINDOW};
use crate::process::{Settings, Target};
use crate::report::{Line, size};
use crate::traffic::Traffic;

const MIB: usize = 1 << 20;
/// The call that asks for the gauges is counted, too.
const KIB: i64 = 1 << 10;
/// What requests may take at once.
const ROOM: usize = 64 * MIB;
/// Streams of one connection.
const STREAMS: u32 = 100;
/// What RSS may have beyond [`ROOM`].
const BESIDE: usize = 32 * MIB;
/// A peer that could send nothing for so long has sent what it can.
const QUIET: Duration = Duration::from_secs(2);

fn target() -> Settings {
    Settings { config: format!("[limits]\nin_flight_bytes = {ROOM}\n"), ..Settings::default() }
}

/// The windows of one connection, and what is still to be sent on each of its streams.
struct Sender {
    raw: Raw,
    first: usize,
    window: usize,
    streams: BTreeMap<u32, Sending>,
}

struct Sending {
    window: usize,
    left: usize,
}

impl Sender {
    /// Opens the streams, and sends on each the beginning of a message.
    async fn start(target: SocketAddr, number: usize, each: usize, claimed: usize) -> Result<Self, Failure> {
        let mut raw = Raw::connect(target, number, &[]).await?;
        // The server's first frame are its settings.
        let first = raw.next().await.and_then(|frame| setting(&frame, FIRST_WINDOW)).unwrap_or(65_535);
        let (mut streams, mut begin) = (BTreeMap::new(), Vec::new());
        let length = u32::try_from(claimed)?.to_be_bytes();
        for stream in 0..STREAMS {
            begin.extend(open(stream, 0, &h2::call("/faults.twin.Twin/Size")));
            begin.extend(h2::frame(DATA, 0, 2 * stream + 1, &[&[0][..], &length].concat()));
            streams.insert(2 * stream + 1, Sending { window: first - 5, left: each });
        }
        raw.send(&begin).await;
        Ok(Self { raw, first, window: 65_535 - 5 * STREAMS as usize, streams })
    }

    /// Sends until everything is sent, or the server wants no more of it. Holds the connection open.
    async fn run(mut self) -> Self {
        let mut last = Instant::now();
        while last.elapsed() < QUIET && self.streams.values().any(|stream| stream.left > 0) {
            let mut out = Vec::new();
            for (id, stream) in &mut self.streams {
                let size = stream.left.min(stream.window).min(self.window).min(16 << 10);
                if size > 0 {
                    out.extend(h2::frame(DATA, 0, *id, &vec![7; size]));
                    (stream.left, stream.window, self.window) =
                        (stream.left - size, stream.window - size, self.window - size);
                }
            }
            if !out.is_empty() {
                last = Instant::now();
                if !self.raw.send(&out).await {
                    break;
                }
            }
            let (frames, ended) = self.raw.listen(Duration::from_millis(2)).await;
            frames.iter().for_each(|frame| self.take(frame));
            if ended {
                break;
            }
        }
        self
    }

    fn take(&mut self, frame: &Frame) {
        match frame.kind {
            WINDOW => {
                let more = frame.body.first_chunk().map_or(0, |more| u32::from_be_bytes(*more) as usize);
                match self.streams.get_mut(&frame.stream) {
                    Some(stream) => stream.window += more,
                    None if frame.stream == 0 => self.window += more,
                    None => {}
                }
            }
            RESET => drop(self.streams.remove(&frame.stream)),
            HEADERS if frame.flags & END_STREAM != 0 => drop(self.streams.remove(&frame.stream)),
            SETTINGS => self.first = setting(frame, FIRST_WINDOW).unwrap_or(self.first),
            GOAWAY => self.streams.clear(),
            _ => {}
        }
    }
}

fn setting(frame: &Frame, wanted: u16) -> Option<usize> {
    let pairs = frame.body.chunks_exact(6).filter(|_| frame.kind == SETTINGS);
    let mut pairs = pairs.filter_map(|pair| pair.split_first_chunk::<2>());
    let (_, value) = pairs.find(|(id, _)| u16::from_be_bytes(**id) == wanted)?;
    Some(u32::from_be_bytes(*value.first_chunk()?) as usize)
}

/// Row 39.
pub(super) async fn requests(_: Scale) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for (connections, each, claimed) in
        [(4, 4 * MIB - 21, 4 * MIB - 5), (20, 60 << 10, 64 << 10), (20, 60 << 10, 4 * MIB - 5)]
    {
        let mut target = Target::start(&target()).await?;
        warm(&target).await?;
        let before = target.resident()?;
        target.forget_peak()?;
        let traffic = Traffic::start(target.address, 200)?;
        let mut peers: Vec<JoinHandle<Sender>> = Vec::new();
        for number in 0..connections {
            let sender = Sender::start(target.address, 2_000 + number, each, claimed).await?;
            peers.push(tokio::spawn(sender.run()));
        }
        let mut held = Vec::new();
        for peer in peers {
            held.push(peer.await?);
        }
        let seen = traffic.stop().await?;
        let grown = target.peak()?.saturating_sub(before);
        let what = format!(
            "{connections} connections × {STREAMS} requests of {} that stop after {}",
            size(claimed),
            size(each)
        );
        let required = format!("peak of RSS + ≤ {} + {}", size(ROOM), size(BESIDE));
        lines.push(Line::new(39, &what, required, size(grown), grown <= ROOM + BESIDE));
        let said = format!("{} of {} failed, p99 {:.1?}", seen.failed, seen.times.len(), seen.p99());
        lines.push(Line::new(39, &what, "200 calls/s of others: none fails", said, seen.failed == 0));
        lines.extend(alive(39, &target).await);
        drop(held);
        let free = until(&target, Duration::from_secs(2), |gauges| gauges.in_flight_bytes < KIB).await?;
        let said = free.map_or("still some".to_owned(), |time| format!("after {time:.1?}"));
        lines.push(Line::new(39, &what, "nothing counted ≤ 2 s after the end", said, free.is_some()));
        lines.extend(well(39, &mut target).await?);
    }
    Ok(lines)
}

/// Row 40.
pub(super) async fn answers(_: Scale) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for (path, bytes) in [("Blob", 1_000_000), ("Flow", 1_000_000), ("Blob", 4_000), ("Number", 1)] {
        let mut target = Target::start(&target()).await?;
        warm(&target).await?;
        let before = target.resident()?;
        target.forget_peak()?;
        let traffic = Traffic::start(target.address, 200)?;
        let mut held = Vec::new();
        for number in 0..20 {
            let mut raw = Raw::connect(target.address, 2_000 + number, &[(FIRST_WINDOW, 0)]).await?;
            let head = h2::call(&format!("/faults.twin.Twin/{path}"));
            let calls = (0..STREAMS).flat_map(|stream| {
                let data = h2::frame(DATA, END_STREAM, 2 * stream + 1, &h2::count(bytes));
                [open(stream, 0, &head), data].concat()
            });
            raw.send(&calls.collect::<Vec<_>>()).await;
            held.push(raw);
        }
        let full = settled(&target).await?;
        let start = Instant::now();
        let grown = target.peak()?.saturating_sub(before);
        let what = format!("20 connections × {STREAMS} answers of `{path}` with {bytes} B that nobody takes");
        let required = format!("peak of RSS + ≤ {} + {}", size(ROOM), size(BESIDE));
        let said = format!("{}, {} counted", size(grown), size(usize::try_from(full)?));
        lines.push(Line::new(40, &what, required, said, grown <= ROOM + BESIDE));
        let free = until(&target, Duration::from_secs(12), |gauges| gauges.in_flight_bytes < KIB).await?;
        let most = before + BESIDE;
        while target.resident()? > most && start.elapsed() < Duration::from_secs(12) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let left = target.resident()?.saturating_sub(before);
        let said = format!("{} left after {:.1?}", size(left), start.elapsed());
        let ok = free.is_some() && left <= BESIDE;
        let required = format!("nothing counted, RSS + ≤ {} ≤ 2 s after the deadline of 10 s", size(BESIDE));
        lines.push(Line::new(40, &what, required, said, ok));
        let seen = traffic.stop().await?;
        let said = format!("{} of {} failed, p99 {:.1?}", seen.failed, seen.times.len(), seen.p99());
        lines.push(Line::new(40, &what, "200 calls/s of others: none fails", said, seen.failed == 0));
        lines.extend(alive(40, &target).await);
        lines.extend(well(40, &mut target).await?);
        drop(held);
    }
    Ok(lines)
}

/// Row 16.
pub(super) async fn bombs(_: Scale) -> Result<Vec<Line>, Failure> {
    let mut target = Target::start(&Settings::default()).await?;
    warm(&target).await?;
    // Members in a row are one text: a gigabyte of zeroes in a megabyte.
    let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    member.write_all(&vec![0; 16 * MIB])?;
    let bomb = member.finish()?.repeat(64);
    let mut lines = Vec::new();
    for (what, flags, message) in [("a bomb of 1 GiB", 1, bomb), ("a message of 5 MiB", 0, vec![0; 5 * MIB])] {
        let what = format!("{what} in {}", size(message.len()));
        let before = target.resident()?;
        target.forget_peak()?;
        let status = refused(target.address, flags, &message).await?;
        let grown = target.peak()?.saturating_sub(before);
        let said = status.clone().unwrap_or("no status".to_owned());
        lines.push(Line::new(16, &what, "RESOURCE_EXHAUSTED (8)", said, status.as_deref() == Some("8")));
        // What a connection of HTTP/2 has in its windows, and the message.
        let most = 4 * MIB + MIB + 2 * MIB;
        lines.push(Line::new(16, &what, format!("peak of RSS + ≤ {}", size(most)), size(grown), grown <= most));
        lines.extend(alive(16, &target).await);
    }
    lines.extend(well(16, &mut target).await?);
    Ok(lines)
}

/// What is counted once no more comes: all calls are answered, or refused.
async fn settled(target: &Target) -> Result<i64, Failure> {
    let begin = Instant::now();
    let mut before = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = gauges(target).await?.in_flight_bytes;
        if now == before && now > KIB || begin.elapsed() > Duration::from_secs(5) {
            return Ok(now);
        }
        before = now;
    }
}

/// The status of a call with this message, however much of it is taken.
async fn refused(target: SocketAddr, flags: u8, message: &[u8]) -> Result<Option<String>, Failure> {
    let (client, connection) = ::h2::client::handshake(attacker::connect(target, 0).await?).await?;
    tokio::spawn(connection);
    let mut client = client.ready().await?;
    let request = http::Request::post(format!("http://{target}/faults.twin.Twin/Size"));
    let request = request.header("content-type", "application/grpc").header("grpc-encoding", "gzip").body(())?;
    let (response, mut body) = client.send_request(request, false)?;
    // What is refused early is not taken to its end.
    let _ = body.send_data(h2::envelope(flags, message).into(), true);
    let response = response.await?;
    let status = |headers: &http::HeaderMap| Some(headers.get("grpc-status")?.to_str().ok()?.to_owned());
    if let Some(status) = status(response.headers()) {
        return Ok(Some(status));
    }
    let mut body = response.into_body();
    while body.data().await.transpose()?.is_some() {}
    Ok(body.trailers().await?.as_ref().and_then(status))
}
