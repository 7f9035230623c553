//! Row 47: large frames of tiny elements, which cost most a byte, beside good traffic.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use runtime::thrift::{FrameError, Header, MessageType, Outgoing, Protocol, TtHeader, Wire};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

use super::{Scale, well};
use crate::Failure;
use crate::attacker;
use crate::process::{Settings, Target};
use crate::report::Line;
use crate::traffic::{self, Seen};

const PEERS: usize = 4;
/// Bytes of a frame; each peer sends one every second: 60 MB/s together.
const FRAME: usize = 15_000_000;
const PAUSE: Duration = Duration::from_secs(1);
/// Below this a p99 says more of the machine than of the server.
const FLOOR: Duration = Duration::from_millis(2);

/// A call of `Echo` in so many bytes: an `Item` whose field `id` is a list of elements of one type.
fn echo(protocol: Protocol, id: u8, kind: Type) -> Result<Vec<u8>, Failure> {
    let (head, each) = match protocol {
        Protocol::Compact => (&[0x1c, id << 4 | 9, 0xf0 | kind.compact][..], kind.in_compact),
        _ => (&[12, 0, 1, 15, 0, id, kind.binary][..], kind.in_binary),
    };
    let count = FRAME / each.len();
    let count_bytes = match protocol {
        Protocol::Compact => varint(count),
        _ => u32::try_from(count)?.to_be_bytes().to_vec(),
    };
    let body = Bytes::from([head, &count_bytes, &each.repeat(count), &[0, 0]].concat());
    let header = Header { protocol, kind: MessageType::Call, name: "Echo", seq: 1 };
    let mut out = bytes::BytesMut::new();
    let outgoing = Outgoing { wire: Wire::Framed, header, info: &TtHeader::default(), body: &body };
    outgoing.write_head(usize::MAX, &mut out).map_err(|error: FrameError| error.to_string())?;
    Ok([&out[..], &body].concat())
}

/// A type of elements, and its smallest one.
#[derive(Clone, Copy)]
struct Type {
    binary: u8,
    in_binary: &'static [u8],
    compact: u8,
    in_compact: &'static [u8],
}

const BOOL: Type = Type { binary: 2, in_binary: &[1], compact: 1, in_compact: &[1] };
const TEXT: Type = Type { binary: 11, in_binary: &[0; 4], compact: 8, in_compact: &[0] };
const STRUCT: Type = Type { binary: 12, in_binary: &[0], compact: 12, in_compact: &[0] };

fn varint(mut number: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
    out
}

/// Row 47.
pub(super) async fn rows(scale: Scale) -> Result<Vec<Line>, Failure> {
    let time = Duration::from_secs(scale.of(20, 5));
    let mut target = Target::start(&Settings::default()).await?;
    let quiet = traffic::during(target.address, 1000, time).await?;
    let binary = beside(&target, Protocol::Binary, time).await?;
    let compact = beside(&target, Protocol::Compact, time).await?;
    let what = "4 peers with 15 MB of tiny elements a second each, in Compact";
    let said = format!(
        "p99 {:.2?}; in Binary {:.2?}, alone {:.2?}; {} of {} calls failed",
        compact.p99(),
        binary.p99(),
        quiet.p99(),
        compact.failed,
        compact.times.len()
    );
    let ok = compact.failed == 0 && compact.p99() < binary.p99().max(FLOOR) * 3;
    let required = "1k calls/s of others: none fails, p99 < 3x that beside Binary";
    let mut lines = vec![Line::new(47, what, required, said, ok).timed(compact.failed == 0)];
    lines.extend(well(47, &mut target).await?);
    Ok(lines)
}

/// Good traffic beside peers that send tiny elements.
async fn beside(target: &Target, protocol: Protocol, time: Duration) -> Result<Seen, Failure> {
    // Lists of texts, flags and structs, in fields that have those types.
    let frames = [echo(protocol, 7, TEXT)?, echo(protocol, 10, BOOL)?, echo(protocol, 3, STRUCT)?].map(Bytes::from);
    let peers: Vec<JoinHandle<_>> =
        (0..PEERS).map(|number| tokio::spawn(peer(target.address, number, frames.clone()))).collect();
    let seen = traffic::during(target.address, 1000, time).await?;
    for peer in peers {
        if peer.is_finished() {
            peer.await??;
        } else {
            peer.abort();
        }
    }
    Ok(seen)
}

/// Sends a frame each second, for ever, and reads the answers.
async fn peer(target: SocketAddr, number: usize, frames: [Bytes; 3]) -> Result<(), Failure> {
    let mut stream = attacker::connect(target, number).await?;
    let mut due = Instant::now() + PAUSE / 4 * u32::try_from(number)?;
    for frame in frames.iter().cycle().skip(number) {
        tokio::time::sleep_until(due.into()).await;
        due += PAUSE;
        stream.write_all(frame).await?;
        let length = u64::from(stream.read_u32().await?);
        if tokio::io::copy(&mut (&mut stream).take(length), &mut tokio::io::sink()).await? < length {
            return Err("the server closed".into());
        }
    }
    Ok(())
}
