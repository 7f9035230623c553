//! R24: two hundred processes lose their leases in the same moment.

use std::time::Duration;

use etcd_client::Client;
use runtime::Registry;
use runtime::registry::{Endpoint, Instance, Registration};

use crate::Failure;
use crate::registry::etcd::{Etcd, count};
use crate::registry::puts::Puts;
use crate::registry::stage::seconds;
use crate::report::Line;
use crate::rows::Scale;

const PROCESSES: u16 = 200;

/// The leases end because etcd stood still, and because somebody revoked them all.
pub(super) async fn all_at_once(scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut etcd = Etcd::single().await?;
    let mut kept = Vec::new();
    for number in 0..PROCESSES {
        kept.push(register(&etcd, number)?);
    }
    for registration in &kept {
        registration.registered_within(seconds(30)).await?;
    }
    let mut lines = vec![measure("revoked by a stranger", &mut etcd, &kept, false).await?];
    if !scale.short {
        lines.push(measure("ended while etcd stood still", &mut etcd, &kept, true).await?);
    }
    Ok(lines)
}

/// With a handle of its own, as a process has.
fn register(etcd: &Etcd, number: u16) -> Result<Registration, Failure> {
    let registry = Registry::open_alone(&format!("etcd://{}", etcd.address))?;
    let instance = Instance::new("storm", Endpoint::new("thrift", "127.0.0.1", 10_000 + number));
    Ok(registry.register(vec![instance])?)
}

async fn measure(how: &str, etcd: &mut Etcd, kept: &[Registration], still: bool) -> Result<Line, Failure> {
    let mut client = etcd.client().await?;
    let puts = Puts::watch(&mut client).await?;
    if still {
        etcd.signal("STOP")?;
        tokio::time::sleep(seconds(20)).await;
        etcd.signal("CONT")?;
    } else {
        revoke_all(&mut client).await?;
    }
    // Time for all of it: the end of the leases, the waits, the registrations.
    tokio::time::sleep(seconds(10)).await;
    let rate = puts.end();
    let back = count(&mut client).await == Some(i64::from(PROCESSES)) && kept.iter().all(Registration::is_registered);
    let (peak, mean) = (rate.peak(), rate.mean());
    let span = rate.span();
    let measured = format!("{} over {span:.1?}: peak {peak:.0}/s, mean {mean:.0}/s, all back: {back}", rate.count());
    let ok = back && rate.count() >= usize::from(PROCESSES) && span > Duration::ZERO && peak <= 3.0 * mean;
    let what = format!("{PROCESSES} leases {how}");
    Ok(Line::new("R24", what, "peak of registrations ≤ 3x their mean rate", measured, ok))
}

async fn revoke_all(client: &mut Client) -> Result<(), Failure> {
    let leases: Vec<i64> = client.leases().await?.leases().iter().map(etcd_client::LeaseStatus::id).collect();
    for lease in leases {
        client.lease_revoke(lease).await?;
    }
    Ok(())
}
