//! Merges the entries of several layouts into instances: pure.
//!
//! Entries that share an address (`host:port`) are one instance, in one layout or in several: an
//! address is served by one process. Within a layout the last of them in the order of keys counts;
//! over layouts the one named first in the URL says the weight, and what it states of version, zone
//! and metadata, the next ones add what it does not state, and the endpoints of all are joined,
//! those that name their protocol first. One that is there beyond doubt counts, suspects of the
//! same instance do not.
//!
//! With one layout an instance has the id that stands there, and a second one of that id is told
//! apart by its address. With several, whose ids differ and whose entries come one after the other,
//! its id is its smallest address.
//!
//! Layouts that measure weights differently (10 is usual in Kitex, 100 in Kratos) are brought to
//! the larger measure.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::instance::Instance;

/// One instance as one entry says it.
#[derive(Clone, Debug)]
pub(super) struct Seen<'a> {
    /// The place of its layout in the URL.
    pub(super) source: usize,
    pub(super) instance: &'a Arc<Instance>,
    pub(super) suspect: bool,
}

/// Joins what was seen, in the order of layouts and keys; `measures` are the usual weights of the
/// layouts. Gives the instances in the order of their ids, and the ids of the suspects.
pub(super) fn join(seen: &[Seen<'_>], measures: &[u32]) -> (Vec<Arc<Instance>>, BTreeSet<String>) {
    let largest = measures.iter().copied().max().unwrap_or(1);
    let factor = |source: usize| largest / measures.get(source).copied().unwrap_or(largest).max(1);
    let mut joined: BTreeMap<String, Arc<Instance>> = BTreeMap::new();
    let mut suspects = BTreeSet::new();
    for group in groups(seen) {
        let suspect = group.iter().all(|one| one.suspect);
        let mut by_source: BTreeMap<usize, &Arc<Instance>> = BTreeMap::new();
        for one in group.iter().filter(|one| suspect || !one.suspect) {
            by_source.insert(one.source, one.instance);
        }
        let Some(mut instance) = combine(&by_source, factor) else { continue };
        let id = match measures.len() {
            0 | 1 if !joined.contains_key(&instance.id) => None,
            0 | 1 => Some(free_id(&joined, &instance)),
            _ => instance.endpoints.iter().map(|endpoint| endpoint.address()).min(),
        };
        if let Some(id) = id.filter(|id| *id != instance.id) {
            Arc::make_mut(&mut instance).id = id;
        }
        if suspect {
            suspects.insert(instance.id.clone());
        }
        joined.insert(instance.id.clone(), instance);
    }
    (joined.into_values().collect(), suspects)
}

/// What shares an address, in the order in which the first of each was seen.
fn groups<'a, 'b>(seen: &'b [Seen<'a>]) -> Vec<Vec<&'b Seen<'a>>> {
    // Parents of a forest; a root is the first that was seen of its group.
    let mut parents: Vec<usize> = (0..seen.len()).collect();
    let mut of_address: HashMap<String, usize> = HashMap::new();
    for (place, one) in seen.iter().enumerate() {
        for endpoint in &one.instance.endpoints {
            let other = *of_address.entry(endpoint.address()).or_insert(place);
            let (a, b) = (root(&parents, other), root(&parents, place));
            if let Some(parent) = parents.get_mut(a.max(b)) {
                *parent = a.min(b);
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<&Seen<'_>>> = BTreeMap::new();
    for (place, one) in seen.iter().enumerate() {
        groups.entry(root(&parents, place)).or_default().push(one);
    }
    groups.into_values().collect()
}

fn root(parents: &[usize], mut place: usize) -> usize {
    while let Some(parent) = parents.get(place).filter(|parent| **parent != place) {
        place = *parent;
    }
    place
}

fn combine(by_source: &BTreeMap<usize, &Arc<Instance>>, factor: impl Fn(usize) -> u32) -> Option<Arc<Instance>> {
    let (source, first) = by_source.first_key_value()?;
    let weight = first.weight.saturating_mul(factor(*source));
    if by_source.len() == 1 && weight == first.weight {
        return Some(Arc::clone(first));
    }
    let mut instance = Instance { weight, endpoints: Vec::new(), ..Instance::clone(first) };
    for other in by_source.values() {
        instance.out_of_order |= other.out_of_order;
        for (own, text) in [(&mut instance.version, &other.version), (&mut instance.zone, &other.zone)] {
            if own.is_empty() {
                own.clone_from(text);
            }
        }
        for (key, value) in &other.metadata {
            instance.metadata.entry(key.clone()).or_insert_with(|| value.clone());
        }
        let new: Vec<_> = other.endpoints.iter().filter(|one| !instance.endpoints.contains(one)).cloned().collect();
        instance.endpoints.extend(new);
    }
    // Stable: the order of the layouts stays within each half.
    instance.endpoints.sort_by_key(|endpoint| endpoint.scheme.is_empty());
    Some(Arc::new(instance))
}

/// An id that nobody has, for an instance whose own is taken.
fn free_id(taken: &BTreeMap<String, Arc<Instance>>, instance: &Instance) -> String {
    let mut id = instance.endpoints.first().map(|endpoint| endpoint.address()).unwrap_or_default();
    while taken.contains_key(&id) {
        id = format!("{}@{id}", instance.id);
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::Endpoint;

    fn one(id: &str, weight: u32, endpoints: &[(&str, u16)]) -> Arc<Instance> {
        let endpoints: Vec<Endpoint> =
            endpoints.iter().map(|(scheme, port)| Endpoint::new(*scheme, "h", *port)).collect();
        Arc::new(Instance {
            id: id.to_owned(),
            weight,
            endpoints: endpoints.clone(),
            ..Instance::new("add", endpoints[0].clone())
        })
    }

    fn joined(seen: &[(usize, &Arc<Instance>, bool)], measures: &[u32]) -> (Vec<Arc<Instance>>, Vec<String>) {
        let seen: Vec<Seen<'_>> = seen
            .iter()
            .map(|(source, instance, suspect)| Seen { source: *source, instance, suspect: *suspect })
            .collect();
        let (instances, suspects) = join(&seen, measures);
        (instances, suspects.into_iter().collect())
    }

    /// Layouts that know no scheme do not hide it.
    #[test]
    fn an_instance_that_speaks_tls_says_so_in_each_layout_that_can() {
        for (scheme, caller) in [("grpcs", "grpc"), ("thrifts", "thrift")] {
            let written = Instance::new("add", Endpoint::new(scheme, "h", 1));
            let read = |name: &'static str| {
                let layout = crate::layout::open(name, None);
                let entries = layout.write(&written, 7);
                let read = layout.read("add", entries[0].key.as_bytes(), entries[0].value.as_bytes()).unwrap();
                (name, Arc::new(read.into_iter().next().unwrap()))
            };
            let read: Vec<_> = crate::layout::LAYOUTS.iter().map(|(name, _)| read(name)).collect();
            for (name, instance) in &read {
                let knows = matches!(*name, "kratos" | "go-micro");
                assert_eq!(instance.endpoints[0].scheme, if knows { scheme } else { "" }, "{name}");
            }
            let seen: Vec<_> = read.iter().enumerate().map(|(place, (_, one))| (place, one, false)).collect();
            let (instances, _) = joined(&seen, &[10, 100, 10, 10, 10, 10]);
            let [instance] = &instances[..] else { panic!("{instances:?}") };
            assert_eq!(instance.endpoint(caller).map(|endpoint| endpoint.scheme.as_str()), Some(scheme));
        }
    }

    #[test]
    fn one_layout_keeps_its_ids_apart() {
        let (a, b, c) = (one("n", 1, &[("", 1)]), one("n", 2, &[("", 2)]), one("m", 3, &[("", 1)]));
        let (instances, _) = joined(&[(0, &a, false), (0, &b, false)], &[10]);
        assert_eq!(instances.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["h:2", "n"]);
        // The same address under another key: the last one counts, a suspect never does.
        let (instances, suspects) = joined(&[(0, &a, false), (0, &c, false)], &[10]);
        assert_eq!((instances.len(), instances[0].id.as_str(), suspects.len()), (1, "m", 0));
        let (instances, suspects) = joined(&[(0, &a, false), (0, &c, true)], &[10]);
        assert_eq!((instances[0].id.as_str(), suspects.len()), ("n", 0));
        assert_eq!(joined(&[(0, &a, true), (0, &c, true)], &[10]).1, ["m"]);
    }

    #[test]
    fn an_address_that_two_share_joins_all_three() {
        let (a, b) = (one("a", 10, &[("", 1)]), one("b", 20, &[("", 2)]));
        let both = one("c", 300, &[("http", 2), ("grpc", 1)]);
        let (instances, suspects) = joined(&[(0, &a, false), (0, &b, true), (1, &both, false)], &[10, 100]);
        assert_eq!((instances.len(), suspects.len()), (1, 0));
        let shown: Vec<String> = instances[0].endpoints.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["http://h:2", "grpc://h:1", "h:1"]);
        assert_eq!((instances[0].id.as_str(), instances[0].weight), ("h:1", 100));
        // The order of the layouts decides, not the order of arrival.
        assert_eq!(joined(&[(0, &both, false), (1, &a, false)], &[100, 10]).0[0].weight, 300);
    }
}
