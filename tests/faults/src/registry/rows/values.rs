//! R21: entries that cannot be read, and entries that are odd.

use std::collections::BTreeMap;
use std::time::Duration;

use etcd_client::Client;
use runtime::Registry;
use runtime::registry::Snapshot;

use crate::Failure;
use crate::registry::etcd::Etcd;
use crate::registry::stage::seconds;
use crate::report::Line;
use crate::rows::Scale;

/// Where each layout's services stand, and an entry of it that is good.
const LAYOUTS: [(&str, &str, &str); 6] = [
    ("kitex", "kitex/registry-etcd/", r#"{"network":"tcp","address":"127.0.0.1:1","weight":10,"tags":null}"#),
    (
        "kratos",
        "/microservices/",
        r#"{"id":"a","name":"odd","version":"","metadata":null,"endpoints":["thrift://127.0.0.1:1"]}"#,
    ),
    (
        "go-micro",
        "/micro/registry/",
        r#"{"name":"odd","version":"","metadata":null,"endpoints":[],"nodes":[{"metadata":null,"id":"a","address":"127.0.0.1:1"}]}"#,
    ),
    ("go-kit", "", "127.0.0.1:1"),
    ("grpc", "", r#"{"Op":0,"Addr":"127.0.0.1:1","Metadata":null}"#),
    ("go-zero", "", "127.0.0.1:1"),
];

/// No layout reads these.
const BAD: [&[u8]; 6] = [b"{", b"null", b"{}", b"\xff\xfe", b"", b"[1"];

/// Values of Kitex that are odd and good: what is read of them.
const ODD: [(&str, &str, u32); 8] = [
    (r#"{"network":"tcp","address":"[::1]:2","weight":7}"#, "[::1]:2", 7),
    (r#"{"network":"tcp","address":"::1:3","weight":7}"#, "[::1]:3", 7),
    (r#"{"network":"tcp","address":"127.0.0.1:4","weight":0}"#, "127.0.0.1:4", 10),
    (r#"{"network":"tcp","address":"127.0.0.1:5","weight":-1}"#, "127.0.0.1:5", 10),
    (r#"{"network":"tcp","address":"127.0.0.1:6","weight":9223372036854775807}"#, "127.0.0.1:6", u32::MAX),
    (r#"{"network":"tcp","address":"127.0.0.1:7","weight":7}"#, "127.0.0.1:7", 7),
    // The same address again: one instance, and the last key counts.
    (r#"{"network":"tcp","address":"127.0.0.1:7","weight":8}"#, "127.0.0.1:7", 8),
    (r#"{"network":"tcp","address":"127.0.0.1:8","weight":9,"unknown":[{}]}"#, "127.0.0.1:8", 9),
];

/// R21, in every layout.
pub(super) async fn corrupt(_: Scale) -> Result<Vec<Line>, Failure> {
    let etcd = Etcd::single().await?;
    let mut client = etcd.client().await?;
    let mut lines = Vec::new();
    for (layout, prefix, good) in LAYOUTS {
        let registry = Registry::open_alone(&format!("etcd://{}?layout={layout}", etcd.address))?;
        // Those that come while one looks, and those that were there.
        let before = registry.resolve("odd")?;
        before.ready(seconds(5)).await?;
        let bad = fill(&mut client, &format!("{prefix}odd/"), good).await?;
        let after = Registry::open_alone(&format!("etcd://{}?layout={layout}", etcd.address))?.resolve("odd")?;
        let reads = |seen: &Snapshot| seen.skipped == bad && seen.skipped_by.get(layout) == Some(&bad) && one(seen);
        let mut seen = Vec::new();
        for resolver in [&before, &after] {
            // A line shows what is wrong.
            let _ = resolver.wait(seconds(5), reads).await;
            seen.push(resolver.snapshot());
        }
        let ok = seen.iter().all(|seen| reads(seen));
        let shown: Vec<String> =
            seen.iter().map(|seen| format!("{} skipped, {} seen", seen.skipped, seen.instances.len())).collect();
        let what = format!("{layout}: {bad} entries that cannot be read beside a good one");
        let measured = format!("watched and listed: {}", shown.join("; "));
        lines.push(Line::new("R21", what, "each skipped and counted, the good one seen", measured, ok));
        client.delete("", Some(etcd_client::DeleteOptions::new().with_all_keys())).await?;
    }
    lines.push(odd(&etcd, &mut client).await?);
    Ok(lines)
}

fn one(seen: &Snapshot) -> bool {
    let [instance] = seen.instances.as_slice() else { return false };
    instance.endpoints.iter().any(|endpoint| endpoint.address() == "127.0.0.1:1")
}

/// Puts what is bad and what is good; how much is bad.
async fn fill(client: &mut Client, place: &str, good: &str) -> Result<usize, Failure> {
    let large = vec![b'{'; 1 << 20];
    let bad: Vec<&[u8]> = BAD.iter().copied().chain([&*large]).collect();
    for (number, value) in bad.iter().enumerate() {
        client.put(format!("{place}{number}"), *value, None).await?;
    }
    client.put([place.as_bytes(), b"\xff\xfe"].concat(), b"\xff\xfe".as_slice(), None).await?;
    client.put(format!("{place}good"), good, None).await?;
    Ok(bad.len() + 1)
}

async fn odd(etcd: &Etcd, client: &mut Client) -> Result<Line, Failure> {
    for (number, (value, ..)) in ODD.iter().enumerate() {
        client.put(format!("kitex/registry-etcd/odd/{number}"), *value, None).await?;
    }
    let resolver = Registry::open_alone(&format!("etcd://{}", etcd.address))?.resolve("odd")?;
    let seen = resolver.ready(Duration::from_secs(5)).await?;
    let found = seen.instances.iter().flat_map(|one| one.endpoints.iter().map(|it| (it.address(), one.weight)));
    let found: BTreeMap<String, u32> = found.collect();
    let wanted: BTreeMap<String, u32> =
        ODD.iter().map(|(_, address, weight)| ((*address).to_owned(), *weight)).collect();
    let right = wanted.iter().filter(|(address, weight)| found.get(*address) == Some(weight)).count();
    Ok(Line::new(
        "R21",
        "kitex: IPv6 with and without brackets; weights 0, -1, 2^63-1; one address twice; unknown fields",
        "each read, 10 for a weight ≤ 0, duplicates merged",
        format!("{right} of {} as they should be, {} instances", wanted.len(), seen.instances.len()),
        found == wanted && seen.instances.len() == wanted.len(),
    ))
}
