//! R23: the process that registers is suspended.

use std::time::{Duration, Instant};

use crate::Failure;
use crate::process::{Settings, Target};
use crate::registry::etcd::{Etcd, count, free, signal};
use crate::registry::fleet::SERVICES;
use crate::registry::stage::{seconds, within};
use crate::report::Line;
use crate::rows::Scale;

/// Processes, one in each measurement.
const PROCESSES: usize = 12;

/// R23: for longer than its lease.
pub(super) async fn suspended(scale: Scale) -> Result<Vec<Line>, Failure> {
    let time = scale.of(seconds(30), seconds(20));
    let what = format!("{PROCESSES} processes suspended for {} s (SIGSTOP), one after the other woken", time.as_secs());
    let etcd = Etcd::single().await?;
    let mut client = etcd.client().await?;
    let mut processes = Vec::new();
    for number in 0..PROCESSES {
        let config = format!("[server]\nlisten = \"{}\"\n[names]\nTarget = \"asleep{number}\"\n", free()?);
        let registry = Some(format!("etcd://{}", etcd.address));
        processes.push(Target::start(&Settings { config, registry, ..Settings::default() }).await?);
    }
    let all = async {
        while count(&mut client).await != i64::try_from(PROCESSES * SERVICES).ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(seconds(30), all).await.map_err(|_| "the processes do not register")?;
    processes.iter().try_for_each(|one| signal(one.id(), "STOP"))?;
    tokio::time::sleep(time).await;
    let gone = count(&mut client).await == Some(0);
    let mut slowest = gone.then_some(Duration::ZERO);
    for (woken, process) in (1..).zip(&processes) {
        signal(process.id(), "CONT")?;
        let start = Instant::now();
        while count(&mut client).await < i64::try_from(woken * SERVICES).ok() && start.elapsed() < seconds(10) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        slowest = slowest.map(|slowest| slowest.max(start.elapsed()));
    }
    Ok(vec![within("R23", &what, "registered again", slowest, seconds(1))])
}
