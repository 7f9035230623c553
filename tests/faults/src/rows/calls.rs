//! Row 8: messages that no client sends, and answers that must reach their own callers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use runtime::client::Transport;
use runtime::thrift::{Header, MessageType, Protocol, TtHeader};
use runtime::{Channel, Registry};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Scale, well};
use crate::Failure;
use crate::attacker::{self, Outcome};
use crate::corpus::{self, WIRES};
use crate::generated::faults::TargetClient;
use crate::process::{Settings, Target};
use crate::report::Line;

const SOON: Duration = Duration::from_secs(5);
const CALLERS: usize = 64;

/// Row 8, both sides.
pub(super) async fn rows(scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut target = Target::start(&Settings::default()).await?;
    let wrong = odd_messages(&target).await?;
    let ends = half_closed(&target).await?;
    let mut lines = vec![
        Line::new(8, "odd messages over 4 framings", "exception or close", format!("{wrong} not"), wrong == 0),
        Line::new(8, "half-close behind a request", "answered", format!("{ends} of 4"), ends == WIRES.len()),
    ];
    lines.push(shared(&target, scale.calls).await?);
    lines.extend(well(8, &mut target).await?);
    Ok(lines)
}

/// Message types, names and tails that no client sends; how many were neither refused nor closed.
async fn odd_messages(target: &Target) -> Result<usize, Failure> {
    let nothing = Bytes::from_static(&[0]);
    let mut wrong = 0;
    for wire in WIRES {
        let whole = |kind, name, body: &Bytes| {
            let header = Header { protocol: Protocol::Binary, kind, name, seq: 3 };
            corpus::message(wire, header, &TtHeader { seq: 3, ..TtHeader::default() }, body)
        };
        let mut odd = vec![
            whole(MessageType::Call, "Nope", &nothing)?,
            whole(MessageType::Reply, "Number", &nothing)?,
            whole(MessageType::Exception, "Number", &nothing)?,
        ];
        let call = whole(MessageType::Call, "Number", &nothing)?;
        // The type is the fourth byte of strict Binary.
        let place = call.windows(3).position(|bytes| bytes == [0x80, 1, 0]).ok_or("no version")? + 3;
        for kind in [0, 9] {
            let mut bytes = call.clone();
            if let Some(byte) = bytes.get_mut(place) {
                *byte = kind;
            }
            odd.push(bytes);
        }
        let tail = Bytes::from_static(b"\0tail");
        odd.push(whole(MessageType::Call, "Number", &tail)?);
        odd.push(BytesMut::from(&b"\xde\xad\xbe\xef".repeat(1000)[..]));
        for bytes in odd {
            let fine = match attacker::send(target.address, &bytes, SOON).await? {
                Outcome::Answered(MessageType::Exception) | Outcome::Closed => true,
                // Bare, the tail belongs to the next message.
                Outcome::Answered(MessageType::Reply) => !wire.is_framed() && bytes.ends_with(b"tail"),
                _ => false,
            };
            wrong += usize::from(!fine);
        }
    }
    Ok(wrong)
}

/// How many framings answer a caller that has closed its sending side.
async fn half_closed(target: &Target) -> Result<usize, Failure> {
    let mut answered = 0;
    for wire in WIRES {
        let mut stream = attacker::connect(target.address, 0).await?;
        stream.write_all(&attacker::number(wire, 5)?).await?;
        stream.shutdown().await?;
        let mut bytes = Vec::new();
        tokio::time::timeout(SOON, stream.read_to_end(&mut bytes)).await??;
        answered += usize::from(!bytes.is_empty());
    }
    Ok(answered)
}

/// Many callers on shared connections, some of which give up: each gets its own answer or none.
async fn shared(target: &Target, calls: usize) -> Result<Line, Failure> {
    let registry = Registry::open(&format!("static:target={}", target.address))?;
    let channel = Channel::builder("target").registry(&registry).transport(Transport::Multiplexed).build()?;
    let wrong = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let callers = (0..CALLERS).map(|caller| {
        let (client, wrong) = (TargetClient::new(channel.clone()), Arc::clone(&wrong));
        tokio::spawn(one_caller(client, caller, calls / CALLERS, wrong))
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await?;
    }
    let wrong = wrong.load(Ordering::Relaxed);
    let rate = calls as f64 / start.elapsed().as_secs_f64();
    let what = format!("{calls} calls of {CALLERS} callers on shared connections, 1 in 64 given up");
    Ok(Line::new(8, what, "0 answers to the wrong caller", format!("{wrong} wrong, {rate:.0} calls/s"), wrong == 0))
}

async fn one_caller(client: TargetClient, caller: usize, turns: usize, wrong: Arc<AtomicUsize>) {
    for turn in 0..turns {
        let sent = i64::try_from(caller << 40 | turn).unwrap_or_default();
        if turn % 64 == 63 {
            // Its answer comes when nobody waits for it any more.
            let _ = client.slow(2).timeout(Duration::from_micros(500)).await;
            continue;
        }
        let answer = client.number(sent).await;
        wrong.fetch_add(usize::from(answer.ok() != Some(sent)), Ordering::Relaxed);
    }
}
