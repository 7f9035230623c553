//! R13, and the flapping of row 27: very many instances of one service.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use etcd_client::{Client, PutOptions, Txn, TxnOp};
use runtime::Registry;
use runtime::registry::{Resolver, Snapshot};

use crate::Failure;
use crate::registry::etcd::Etcd;
use crate::registry::stage::{seconds, within};
use crate::report::{Line, size};
use crate::rows::Scale;

const INSTANCES: usize = 10_000;
/// Of the instances that are there at first.
const WEIGHT: u32 = 10;
/// Operations that etcd takes in one transaction.
const TOGETHER: usize = 100;
/// What ten thousand instances may cost beside the five megabytes of their list: decoded answers,
/// the model, one snapshot that is read and one that is made.
const MEMORY: usize = 64 << 20;

fn entry(number: usize, weight: u32) -> (String, String) {
    let address = format!("10.{}.{}.{}:80", number >> 16, number >> 8 & 255, number & 255);
    let value = format!(
        r#"{{"network":"tcp","address":"{address}","weight":{weight},"tags":{{"filler":"{}"}}}}"#,
        "x".repeat(400)
    );
    (format!("kitex/registry-etcd/many/{address}"), value)
}

/// Puts the instances, those in `leased` with the lease.
async fn fill(client: &mut Client, leased: &[usize], lease: i64) -> Result<usize, Failure> {
    let all: Vec<usize> = (0..INSTANCES).collect();
    let mut bytes = 0;
    for together in all.chunks(TOGETHER) {
        let puts = together.iter().map(|number| {
            let (key, value) = entry(*number, WEIGHT);
            bytes += key.len() + value.len();
            let options = leased.contains(number).then(|| PutOptions::new().with_lease(lease));
            TxnOp::put(key, value, options)
        });
        let puts: Vec<TxnOp> = puts.collect();
        client.txn(Txn::new().and_then(puts)).await?;
    }
    Ok(bytes)
}

/// A line of this process's status, in bytes.
fn memory(key: &str) -> Result<usize, Failure> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix(key)).ok_or("no such line")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<usize>()? << 10)
}

/// R13: the list of ten thousand, and three of them revoked in one answer.
pub(super) async fn list(_: Scale) -> Result<Vec<Line>, Failure> {
    let etcd = Etcd::single().await?;
    let mut client = etcd.client().await?;
    let lease = client.lease_grant(3600, None).await?.id();
    let bytes = fill(&mut client, &[1, 5_000, 9_999], lease).await?;
    let registry = Registry::open_alone(&format!("etcd://{}", etcd.address))?;
    fs::write("/proc/self/clear_refs", "5")?;
    let before = memory("VmRSS:")?;
    let start = Instant::now();
    let resolver = registry.resolve("many")?;
    let listed = resolver.ready(seconds(30)).await?.instances.len() == INSTANCES;
    let took = listed.then(|| start.elapsed());
    let grown = memory("VmHWM:")?.saturating_sub(before);
    let counts = tokio::spawn(counts(resolver.clone(), INSTANCES - 3));
    client.lease_revoke(lease).await?;
    let seen = tokio::time::timeout(seconds(10), counts).await??;
    let what = format!("{INSTANCES} instances, a list of {}", size(bytes));
    let required = format!("peak of RSS + ≤ {}", size(MEMORY));
    Ok(vec![
        within("R13", &what, "listed", took, seconds(1)),
        Line::new("R13", &what, required, size(grown), grown <= MEMORY),
        Line::new(
            "R13",
            "3 of them revoked in one answer",
            "gone in one step",
            format!("{seen:?} instances were seen"),
            seen.iter().all(|count| [INSTANCES, INSTANCES - 3].contains(count)),
        ),
    ])
}

/// How many instances snapshots show until there are `last` of them.
async fn counts(mut resolver: Resolver, last: usize) -> BTreeSet<usize> {
    let mut seen = BTreeSet::from([resolver.snapshot().instances.len()]);
    while !seen.contains(&last) {
        seen.insert(resolver.changed().await.instances.len());
    }
    seen
}

/// Row 27: ten thousand instances come and go; the last list is what etcd holds.
pub(super) async fn flapping(scale: Scale) -> Result<Vec<Line>, Failure> {
    let etcd = Etcd::single().await?;
    let mut client = etcd.client().await?;
    fill(&mut client, &[], 0).await?;
    let resolver = Registry::open_alone(&format!("etcd://{}", etcd.address))?.resolve("many")?;
    resolver.ready(seconds(30)).await?;
    let all: Vec<usize> = (0..INSTANCES).collect();
    let rounds = scale.of(5, 1);
    // Each round has a weight of its own: a list of an earlier one is not taken for the last.
    let last = WEIGHT + rounds;
    for weight in WEIGHT + 1..=last {
        for together in all.chunks(TOGETHER) {
            let gone = together.iter().map(|number| TxnOp::delete(entry(*number, weight).0, None));
            client.txn(Txn::new().and_then(gone.collect::<Vec<_>>())).await?;
            let back = together.iter().filter(|number| *number % 2 == 0).map(|number| entry(*number, weight));
            let back = back.map(|(key, value)| TxnOp::put(key, value, None));
            client.txn(Txn::new().and_then(back.collect::<Vec<_>>())).await?;
        }
    }
    let start = Instant::now();
    let half = INSTANCES / 2;
    // So many deletes look like trouble of etcd's own: what is gone stays as a suspect for a while.
    let wanted = |seen: &Snapshot| {
        let mut sure = seen.instances.iter().filter(|one| !seen.is_suspect(&one.id));
        seen.trusted() == half && sure.all(|one| one.weight == last)
    };
    let took = resolver.wait(Duration::from_secs(60), wanted).await.ok().map(|_| start.elapsed());
    let what = format!("{INSTANCES} instances deleted, half of them put again, {rounds} times");
    let elsewhere = [
        ("a key deleted by hand, a lease revoked", "≤ 5 s", "R19"),
        ("a compaction, connections and watches cut", "≤ 5 s", "R11"),
        ("the token's end", "(no time is measured)", "R14"),
        ("corrupt values", "≤ 5 s", "R21"),
    ];
    let elsewhere = elsewhere
        .map(|(what, time, row)| Line::new("27", what, format!("converges {time}"), format!("row {row}"), true));
    let flapped = within("27", &what, "beyond doubt is what etcd holds", took, seconds(5));
    Ok(std::iter::once(flapped).chain(elsewhere).collect())
}
