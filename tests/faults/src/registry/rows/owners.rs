//! R18 and R19: entries whose owner is killed, and entries that strangers take.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use etcd_client::{Client, GetOptions, PutOptions};
use runtime::Registry;
use runtime::registry::{Endpoint, Instance};

use crate::Failure;
use crate::process::{Settings, Target};
use crate::registry::etcd::{Etcd, free};
use crate::registry::lookout::Lookout;
use crate::registry::sight::Model;
use crate::registry::stage::{Stage, seconds, within};
use crate::registry::world::{LAYOUTS, open, until};
use crate::report::Line;
use crate::rows::Scale;

/// Longer than a lease and the moment that etcd takes to end it.
const LEASE: Duration = seconds(18);

/// R18: one address, two owners after each other.
pub(super) async fn restarted(_: Scale) -> Result<Vec<Line>, Failure> {
    let etcd = Etcd::single().await?;
    Ok(vec![killed(&etcd).await?, late_end(&etcd).await?])
}

/// A process is killed; the next one has its address while the old lease lives.
async fn killed(etcd: &Etcd) -> Result<Line, Failure> {
    let address = free()?;
    let config = format!("[server]\nlisten = \"{address}\"\n[names]\nTarget = \"owned\"\n");
    let settings = Settings { config, registry: Some(format!("etcd://{}", etcd.address)), ..Settings::default() };
    let model = Arc::<Model>::default();
    model.add("owned", &address);
    let lookout = Lookout::open(&open(0, &etcd.address)?, "owned", &model)?;
    let mut first = Target::start(&settings).await?;
    until(seconds(10), || lookout.is_right()).await.ok_or("the server does not register")?;
    let mut client = etcd.client().await?;
    let old = leases(&mut client).await?;
    first.kill().await?;
    let mut second = Target::start(&settings).await?;
    tokio::time::sleep(LEASE).await;
    let new = leases(&mut client).await?;
    let (removals, _) = lookout.seen();
    let right = lookout.is_right() && new.is_disjoint(&old) && new.len() == 1;
    second.kill().await?;
    Ok(Line::new(
        "R18",
        "owner killed, restarted on its address inside the lease",
        "the new key outlives the old lease, no gap",
        format!("{removals} gaps, the key is the new owner's: {right}"),
        removals == 0 && right,
    ))
}

/// In each layout: a new owner registers the address, then the old one deregisters.
async fn late_end(etcd: &Etcd) -> Result<Line, Failure> {
    let model = Arc::<Model>::default();
    let mut lookouts = Vec::new();
    for layout in 0..LAYOUTS.len() {
        let service = format!("late{layout}");
        let instance = Instance::new(&service, Endpoint::new("thrift", "127.0.0.1", 9000));
        model.add(&service, "127.0.0.1:9000");
        let register = |registry: Registry| registry.register(vec![instance.clone()]);
        let lookout = Lookout::open(&open(layout, &etcd.address)?, &service, &model)?;
        let old = register(open(layout, &etcd.address)?)?;
        until(seconds(10), || lookout.is_right()).await.ok_or("the first owner does not register")?;
        let new = register(open(layout, &etcd.address)?)?;
        new.registered_within(seconds(10)).await?;
        old.deregister().await;
        lookouts.push((lookout, new));
    }
    tokio::time::sleep(seconds(2)).await;
    let gaps: usize = lookouts.iter().map(|(lookout, _)| lookout.seen().0).sum();
    let right = lookouts.iter().filter(|(lookout, _)| lookout.is_right()).count();
    Ok(Line::new(
        "R18",
        format!("the old owner's late delete, in {} layouts", LAYOUTS.len()),
        "the new key survives, no gap",
        format!("{gaps} gaps, {right} survive"),
        gaps == 0 && right == LAYOUTS.len(),
    ))
}

/// The leases that keys carry now.
async fn leases(client: &mut Client) -> Result<BTreeSet<i64>, Failure> {
    let got = client.get("", Some(GetOptions::new().with_all_keys())).await?;
    Ok(got.kvs().iter().map(etcd_client::KeyValue::lease).collect())
}

/// What a stranger does to a key.
#[derive(Clone, Copy, Debug)]
enum Stranger {
    Deletes,
    Overwrites,
    /// With a lease of its own, which ends soon.
    OverwritesLeased,
    Revokes,
}

impl Stranger {
    fn text(self) -> &'static str {
        match self {
            Self::Deletes => "deletes the key",
            Self::Overwrites => "overwrites the key without a lease",
            Self::OverwritesLeased => "takes the key for a lease of its own",
            Self::Revokes => "revokes the lease",
        }
    }
}

/// R19: keys of every layout are deleted, overwritten, and their leases revoked.
pub(super) async fn strangers(_: Scale) -> Result<Vec<Line>, Failure> {
    let mut stage = Stage::direct().await?;
    let mut lines = Vec::new();
    for deed in [Stranger::Deletes, Stranger::Overwrites, Stranger::OverwritesLeased, Stranger::Revokes] {
        let mut slowest = Some(Duration::ZERO);
        for service in 0..LAYOUTS.len() {
            let took = put_again(stage.admin(), service, deed).await?;
            slowest = slowest.zip(took).map(|(one, other)| one.max(other));
        }
        let what = format!("a stranger {} of a service in each layout", deed.text());
        lines.push(within("R19", &what, "put again", slowest, seconds(2)));
        stage.world.right(seconds(20)).await.ok_or("the lists do not get right again")?;
    }
    // A service whose key is gone may be lost for as long; its last instances are not.
    lines.push(stage.end_with_removals("R19", "strangers").await?);
    Ok(lines)
}

/// Does it to one key; the time until an entry like it is there again. `None` after ten seconds.
async fn put_again(client: &mut Client, service: usize, deed: Stranger) -> Result<Option<Duration>, Failure> {
    let name = crate::registry::world::name(service);
    let entries = entries(client).await?;
    let (key, value, lease) = entries.into_iter().find(|(key, ..)| key.contains(&name)).ok_or("no such key")?;
    let start = Instant::now();
    match deed {
        Stranger::Deletes => {
            client.delete(&*key, None).await?;
        }
        Stranger::Overwrites => {
            client.put(&*key, "nonsense", None).await?;
        }
        Stranger::OverwritesLeased => {
            let other = client.lease_grant(2, None).await?.id();
            client.put(&*key, &*value, Some(PutOptions::new().with_lease(other))).await?;
        }
        Stranger::Revokes => {
            client.lease_revoke(lease).await?;
        }
    }
    while start.elapsed() < seconds(10) {
        let found = self::entries(client).await?;
        let ours = |(its, text, now): &(String, String, i64)| {
            let same = *its == key || matches!(deed, Stranger::Revokes) && its.contains(&name);
            // Only a revoked lease is not the owner's any more.
            let owned = if matches!(deed, Stranger::Revokes) { *now != lease && *now != 0 } else { *now == lease };
            same && *text == value && owned
        };
        if found.iter().any(ours) {
            return Ok(Some(start.elapsed()));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(None)
}

/// Keys, values and leases.
async fn entries(client: &mut Client) -> Result<Vec<(String, String, i64)>, Failure> {
    let got = client.get("", Some(GetOptions::new().with_all_keys())).await?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(got.kvs().iter().map(|kv| (text(kv.key()), text(kv.value()), kv.lease())).collect())
}
