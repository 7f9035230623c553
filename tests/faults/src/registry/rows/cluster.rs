//! R6, R7 and R22: three members, of which one or two stop, are cut off or end.

use std::time::Instant;

use crate::Failure;
use crate::registry::etcd::Etcd;
use crate::registry::proxy::{Mode, Proxy};
use crate::registry::stage::{Stage, seconds, within};
use crate::registry::world::{World, until};
use crate::report::Line;
use crate::rows::Scale;

/// Services that get one more server while something is wrong.
const GROWING: [usize; 7] = [0, 1, 2, 3, 4, 5, 6];

/// Three members with the load, all of whose clients stick to `victim`; the members' proxies.
async fn stage(leads: bool) -> Result<(Stage, Vec<Proxy>, usize), Failure> {
    let (mut etcd, proxies) = Etcd::behind_proxies(3).await?;
    Etcd::start_all(&mut etcd).await?;
    let leader = leader(&etcd).await?;
    let victim = if leads { leader } else { (leader + 1) % etcd.len() };
    let order = etcd.iter().cycle().skip(victim).take(etcd.len()).map(|member| member.address.as_str());
    let members = order.collect::<Vec<_>>().join(",");
    let world = World::start(|_| members.clone(), |_| members.clone()).await?;
    let mut stage = Stage::settled(etcd, world).await?;
    stage.ask((victim + 1) % 3).await?;
    Ok((stage, proxies, victim))
}

/// The place of the member that leads.
async fn leader(etcd: &[Etcd]) -> Result<usize, Failure> {
    for (place, member) in etcd.iter().enumerate() {
        let mut client = member.client().await?;
        let status = client.status().await?;
        if status.header().is_some_and(|header| header.member_id() == status.leader()) {
            return Ok(place);
        }
    }
    Err("nobody leads".into())
}

/// New servers register with a member that is well; the time until every list is right.
async fn grow(stage: &mut Stage, victim: usize) -> Result<(), Failure> {
    let well = stage.etcd.get((victim + 1) % 3).ok_or("no such member")?.address.clone();
    for service in GROWING {
        stage.world.serve(service, &well).await?;
    }
    Ok(())
}

/// R6: a follower, then a leader is stopped.
pub(super) async fn stopped(_: Scale) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for (leads, who) in [(false, "follower"), (true, "leader")] {
        let what = format!("the {who}, to which all clients stick, stopped (SIGSTOP)");
        let (mut stage, _proxies, victim) = stage(leads).await?;
        let member = stage.etcd.get(victim).ok_or("no such member")?;
        member.signal("STOP")?;
        let start = Instant::now();
        grow(&mut stage, victim).await?;
        let before = start.elapsed();
        // Longer than a lease.
        let right = stage.recovery(seconds(25)).await.right.map(|time| time + before);
        stage.etcd.get(victim).ok_or("no such member")?.signal("CONT")?;
        stage.recovery(seconds(5)).await;
        lines.push(within("R6", &what, "new servers in every list", right, seconds(15)));
        lines.push(stage.end("R6", &what).await?);
    }
    Ok(lines)
}

/// R7: the leader is cut off from the other members, not from its clients.
pub(super) async fn partitioned(_: Scale) -> Result<Vec<Line>, Failure> {
    let what = "the leader, to which all clients stick, cut off from the others for 30 s";
    let (mut stage, proxies, victim) = stage(true).await?;
    let id = stage.etcd.get(victim).ok_or("no such member")?.client().await?.status().await?;
    let id = format!("X-Server-From: {:x}", id.header().ok_or("no header")?.member_id());
    let cut = |mode: Mode| {
        for (place, proxy) in proxies.iter().enumerate() {
            if place == victim { proxy.set(mode) } else { proxy.set_from(&id, mode) }
        }
    };
    cut(Mode::Hole);
    let start = Instant::now();
    grow(&mut stage, victim).await?;
    let marked = until(seconds(20), || stage.world.is_marked_or_right()).await.map(|_| start.elapsed());
    let before = start.elapsed();
    let right = stage.recovery(seconds(30).saturating_sub(before)).await.right.map(|time| time + before);
    cut(Mode::Pass);
    stage.recovery(seconds(8)).await;
    Ok(vec![
        within("R7", what, "new servers in every list", right, seconds(6)),
        within("R7", what, "no older list that is not marked", marked, seconds(10)),
        stage.end("R7", what).await?,
    ])
}

/// R22: two of three members end; an etcd is full.
pub(super) async fn without_quorum(scale: Scale) -> Result<Vec<Line>, Failure> {
    let what = "two of three members killed for 20 s";
    let (mut stage, _proxies, victim) = stage(false).await?;
    for other in [1, 2] {
        stage.etcd.get_mut((victim + other) % 3).ok_or("no such member")?.kill();
    }
    tokio::time::sleep(seconds(20)).await;
    for other in [1, 2] {
        stage.etcd.get_mut((victim + other) % 3).ok_or("no such member")?.spawn()?;
    }
    let recovery = stage.recovery(seconds(20)).await;
    let mut lines = vec![
        Line::new(
            "R22",
            what,
            "registered again",
            recovery.registered.map_or("never".to_owned(), |took| format!("{took:.1?}")),
            recovery.registered.is_some(),
        ),
        stage.end("R22", what).await?,
    ];
    lines.extend(full(scale).await?);
    Ok(lines)
}

/// An etcd that takes nothing more.
async fn full(_: Scale) -> Result<Vec<Line>, Failure> {
    let what = "etcd out of space for 20 s";
    let mut etcd = Etcd::reserve(1)?;
    for member in &mut etcd {
        member.flags = ["--quota-backend-bytes", "8388608"].map(str::to_owned).to_vec();
    }
    Etcd::start_all(&mut etcd).await?;
    let address = etcd.first().ok_or("no etcd")?.address.clone();
    let world = World::start(|_| address.clone(), |_| address.clone()).await?;
    let mut stage = Stage::settled(etcd, world).await?;
    let large = vec![0; 1 << 20];
    let mut refused = String::new();
    for number in 0..32 {
        if let Err(error) = stage.admin().put(format!("full{number}"), &*large, None).await {
            refused = error.to_string();
            break;
        }
    }
    tokio::time::sleep(seconds(20)).await;
    let is_full = refused.contains("space exceeded");
    let mut lines = vec![Line::new("R22", what, "etcd refuses", refused, is_full)];
    let options = etcd_client::DeleteOptions::new().with_prefix();
    // Deletes are taken by an etcd that is full.
    stage.admin().delete("full", Some(options)).await?;
    lines.push(stage.end("R22", what).await?);
    Ok(lines)
}
