//! Row 13: connections that were used once and say nothing.

use std::time::Duration;

use runtime::thrift::Wire;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Scale, well};
use crate::Failure;
use crate::attacker;
use crate::process::{Settings, Target};
use crate::report::{Line, size};
use crate::traffic;

/// Below this a p99 says more of the machine than of the server.
const FLOOR: Duration = Duration::from_millis(2);

/// Row 13.
pub(super) async fn rows(scale: Scale) -> Result<Vec<Line>, Failure> {
    // The rest of the 10,000 is for good traffic.
    let count = scale.of(9_900, 900);
    let time = Duration::from_secs(scale.of(10, 3));
    let mut target = Target::start(&Settings::default()).await?;
    let quiet = traffic::during(target.address, 1000, time).await?;
    let before = target.resident()?;
    let request = attacker::number(Wire::Framed, 1)?;
    let mut idle = Vec::new();
    for number in 0..count {
        let mut stream = attacker::connect(target.address, number).await?;
        stream.write_all(&request).await?;
        stream.read_exact(&mut [0; 4]).await?;
        idle.push(stream);
    }
    let each = target.resident()?.saturating_sub(before) / count;
    let busy = traffic::during(target.address, 1000, time).await?;
    let descriptors = target.descriptors()?;
    drop(idle);
    let after = traffic::during(target.address, 1000, time).await?;
    let base = quiet.p99().max(after.p99());
    let what = format!("{count} idle connections");
    let good =
        format!("p99 {:.2?}, without {base:.2?}; {} of {} calls failed", busy.p99(), busy.failed, busy.times.len());
    let calm = busy.failed == 0 && busy.p99() < (base * 2).max(FLOOR);
    let mut lines = vec![
        Line::new(13, &what, "≤ 16 KiB of RSS each", size(each), each <= 16 << 10),
        Line::new(13, &what, "each open", format!("{descriptors} descriptors"), descriptors >= count),
        Line::new(13, &what, "1k calls/s: none fails, p99 < 2x", good, calm).timed(busy.failed == 0),
    ];
    lines.extend(well(13, &mut target).await?);
    Ok(lines)
}
