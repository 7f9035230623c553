//! Row 14: no descriptors left.

use std::time::{Duration, Instant};

use super::Scale;
use crate::Failure;
use crate::attacker;
use crate::process::{Settings, Target};
use crate::report::Line;

/// Row 14.
pub(super) async fn rows(scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut target = Target::start(&Settings { descriptors: Some(64), ..Settings::default() }).await?;
    let address = target.address;
    // Those that find no place in the kernel's queue go on trying.
    let attackers: Vec<_> = (0..200)
        .map(|number| {
            tokio::spawn(async move {
                let stream = attacker::connect(address, number).await;
                std::future::pending::<()>().await;
                drop(stream);
            })
        })
        .collect();
    while target.descriptors()? < 63 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let load = target.load(Duration::from_secs(scale.of(5, 3))).await?;
    let (open, lives) = (target.descriptors()?, target.lives()?);
    attackers.iter().for_each(tokio::task::JoinHandle::abort);
    let start = Instant::now();
    let mut ping = None;
    while ping.is_none() && start.elapsed() < Duration::from_secs(5) {
        ping = attacker::ping(target.address).await;
    }
    let back = start.elapsed();
    let what = "200 connects to a server with 64 descriptors";
    Ok(vec![
        Line::new(14, what, "lives", format!("{open} open"), lives && target.lives()?),
        Line::new(14, what, "CPU < 5 % of a core", format!("{:.1} %", load * 100.0), load < 0.05).timed(true),
        Line::new(14, what, "answers < 1 s after they are free", format!("{back:.1?}"), back < Duration::from_secs(1))
            .timed(ping.is_some()),
    ])
}
