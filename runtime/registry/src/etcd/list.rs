//! Lists what stands in etcd under the prefixes of all layouts: one look, no watch.
//!
//! Half of the layouts have no prefix of their own: their keys begin with a service's name. They are looked for in the
//! whole of etcd, where other data may be; what looks like an entry there, by its key or by its value, is listed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::api::{Client, KeyValue, RangeRequest};
use super::connection::{CALL, Connection, EtcdError};
use super::follow::end_of;
use crate::error::Error;
use crate::instance::Endpoint;
use crate::layout::{LAYOUTS, Layout, open, root};
use crate::listing::{Listed, Listing};

/// Entries asked for at once.
const PAGE: i64 = 1000;
/// Keys that are read where all data of etcd are looked through.
const MOST: usize = 50_000;
/// Leases asked for at once.
const TOGETHER: usize = 64;

/// One look at a cluster.
pub(super) struct Lister {
    pub(super) connection: Arc<Connection>,
    /// The registry for messages.
    pub(super) name: String,
    /// Those of the URL; the others are looked for too.
    pub(super) layouts: Vec<Arc<dyn Layout>>,
}

impl Lister {
    /// Lists a service, or all of them.
    pub(super) async fn list(mut self, service: Option<String>) -> Result<Listing, Error> {
        let named: Vec<&str> = self.layouts.iter().map(|it| it.name()).collect();
        let others = LAYOUTS.iter().filter(|(name, _)| !named.contains(name)).map(|(name, _)| open(name, None));
        let others: Vec<_> = others.collect();
        self.layouts.extend(others);
        let mut listing = Listing::default();
        let mut leases = Vec::new();
        let (mut reached, mut failure) = (false, None);
        for (prefix, layouts) in self.ranges(service.as_deref()) {
            match self.range(&prefix, &mut listing.notes).await {
                Ok(entries) => {
                    reached = true;
                    for entry in entries {
                        if let Some(listed) = self.read(&entry, &layouts, service.is_some()) {
                            leases.push(entry.lease);
                            listing.entries.push(listed);
                        }
                    }
                }
                // Its user may see some prefixes alone.
                Err(EtcdError::Refused(why)) => {
                    listing.notes.push(format!("keys under `{prefix}` cannot be read: {why}"));
                    failure = Some(why);
                }
                Err(error) => return Err(self.failed(error.text())),
            }
        }
        if let (false, Some(why)) = (reached, failure) {
            return Err(self.failed(&why));
        }
        self.add_leases(&mut listing, &leases).await?;
        let key = |it: &Listed| (it.service.clone(), it.layout.clone(), it.key.clone());
        listing.entries.sort_by_key(key);
        Ok(listing)
    }

    fn failed(&self, why: &str) -> Error {
        Error::NotListed { source_text: self.name.clone(), why: why.to_owned() }
    }

    /// The ranges to read, each with its layouts.
    fn ranges(&self, service: Option<&str>) -> BTreeMap<String, Vec<Arc<dyn Layout>>> {
        let mut ranges: BTreeMap<String, Vec<Arc<dyn Layout>>> = BTreeMap::new();
        for layout in &self.layouts {
            let prefix = service.map_or_else(|| root(layout.as_ref()), |service| layout.prefix(service));
            ranges.entry(prefix).or_default().push(layout.clone());
        }
        ranges
    }

    /// The entries under a prefix, all of one revision.
    async fn range(&self, prefix: &str, notes: &mut Vec<String>) -> Result<Vec<KeyValue>, EtcdError> {
        let end = if prefix.is_empty() { vec![0] } else { end_of(prefix.as_bytes()) };
        let mut from = if prefix.is_empty() { vec![0] } else { prefix.as_bytes().to_vec() };
        let (mut found, mut revision, mut refused) = (Vec::new(), 0, 0);
        loop {
            let (key, range_end) = (from.clone(), end.clone());
            let page = RangeRequest { key, range_end, limit: PAGE, revision, ..RangeRequest::default() };
            let get = |client: Client| async move { client.range(page).await };
            let page = match self.connection.call(CALL, get).await {
                Ok(page) => page,
                // The next member is asked.
                Err(EtcdError::Away(_)) if refused + 1 < self.connection.count() => {
                    refused += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            revision = page.header.as_ref().map_or(revision, |header| header.revision);
            found.extend(page.kvs);
            match found.last() {
                Some(last) if page.more && found.len() < MOST => from = [last.key.as_slice(), &[0]].concat(),
                Some(_) if page.more => {
                    notes.push(format!("only the first {MOST} keys under `{prefix}` were read"));
                    return Ok(found);
                }
                _ => return Ok(found),
            }
        }
    }

    /// An entry as one of `layouts`; `None` for what is no entry of theirs.
    fn read(&self, entry: &KeyValue, layouts: &[Arc<dyn Layout>], certain: bool) -> Option<Listed> {
        let key = String::from_utf8_lossy(&entry.key).into_owned();
        let own = root(layouts.first()?.as_ref());
        let deeper = |it: &Arc<dyn Layout>| {
            let other = root(it.as_ref());
            other.len() > own.len() && key.starts_with(&other)
        };
        if self.layouts.iter().any(deeper) {
            return None;
        }
        let rest = key.strip_prefix(&own)?;
        let (service, last) = match own.is_empty() {
            true => rest.rsplit_once('/')?,
            false => rest.split_once('/').unwrap_or((rest, "")),
        };
        let layout = chosen(layouts, service, last, entry);
        let found = layout.read(service, &entry.key, &entry.value);
        let is_entry = certain || !own.is_empty() || found.is_ok() || Endpoint::parse(last).is_some();
        let (service, layout) = (service.to_owned(), layout.name().to_owned());
        is_entry.then_some(Listed { service, layout, key, found, lease: None })
    }

    /// Asks how long each lease lasts. `leases` has one per entry; 0 is none.
    async fn add_leases(&self, listing: &mut Listing, leases: &[i64]) -> Result<(), Error> {
        let mut left: BTreeMap<i64, Duration> = BTreeMap::new();
        let mut ids: Vec<i64> = leases.iter().copied().filter(|id| *id != 0).collect();
        ids.sort_unstable();
        ids.dedup();
        for ids in ids.chunks(TOGETHER) {
            let mut asked = JoinSet::new();
            for id in ids.iter().copied() {
                let connection = self.connection.clone();
                asked.spawn(async move {
                    let ask = |client: Client| async move { client.time_to_live(id).await };
                    connection.call(CALL, ask).await.map(|ttl| (id, Duration::from_secs(ttl.try_into().unwrap_or(0))))
                });
            }
            while let Some(answer) = asked.join_next().await {
                match answer {
                    Ok(Ok((id, ttl))) => drop(left.insert(id, ttl)),
                    Ok(Err(error)) => return Err(self.failed(error.text())),
                    Err(_) => {}
                }
            }
        }
        for (entry, id) in listing.entries.iter_mut().zip(leases) {
            entry.lease = left.get(id).copied();
        }
        Ok(())
    }
}

/// The layout whose entry this is, by its value and the end of its key.
fn chosen<'a>(layouts: &'a [Arc<dyn Layout>], service: &str, last: &str, entry: &KeyValue) -> &'a Arc<dyn Layout> {
    let named = |name: &str| layouts.iter().find(|it| it.name() == name);
    let is_object = entry.value.iter().find(|it| !it.is_ascii_whitespace()) == Some(&b'{');
    let is_lease = !last.is_empty() && last.bytes().all(|it| it.is_ascii_digit());
    let wanted = match (is_object, is_lease) {
        (true, _) => "grpc",
        (false, true) => "go-zero",
        (false, false) => "go-kit",
    };
    let reads = |it: &&Arc<dyn Layout>| it.read(service, &entry.key, &entry.value).is_ok();
    named(wanted).or_else(|| layouts.iter().find(reads)).unwrap_or(&layouts[0])
}
