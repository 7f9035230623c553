//! R1 to R3, R5 and R17: etcd is killed, wiped, stopped, or not there yet.

use std::time::Duration;

use crate::Failure;
use crate::registry::etcd::Etcd;
use crate::registry::puts::Puts;
use crate::registry::stage::{Stage, seconds, within};
use crate::registry::world::World;
use crate::report::Line;
use crate::rows::Scale;

/// R1: killed, back after two seconds.
pub(super) async fn killed(scale: Scale) -> Result<Vec<Line>, Failure> {
    let what = "etcd killed, back after 2 s";
    let mut stage = Stage::direct().await?;
    stage.etcd()?.kill();
    tokio::time::sleep(seconds(2)).await;
    stage.etcd()?.start().await?;
    // Longer than a lease in full: none may end later.
    let recovery = stage.recovery(scale.of(seconds(20), seconds(6))).await;
    Ok(vec![within("R1", what, "lists right", recovery.right, seconds(5)), stage.end("R1", what).await?])
}

/// R2: away for longer than a lease, with its data kept.
pub(super) async fn away(scale: Scale) -> Result<Vec<Line>, Failure> {
    away_for("R2", scale.time.unwrap_or(scale.of(seconds(90), seconds(20))), seconds(4)).await
}

/// Row 26, as far as R5 (stopped) and R17 (not there at the start) do not show it.
pub(super) async fn long(scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut lines = away_for("26", seconds(60), seconds(5)).await?;
    lines.extend(away_for("26", scale.time.unwrap_or(seconds(600)), seconds(5)).await?);
    lines.extend([("stopped (SIGSTOP)", "R5"), ("not there at the start", "R17")].map(|(what, row)| {
        Line::new("26", format!("etcd {what}"), "0 failed calls, registered ≤ 5 s", format!("row {row}"), true)
    }));
    Ok(lines)
}

async fn away_for(row: &str, time: Duration, registered: Duration) -> Result<Vec<Line>, Failure> {
    let what = format!("etcd killed, back after {} s with its data", time.as_secs());
    let mut stage = Stage::direct().await?;
    stage.etcd()?.kill();
    tokio::time::sleep(time).await;
    stage.etcd()?.start().await?;
    let recovery = stage.recovery(seconds(20)).await;
    Ok(vec![
        within(row, &what, "registered", recovery.registered, registered),
        within(row, &what, "lists right", recovery.right, seconds(5)),
        stage.end(row, &what).await?,
    ])
}

/// R3: killed, and all of its data lost.
pub(super) async fn wiped(scale: Scale) -> Result<Vec<Line>, Failure> {
    let what = "etcd killed, back without its data";
    let mut stage = Stage::direct().await?;
    stage.etcd()?.kill();
    stage.etcd()?.wipe()?;
    stage.etcd()?.start().await?;
    let recovery = stage.recovery(scale.of(seconds(20), seconds(8))).await;
    Ok(vec![within("R3", what, "lists right", recovery.right, seconds(5)), stage.end("R3", what).await?])
}

/// R5: stopped for less and for more than a lease.
pub(super) async fn frozen(scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut lines = stopped(seconds(5), false).await?;
    if !scale.short {
        lines.extend(stopped(seconds(30), true).await?);
    }
    Ok(lines)
}

async fn stopped(time: Duration, expires: bool) -> Result<Vec<Line>, Failure> {
    let what = format!("etcd stopped for {} s (SIGSTOP)", time.as_secs());
    let mut stage = Stage::direct().await?;
    let puts = Puts::watch(stage.admin()).await?;
    stage.etcd()?.signal("STOP")?;
    tokio::time::sleep(time).await;
    stage.etcd()?.signal("CONT")?;
    let recovery = stage.recovery(seconds(if expires { 15 } else { 7 })).await;
    let rate = puts.end();
    let mut lines = vec![within("R5", &what, "lists right", recovery.right, seconds(5))];
    if expires {
        let (spread, all) = (rate.span(), rate.count() >= usize::try_from(stage.world.keys())?);
        let measured = format!("{} over {spread:.1?}, at most {:.0} a second", rate.count(), rate.peak());
        let ok = all && spread >= seconds(2);
        lines.push(Line::new("R5", &what, "registrations spread over ≥ 2 s", measured, ok));
    }
    lines.push(stage.end("R5", &what).await?);
    Ok(lines)
}

/// R17: everybody is there before etcd.
pub(super) async fn late(_: Scale) -> Result<Vec<Line>, Failure> {
    let what = "services and resolvers started 3 s before etcd";
    let etcd = Etcd::reserve(1)?;
    let address = etcd.first().ok_or("no etcd")?.address.clone();
    let world = World::start(|_| address.clone(), |_| address.clone()).await?;
    tokio::time::sleep(seconds(3)).await;
    let mut stage = Stage::unsettled(etcd, world).await?;
    stage.etcd()?.start().await?;
    let recovery = stage.recovery(seconds(4)).await;
    stage.world.call();
    tokio::time::sleep(seconds(1)).await;
    Ok(vec![
        within("R17", what, "registered", recovery.registered, seconds(1)),
        within("R17", what, "lists right", recovery.right, seconds(1)),
        stage.end("R17", what).await?,
    ])
}
