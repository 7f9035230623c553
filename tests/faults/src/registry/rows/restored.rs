//! R4: etcd comes back with older data.

use std::time::Duration;

use super::elsewhere;
use crate::Failure;
use crate::registry::etcd::Etcd;
use crate::registry::proxy::Proxy;
use crate::registry::stage::{Stage, seconds, within};
use crate::registry::world::World;
use crate::report::Line;
use crate::rows::Scale;

/// Services of which a server is replaced after the snapshot.
const REPLACED: [usize; 5] = [1, 3, 5, 7, 9];

/// R4: with its older revision, and with one that lies beyond everything that was seen.
pub(super) async fn restored(scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut lines = round("an older snapshot restored", 0).await?;
    lines.extend(round("an older snapshot restored, its revision raised by 1000 and compacted", 1000).await?);
    lines.extend(elsewhere::shown("R4", scale).await?);
    Ok(lines)
}

async fn round(what: &str, raise: i64) -> Result<Vec<Line>, Failure> {
    let etcd = Etcd::single().await?;
    let proxy = Proxy::start(&etcd.address).await?;
    let world = World::start_polite(|_| proxy.address(), |_| proxy.address(), Duration::from_millis(500)).await?;
    let mut stage = Stage::settled(vec![etcd], world).await?;
    stage.etcd()?.save()?;
    for service in REPLACED {
        stage.world.swap(service, &proxy.address()).await?;
    }
    stage.world.right(seconds(10)).await.ok_or("the lists do not follow")?;
    // Nobody is to see it before its revision is what it is to be.
    proxy.refuse().await;
    let etcd = stage.etcd()?;
    etcd.kill();
    etcd.restore()?;
    etcd.start().await?;
    if raise > 0 {
        let beyond = stage.revision().await? + raise;
        while stage.revision().await? < beyond {
            stage.admin().put("raise", "", None).await?;
        }
        stage.admin().delete("raise", None).await?;
        stage.admin().compact(beyond, None).await?;
    }
    proxy.admit().await?;
    // Beyond a lease: what the snapshot brought back of ended servers is gone by then.
    let early = stage.until_found(Duration::from_secs(10)).await;
    let recovery = stage.recovery(seconds(30)).await;
    Ok(vec![
        within("R4", what, "every server that runs in every fresh list", early, seconds(5)),
        within(
            "R4",
            what,
            "lists right, what ended before the restore gone with its lease,",
            recovery.right,
            seconds(30),
        ),
        stage.end_with_removals("R4", what).await?,
    ])
}
