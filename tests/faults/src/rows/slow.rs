//! Rows 11 and 12: peers that send or take too slowly.

use std::time::{Duration, Instant};

use bytes::Bytes;
use runtime::thrift::Wire;
use tokio::io::AsyncWriteExt;

use super::{Scale, gauges, until, well};
use crate::Failure;
use crate::attacker;
use crate::corpus;
use crate::process::{Settings, Target};
use crate::report::{Line, size};
use crate::traffic::{self, Traffic};

/// Below this a p99 says more of the machine than of the server.
const FLOOR: Duration = Duration::from_millis(2);

/// Row 11: one byte from time to time.
pub(super) async fn drips(scale: Scale) -> Result<Vec<Line>, Failure> {
    let (count, pause, frame) = scale.of((5_000, 10, 30), (500, 1, 10));
    let config = if scale.short { format!("[limits]\nwhole_frame = {frame}\n") } else { String::new() };
    let calm = Duration::from_secs(scale.of(10, 5));
    let mut target = Target::start(&Settings { config, ..Settings::default() }).await?;
    let quiet = traffic::during(target.address, 1000, calm).await?;
    let traffic = Traffic::start(target.address, 1000)?;
    let mut drips = Vec::new();
    for number in 0..count {
        let stream = attacker::connect(target.address, number).await?;
        drips.push(tokio::spawn(drip(stream, Duration::from_secs(pause))));
    }
    let mut latest = Duration::ZERO;
    let deadline = Duration::from_secs(frame) + Duration::from_secs(2);
    let mut open = 0;
    for drip in drips {
        match tokio::time::timeout(deadline, drip).await {
            Ok(lived) => latest = latest.max(lived?),
            Err(_) => open += 1,
        }
    }
    let busy = traffic.stop().await?;
    let after = traffic::during(target.address, 1000, calm).await?;
    let stalled = gauges(&target).await?.stalled;
    let base = quiet.p99().max(after.p99());
    let what = format!("{count} connections with 1 byte every {pause} s");
    let closed = format!("{open} open, the last after {latest:.1?}, {stalled} counted");
    let most = (base * 2).max(FLOOR);
    let good =
        format!("p99 {:.2?}, quiet {base:.2?}; {} of {} calls failed", busy.p99(), busy.failed, busy.times.len());
    let all = open == 0 && latest <= deadline && usize::try_from(stalled) == Ok(count);
    let mut lines = vec![
        Line::new(11, &what, format!("each closed at its deadline of {frame} s"), closed, all),
        Line::new(11, &what, "good traffic: none fails, p99 < 2x", good, busy.p99() < most && busy.failed == 0)
            .timed(busy.failed == 0),
    ];
    lines.extend(well(11, &mut target).await?);
    Ok(lines)
}

/// Sends a frame byte by byte; the time until the server closed.
async fn drip(mut stream: tokio::net::TcpStream, pause: Duration) -> Duration {
    let start = Instant::now();
    let frame = [&[0, 0, 1, 0][..], &[0x80; 256]].concat();
    for byte in frame {
        if stream.write_all(&[byte]).await.is_err() {
            break;
        }
        if tokio::time::timeout(pause, attacker::closed(&mut stream)).await.is_ok() {
            break;
        }
    }
    start.elapsed()
}

/// Row 12: peers that ask and never read.
pub(super) async fn never_reads(scale: Scale) -> Result<Vec<Line>, Failure> {
    let (count, write) = scale.of((100, 10), (20, 2));
    let config = if scale.short { format!("[limits]\nwrite = {write}\n") } else { String::new() };
    let mut target = Target::start(&Settings { config, ..Settings::default() }).await?;
    attacker::ping(target.address).await;
    let before = target.resident()?;
    let body = Bytes::from([&[8, 0, 1][..], &(8_i32 << 10).to_be_bytes(), &[0]].concat());
    let request = corpus::call(Wire::Framed, "Blob", 1, &body)?;
    let batch = request.repeat(100);
    let mut tasks = Vec::new();
    for number in 0..count {
        let stream = attacker::connect_with(target.address, number, Some(4 << 10)).await?;
        tasks.push(tokio::spawn(ask(stream, batch.clone())));
    }
    target.forget_peak()?;
    let mut longest = Duration::ZERO;
    let mut asked = 0;
    for task in tasks {
        let (time, bytes) = task.await?;
        longest = longest.max(time);
        asked += bytes / request.len();
    }
    let each = target.peak()?.saturating_sub(before) / count;
    let counted = until(&target, Duration::from_secs(2), |it| it.connections <= 1).await?;
    let timeouts = gauges(&target).await?.write_timeouts;
    let what = format!("{count} peers that read nothing ({asked} requests for 8 KiB)");
    let closed = format!("the last after {longest:.1?}, {timeouts} counted");
    let all = longest <= Duration::from_secs(write + 3) && usize::try_from(timeouts) == Ok(count) && counted.is_some();
    let mut lines = vec![
        Line::new(12, &what, format!("each closed at its deadline of {write} s"), closed, all),
        Line::new(12, &what, "RSS + ≤ 1 MiB a connection", size(each), each <= 1 << 20),
    ];
    lines.extend(well(12, &mut target).await?);
    Ok(lines)
}

/// Asks until the server closes; the time that it took and the bytes that it took over.
async fn ask(mut stream: tokio::net::TcpStream, batch: Vec<u8>) -> (Duration, usize) {
    let start = Instant::now();
    let mut taken = 0;
    while let Ok(count) = stream.write(&batch).await {
        taken += count;
    }
    (start.elapsed(), taken)
}
