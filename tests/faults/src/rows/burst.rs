//! Row 46: what is left of a burst once everybody has gone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use runtime::thrift::Wire;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Barrier;

use super::{Scale, well};
use crate::Failure;
use crate::attacker;
use crate::corpus;
use crate::process::{Settings, Target};
use crate::report::{Line, size};

/// A burst is over for so long when what is resident is bounded.
const AFTER: Duration = Duration::from_secs(10);

/// A burst: what each connection sends, and how many there are.
struct Burst {
    what: String,
    connections: usize,
    request: Vec<u8>,
    /// What has to be resident at its height, or it was none.
    least: usize,
    /// MiB that may be resident afterwards.
    most: usize,
}

/// One binary value of 15 MB in each request.
fn blobs(scale: Scale) -> Result<Burst, Failure> {
    const BLOB: usize = 15_000_000;
    let connections = scale.of(100, 20);
    let length = u32::try_from(BLOB)?.to_be_bytes();
    let body = [&[12, 0, 1, 11, 0, 5][..], &length, &vec![7; BLOB], &[0, 0]].concat();
    let request = corpus::call(Wire::Framed, "Echo", 1, &Bytes::from(body))?.to_vec();
    Ok(Burst {
        what: format!("{connections} frames of 15 MB"),
        connections,
        request,
        least: connections * BLOB,
        most: 100,
    })
}

/// Many small values in each request, which its handler keeps for two seconds. Each heap in which they were made may
/// keep 32 MiB at its end (decision 0016).
fn words(scale: Scale) -> Result<Burst, Failure> {
    const WORDS: usize = 200_000;
    let connections = scale.of(100, 20);
    let word = [&16_u32.to_be_bytes()[..], b"sixteen letters!"].concat();
    let count = u32::try_from(WORDS)?.to_be_bytes();
    let item = [&[12, 0, 1, 15, 0, 7, 11][..], &count, &word.repeat(WORDS), &[0]].concat();
    let body = [&item[..], &[10, 0, 2], &2_000_i64.to_be_bytes(), &[0]].concat();
    let request = corpus::call(Wire::Framed, "Keep", 1, &Bytes::from(body))?.to_vec();
    let what = format!("{connections} requests with {WORDS} words");
    Ok(Burst { what, connections, request, least: connections * WORDS * 40, most: 200 })
}

/// Row 46.
pub(super) async fn rows(scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for burst in [blobs(scale)?, words(scale)?] {
        let mut target = Target::start(&Settings::default()).await?;
        let peak = all_at_once(&target, &burst).await?;
        let start = Instant::now();
        let mut left = target.resident()?;
        while left > burst.most << 20 && start.elapsed() < AFTER {
            tokio::time::sleep(Duration::from_millis(100)).await;
            left = target.resident()?;
        }
        let said = format!("{} after {:.1?}, {} at its height", size(left), start.elapsed(), size(peak));
        let ok = left <= burst.most << 20 && peak >= burst.least;
        lines.push(Line::new(46, burst.what, format!("RSS ≤ {} MiB 10 s after it", burst.most), said, ok));
        lines.extend(well(46, &mut target).await?);
    }
    Ok(lines)
}

/// Sends all requests but for their last bytes, then those; gives the most that was resident. All are answered and
/// closed at the end.
async fn all_at_once(target: &Target, burst: &Burst) -> Result<usize, Failure> {
    let (request, barrier) = (Arc::new(burst.request.clone()), Arc::new(Barrier::new(burst.connections)));
    let peers = (0..burst.connections).map(|number| {
        let (request, barrier) = (Arc::clone(&request), Arc::clone(&barrier));
        tokio::spawn(peer(target.address, number, request, barrier))
    });
    for peer in peers.collect::<Vec<_>>() {
        peer.await??;
    }
    target.peak()
}

async fn peer(target: SocketAddr, number: usize, request: Arc<Vec<u8>>, barrier: Arc<Barrier>) -> Result<(), Failure> {
    let mut stream = attacker::connect(target, number).await?;
    let (last, rest) = request.split_last().ok_or("an empty request")?;
    stream.write_all(rest).await?;
    barrier.wait().await;
    stream.write_all(&[*last]).await?;
    let length = stream.read_u32().await?;
    skip(&mut stream, u64::from(length)).await
}

/// Reads an answer and forgets it.
async fn skip(stream: &mut TcpStream, length: u64) -> Result<(), Failure> {
    let read = tokio::io::copy(&mut stream.take(length), &mut tokio::io::sink()).await?;
    if read < length { Err("the server closed".into()) } else { Ok(()) }
}
