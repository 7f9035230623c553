//! Rows 1 to 6: bytes that lie about what follows.

use std::time::Duration;

use runtime::thrift::{MessageType, Wire};
use tokio::io::AsyncWriteExt;

use super::{Scale, well};
use crate::Failure;
use crate::attacker::{self, Outcome};
use crate::corpus::{self, Case, WIRES};
use crate::process::{Settings, Target};
use crate::report::{Line, size};

const MIB: usize = 1 << 20;
/// An answer or a close is there by then.
const SOON: Duration = Duration::from_secs(1);

/// Rows 1 to 5: the corpus over each framing.
pub(super) async fn corpus(_: Scale) -> Result<Vec<Line>, Failure> {
    let mut target = Target::start(&Settings::default()).await?;
    // Threads, buffers and connections are there before anything is measured.
    for _ in 0..200 {
        for wire in WIRES {
            attacker::send(target.address, &attacker::number(wire, 1)?, SOON).await?;
        }
    }
    let all = corpus::cases();
    let mut lines = Vec::new();
    // What takes the most comes last: memory that was freed may stay resident.
    for (row, most) in [(1, MIB), (4, MIB), (5, MIB), (2, 64 * MIB), (3, 32 * MIB)] {
        let cases: Vec<&Case> = all.iter().filter(|case| case.row == row).collect();
        let before = target.resident()?;
        target.forget_peak()?;
        let (mut sent, mut wrong) = (0, 0);
        for (wire, case) in WIRES.into_iter().flat_map(|wire| cases.iter().map(move |case| (wire, case))) {
            sent += 1;
            wrong += usize::from(!refused(&target, wire, case).await?);
        }
        if row == 5 {
            for bytes in corpus::damaged_names()? {
                sent += 1;
                wrong += usize::from(attacker::send(target.address, &bytes, SOON).await? != Outcome::Closed);
            }
        }
        let grown = target.peak()?.saturating_sub(before);
        let what = format!("{sent} messages over {} framings", WIRES.len());
        lines.push(Line::new(row, &what, "each refused", format!("{wrong} not"), wrong == 0));
        lines.push(Line::new(row, &what, format!("peak of RSS + ≤ {}", size(most)), size(grown), grown <= most));
        lines.extend(well(row, &mut target).await?);
    }
    lines.sort_by(|one, other| one.row.cmp(&other.row));
    Ok(lines)
}

/// Whether a case ends in an exception or a close, followed by a ping.
async fn refused(target: &Target, wire: Wire, case: &Case) -> Result<bool, Failure> {
    let bytes = corpus::call(wire, "Echo", 1, &case.body)?;
    let outcome = attacker::send(target.address, &bytes, SOON).await?;
    let refused = match outcome {
        Outcome::Answered(kind) => kind == MessageType::Exception,
        Outcome::Closed => true,
        // A bare message without its end is not an error until its time is over.
        Outcome::Silent => wire == Wire::Buffered,
    };
    if !refused {
        eprintln!("row {}: {} over {wire:?}: {outcome:?}", case.row, case.name);
    }
    Ok(refused)
}

/// Row 6: lengths over the limit.
pub(super) async fn lengths(_: Scale) -> Result<Vec<Line>, Failure> {
    let mut target = Target::start(&Settings::default()).await?;
    for _ in 0..50 {
        attacker::ping(target.address).await;
    }
    let before = target.resident()?;
    target.forget_peak()?;
    let mut streams = Vec::new();
    let lengths: [[u8; 8]; 4] = [
        [0x0f, 0xff, 0xff, 0xff, 0x80, 1, 0, 1],
        [0x01, 0, 0, 1, 0x80, 1, 0, 1],
        [0x0f, 0xff, 0xff, 0xff, 0x10, 0, 0, 0],
        [0x01, 0, 0, 1, 0x10, 0, 0, 0],
    ];
    for (number, bytes) in (0..1000).zip(lengths.iter().cycle()) {
        let mut stream = attacker::connect(target.address, number).await?;
        stream.write_all(bytes).await?;
        streams.push(stream);
    }
    let mut open = 0;
    for stream in &mut streams {
        open += usize::from(tokio::time::timeout(SOON, attacker::closed(stream)).await.is_err());
    }
    let grown = target.peak()?.saturating_sub(before);
    let what = "1,000 connections with lengths over the limit";
    let mut lines = vec![
        Line::new(6, what, "each closed by its first 8 bytes", format!("{open} open"), open == 0),
        Line::new(6, what, "peak of RSS + < 32 MiB", size(grown), grown < 32 * MIB),
    ];
    lines.extend(well(6, &mut target).await?);
    Ok(lines)
}
