//! Choosing one instance of a snapshot. Knows no protocol and no registry: it sees instances and
//! hears how calls to them ended.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use crate::registry::Instance;

/// How long [`RoundRobin`] goes round an instance that failed.
const COOL_DOWN: Duration = Duration::from_secs(1);

/// How a call to an instance ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It answered, if only with an error.
    Answered,
    /// The connection failed, or no answer came in time.
    Failed,
    /// No connection came about.
    Unreachable,
}

/// Chooses instances. Every call is [`pick`](Balancer::pick), then for the chosen one
/// [`started`](Balancer::started) and [`ended`](Balancer::ended), in pairs, so that a balancer may
/// count what is under way. All of them are on the path of every call: they must not wait.
pub trait Balancer: fmt::Debug + Send + Sync + 'static {
    /// The place of one of `instances` that is `usable`; `None` only when none is.
    fn pick(&self, instances: &[Arc<Instance>], usable: &dyn Fn(&Instance) -> bool) -> Option<usize>;

    /// A call to the instance begins.
    fn started(&self, _instance: &Instance) {}

    /// A call to the instance ended after `took`.
    fn ended(&self, _instance: &Instance, _verdict: Verdict, _took: Duration) {}
}

/// Each instance in turn, whatever its weight; one that failed within the last second only when
/// nothing else is left. The default.
#[derive(Debug, Default)]
pub struct RoundRobin {
    next: AtomicUsize,
    /// When instances failed, by id; copied on failure, so that a call only reads.
    failed: ArcSwap<HashMap<String, Instant>>,
}

impl RoundRobin {
    /// A balancer that begins with the first instance.
    pub fn new() -> Self {
        Self::default()
    }

    fn remember(&self, id: &str, at: Instant) {
        self.failed.rcu(|old| {
            let mut failed = HashMap::clone(old);
            failed.retain(|_, time| at.saturating_duration_since(*time) < COOL_DOWN);
            failed.insert(id.to_owned(), at);
            failed
        });
    }
}

impl Balancer for RoundRobin {
    fn pick(&self, instances: &[Arc<Instance>], usable: &dyn Fn(&Instance) -> bool) -> Option<usize> {
        let count = instances.len();
        let start = self.next.fetch_add(1, Ordering::Relaxed).checked_rem(count)?;
        let failed = self.failed.load();
        let now = (!failed.is_empty()).then(Instant::now);
        let cooling = |instance: &Instance| {
            let (Some(now), Some(at)) = (now, failed.get(&instance.id)) else { return false };
            now.saturating_duration_since(*at) < COOL_DOWN
        };
        let mut second = None;
        for place in (start..count).chain(0..start) {
            match instances.get(place) {
                Some(one) if !usable(one) => {}
                Some(one) if cooling(one) => second = second.or(Some(place)),
                _ => return Some(place),
            }
        }
        second
    }

    fn ended(&self, instance: &Instance, verdict: Verdict, _took: Duration) {
        if verdict != Verdict::Answered {
            self.remember(&instance.id, Instant::now());
        } else if self.failed.load().contains_key(&instance.id) {
            self.failed.rcu(|old| {
                let mut failed = HashMap::clone(old);
                failed.remove(&instance.id);
                failed
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Endpoint;

    fn three() -> Vec<Arc<Instance>> {
        let one = |port| Arc::new(Instance::new("add", Endpoint::new("", "h", port)));
        vec![one(1), one(2), one(3)]
    }

    #[test]
    fn takes_turns() {
        let (balancer, instances) = (RoundRobin::new(), three());
        let picks: Vec<_> = (0..6).map(|_| balancer.pick(&instances, &|_| true)).collect();
        assert_eq!(picks, [0, 1, 2, 0, 1, 2].map(Some));
        assert_eq!(balancer.pick(&[], &|_| true), None);
        assert_eq!(balancer.pick(&instances, &|_| false), None);
        for _ in 0..4 {
            assert_eq!(balancer.pick(&instances, &|one| one.id == "h:2"), Some(1));
        }
    }

    #[test]
    fn goes_round_what_failed_until_it_answers() {
        let (balancer, instances) = (RoundRobin::new(), three());
        balancer.ended(&instances[1], Verdict::Unreachable, Duration::ZERO);
        for _ in 0..6 {
            assert_ne!(balancer.pick(&instances, &|_| true), Some(1));
        }
        assert_eq!(balancer.pick(&instances, &|one| one.id == "h:2"), Some(1));
        balancer.ended(&instances[1], Verdict::Answered, Duration::ZERO);
        assert!((0..3).any(|_| balancer.pick(&instances, &|_| true) == Some(1)));
    }

    #[test]
    fn a_failure_is_forgotten_after_a_second() {
        let (balancer, instances) = (RoundRobin::new(), three());
        let past = Instant::now().checked_sub(COOL_DOWN).unwrap();
        balancer.remember("h:2", past);
        assert!((0..3).any(|_| balancer.pick(&instances, &|_| true) == Some(1)));
    }
}
