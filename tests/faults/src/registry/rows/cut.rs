//! R8 to R11: etcd runs, and some cannot reach it.

use std::time::{Duration, Instant};

use crate::Failure;
use crate::registry::proxy::{Mode, Proxy};
use crate::registry::stage::{Stage, seconds, within};
use crate::registry::world::until;
use crate::report::Line;
use crate::rows::Scale;

/// Services with two instances, one of each is replaced while nobody sees it.
const REPLACED: [usize; 3] = [1, 3, 7];

fn nobody(_: usize) -> bool {
    false
}

fn everybody(_: usize) -> bool {
    true
}

/// R8: every fifth server is cut off for longer than its lease.
pub(super) async fn servers(_: Scale) -> Result<Vec<Line>, Failure> {
    let what = "every 5th server cut off for 20 s";
    let (mut stage, proxy) = Stage::through(|number| number % 5 == 0, false).await?;
    proxy.set(Mode::Hole);
    tokio::time::sleep(seconds(20)).await;
    proxy.set(Mode::Pass);
    let recovery = stage.recovery(seconds(8)).await;
    Ok(vec![
        within("R8", what, "registered", recovery.registered, seconds(4)),
        within("R8", what, "lists right", recovery.right, seconds(4)),
        stage.end_with_removals("R8", what).await?,
    ])
}

/// R9: all resolvers are cut off while servers come and go.
pub(super) async fn resolvers(scale: Scale) -> Result<Vec<Line>, Failure> {
    let time = scale.time.unwrap_or(scale.of(seconds(600), seconds(20)));
    let what = format!("resolvers cut off for {} s, 3 of 75 servers replaced", time.as_secs());
    let (mut stage, proxy) = Stage::through(nobody, true).await?;
    let start = Instant::now();
    proxy.set(Mode::Hole);
    for service in REPLACED {
        let members = stage.etcd()?.address.clone();
        stage.world.retire(service, &members).await?;
    }
    let stale = until(seconds(20), || stage.world.stale().0 == stage.world.stale().1).await.map(|_| start.elapsed());
    tokio::time::sleep(time.saturating_sub(start.elapsed())).await;
    let (marked, all) = stage.world.stale();
    proxy.set(Mode::Pass);
    let recovery = stage.recovery(seconds(15)).await;
    let shown = format!("{marked} of {all} views marked at the end");
    Ok(vec![
        within("R9", &what, "every view marked as stale", stale, seconds(15)),
        Line::new("R9", &what, "and as long as it lasts", shown, marked == all),
        within("R9", &what, "lists right", recovery.right, seconds(5)),
        stage.end("R9", &what).await?,
    ])
}

/// R10: open connections lead nowhere; new ones are good.
pub(super) async fn hole(scale: Scale) -> Result<Vec<Line>, Failure> {
    let modes = [(Mode::Hole, "both ways"), (Mode::Deaf, "to etcd"), (Mode::Mute, "from etcd")];
    let mut lines = Vec::new();
    for (mode, way) in modes.iter().take(scale.of(3, 1)) {
        let what = format!("open connections lead nowhere ({way}), silently");
        let (mut stage, proxy) = Stage::through(everybody, true).await?;
        proxy.set_open(*mode);
        let start = Instant::now();
        for service in REPLACED {
            let members = stage.etcd()?.address.clone();
            stage.world.serve(service, &members).await?;
        }
        let before = start.elapsed();
        let recovery = stage.recovery(seconds(20)).await;
        let right = recovery.right.map(|time| time + before);
        lines.push(within("R10", &what, "3 new servers in every list", right, seconds(15)));
        lines.push(stage.end("R10", &what).await?);
    }
    Ok(lines)
}

/// R11: history is compacted while resolvers are cut off.
pub(super) async fn compacted(_: Scale) -> Result<Vec<Line>, Failure> {
    let (mut stage, proxy) = Stage::through(nobody, true).await?;
    let mut lines = Vec::new();
    // What the resolvers would ask for next lies below, at, above the revision of the compaction.
    for (beyond, place) in [(3, "below"), (1, "at"), (0, "above")] {
        let what = format!("compaction while resolvers are cut off, who resume {place} it");
        compact(&mut stage, &proxy, beyond).await?;
        let recovery = stage.recovery(seconds(8)).await;
        lines.push(within("R11", &what, "lists right", recovery.right, seconds(5)));
    }
    lines.push(stage.end("R11", "compactions").await?);
    Ok(lines)
}

async fn compact(stage: &mut Stage, proxy: &Proxy, beyond: i64) -> Result<(), Failure> {
    // Nothing is under way: all have seen the last revision.
    stage.world.right(Duration::from_secs(30)).await.ok_or("the lists are not right")?;
    proxy.refuse().await;
    let seen = stage.revision().await?;
    let members = stage.etcd()?.address.clone();
    for service in REPLACED {
        stage.world.retire(service, &members).await?;
    }
    stage.until_registered(seconds(10)).await?;
    stage.admin().compact(seen + beyond, None).await?;
    Ok(proxy.admit().await?)
}
