//! Rows 15, 16, 39 and 40: peers of HTTP/2 that flood, that stop, and that take nothing.

use super::{Scale, gauges, well};
use crate::Failure;
use crate::h2::{self, CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, RESET, Raw};
use crate::process::{Settings, Target};
use crate::report::{Line, size};
use crate::traffic::Traffic;

const MIB: usize = 1 << 20;
const SLOW: &str = "/faults.twin.Twin/Slow";

/// Frames of a flood that are sent in one write.
const BATCH: u32 = 30;

/// What a flood sends: frames of its own for each of its numbers.
struct Flood {
    what: &'static str,
    count: u32,
    frames: fn(u32) -> Vec<u8>,
}

/// Opens a stream with this number.
pub(super) fn open(number: u32, flags: u8, headers: &[u8]) -> Vec<u8> {
    h2::frame(HEADERS, END_HEADERS | flags, 2 * number + 1, headers)
}

fn slow(number: u32) -> Vec<u8> {
    [open(number, 0, &h2::call(SLOW)), h2::frame(DATA, END_STREAM, 2 * number + 1, &h2::count(5_000))].concat()
}

fn floods(scale: Scale) -> [Flood; 10] {
    let many = scale.of(100_000, 20_000);
    [
        Flood {
            what: "calls that are reset at once",
            count: many,
            frames: |number| {
                let reset = h2::frame(RESET, 0, 2 * number + 1, &8_u32.to_be_bytes());
                [slow(number), reset].concat()
            },
        },
        Flood {
            what: "calls that are reset once they are in work",
            count: many,
            frames: |number| {
                let before = number.checked_sub(60).map(|before| 2 * before + 1);
                let reset = before.map(|before| h2::frame(RESET, 0, before, &8_u32.to_be_bytes()));
                [slow(number), reset.unwrap_or_default()].concat()
            },
        },
        Flood {
            what: "CONTINUATION frames behind one HEADERS",
            count: 5_000,
            frames: |number| match number {
                0 => h2::frame(HEADERS, 0, 1, &h2::call(SLOW)),
                _ => h2::frame(CONTINUATION, 0, 1, &h2::block([("x-more", &*"y".repeat(1_000))])),
            },
        },
        Flood {
            what: "empty CONTINUATION frames behind one HEADERS",
            count: many,
            frames: |number| match number {
                0 => h2::frame(HEADERS, 0, 1, &h2::call(SLOW)),
                _ => h2::frame(CONTINUATION, 0, 1, &[]),
            },
        },
        Flood { what: "SETTINGS", count: many, frames: |number| h2::settings(&[(h2::FIRST_WINDOW, number)]) },
        Flood { what: "PINGs", count: many, frames: |number| h2::frame(PING, 0, 0, &u64::from(number).to_be_bytes()) },
        Flood { what: "open streams", count: 20_000, frames: slow },
        Flood {
            what: "streams with 60 KiB of headers each",
            count: scale.of(2_000, 500),
            frames: |number| {
                let large = h2::block((0..4).map(|_| ("x-large", LARGE.as_str())));
                let rest = large.get(16_000..).unwrap_or_default();
                let rest = rest.chunks(16_000).enumerate().map(|(at, part)| {
                    let flags = if (at + 2) * 16_000 >= large.len() { END_HEADERS } else { 0 };
                    h2::frame(CONTINUATION, flags, 2 * number + 1, part)
                });
                let first = h2::frame(HEADERS, END_STREAM, 2 * number + 1, large.get(..16_000).unwrap_or_default());
                [first].into_iter().chain(rest).flatten().collect()
            },
        },
        Flood {
            what: "empty DATA frames that a handler does not read",
            count: 10 * many,
            frames: |number| match number {
                0 => open(0, 0, &h2::call("/faults.twin.Twin/Deaf")),
                _ => h2::frame(DATA, 0, 1, &[]),
            },
        },
        Flood {
            what: "DATA frames of a byte that a handler does not read",
            count: 10 * many,
            frames: |number| match number {
                0 => open(0, 0, &h2::call("/faults.twin.Twin/Deaf")),
                _ => h2::frame(DATA, 0, 1, &[0]),
            },
        },
    ]
}

static LARGE: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| "x".repeat(15_000));

/// Row 15.
pub(super) async fn floods_of_frames(scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for flood in floods(scale) {
        let mut target = Target::start(&Settings::default()).await?;
        warm(&target).await?;
        let traffic = Traffic::start(target.address, 200)?;
        let before = target.resident()?;
        target.forget_peak()?;
        let mut raw = Raw::connect(target.address, 950, &[]).await?;
        let (mut sent, mut number) = (true, 0);
        while sent && number < flood.count {
            let batch: Vec<u8> = (number..flood.count).take(BATCH as usize).flat_map(flood.frames).collect();
            sent = raw.push(&batch).await;
            number += BATCH;
        }
        let in_work = gauges(&target).await?.in_flight;
        let grown = target.peak()?.saturating_sub(before);
        let seen = traffic.stop().await?;
        let end = match (sent, raw.goaway) {
            (true, _) => "taken".to_owned(),
            (false, Some(code)) => format!("GOAWAY with {code}"),
            (false, None) => "the connection ended".to_owned(),
        };
        let what = format!("{} {}", flood.count, flood.what);
        let ok = in_work <= 100 + 1;
        lines.push(Line::new(15, &what, "≤ 100 streams in work", format!("{in_work} in work, {end}"), ok));
        lines.push(Line::new(15, &what, "peak of RSS + < 32 MiB", size(grown), grown < 32 * MIB));
        let said = format!("{} of {} failed, p99 {:.1?}", seen.failed, seen.times.len(), seen.p99());
        lines.push(Line::new(15, &what, "200 calls/s of others: none fails", said, seen.failed == 0));
        lines.extend(well(15, &mut target).await?.into_iter().filter(|line| !line.ok));
        lines.extend(alive(15, &target).await);
    }
    Ok(lines)
}

/// Threads, buffers and connections are there before anything is measured.
pub(super) async fn warm(target: &Target) -> Result<(), Failure> {
    let mut answered = 0;
    for _ in 0..50 {
        answered += usize::from(h2::ping(target.address).await.is_some());
    }
    // One or another may be late.
    if answered < 25 { Err("no answers to calls of gRPC's".into()) } else { Ok(()) }
}

/// A line when no call of gRPC's is answered any more.
pub(super) async fn alive(row: u8, target: &Target) -> Option<Line> {
    let ping = h2::ping(target.address).await;
    let line = || Line::new(row, "a call of gRPC's afterwards", "answered within 100 ms", "not", false).timed(true);
    ping.is_none().then(line)
}
